"""What is written past Python's streams: by child processes, ``os.write`` and C libraries to descriptors 1 and 2.

Jupyter shows it in the cell (ipykernel 6 and later), so it goes through a pipe into the cell's outputs, and to the log.
"""

import _thread
import codecs
import fcntl
import os
import select
import sys

_READ = 1 << 16


class Descriptors:
    """Takes descriptors 1 and 2 of this process; ``log`` has copies of what they were.

    All is read under ``outputs.lock``: by a thread as it comes, and by whoever is about to add to the outputs, so that the
    order is that of the writing.
    """

    def __init__(self, outputs):
        self._outputs = outputs
        self._decoders = {}
        #: stream -> descriptor of the log.
        self.log = {}
        self._ends = {}
        for number, name in ((1, "stdout"), (2, "stderr")):
            self.log[name] = os.dup(number)
            end, start = os.pipe()
            os.dup2(start, number)
            os.close(start)
            # Only this end: a child that writes must wait until there is room.
            fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) | os.O_NONBLOCK)
            self._ends[name] = end
            self._decoders[name] = codecs.getincrementaldecoder("utf-8")("replace")
        # Not through `threading`: its import costs a step a millisecond, and the thread is nobody's business.
        _thread.start_new_thread(self._watch, ())

    def _watch(self):
        poll = select.poll()
        names = {}
        for name, end in self._ends.items():
            poll.register(end, select.POLLIN)
            names[end] = name
        while names:
            for end, event in poll.poll():
                if not event & select.POLLIN:
                    # All writing ends are closed, by code that closed descriptors 1 and 2.
                    poll.unregister(end)
                    del names[end]
                    continue
                with self._outputs.lock:
                    self._take(names[end])

    def drain(self):
        """Takes what has been written so far. Call it with ``outputs.lock``."""
        for name in self._ends:
            while self._take(name):
                pass

    def _take(self, name):
        try:
            data = os.read(self._ends[name], _READ)
        except (BlockingIOError, InterruptedError):
            return False
        if data:
            _write_all(self.log[name], data)
            self._outputs.text(name, self._decoders[name].decode(data))
        return len(data) == _READ


def _write_all(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _crash_reports(descriptor):
    """A process that is killed by its own fault says where, in the log: nobody reads its pipe any more."""
    import faulthandler

    if not faulthandler.is_enabled():
        faulthandler.enable(descriptor)


def take(outputs):
    """Takes the descriptors; returns ``{stream: text file of the log}``."""
    sys.stdout.flush()
    sys.stderr.flush()
    held = outputs.source = Descriptors(outputs)
    _crash_reports(held.log["stderr"])
    return {
        name: open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)  # noqa: SIM115
        for name, number in held.log.items()
    }
