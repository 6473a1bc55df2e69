"""A cell's outputs as notebook outputs: streams, shown values, errors (``outputs.jsonl``)."""

import _thread
import io
import json
import os
import sys

#: Characters of one stream of one cell that are kept for the notebook; the log has all of it.
KEPT = 20_000_000
#: Characters gathered before they are written.
_BATCH = 65_536


class Outputs:
    """Appends the outputs of an attempt, in order: one JSON line each, ``{"cell": index, "output": {...}}``."""

    def __init__(self, folder):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        self._file = os.open(os.path.join(folder, "outputs.jsonl"), flags, 0o644)
        self._pid = os.getpid()
        #: Held by whoever adds to the outputs: what descriptors 1 and 2 bring is read by a thread.
        self.lock = _thread.RLock()
        #: :class:`.descriptors.Descriptors`, where these are taken.
        self.source = None
        #: stream -> text file of the step's log.
        self.log = {"stdout": sys.stdout, "stderr": sys.stderr}
        self._cell = None
        self._count = 0
        self._name = None
        self._parts = []
        self._size = 0
        self._kept = {}

    def begin(self, cell):
        """The outputs that follow are those of ``cell``."""
        with _Turn(self):
            self._cell = cell
            self._count += 1
            self._kept = {}
            self._line({"cell": cell, "execution_count": self._count})

    def end(self):
        """The cell's outputs are complete."""
        with _Turn(self):
            self._flush()
            self._cell = None

    def stream(self, name, text):
        """Text printed to ``stdout`` or ``stderr``: to the log at once, and to the outputs."""
        with _Turn(self):
            log = self.log[name]
            log.write(text)
            log.flush()
            self.text(name, text)

    def text(self, name, text):
        """Text of a stream that the log has already. Call it with :attr:`lock`."""
        if self._cell is None or not text:
            return
        kept = self._kept.get(name, 0)
        self._kept[name] = kept + len(text)
        if kept > KEPT:
            return
        if kept + len(text) > KEPT:
            text = (
                text[: KEPT - kept]
                + f"\n[notepod: the notebook keeps {KEPT} characters of a stream; the log has all]\n"
            )
        if name != self._name:
            self._flush()
            self._name = name
        self._parts.append(text)
        self._size += len(text)
        if self._size >= _BATCH:
            self._flush()

    def display(self, data, metadata=None):
        """A shown value or picture; ``data`` by MIME type."""
        self._output({"output_type": "display_data", "data": data, "metadata": metadata or {}})

    def result(self, data, metadata=None):
        """The value of a cell's last expression."""
        output = {"output_type": "execute_result", "data": data, "metadata": metadata or {}}
        self._output({**output, "execution_count": self._count})

    def error(self, ename, evalue, traceback):
        """The exception that ended the cell; ``traceback`` as lines."""
        self._output({"output_type": "error", "ename": ename, "evalue": evalue, "traceback": traceback})

    def clear(self):
        """Forgets what the cell has shown so far (``clear_output``)."""
        with _Turn(self):
            self._flush()
            if self._cell is not None:
                self._line({"cell": self._cell, "clear": True})

    def is_own(self):
        """False in a forked child, which adds nothing to its parent's outputs."""
        return os.getpid() == self._pid

    def _flush(self):
        if self._parts:
            text, self._parts, self._size = "".join(self._parts), [], 0
            output = {"output_type": "stream", "name": self._name, "text": text}
            self._line({"cell": self._cell, "output": output})
        self._name = None

    def _output(self, output):
        with _Turn(self):
            self._flush()
            if self._cell is not None:
                self._line({"cell": self._cell, "output": output})

    def _line(self, line):
        if self.is_own():
            os.write(self._file, (json.dumps(line) + "\n").encode())


class _Turn:
    """One's turn to add to the outputs, after what was written past Python's streams until now.

    A forked child has the lock as it was at the fork, perhaps held by a thread that it has not; it does not wait for it.
    """

    def __init__(self, outputs):
        self._outputs = outputs
        self._held = outputs.is_own()

    def __enter__(self):
        if self._held:
            self._outputs.lock.acquire()
            if self._outputs.source is not None:
                self._outputs.source.drain()

    def __exit__(self, *_):
        if self._held:
            self._outputs.lock.release()


class Stream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of a cell."""

    def __init__(self, name, number, outputs):
        super().__init__()
        self.name = f"<{name}>"
        self._name = name
        self._number = number
        self._outputs = outputs

    encoding = "utf-8"
    errors = "backslashreplace"

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._outputs.is_own():
            self._outputs.stream(self._name, text)
        else:
            # A forked child's output is shown as that of any child is.
            data = memoryview(text.encode("utf-8", "backslashreplace"))
            while data:
                data = data[os.write(self._number, data) :]
        return len(text)

    def isatty(self):
        return False

    def fileno(self):
        # As in a kernel: a child that is given it writes to the log.
        return self._outputs.log[self._name].fileno()

    @property
    def buffer(self):
        return _Bytes(self)


class _Bytes(io.RawIOBase):
    """``sys.stdout.buffer``: bytes that are shown as text."""

    def __init__(self, stream):
        super().__init__()
        self._stream = stream

    def writable(self):
        return True

    def write(self, data):
        self._stream.write(bytes(data).decode("utf-8", "backslashreplace"))
        return len(data)


def install(outputs):
    """Puts the streams of the cells in place of the process's own."""
    for name in ("stdout", "stderr"):
        getattr(sys, name).reconfigure(encoding="utf-8", errors="backslashreplace")
    if os.name == "posix":
        from .descriptors import take

        outputs.log = take(outputs)
    for number, name in ((1, "stdout"), (2, "stderr")):
        setattr(sys, name, Stream(name, number, outputs))
