"""Files of a snapshot: written aside, fsynced, renamed; read back only if size and checksum agree.

Layout of ``<volume>/snapshots/<step>/``: ``manifest.json``; ``objects.pickle``, the small pickle streams one after the other;
``<n>.pickle``, the large ones; ``buffers.bin``, the memory of arrays; ``ambient-<channel>``.
"""

import errno
import hashlib
import json
import mmap
import os
import sys
import threading
import zlib

from .arrays import MAPPED_BYTES
from .errors import SnapshotError
from .mapping import Region
from .opcodes import holds_sets

VERSION = 3
#: A stream that grows beyond this gets a file of its own instead of being held in memory until the end.
SPILL_BYTES = 4 << 20
#: Where mapped memory starts: a multiple of every page size in use (4, 16 and 64 KiB).
_ALIGNMENT = 65536
_CHUNK = 8 << 20


def folder_of(volume, step):
    """Where the snapshot of ``step`` lies."""
    return os.path.join(str(volume), "snapshots", step)


class StreamSink:
    """Takes one pickle stream: hashes it, holds it in memory while it is small, else spills it to a file."""

    def __init__(self, path):
        self._path = path
        self._held = []
        self._file = None
        self._hash = hashlib.sha256()
        self.size = 0
        #: True once the disk refused something.
        self.failed = False
        #: False if there is certainly no set in the stream but empty ones.
        self.may_hold_sets = False

    def write(self, data):
        self._hash.update(data)
        view = memoryview(data)
        self.size += view.nbytes
        if not self.may_hold_sets:
            self.may_hold_sets = holds_sets(data if isinstance(data, bytes) else bytes(data))
        try:
            self._keep(view)
        except OSError:
            self.failed = True
            raise
        return view.nbytes

    def _keep(self, view):
        if self._file is None and self.size > SPILL_BYTES:
            self._file = open(self._path, "wb", buffering=0)  # noqa: SIM115
            held, self._held = self._held, []
            for each in held:
                _write_all(self._file, memoryview(each))
        if self._file is None:
            self._held.append(bytes(view))
        else:
            _write_all(self._file, view)

    def digest(self):
        return self._hash.hexdigest()

    def spilled(self):
        """Name of the stream's own file, made durable; None for a stream that is held in memory."""
        if self._file is None:
            return None
        os.fsync(self._file.fileno())
        self._file.close()
        return os.path.basename(self._path)

    def contents(self):
        return b"".join(self._held)

    def discard(self):
        """Forgets what was written."""
        self._held = []
        if self._file is not None:
            self._file.close()
            os.unlink(self._path)
            self._file = None


class SnapshotWriter:
    """Writes a snapshot in a folder beside its place; nothing is seen there before :meth:`commit`."""

    def __init__(self, volume, step):
        self._final = folder_of(volume, step)
        self._parent = os.path.dirname(self._final)
        self._folder = os.path.join(self._parent, f".{step}.{os.getpid()}.tmp")
        self._streams = 0
        self._files = {}
        self._checksums = []
        os.makedirs(self._parent, exist_ok=True)
        _remove(self._folder)
        os.mkdir(self._folder)

    def sink(self):
        """A sink for one stream."""
        self._streams += 1
        return StreamSink(os.path.join(self._folder, f"{self._streams}.pickle"))

    def add_stream(self, sink):
        """Keeps a finished stream; returns where it is and what it must be."""
        record = {"bytes": sink.size, "sha256": sink.digest()}
        own = sink.spilled()
        if own is not None:
            return {**record, "file": own, "offset": 0}
        out = self._open("objects.pickle")
        offset = out.tell()
        _write_all(out, memoryview(sink.contents()))
        return {**record, "file": "objects.pickle", "offset": offset}

    def add_buffers(self, views):
        """Writes memory without copying it; returns the region's record and the offsets of the views in the region.

        The memory must stay as it is until :meth:`commit`, which adds the checksum to the record.
        """
        out = self._open("buffers.bin")
        start = position = _aligned(out.tell(), _ALIGNMENT)
        offsets = []
        for view in views:
            position = _aligned(position, _ALIGNMENT if view.nbytes >= MAPPED_BYTES else 64)
            offsets.append(position - start)
            out.seek(position)
            _write_all(out, view)
            position += view.nbytes
        record = {"file": "buffers.bin", "offset": start, "bytes": position - start}
        self._checksums.append((record, views))
        return record, offsets

    def add_file(self, name, data):
        """Writes a small file."""
        _write_all(self._open(name), memoryview(data))

    def commit(self, manifest):
        """Makes everything durable and moves it to its place, in the stead of an older snapshot of the step."""
        # The checksums are computed while the disk works: zlib and fsync release the interpreter's lock.
        checksums = threading.Thread(target=self._add_checksums, daemon=True)
        checksums.start()
        for out in self._files.values():
            os.fsync(out.fileno())
        checksums.join()
        self.add_file("manifest.json", json.dumps(manifest, separators=(",", ":")).encode())
        os.fsync(self._files["manifest.json"].fileno())
        for out in self._files.values():
            out.close()
        _fsync_folder(self._folder)
        old = self._folder[: -len(".tmp")] + ".old"
        if os.path.exists(self._final):
            os.rename(self._final, old)
        os.rename(self._folder, self._final)
        _fsync_folder(self._parent)
        _remove(old)

    def _add_checksums(self):
        for record, views in self._checksums:
            value = 0
            for view in views:
                value = zlib.crc32(view, value)
            record["crc32"] = value

    def abandon(self):
        """Removes what was written."""
        for out in self._files.values():
            out.close()
        _remove(self._folder)

    def _open(self, name):
        if name not in self._files:
            self._files[name] = open(os.path.join(self._folder, name), "wb", buffering=0)  # noqa: SIM115
        return self._files[name]


def _remove(folder):
    # Not by shutil: importing it costs a step some milliseconds. A snapshot has no folders in it.
    if os.path.isdir(folder):
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        os.rmdir(folder)


def _aligned(position, step):
    return -(-position // step) * step


def _write_all(out, view):
    view = view.cast("B")
    for start in range(0, view.nbytes, _CHUNK):
        part = view[start : start + _CHUNK]
        while part.nbytes:
            part = part[out.write(part) :]


def _fsync_folder(path):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_failure(error, volume, names):
    """The NP505 for an ``OSError`` while saving; ``names``: bytes by name of what was to be written."""
    what = {
        errno.ENOSPC: "the disk is full",
        errno.EDQUOT: "the quota of the disk is full",
        errno.EACCES: "there is no permission to write",
        errno.EPERM: "there is no permission to write",
        errno.EROFS: "the disk is read-only",
        errno.EIO: "the disk reports an input/output error",
    }.get(error.errno, error.strerror or str(error))
    largest = max(names, key=names.get) if names else None
    message = what if largest is None else f"{what} while writing `{largest}` ({amount(names[largest])})"
    try:
        usage = os.statvfs(str(volume))
        free, total = usage.f_bavail * usage.f_frsize, usage.f_blocks * usage.f_frsize
        message += f": {amount(free)} of {amount(total)} are free at {volume}."
    except OSError:
        message += f" ({volume})."
    others = sorted((name for name in names if name != largest), key=names.get, reverse=True)[:4]
    if others:
        message += " Before it, " + ", ".join(f"`{name}` ({amount(names[name])})" for name in others) + "."
    fix = "Free some room, then resume the run."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        fix = "Give the run a folder that it may write to, then resume it."
    return SnapshotError("NP505", message, fix, largest)


def amount(size):
    """Bytes in words."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.4g} GB"


class Snapshot:
    """A step's snapshot, opened for reading. Raises :class:`SnapshotError` (NP506, NP507) where it cannot be used."""

    def __init__(self, volume, step):
        self.step = step
        self.folder = folder_of(volume, step)
        try:
            with open(os.path.join(self.folder, "manifest.json"), encoding="utf-8") as file:
                self.manifest = json.load(file)
        except FileNotFoundError:
            raise SnapshotError(
                "NP506", f"step {step} has left no snapshot.", f"Run step {step} again."
            ) from None
        except (OSError, ValueError) as error:
            raise self.damaged(f"its manifest cannot be read ({error})") from None
        if not isinstance(self.manifest, dict) or self.manifest.get("version") != VERSION:
            raise self.damaged("it was written by another version of the step program")
        here = "%d.%d" % sys.version_info[:2]
        there = ".".join(self.manifest["python"].split(".")[:2])
        if here != there:
            message = (
                f"the snapshot of step {step} was written by Python {there}, and this step runs on {here}."
            )
            raise SnapshotError("NP507", message, "Use one version of Python for both steps.")

    def damaged(self, how):
        """The NP506 for this snapshot."""
        message = f"the snapshot of step {self.step} is damaged: {how}."
        return SnapshotError("NP506", message, f"Run step {self.step} again.")

    def stream(self, record):
        """A pickle stream's bytes; a mapping where they are many."""
        with self._file(record) as file:
            if record["bytes"] >= SPILL_BYTES:
                view = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
                view = view[record["offset"] : record["offset"] + record["bytes"]]
            else:
                file.seek(record["offset"])
                view = memoryview(file.read(record["bytes"]))
        if hashlib.sha256(view).hexdigest() != record["sha256"]:
            raise self.damaged(f"{record['file']} is not what was written")
        return view

    def region(self, record):
        """A group's buffers, mapped; None for a group without."""
        if record is None or not record["bytes"]:
            return None
        self._file(record).close()
        return Region(os.path.join(self.folder, record["file"]), record["offset"], record["bytes"])

    def _file(self, record):
        try:
            file = open(os.path.join(self.folder, record["file"]), "rb")  # noqa: SIM115
        except OSError as error:
            raise self.damaged(f"{record['file']} cannot be read ({error.strerror})") from None
        if os.fstat(file.fileno()).st_size < record["offset"] + record["bytes"]:
            file.close()
            raise self.damaged(f"{record['file']} is cut short")
        return file


def verify_buffers(volume, step):
    """Reads all buffers of a snapshot and compares their checksums, which loading does not: that would read them all."""
    snapshot = Snapshot(volume, step)
    for group in snapshot.manifest["groups"]:
        region = snapshot.region(group["region"])
        if region is None:
            continue
        memory = region.original()
        value = 0
        for start, size in sorted([(each[2], each[1]) for each in group["extents"]] + group["pickleBuffers"]):
            value = zlib.crc32(memory[start : start + size], value)
        if value != group["region"]["crc32"]:
            raise snapshot.damaged(f"{group['region']['file']} is not what was written")
