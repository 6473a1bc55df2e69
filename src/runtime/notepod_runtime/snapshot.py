"""Snapshots: what a step leaves on the volume for later steps, and how a later step takes it.

A snapshot is a folder ``snapshots/<step>`` with a ``manifest.json``, a pickle stream per group of names that share objects, and
a file of buffers for the streams' arrays. It is written aside, synced and renamed, so it is there whole or not at all.
"""

import errno
import hashlib
import json
import os
import shutil
import sys
import time

from . import arrays
from .byvalue import DefinitionLoader
from .definitions import DefinitionRegistry, is_definition
from .errors import GuardStop, ShipError, SnapshotError, Unshippable
from .fingerprint import Fingerprinter, same_content
from .grouping import components, shared_ids
from .mapping import Region
from .locating import locate
from .pickling import FastPickler, FullPickler, StreamUnpickler, no_collection

VERSION = 1
_PAGE = 4096
#: Packages whose objects are commonly inside pickles: their versions are noted where they are imported.
_NOTED = (
    "numpy",
    "pandas",
    "sklearn",
    "scipy",
    "torch",
    "tensorflow",
    "keras",
    "xgboost",
    "lightgbm",
    "pyarrow",
    "statsmodels",
)


def folder_of(volume, step):
    """Where the snapshot of ``step`` lies."""
    return os.path.join(volume, "snapshots", step)


def read_manifest(volume, step):
    """The manifest of a step's snapshot.

    Raises :class:`SnapshotError` (NP506) if there is none or if it is damaged.
    """
    path = os.path.join(folder_of(volume, step), "manifest.json")
    try:
        with open(path, encoding="utf-8") as file:
            manifest = json.load(file)
    except FileNotFoundError:
        raise SnapshotError(
            "NP506", f"step {step} has left no snapshot.", f"Run step {step} again."
        ) from None
    except (OSError, ValueError) as error:
        message = f"the snapshot of step {step} is damaged: its manifest cannot be read ({error})."
        raise SnapshotError("NP506", message, f"Run step {step} again.") from None
    if manifest.get("version") != VERSION:
        raise SnapshotError(
            "NP506", f"the snapshot of step {step} was written by another version.", f"Run step {step} again."
        )
    return manifest


class Loaded:
    """What a step took from earlier ones."""

    def __init__(self, registry):
        self.registry = registry
        self.regions = []
        #: name -> (step, group)
        self.sources = {}
        #: name -> fingerprint right after loading, for names that have to be looked at again.
        self.fingerprints = {}
        #: name -> the object that was loaded.
        self.values = {}
        self.alive = []

    def fingerprint(self, value):
        """The fingerprint of a value now."""
        return Fingerprinter(self.registry, self.regions).take(value)


def load_inputs(volume, plan, namespace, on_loaded):
    """Puts the step's inputs into its namespace.

    ``on_loaded(name, step, bytes, ns)`` hears of each. A name that no snapshot has stays unbound. Raises
    :class:`SnapshotError` if a snapshot is absent, damaged, or from another Python.
    """
    loaded = Loaded(DefinitionRegistry(namespace, plan))
    manifests = {}
    wanted = {}
    order = {step: position for position, step in enumerate(plan["ancestors"])}
    for entry in plan["inputs"]:
        # Any ancestor since the value was made may have written it again, beside what came to share objects with it.
        for step in reversed(plan["ancestors"][order[entry["from"][0]] :]):
            manifest = manifests.get(step) or manifests.setdefault(
                step, _checked(read_manifest(volume, step), step)
            )
            if entry["name"] in manifest["deleted"]:
                break
            group = manifest["names"].get(entry["name"])
            if group is not None:
                wanted.setdefault((step, group), []).append(entry)
                break
    for (step, group), entries in wanted.items():
        began = time.perf_counter_ns()
        values, size = _load_group(volume, manifests[step], step, group, loaded)
        took = time.perf_counter_ns() - began
        for index, entry in enumerate(entries):
            name = entry["name"]
            namespace[name] = loaded.values[name] = values[name]
            loaded.sources[name] = (step, group)
            # The group is read once; its first name stands for the cost.
            on_loaded(name, step, size if index == 0 else 0, took if index == 0 else 0)
    for entry in plan["inputs"]:
        name = entry["name"]
        if name in loaded.sources and (entry["guardedFor"] or entry["neededAfter"] or entry["mayChange"]):
            loaded.fingerprints[name] = loaded.fingerprint(namespace[name])
    return loaded


def _checked(manifest, step):
    here = "%d.%d" % sys.version_info[:2]
    there = ".".join(manifest["python"].split(".")[:2])
    if here != there:
        message = f"the snapshot of step {step} was written by Python {there}, and this step runs on {here}."
        raise SnapshotError("NP507", message, "Use one version of Python for both steps.")
    return manifest


def _load_group(volume, manifest, step, index, loaded):
    group = manifest["groups"][index]
    folder = folder_of(volume, step)
    stream = _read_checked(folder, group["file"], group["bytes"], group["sha256"], step)
    region = None
    if group["bufferBytes"]:
        path = os.path.join(folder, group["bufferFile"])
        if not os.path.exists(path) or os.path.getsize(path) != group["bufferBytes"]:
            raise SnapshotError(
                "NP506",
                f"the snapshot of step {step} is damaged: {group['bufferFile']} has not its size.",
                f"Run step {step} again.",
            )
        region = Region(path)
        loaded.regions.append(region)
        loaded.alive.append(region.memory)
    values = _unpickle(stream, group, region, manifest, folder, step, loaded)
    return values, group["bytes"] + group["bufferBytes"]


def _unpickle(stream, group, region, manifest, folder, step, loaded):
    registry = loaded.registry

    def find_global(name):
        uid = group["needs"].get(name.split(".")[0])
        found = registry.find(uid) if uid is not None else None
        if found is None and uid is not None and manifest.get("definitions"):
            _load_definitions(manifest, folder, step, loaded)
            found = registry.find(uid)
        if found is None:
            return registry.global_named(name)
        for attribute in name.split(".")[1:]:
            found = getattr(found, attribute)
        return found

    memory = arrays.ArrayMemory(
        [tuple(extent) for extent in group["extents"]], region.memory if region else None
    )
    definitions = DefinitionLoader(registry, frozenset(group.get("forced", ())))
    buffers = [
        memoryview(region.memory)[start : start + size] if region is not None else b""
        for start, size in group["pickleBuffers"]
    ]
    import io

    unpickler = StreamUnpickler(io.BytesIO(stream), buffers, memory, definitions, find_global, loaded.alive)
    try:
        with no_collection():
            values = unpickler.load()
    except SnapshotError:
        raise
    except Exception as error:
        message = f"the snapshot of step {step} cannot be loaded: {type(error).__name__}: {error}."
        raise SnapshotError(
            "NP506", message, _versions_differ(manifest) or f"Run step {step} again."
        ) from error
    definitions.finish()
    return values


def _load_definitions(manifest, folder, step, loaded):
    entry = manifest["definitions"]
    stream = _read_checked(folder, entry["file"], entry["bytes"], entry["sha256"], step)
    manifest["definitions"] = None
    _unpickle(stream, entry, None, manifest, folder, step, loaded)


def _versions_differ(manifest):
    here = _package_versions()
    pairs = [
        (name, there, here[name])
        for name, there in manifest["packages"].items()
        if here.get(name, there) != there
    ]
    if not pairs:
        return ""
    return (
        "It was written with "
        + ", ".join(f"{name} {there} (here {own})" for name, there, own in pairs)
        + "; use the same versions."
    )


def _package_versions():
    found = {name: getattr(sys.modules.get(name), "__version__", None) for name in _NOTED}
    return {name: str(version) for name, version in found.items() if version is not None}


def _read_checked(folder, name, size, digest, step):
    advice = f"Run step {step} again."
    try:
        with open(os.path.join(folder, name), "rb") as file:
            data = file.read()
    except OSError as error:
        raise SnapshotError("NP506", f"the snapshot of step {step} is damaged: {error}.", advice) from None
    if len(data) != size or hashlib.sha256(data).hexdigest() != digest:
        raise SnapshotError(
            "NP506", f"the snapshot of step {step} is damaged: {name} is not what was written.", advice
        )
    return data


class SaveReport:
    """What saving found: ``warnings`` as ``(code, message, name)``, and the bytes written."""

    def __init__(self):
        self.warnings = []
        self.bytes = 0


def save_outputs(volume, plan, namespace, loaded, ambient, on_saved):
    """Checks the inputs that other steps rely on, and commits the step's snapshot.

    ``ambient`` is the state to leave, by channel, as bytes. ``on_saved(name, bytes, ns, group)`` hears of each name.
    Raises :class:`GuardStop`, :class:`ShipError` or :class:`SnapshotError`; then nothing is left behind.
    """
    report = SaveReport()
    writer = _Writer(volume, plan, namespace, loaded)
    try:
        extra = _guard(volume, plan, namespace, loaded, report)
        writer.write(extra, ambient, on_saved, report)
    except OSError as error:
        writer.discard()
        raise _disk_error(error, volume, writer.current) from error
    except BaseException:
        writer.discard()
        raise
    return report


def _guard(volume, plan, namespace, loaded, report):
    """Names that have to be written again although the analysis took them as unchanged. Raises :class:`GuardStop`."""
    extra = []
    for entry in plan["inputs"]:
        name = entry["name"]
        if entry["mayChange"] or name not in loaded.fingerprints:
            continue
        if name in namespace and loaded.fingerprint(namespace[name]) == loaded.fingerprints[name]:
            continue
        if name in namespace and same_content(_original(volume, plan, name, loaded), namespace[name]):
            continue
        if entry["guardedFor"]:
            raise GuardStop(
                "NP502",
                f"step {plan['step']} changed `{name}`, and {_steps(entry['guardedFor'])} would have used it unchanged.",
                f"Work on a copy of `{name}`, or add `prev:{plan['step']}` to {_steps(entry['guardedFor'])}.",
                name,
                plan["cells"][-1]["index"] if plan["cells"] else None,
            )
        message = f"step {plan['step']} changed `{name}`, which the analysis did not see; it is passed on as it is now."
        report.warnings.append(("NP503", message, name))
        extra.append(name)
    return extra


def _original(volume, plan, name, loaded):
    step, group = loaded.sources[name]
    fresh = Loaded(loaded.registry)
    values, _ = _load_group(volume, read_manifest(volume, step), step, group, fresh)
    loaded.alive.append(fresh)
    return values[name]


def _steps(names):
    return ("step " if len(names) == 1 else "steps ") + ", ".join(names)


class _Writer:
    """Writes one snapshot aside and puts it in its place."""

    def __init__(self, volume, plan, namespace, loaded):
        self._plan = plan
        self._namespace = namespace
        self._loaded = loaded
        self._final = folder_of(volume, plan["step"])
        self._folder = os.path.join(volume, "snapshots", f".{plan['step']}.{os.getpid()}.tmp")
        self._needs = {}
        self._files = 0
        #: The name being written, for messages.
        self.current = None

    def write(self, extra, ambient, on_saved, report):
        """Writes everything and renames."""
        os.makedirs(self._folder, exist_ok=True)
        groups, names = [], {}
        for members, entry, took in self._groups(extra):
            index = len(groups)
            groups.append(entry)
            size = entry["bytes"] + entry["bufferBytes"]
            report.bytes += size
            for position, name in enumerate(members):
                names[name] = index
                on_saved(name, size if position == 0 else 0, took if position == 0 else 0, index)
        for channel, data in ambient.items():
            _write_synced(os.path.join(self._folder, f"ambient-{channel}"), data)
        gone = [each["name"] for each in self._plan["outputs"] if each["name"] not in self._namespace]
        manifest = {
            "version": VERSION,
            "step": self._plan["step"],
            "python": "%d.%d.%d" % sys.version_info[:3],
            "packages": _package_versions(),
            "names": names,
            "deleted": [name for name in gone if name in self._loaded.sources],
            "groups": groups,
            "definitions": self._definitions(),
            "ambient": sorted(ambient),
        }
        _write_synced(os.path.join(self._folder, "manifest.json"), json.dumps(manifest, indent=1).encode())
        _sync_folder(self._folder)
        self._commit()

    def discard(self):
        """Removes what was written so far."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _commit(self):
        old = None
        if os.path.exists(self._final):
            old = self._folder + ".old"
            os.rename(self._final, old)
        os.rename(self._folder, self._final)
        _sync_folder(os.path.dirname(self._final))
        if old is not None:
            shutil.rmtree(old, ignore_errors=True)

    def _groups(self, extra):
        """Yields ``(names, manifest entry, ns)`` of every group to write."""
        loaded, namespace = self._loaded, self._namespace
        outputs = [each["name"] for each in self._plan["outputs"] if each["name"] in namespace]
        needed = [
            each["name"]
            for each in self._plan["inputs"]
            if each["neededAfter"] and each["name"] in namespace and each["name"] in loaded.sources
        ]
        candidates = list(dict.fromkeys(outputs + extra + needed))
        optional = {each["name"] for each in self._plan["outputs"] if each["optional"]}
        required = {each["name"] for each in self._plan["outputs"] if each["required"]}
        must, single, ids, ranges = {*extra, *required.intersection(candidates)}, {}, {}, {}
        for name in list(candidates):
            self.current = name
            if name in loaded.fingerprints and name not in must and self._unchanged(name):
                pickler = self._probe(name)
            else:
                began = time.perf_counter_ns()
                try:
                    pickler, entry = self._stream({name: namespace[name]}, name)
                except ShipError:
                    if name not in optional:
                        raise
                    candidates.remove(name)
                    continue
                single[name] = (entry, pickler, time.perf_counter_ns() - began)
                must.add(name)
            ids[name] = shared_ids(pickler, loaded.registry) if len(candidates) > 1 else {}
            ranges[name] = pickler.arrays.ranges if hasattr(pickler.arrays, "ranges") else []
        for members in components(candidates, ids, ranges):
            if not must.intersection(members):
                continue
            self.current = members[0]
            if len(members) == 1:
                entry, pickler, took = single[members[0]]
            else:
                for name in members:
                    if name in single:
                        os.unlink(os.path.join(self._folder, single[name][0]["file"]))
                began = time.perf_counter_ns()
                pickler, entry = self._stream({name: namespace[name] for name in members}, members[0])
                took = time.perf_counter_ns() - began
            began = time.perf_counter_ns()
            self._buffers(pickler, entry)
            yield members, entry, took + time.perf_counter_ns() - began

    def _unchanged(self, name):
        if self._namespace[name] is not self._loaded.values[name]:
            return False
        return self._loaded.fingerprint(self._namespace[name]) == self._loaded.fingerprints[name]

    def _probe(self, name):
        from .pickling import CountingSink

        pickler = FullPickler(CountingSink(), self._loaded.registry)
        pickler.dump(self._namespace[name])
        return pickler

    def _stream(self, values, name):
        """Pickles values into a file of their own; buffers are written later, when it is known that the stream stays."""
        file_name = f"{self._files}.pickle"
        self._files += 1
        path = os.path.join(self._folder, file_name)
        registry = self._loaded.registry
        # A definition that is handed on as a value has changed since it was made: running it again would not do.
        handed = [value for value in values.values() if is_definition(value) and registry.is_global(value)]
        forced = frozenset(map(id, handed))
        for fast in (False,) if handed else (True, False):
            with open(path, "wb") as file:
                sink = _Digesting(file)
                pickler = FastPickler(sink, registry) if fast else FullPickler(sink, registry, forced=forced)
                try:
                    pickler.dump(values)
                except OSError:
                    raise
                except Exception as error:
                    if fast and not isinstance(error, Unshippable):
                        continue
                    raise self._ship_error(name, error) from error
                file.flush()
                os.fsync(file.fileno())
            break
        self._needs.update(pickler.needs)
        entry = {
            "file": file_name,
            "bytes": sink.size,
            "sha256": sink.hash.hexdigest(),
            "needs": pickler.needs,
            "forced": [registry.uid_of(value) for value in handed],
        }
        return pickler, {**entry, "bufferFile": None, "bufferBytes": 0, "extents": [], "pickleBuffers": []}

    def _buffers(self, pickler, entry):
        """Writes the memory of a stream's arrays, each byte once, extents at page boundaries."""
        extents = arrays.merge_ranges(pickler.arrays.ranges)
        if not extents and not pickler.buffers:
            return
        name = entry["file"].replace(".pickle", ".buffers")
        at = 0
        with open(os.path.join(self._folder, name), "wb", buffering=0) as file:

            def put(data):
                nonlocal at
                if data.nbytes >= arrays.MAPPED_BYTES and at % _PAGE:
                    at += file.write(b"\0" * (_PAGE - at % _PAGE))
                elif at % 16:
                    at += file.write(b"\0" * (16 - at % 16))
                start = at
                for offset in range(0, data.nbytes, 1 << 24):
                    chunk = data[offset : offset + (1 << 24)]
                    while chunk.nbytes:
                        done = file.write(chunk)
                        at += done
                        chunk = chunk[done:]
                return start

            for written, size, here, uses in extents:
                entry["extents"].append([written, size, put(arrays.memory_at(here, size)), uses])
            for buffer in pickler.buffers:
                data = buffer.raw()
                entry["pickleBuffers"].append([put(data), data.nbytes])
            os.fsync(file.fileno())
        entry["bufferFile"], entry["bufferBytes"] = name, at

    def _definitions(self):
        """The definitions that streams name, by value, for a consumer that does not run them again."""
        registry = self._loaded.registry
        found = {uid: registry.find(uid) for uid in self._needs.values()}
        values = [each for each in found.values() if each is not None]
        if not values:
            return None
        path = os.path.join(self._folder, "definitions.pickle")
        try:
            with open(path, "wb") as file:
                sink = _Digesting(file)
                pickler = FullPickler(sink, registry, everything=True)
                pickler.dump(values)
                if pickler.arrays.ranges or pickler.buffers:
                    raise Unshippable(None, "arrays")
                file.flush()
                os.fsync(file.fileno())
        except OSError:
            raise
        except Exception:
            # Only a consumer that has no definition of its own would miss it, and says so.
            os.unlink(path)
            return None
        entry = {"file": "definitions.pickle", "bytes": sink.size, "sha256": sink.hash.hexdigest()}
        return {**entry, "needs": {}, "extents": [], "pickleBuffers": []}

    def _ship_error(self, name, error):
        entry = next((each for each in self._plan["outputs"] if each["name"] == name), None)
        wanted = _steps(entry["neededBy"]) if entry and entry["neededBy"] else "a later step"
        path, kind, reason, advice = locate(name, self._namespace[name], error, self._loaded.registry)
        article = "" if kind.startswith(("a ", "an ")) else "an " if kind[:1] in "aeiou" else "a "
        place = f" It was made in cell {entry['cell'] + 1}." if entry else ""
        return ShipError(
            "NP501",
            f"`{name}` cannot be passed on, and {wanted} needs it: `{path}` is {article}{kind} ({reason}).{place}",
            advice,
            name,
            entry["cell"] if entry else None,
            path,
        )


class _Digesting:
    """A file that hashes what it is given."""

    def __init__(self, file):
        self._file = file
        self.hash = hashlib.sha256()
        self.size = 0

    def write(self, data):
        self.hash.update(data)
        self._file.write(data)
        size = memoryview(data).nbytes
        self.size += size
        return size


def _write_synced(path, data):
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path):
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _disk_error(error, volume, name):
    what = f" while writing `{name}`" if name else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        usage = shutil.disk_usage(volume)
        message = f"the disk is full{what}: {usage.free // 1_000_000} of {usage.total // 1_000_000} MB are free at {volume}."
        return SnapshotError("NP505", message, "Free some room, then resume the run.", name)
    return SnapshotError(
        "NP505",
        f"the snapshot cannot be written{what}: {error}.",
        "Mend the folder, then resume the run.",
        name,
    )
