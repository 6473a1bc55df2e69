"""Loading: a step takes its inputs from the snapshots of earlier steps."""

import io
import time

from .arrays import ArrayMemory
from .byvalue import DefinitionLoader
from .definition_state import state_of
from .definitions import DefinitionRegistry, is_definition
from .errors import ShipError, SnapshotError
from .pickling import StreamUnpickler, no_collection
from .plain import fingerprint, holds_no_buffer
from .versions import check_versions
from .volume import Snapshot


class LoadedGroup:
    """Names that were written together and are loaded together. ``values`` has all of them, bound or not."""

    def __init__(self, snapshot, record, region, memory):
        self.snapshot = snapshot
        self.record = record
        self.region = region
        self.memory = memory
        self.values = {}
        #: What :mod:`.plain` says of the values before the cells; None where it says nothing.
        self.fingerprint = None


class Loaded:
    """What a step took from earlier ones."""

    def __init__(self, registry):
        self.registry = registry
        #: name -> the group that it came from.
        self.sources = {}
        #: Names that were put into the namespace.
        self.bound = set()
        #: name -> id of the value that was put there.
        self.ids = {}
        #: name -> state of a replayed or loaded definition before the cells: see :mod:`.definition_state`.
        self.definition_states = {}
        #: name -> the definition that has it.
        self.watched_definitions = {}
        self._alive = []

    def is_same_object(self, name):
        """The name has the very object that was loaded: an equal one may share other objects."""
        return id(self.registry.namespace[name]) == self.ids[name]

    def watch_definitions(self, plan):
        """Notes the state of the definitions that later steps rely on; call it right before the cells.

        There is one of each in a process, so what was loaded cannot be compared with another copy of it afterwards.
        """
        names = [entry["name"] for entry in plan["laterDefinitions"]]
        namespace = self.registry.namespace
        names += [name for name in self.looked_at(plan) if is_definition(namespace.get(name))]
        for name in names:
            self.definition_states[name] = state_of(self.registry, name)
            self.watched_definitions[name] = namespace.get(name)

    def watch_values(self, plan):
        """Takes fingerprints of the inputs that are looked at when the step ends; call it right before the cells."""
        for name in self.looked_at(plan):
            group = self.sources[name]
            if group.record["tree"] and group.fingerprint is None:
                values = self.values_of(group)
                if holds_no_buffer(values):
                    group.fingerprint = fingerprint(values)

    def bound_by(self, group):
        """The names that the group gave to the namespace."""
        return [name for name in group.values if name in self.bound and self.sources[name] is group]

    def values_of(self, group):
        """The values of a group as they are now, in the order in which they were written. None of its names may be gone."""
        now = {**group.values, **{name: self.registry.namespace[name] for name in self.bound_by(group)}}
        return list(now.values())

    def looked_at(self, plan):
        """Inputs that are looked at when the step ends: other steps rely on them, or on names that share their objects."""
        outputs = {entry["name"] for entry in plan["outputs"]}
        known = {entry["name"] for entry in plan["inputs"]}
        unknown = [name for name in self.sources if name not in known] if plan["outputAll"] else []
        return unknown + [
            entry["name"]
            for entry in plan["inputs"]
            if entry["name"] in self.sources
            and (
                entry["guardedFor"]
                or entry["neededAfter"]
                or entry["name"] in outputs
                or plan["outputAll"]
                or self.hidden(self.sources[entry["name"]])
            )
        ]

    def hidden(self, group):
        """Names of a group that this step does not know, though their objects are here."""
        return [name for name in group.record["names"] if self.sources.get(name) is not group]

    def original(self, group):
        """The group's values once more, from the snapshot; definitions that are here stay what they are now."""
        loader = GroupLoader(group.snapshot, self.registry, self._alive, overwrite=False)
        values = loader.load(group.snapshot.manifest["groups"].index(group.record)).values
        if any(
            isinstance(each, type) and hasattr(each, "__del__") for each in self.registry.namespace.values()
        ):
            # A copy made for comparing must not say farewell.
            self._alive.append(values)
        return values


class GroupLoader:
    """Loads groups of one snapshot."""

    def __init__(self, snapshot, registry, alive, overwrite=True):
        self._snapshot = snapshot
        self._registry = registry
        self._alive = alive
        #: Definitions that were handed on as values replace what the process has.
        self._overwrite = overwrite
        self._definitions_loaded = False

    def load(self, index):
        """Group ``index`` of the manifest."""
        record = self._snapshot.manifest["groups"][index]
        return self._load(record)

    def _load(self, record):
        snapshot = self._snapshot
        stream = snapshot.stream(record)
        region = snapshot.region(record["region"])
        buffers = []
        if region is not None:
            self._alive.append(region.memory)
            view = memoryview(region.memory)
            buffers = [view[start : start + size] for start, size in record["pickleBuffers"]]
        memory = ArrayMemory(record["extents"], region.memory if region is not None else None)
        group = LoadedGroup(snapshot, record, region, memory)
        forced = frozenset(record["forced"]) if self._overwrite else frozenset()
        definitions = DefinitionLoader(self._registry, forced)
        source = io.BytesIO(stream) if len(stream) < 1 << 20 else _View(stream)
        needs = record["needs"]
        unpickler = StreamUnpickler(
            source, buffers, memory, definitions, lambda name: self._global(needs, name), self._alive
        )
        try:
            with no_collection(keep=True):
                group.values = unpickler.load()
        except SnapshotError:
            raise
        except Exception as error:
            packages = snapshot.manifest["packages"]
            check_versions(snapshot.step, packages)
            message = (
                f"the snapshot of step {snapshot.step} cannot be loaded: {type(error).__name__}: {error}."
            )
            # The stream is what was written: its checksum was looked at.
            which = ", ".join(f"`{name}`" for name in record["names"])
            fix = f"If that is so when step {snapshot.step} has run again, {which} cannot leave its process: put it into the step that uses it."
            raise SnapshotError("NP506", message, fix) from error
        definitions.finish()
        check_versions(snapshot.step, snapshot.manifest["packages"])
        return group

    def _global(self, needs, name):
        """What ``__main__.<name>`` meant to the step that wrote the stream."""
        first, *rest = name.split(".")
        uid = needs.get(first)
        if uid is None:
            return self._registry.global_named(name)
        found = self._registry.find(uid)
        if found is None and not self._definitions_loaded and self._snapshot.manifest["definitions"]:
            self._definitions_loaded = True
            self._load(self._snapshot.manifest["definitions"])
            found = self._registry.find(uid)
        if found is None:
            raise AttributeError(f"the notebook's {first} is neither run again nor in the snapshot")
        for attribute in rest:
            found = getattr(found, attribute)
        return found


class _View:
    """A large stream as the unpickler reads it, without the copy that ``BytesIO`` makes."""

    def __init__(self, view):
        self._view = view
        self._at = 0

    def read(self, size=-1):
        end = len(self._view) if size is None or size < 0 else self._at + size
        data = bytes(self._view[self._at : end])
        self._at += len(data)
        return data

    def readinto(self, target):
        part = self._view[self._at : self._at + len(target)]
        target[: len(part)] = part
        self._at += len(part)
        return len(part)

    def readline(self):
        rest = bytes(self._view[self._at : self._at + 65536])
        end = rest.find(b"\n") + 1
        self._at += end
        return rest[:end]


def load_inputs(volume, plan, namespace, on_loaded):
    """Puts the step's inputs into its namespace.

    Call it after the step's definitions were replayed. ``on_loaded(name, step, bytes, ns)`` hears of each name. A name that
    no snapshot has stays unbound. Raises :class:`SnapshotError` if a snapshot is absent, damaged, or from another Python,
    and :class:`ShipError` for a name that its step could not ship.
    """
    loaded = Loaded(DefinitionRegistry(namespace, plan))
    places = _Places(volume, plan)
    wanted = {}
    for entry in plan["inputs"]:
        found = places.of(entry)
        if found is _DELETED:
            # A definition that was run again here stands for the value before.
            namespace.pop(entry["name"], None)
        elif found is not None:
            wanted.setdefault(found, []).append(entry["name"])
    if plan["inputAll"]:
        known = {entry["name"] for entry in plan["inputs"]}.union(
            *(each["names"] for each in plan["replays"])
        )
        for name, found in places.others(known):
            wanted.setdefault(found, []).append(name)
    for name, found in places.changed_definitions(loaded.registry):
        wanted.setdefault(found, []).append(name)
    loaders = {}
    for step, index in sorted(wanted, key=places.order):
        began = time.perf_counter_ns()
        if step not in loaders:
            loaders[step] = GroupLoader(places.snapshot(step), loaded.registry, loaded._alive)
        group = loaders[step].load(index)
        size = group.record["bytes"] + (group.record["region"] or {"bytes": 0})["bytes"]
        took = time.perf_counter_ns() - began
        for position, name in enumerate(wanted[step, index]):
            namespace[name] = group.values[name]
            loaded.sources[name] = group
            loaded.bound.add(name)
            loaded.ids[name] = id(group.values[name])
            # The group is read once; its first name stands for the cost.
            on_loaded(name, step, 0 if position else size, 0 if position else took)
    _let_go(plan, loaded)
    return loaded


def _let_go(plan, loaded):
    """Keeps no value alive that the notebook's names do not, but those that are looked at when the step ends."""
    looked_at = {id(loaded.sources[name]) for name in loaded.looked_at(plan)}
    for group in loaded.sources.values():
        group.values = {
            name: None if loaded.sources.get(name) is group else value
            for name, value in group.values.items()
            if id(group) in looked_at
        }


#: The last that an earlier step did to a name was to delete it.
_DELETED = ("", -1)


class _Places:
    """Finds which snapshot has a name."""

    def __init__(self, volume, plan):
        self._volume = volume
        self._plan = plan
        self._steps = list(plan["ancestors"])
        for entry in plan["inputs"]:
            self._steps += [step for step in entry["from"] if step not in self._steps]
        self._position = {step: position for position, step in enumerate(self._steps)}
        self._snapshots = {}

    def snapshot(self, step):
        if step not in self._snapshots:
            self._snapshots[step] = Snapshot(self._volume, step)
        return self._snapshots[step]

    def order(self, place):
        return self._position[place[0]], place[1]

    def of(self, entry):
        """``(step, group)`` of the newest value of an input; None if no step has it, or that it was deleted.

        Any ancestor since the value was made may have written it again, beside what came to share objects with it.
        """
        name = entry["name"]
        first = min((self._position[step] for step in entry["from"]), default=len(self._steps))
        for step in reversed(self._steps[first:]):
            if step in entry["notFrom"]:
                continue
            manifest = self.snapshot(step).manifest
            if name in manifest["deleted"]:
                return _DELETED
            if name in manifest["unshipped"] and not entry["optional"]:
                raise ShipError("NP501", *manifest["unshipped"][name], name)
            if name in manifest["names"]:
                return self._changed_since(name, step, manifest["names"][name])
        return None

    def others(self, known):
        """``(name, (step, group))`` of all that ancestors have left beside the names in ``known``, the newest of each."""
        seen = set(known)
        for step in reversed(self._steps):
            manifest = self.snapshot(step).manifest
            for name, index in manifest["names"].items():
                if name not in seen:
                    yield name, self._changed_since(name, step, index)
            seen.update(manifest["names"], manifest["deleted"])

    def _changed_since(self, name, step, index):
        """The place where a step that did not know the name left it, changed through another that shares its objects."""
        for later in self._steps[self._position[step] + 1 :]:
            hidden = self.snapshot(later).manifest["hidden"].get(name)
            if hidden is not None and hidden["of"] == step:
                step, index = later, hidden["group"]
        return step, index

    def changed_definitions(self, registry):
        """Replayed definitions whose state an ancestor changed and so left by value: ``(name, (step, group))``."""
        inputs = {entry["name"] for entry in self._plan["inputs"]}
        for name, uid in registry.replayed_uids().items():
            if name in inputs:
                continue
            for step in reversed(self._plan["ancestors"]):
                manifest = self.snapshot(step).manifest
                if manifest["changedDefinitions"].get(name) == uid:
                    yield name, (step, manifest["names"][name])
                    break
