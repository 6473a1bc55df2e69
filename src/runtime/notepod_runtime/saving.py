"""Saving: a step's outputs, in groups that share objects, committed as one snapshot."""

import sys
import time
import types

from . import arrays
from .definition_state import state_of
from .definitions import is_definition
from .errors import ShipError, Unshippable
from .grouping import components, is_atom, shared_ids
from .guard import changed_against_plan, changed_names, check, listed
from .locating import locate
from .pickling import CountingSink, FastPickler, FullPickler
from .plain import is_tree, let_go_of_parts
from .versions import package_versions
from .volume import VERSION, SnapshotWriter, write_failure

_UNNAMED = frozenset(("In", "Out", "exit", "quit", "get_ipython", "display"))


class SaveReport:
    """What saving found: ``warnings`` as ``(code, message, name)``, and the bytes written."""

    def __init__(self):
        self.warnings = []
        self.bytes = 0


def save_outputs(volume, plan, namespace, loaded, ambient, on_saved):
    """Checks the inputs that other steps rely on, and commits the step's snapshot.

    ``loaded`` is what :func:`.loading.load_inputs` returned, ``ambient`` the state to leave, by channel, as bytes.
    ``on_saved(name, bytes, ns, group)`` hears of each name. Raises :class:`GuardStop`, :class:`ShipError` or
    :class:`SnapshotError`; then nothing is left behind.
    """
    report = SaveReport()
    save = _Save(plan, namespace, loaded, report)
    save.guard()
    writer = None
    try:
        writer = SnapshotWriter(volume, plan["step"])
        save.write(writer, ambient, on_saved)
    except OSError as error:
        if writer is not None:
            writer.abandon()
        raise write_failure(error, volume, save.sizes) from error
    except BaseException:
        if writer is not None:
            writer.abandon()
        raise
    return report


class _Save:
    def __init__(self, plan, namespace, loaded, report):
        self._plan = plan
        self._namespace = namespace
        self._loaded = loaded
        self._registry = loaded.registry
        self._report = report
        self._outputs = {each["name"]: each for each in plan["outputs"]}
        self._changed = set()
        self._again = []
        self._definitions_changed = []
        #: name -> step that it is from, of names that the step does not know and changed through others.
        self._hidden = {}
        #: The same of names that did not change: written where what the step leaves shares their objects.
        self._unchanged_hidden = {}
        #: Values of these.
        self._values = {}
        self._needs = {}
        self._kinds = set()
        #: Keeps memory alive that only a pickler holds, until it is written and its checksum taken.
        self._picklers = []
        self._unshipped = {}
        #: Picklers that have seen sets themselves, by the id of the one that wrote what stands for these.
        self._plain = {}
        #: name -> bytes, of what is being written.
        self.sizes = {}

    def guard(self):
        """Finds what changed. Raises :class:`GuardStop` for a change that another step cannot know of."""
        plan, loaded = self._plan, self._loaded
        if loaded.sources and not plan["outputAll"]:
            let_go_of_parts(self._namespace, {*self._outputs, *(each["name"] for each in plan["inputs"])})
        self._changed, hidden = changed_names(loaded, loaded.looked_at(plan), self._namespace)
        self._again = check(plan, self._changed, self._report)
        for name, group in hidden.items():
            if name not in self._namespace and name not in self._outputs:
                elsewhere = plan.get("elsewhere", {}).get(name)
                if elsewhere:
                    raise changed_against_plan(plan, name, elsewhere)
                self._hidden[name] = group.snapshot.step
                self._values[name] = group.values[name]
        for entry in plan.get("laterDefinitions", ()):
            self._guard_definition(entry)

    def _guard_definition(self, entry):
        name = entry["name"]
        before = self._loaded.definition_states.get(name)
        if before is None or name in self._outputs or state_of(self._registry, name) == before:
            return
        now = self._namespace.get(name)
        if not is_definition(now) or now is not self._loaded.watched_definitions[name]:
            # The step gave the name to another: that is a binding, and the graph knows of it.
            return
        if entry["guardedFor"]:
            raise changed_against_plan(self._plan, name, entry["guardedFor"])
        if entry["neededAfter"]:
            message = f"step {self._plan['step']} changed the state of `{name}`, which the analysis did not see; it is passed on as it is now."
            self._report.warnings.append(("NP503", message, name))
            self._definitions_changed.append(name)

    def write(self, writer, ambient, on_saved):
        """Writes everything and commits it."""
        groups, names = [], {}
        for members, record, took in self._groups(writer):
            index = len(groups)
            groups.append(record)
            size = record["bytes"] + (record["region"] or {"bytes": 0})["bytes"]
            self._report.bytes += size
            for position, name in enumerate(members):
                names[name] = index
                on_saved(name, 0 if position else size, 0 if position else took, index)
        for channel, data in ambient.items():
            writer.add_file(f"ambient-{channel}", data)
        changed_definitions = {
            name: self._registry.uid_of(self._value(name))
            for name in self._definitions_changed
            if name in names
        }
        given = self._loaded.bound.union(*(each["names"] for each in self._plan["replays"]))
        hidden = {**self._unchanged_hidden, **self._hidden}
        leaves = {*self._outputs, *self._loaded.bound} if self._plan["outputAll"] else self._outputs
        gone = [name for name in leaves if name not in self._namespace and name in given]
        writer.commit(
            {
                "version": VERSION,
                "step": self._plan["step"],
                "python": "%d.%d.%d" % sys.version_info[:3],
                "names": {name: index for name, index in names.items() if name not in hidden},
                "hidden": {
                    name: {"of": step, "group": names[name]} for name, step in hidden.items() if name in names
                },
                "deleted": gone,
                "unshipped": self._unshipped,
                "changedDefinitions": changed_definitions,
                "groups": groups,
                "definitions": self._definitions(writer),
                "packages": package_versions(self._kinds),
                "ambient": sorted(ambient),
            }
        )

    def _value(self, name):
        return self._values[name] if name in self._values else self._namespace[name]

    def _candidates(self):
        """``(names that have to be written, names to write if they share objects with one of these)``."""
        namespace, loaded = self._namespace, self._loaded
        must, may = [], []
        for name, entry in self._outputs.items():
            if name not in namespace:
                continue
            unchanged = name in loaded.bound and name not in self._changed and loaded.is_same_object(name)
            (may if unchanged and not entry["required"] else must).append(name)
        must += [*self._again, *self._definitions_changed, *self._hidden]
        if self._plan["outputAll"]:
            must += [name for name in namespace if name not in must and self._is_own(name)]
        may += [
            each["name"]
            for each in self._plan["inputs"]
            if (each["neededAfter"] or each["guardedFor"])
            and each["name"] in loaded.bound
            and each["name"] in namespace
        ]
        for group in loaded.sources.values():
            # Names that the step does not know, whose objects may now be in what it leaves as well.
            for name in loaded.hidden(group):
                if name not in namespace and name not in self._outputs and name not in self._values:
                    self._unchanged_hidden[name] = group.snapshot.step
                    self._values[name] = group.values[name]
        may += self._unchanged_hidden
        must = list(dict.fromkeys(must))
        return must, [name for name in dict.fromkeys(may) if name not in must]

    def _is_own(self, name):
        """True for a name that the step bound although the plan cannot know it."""
        if name.startswith("_") or name in _UNNAMED or name in self._outputs:
            return False
        if name in self._loaded.bound:
            return name in self._changed or not self._loaded.is_same_object(name)
        value = self._value(name)
        return not isinstance(value, types.ModuleType) and name not in self._registry.replayed_uids()

    def _groups(self, writer):
        """Yields ``(names, manifest record, ns)`` of every group to write."""
        must, may = self._candidates()
        streams, atoms = {}, []
        for name in must:
            if is_atom(self._value(name)):
                atoms.append(name)
                continue
            began = time.perf_counter_ns()
            try:
                streams[name] = (*self._pickle(writer, [name]), began)
            except ShipError as error:
                self._leave_out(name, error)
                continue
            streams[name] = (*streams[name][:2], time.perf_counter_ns() - began)
        probes = {name: self._plain.get(id(pickler), pickler) for name, (pickler, _, _) in streams.items()}
        if streams:
            probes.update((name, self._probe(name)) for name in may if not is_atom(self._value(name)))
        names = list(probes)
        alone = len(names) < 2
        ids = {name: {} if alone else shared_ids(probe, self._registry) for name, probe in probes.items()}
        ranges = {name: probe.arrays.ranges for name, probe in probes.items()}
        if atoms:
            began = time.perf_counter_ns()
            pickler, sink = self._pickle(writer, atoms)
            yield atoms, self._record(writer, pickler, sink, atoms), time.perf_counter_ns() - began
        for members in components(names, ids, ranges):
            written = [name for name in members if name in streams]
            if not written:
                continue
            began = time.perf_counter_ns()
            if len(members) == 1:
                pickler, sink, took = streams[members[0]]
            else:
                for name in written:
                    streams[name][1].discard()
                pickler, sink = self._pickle(writer, members)
                took = 0
            record = self._record(writer, pickler, sink, members)
            yield members, record, took + time.perf_counter_ns() - began

    def _leave_out(self, name, error):
        entry = self._outputs.get(name)
        if entry is not None and not entry["optional"]:
            raise error
        self._unshipped[name] = (error.message, error.fix)

    def _probe(self, name):
        """A pickler that has seen the value and written nothing."""
        values = {name: self._value(name)}
        value = values[name]
        if is_definition(value) and self._registry.is_global(value):
            # By name it would seem to hold nothing.
            pickler = FullPickler(CountingSink(), self._registry, forced=frozenset((id(value),)))
            pickler.dump(values)
            return pickler
        try:
            pickler = FastPickler(CountingSink(), self._registry)
            pickler.dump(values)
        except Exception:
            pickler = FullPickler(CountingSink(), self._registry)
            pickler.dump(values)
        return pickler

    def _pickle(self, writer, names):
        """Pickles names as one stream; returns ``(pickler, sink)``. Raises :class:`ShipError`."""
        values = {name: self._value(name) for name in names}
        # A definition that is handed on as a value has changed since it was made: running it again would not do.
        forced = frozenset(
            id(value) for value in values.values() if is_definition(value) and self._registry.is_global(value)
        )
        for fast in (False,) if forced else (True, False):
            sink = writer.sink()
            pickler = self._pickler(sink, fast, forced)
            self.sizes[names[0]] = 0
            try:
                pickler.dump(values)
            except OSError as error:
                self.sizes[names[0]] = sink.size
                if sink.failed:
                    raise
                raise self._ship_error(names, error) from error
            except Exception as error:
                sink.discard()
                if fast and not isinstance(error, Unshippable):
                    continue
                raise self._ship_error(names, error) from error
            break
        if sink.may_hold_sets:
            pickler, sink = self._keep_order(writer, names, values, pickler, sink, forced)
        self.sizes[names[0]] = sink.size
        return pickler, sink

    def _pickler(self, sink, fast, forced, sets=None):
        if fast:
            return FastPickler(sink, self._registry, sets=sets)
        return FullPickler(sink, self._registry, forced=forced, sets=sets)

    def _keep_order(self, writer, names, values, pickler, sink, forced):
        """Writes a stream anew if sets in it would come back in another order; returns ``(pickler, sink)``."""
        from .set_order import ordered

        sets, lost = ordered(pickler.sets_seen())
        if lost:
            which = ", ".join(f"`{name}`" for name in names)
            message = f"a set in {which} may be gone through in another order in later steps than in step {self._plan['step']}."
            self._report.warnings.append(("NP515", message, names[0]))
        if not sets:
            return pickler, sink
        again = writer.sink()
        other = self._pickler(again, not isinstance(pickler, FullPickler), forced, sets)
        try:
            other.dump(values)
        except RecursionError:
            # A frozen set that one of its own elements refers to: only pickle itself can tie that knot.
            again.discard()
            return pickler, sink
        except OSError:
            if again.failed:
                raise
            again.discard()
            return pickler, sink
        sink.discard()
        self._plain[id(other)] = pickler
        self._picklers.append(other)
        return other, again

    def _record(self, writer, pickler, sink, names):
        """Writes a stream and its memory; returns the manifest's record of them."""
        self._picklers.append(pickler)
        self._needs.update(pickler.needs)
        self._kinds.update(pickler.reductions)
        values = [self._value(name) for name in names]
        forced = [
            self._registry.uid_of(value)
            for value in values
            if is_definition(value) and self._registry.is_global(value)
        ]
        extents = arrays.merge_ranges(pickler.arrays.ranges)
        memory = [arrays.memory_at(here, size) for _, size, here, _ in extents]
        buffers = [buffer.raw() for buffer in pickler.buffers]
        region, offsets = None, []
        self.sizes[names[0]] = sink.size + sum(view.nbytes for view in memory + buffers)
        if memory or buffers:
            region, offsets = writer.add_buffers(memory + buffers)
        return {
            **writer.add_stream(sink),
            "names": names,
            "needs": pickler.needs,
            "forced": forced,
            "full": isinstance(pickler, FullPickler),
            "tree": pickler.met_only_builtins() and is_tree(values, sink.size),
            "region": region,
            "extents": [
                (written, size, offset, uses) for (written, size, _, uses), offset in zip(extents, offsets)
            ],
            "pickleBuffers": [
                (offset, view.nbytes) for offset, view in zip(offsets[len(extents) :], buffers)
            ],
        }

    def _definitions(self, writer):
        """The definitions that streams name, by value, for a consumer that does not run them again; or None.

        One that cannot be shipped is left out: only a consumer that has none of its own would miss it, and says so.
        """
        found = [self._registry.find(uid) for uid in dict.fromkeys(self._needs.values())]
        values = [each for each in found if each is not None]
        record = self._pickle_definitions(writer, values) if values else None
        if record is None and len(values) > 1:
            good = [each for each in values if self._can_ship(each)]
            record = self._pickle_definitions(writer, good) if good else None
        return record

    def _can_ship(self, definition):
        try:
            FullPickler(CountingSink(), self._registry, everything=True).dump(definition)
        except Exception:
            return False
        return True

    def _pickle_definitions(self, writer, values):
        sink = writer.sink()
        pickler = FullPickler(sink, self._registry, everything=True)
        try:
            pickler.dump({str(index): value for index, value in enumerate(values)})
        except OSError:
            if sink.failed:
                raise
            return None
        except Exception:
            sink.discard()
            return None
        self._picklers.append(pickler)
        extents = arrays.merge_ranges(pickler.arrays.ranges)
        memory = [arrays.memory_at(here, size) for _, size, here, _ in extents]
        region, offsets = writer.add_buffers(memory) if memory else (None, [])
        return {
            **writer.add_stream(sink),
            "needs": pickler.needs,
            "forced": [],
            "full": True,
            "tree": False,
            "region": region,
            "extents": [
                (written, size, offset, uses) for (written, size, _, uses), offset in zip(extents, offsets)
            ],
            "pickleBuffers": [],
        }

    def _ship_error(self, names, error):
        for name in names:
            path, kind, reason, advice = locate(name, self._value(name), error, self._registry)
            if len(names) == 1 or path != name:
                break
        entry = self._outputs.get(name)
        wanted = listed(entry["neededBy"]) if entry and entry["neededBy"] else "a later step"
        verb = "need" if wanted.startswith("steps") else "needs"
        article = "" if kind.startswith(("a ", "an ")) else "an " if kind[:1] in "aeiou" else "a "
        place = f" It was made in cell {entry['cell'] + 1}." if entry else ""
        return ShipError(
            "NP501",
            f"`{name}` cannot be passed on, and {wanted} {verb} it: `{path}` is {article}{kind} ({reason}).{place}",
            advice,
            name,
            entry["cell"] if entry else None,
            path,
        )
