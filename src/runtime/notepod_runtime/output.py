"""A cell's outputs as notebook outputs: streams, shown values, errors (``outputs.jsonl``)."""

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
        self._cell = None
        self._count = 0
        self._name = None
        self._parts = []
        self._size = 0
        self._kept = {}

    def begin(self, cell):
        """The outputs that follow are those of ``cell``."""
        self._cell = cell
        self._count += 1
        self._kept = {}
        self._line({"cell": cell, "execution_count": self._count})

    def end(self):
        """The cell's outputs are complete."""
        self.flush()
        self._cell = None

    def stream(self, name, text):
        """Text printed to ``stdout`` or ``stderr``."""
        if self._cell is None or not text or os.getpid() != self._pid:
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
            self.flush()
            self._name = name
        self._parts.append(text)
        self._size += len(text)
        if self._size >= _BATCH:
            self.flush()

    def display(self, data, metadata=None):
        """A shown value or picture; ``data`` by MIME type."""
        self.flush()
        self._output({"output_type": "display_data", "data": data, "metadata": metadata or {}})

    def result(self, data, metadata=None):
        """The value of a cell's last expression."""
        self.flush()
        output = {"output_type": "execute_result", "data": data, "metadata": metadata or {}}
        self._output({**output, "execution_count": self._count})

    def error(self, ename, evalue, traceback):
        """The exception that ended the cell; ``traceback`` as lines."""
        self.flush()
        self._output({"output_type": "error", "ename": ename, "evalue": evalue, "traceback": traceback})

    def clear(self):
        """Forgets what the cell has shown so far (``clear_output``)."""
        self.flush()
        if self._cell is not None:
            self._line({"cell": self._cell, "clear": True})

    def flush(self):
        """Writes the gathered text."""
        if self._parts:
            text, self._parts, self._size = "".join(self._parts), [], 0
            self._output({"output_type": "stream", "name": self._name, "text": text})
        self._name = None

    def _output(self, output):
        if self._cell is not None:
            self._line({"cell": self._cell, "output": output})

    def _line(self, line):
        if os.getpid() == self._pid:
            os.write(self._file, (json.dumps(line) + "\n").encode())


class Stream(io.TextIOBase):
    """``sys.stdout`` or ``sys.stderr`` of a cell: to the log at once, and to the outputs."""

    def __init__(self, name, real, outputs):
        super().__init__()
        self.name = f"<{name}>"
        self._name = name
        self._real = real
        self._outputs = outputs

    encoding = "utf-8"
    errors = "backslashreplace"

    def writable(self):
        return True

    def write(self, text):
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._real.write(text)
        self._real.flush()
        self._outputs.stream(self._name, text)
        return len(text)

    def flush(self):
        self._real.flush()

    def isatty(self):
        return False

    def fileno(self):
        return self._real.fileno()

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
        real = getattr(sys, name)
        real.reconfigure(encoding="utf-8", errors="backslashreplace")
        setattr(sys, name, Stream(name, real, outputs))
