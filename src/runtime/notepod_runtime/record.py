"""What the step program says while it runs: JSON lines, each written whole (``record.jsonl``)."""

import json
import os
import time


class Record:
    """Appends to the record of one attempt. Times are nanoseconds, as decimal strings: JSON numbers would lose digits."""

    def __init__(self, folder):
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0)
        self._file = os.open(os.path.join(folder, "record.jsonl"), flags, 0o644)
        self._pid = os.getpid()

    def write(self, kind, **fields):
        """Writes one line; a forked child writes nothing."""
        if os.getpid() != self._pid:
            return
        line = {"t": str(time.time_ns()), "m": str(time.monotonic_ns()), "type": kind, **fields}
        os.write(self._file, (json.dumps(line) + "\n").encode())


def process_start():
    """When this process was started, in nanoseconds since the epoch, or None where ``/proc`` does not say.

    Field 22 of ``/proc/self/stat`` counts clock ticks since boot (proc(5)).
    """
    try:
        with open("/proc/self/stat", "rb") as file:
            ticks = int(file.read().rpartition(b")")[2].split()[19])
        boot = time.time_ns() - time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        return boot + ticks * 1_000_000_000 // os.sysconf("SC_CLK_TCK")
    except (OSError, AttributeError, ValueError, IndexError):
        return None
