"""Snapshots on the volume: written aside, fsynced, renamed; read back only after size and checksum agree.

Layout: ``<volume>/snapshots/<step>/manifest.json``, ``objects.pickle`` (the small pickle streams, one after the
other), ``stream-<n>.pickle`` (large ones), ``buffers.bin`` (memory of arrays).
"""

import errno
import hashlib
import json
import mmap
import os
import shutil
import sys
import threading
import zlib
from pathlib import Path

from .arrays import MAPPED_BYTES
from .errors import SnapshotError

FORMAT = 1
#: A stream that grows beyond this gets a file of its own instead of being held in memory until the end.
SPILL_BYTES = 4 << 20
#: Start of a mapped extent: a multiple of every page size in use (4, 16 and 64 KiB).
ALIGNMENT = 65536
_CHUNK = 8 << 20


def snapshot_path(volume, step):
    """The folder of a step's snapshot."""
    return Path(volume) / "snapshots" / step


class StreamSink:
    """Takes one pickle stream: hashes it, holds it in memory while it is small, else spills it to a file."""

    def __init__(self, path):
        self._path = path
        self._held = []
        self._file = None
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, data):
        self._hash.update(data)
        view = memoryview(data)
        size = view.nbytes
        self.size += size
        if self._file is None and self.size > SPILL_BYTES:
            self._file = open(self._path, "wb", buffering=0)
            for held in self._held:
                _write_all(self._file, memoryview(held))
            self._held = []
        if self._file is None:
            self._held.append(bytes(view))
        else:
            _write_all(self._file, view.cast("B"))
        return size

    @property
    def spilled(self):
        """Name of the stream's own file, or None while it is held in memory."""
        return None if self._file is None else os.path.basename(self._path)

    def digest(self):
        return self._hash.hexdigest()

    def contents(self):
        return b"".join(self._held)

    def close(self):
        """Makes a spilled stream durable."""
        if self._file is not None:
            os.fsync(self._file.fileno())
            self._file.close()

    def discard(self):
        self._held = []
        if self._file is not None:
            self._file.close()
            os.unlink(self._path)
            self._file = None


class SnapshotWriter:
    """Writes one snapshot in a folder beside its place; nothing is seen there before :meth:`commit`."""

    def __init__(self, volume, step):
        self._final = snapshot_path(volume, step)
        self._parent = self._final.parent
        self._folder = self._parent / f".{step}.{os.getpid()}.tmp"
        self._streams = 0
        self._objects = None
        self._buffers = None
        try:
            self._parent.mkdir(parents=True, exist_ok=True)
            if self._folder.exists():
                shutil.rmtree(self._folder)
            self._folder.mkdir()
        except OSError as error:
            raise write_failure(error, self._parent, None) from error

    def sink(self):
        """A sink for one stream."""
        self._streams += 1
        return StreamSink(str(self._folder / f"stream-{self._streams}.pickle"))

    def add_stream(self, sink):
        """Keeps a finished stream; returns its manifest record."""
        record = {"bytes": sink.size, "sha256": sink.digest()}
        if sink.spilled:
            sink.close()
            record.update(file=sink.spilled, offset=0)
            return record
        if self._objects is None:
            self._objects = open(self._folder / "objects.pickle", "wb", buffering=0)
        record.update(file="objects.pickle", offset=self._objects.tell())
        _write_all(self._objects, memoryview(sink.contents()))
        return record

    def add_buffers(self, views):
        """Writes memory without copying it; returns (region record, offsets of the views in the region)."""
        if self._buffers is None:
            self._buffers = open(self._folder / "buffers.bin", "wb", buffering=0)
        out = self._buffers
        start = _aligned(out.tell(), ALIGNMENT)
        offsets = []
        checksum = _Checksum(views)
        try:
            position = start
            for view in views:
                position = _aligned(position, ALIGNMENT if view.nbytes >= MAPPED_BYTES else 64)
                offsets.append(position - start)
                out.seek(position)
                _write_all(out, view)
                position += view.nbytes
        finally:
            checksum.wait()
        # Mapped as a whole: the last page must be there.
        return {"file": "buffers.bin", "offset": start, "bytes": position - start, "crc32": checksum.value}, offsets

    def commit(self, manifest):
        """Makes everything durable and moves it to its place, in the stead of an older snapshot of the step."""
        for out in (self._objects, self._buffers):
            if out is not None:
                os.fsync(out.fileno())
                out.close()
        with open(self._folder / "manifest.json", "wb", buffering=0) as out:
            _write_all(out, memoryview(json.dumps(manifest, separators=(",", ":")).encode()))
            os.fsync(out.fileno())
        _fsync_folder(self._folder)
        old = self._parent / f".{self._final.name}.{os.getpid()}.old"
        if self._final.exists():
            os.rename(self._final, old)
        os.rename(self._folder, self._final)
        _fsync_folder(self._parent)
        if old.exists():
            shutil.rmtree(old)

    def abandon(self):
        """Removes what was written."""
        for out in (self._objects, self._buffers):
            if out is not None:
                out.close()
        shutil.rmtree(self._folder, ignore_errors=True)


class _Checksum:
    """CRC-32 of some buffers, on a thread beside the one that writes them (zlib releases the interpreter lock)."""

    def __init__(self, views):
        self.value = 0
        self._views = views
        self._thread = None
        if sum(view.nbytes for view in views) < _CHUNK:
            self._run()
        else:
            self._thread = threading.Thread(target=self._run, daemon=True)
            self._thread.start()

    def _run(self):
        value = 0
        for view in self._views:
            value = zlib.crc32(view, value)
        self.value = value

    def wait(self):
        if self._thread is not None:
            self._thread.join()


def _aligned(position, step):
    return -(-position // step) * step


def _write_all(out, view):
    for start in range(0, view.nbytes, _CHUNK):
        part = view[start : start + _CHUNK]
        while part.nbytes:
            part = part[out.write(part) :]


def _fsync_folder(path):
    descriptor = os.open(str(path), os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_failure(error, folder, names):
    """The NP505 for an ``OSError`` while saving; ``names``: bytes per name that were to be written, or None."""
    what = {
        errno.ENOSPC: "the volume is full",
        errno.EDQUOT: "the quota of the volume is used up",
        errno.EACCES: "there is no permission to write",
        errno.EPERM: "there is no permission to write",
        errno.EROFS: "the volume is read-only",
        errno.EIO: "the volume reported an input/output error",
    }.get(error.errno, error.strerror or str(error))
    message = f"The step's values could not be saved: {what}."
    try:
        usage = shutil.disk_usage(str(folder))
        message += f" {amount(usage.used)} of {amount(usage.total)} are in use, {amount(usage.free)} are free."
    except OSError:
        pass
    if names:
        largest = sorted(names.items(), key=lambda item: -item[1])[:5]
        listed = ", ".join(f"{name} ({amount(size)})" for name, size in largest)
        message += f" Largest values of this step: {listed}."
    fix = "Give the volume more room, or delete runs and names that no later cell needs."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        fix = "Give the run a volume that it may write to."
    return SnapshotError("NP505", message, fix)


def amount(size):
    """Bytes in words."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.3g} {unit}"
        size /= 1000


class Snapshot:
    """A step's snapshot, opened for reading."""

    def __init__(self, volume, step):
        self.step = step
        self.folder = snapshot_path(volume, step)
        try:
            self.manifest = json.loads((self.folder / "manifest.json").read_bytes().decode())
        except FileNotFoundError as error:
            raise SnapshotError(
                "NP506",
                f"Step {step} left no snapshot in {self.folder}.",
                f"Run step {step} again.",
            ) from error
        except (ValueError, OSError) as error:
            raise self.damaged(f"its manifest cannot be read ({error})") from error
        if not isinstance(self.manifest, dict) or self.manifest.get("format") != FORMAT:
            raise self.damaged("its manifest has another format")
        here = "{}.{}".format(*sys.version_info)
        made = ".".join(str(self.manifest.get("python", "")).split(".")[:2])
        if made != here:
            raise SnapshotError(
                "NP507",
                f"The snapshot of step {step} was made by Python {self.manifest.get('python')}; this step runs "
                f"Python {sys.version.split()[0]}.",
                "Give both steps images with the same Python version.",
            )

    def damaged(self, how):
        """The NP506 for this snapshot."""
        return SnapshotError(
            "NP506", f"The snapshot of step {self.step} is damaged: {how}.", f"Run step {self.step} again."
        )

    def stream(self, record):
        """The bytes of a pickle stream, checked against size and checksum; a mapping where it is large."""
        path = self.folder / record["file"]
        try:
            with open(path, "rb") as source:
                size = os.fstat(source.fileno()).st_size
                if size < record["offset"] + record["bytes"]:
                    raise self.damaged(f"{record['file']} is cut short")
                if record["bytes"] >= SPILL_BYTES:
                    view = memoryview(mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ))
                    view = view[record["offset"] : record["offset"] + record["bytes"]]
                else:
                    source.seek(record["offset"])
                    view = memoryview(source.read(record["bytes"]))
        except OSError as error:
            raise self.damaged(f"{record['file']} cannot be read ({error.strerror})") from error
        if hashlib.sha256(view).hexdigest() != record["sha256"]:
            raise self.damaged(f"the checksum of {record['file']} does not fit")
        return view

    def region(self, record):
        """A private, copy-on-write mapping of a group's buffers, checked against its size."""
        if record["bytes"] == 0:
            return bytearray()
        path = self.folder / record["file"]
        try:
            with open(path, "rb") as source:
                if os.fstat(source.fileno()).st_size < record["offset"] + record["bytes"]:
                    raise self.damaged(f"{record['file']} is cut short")
                return mmap.mmap(
                    source.fileno(), record["bytes"], access=mmap.ACCESS_COPY, offset=record["offset"]
                )
        except OSError as error:
            raise self.damaged(f"{record['file']} cannot be read ({error.strerror})") from error
