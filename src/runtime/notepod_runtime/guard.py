"""Which inputs a step changed, and what that means for the steps that rely on them (semantics 3.5).

A group of plain values is compared by its fingerprint. Another group is pickled again as it was written; equal bytes over clean
pages are no change and need no second look. Else the content is compared with a fresh copy from the snapshot, since reading fills caches.
"""

import hashlib
from bisect import bisect_right

from .arrays import memory_at
from .content import Comparison
from .definition_state import state_of
from .errors import GuardStop
from .mapping import dirty_regions
from .pickling import FastPickler, FullPickler
from .plain import fingerprint

_CHUNK = 1 << 20


class _HashSink:
    def __init__(self):
        self.hash = hashlib.sha256()

    def write(self, data):
        self.hash.update(data)
        return len(data)


def changed_names(loaded, names, namespace):
    """``(changed, hidden)``: those of ``names`` whose value is not what was loaded, and the values by name of others of
    their groups that changed with them. ``loaded`` is a :class:`.loading.Loaded`.
    """
    groups = {}
    for name in names:
        groups.setdefault(id(loaded.sources[name]), (loaded.sources[name], []))[1].append(name)
    dirty = dirty_regions([group.region for group, _ in groups.values() if group.region is not None])
    changed, hidden = set(), {}
    for group, members in groups.values():
        if any(name not in namespace for name in loaded.bound_by(group)):
            changed.update(name for name in members if name not in namespace)
            members = [name for name in members if name in namespace]
        elif _same_print(loaded, group) or _same_stream(loaded, group, group.region in dirty):
            continue
        definitions = [name for name in members if name in loaded.definition_states]
        changed.update(name for name in definitions if _definition_changed(loaded, name))
        original = loaded.original(group)
        changed.update(_unlike(original, {name: namespace[name] for name in members}))
        others = {name: group.values[name] for name in loaded.hidden(group)}
        hidden.update((name, group) for name in _unlike(original, others))
    return changed, hidden


def _definition_changed(loaded, name):
    return state_of(loaded.registry, name) != loaded.definition_states[name]


def _unlike(original, values):
    """Names whose values differ from the original ones, one by one and in what they share."""
    found = []
    comparison = Comparison()
    for name, value in values.items():
        if not comparison.same(original[name], value):
            found.append(name)
            # What was met on the way to a difference may itself hold it: look again.
            comparison = Comparison()
    return found


def _same_print(loaded, group):
    """True if a fingerprint was taken before the cells, and is the same now."""
    return group.fingerprint is not None and fingerprint(loaded.values_of(group)) == group.fingerprint


def _same_stream(loaded, group, dirty):
    """True if the group would be written with the same bytes again."""
    values = dict(zip(group.values, loaded.values_of(group)))
    places = sorted((here, size, written) for here, size, written in _places(group))
    starts = [here for here, _, _ in places]

    def translate(low, size):
        index = bisect_right(starts, low) - 1
        if index >= 0:
            here, length, written = places[index]
            if low + size <= here + length:
                return written + low - here
        return low

    sink = _HashSink()
    names = group.record["needs"]
    try:
        if group.record["full"]:
            forced = frozenset(id(loaded.registry.find(uid)) for uid in group.record["forced"])
            pickler = FullPickler(sink, loaded.registry, translate, forced, names=names)
        else:
            pickler = FastPickler(sink, loaded.registry, translate, names=names)
        pickler.dump(values)
    except Exception:
        return False
    if sink.hash.hexdigest() != group.record["sha256"] or len(pickler.buffers) != len(
        group.record["pickleBuffers"]
    ):
        return False
    return _same_memory(group, pickler, dirty)


def _places(group):
    for written, size, offset, _ in group.record["extents"]:
        yield group.region.address + offset, size, written
    yield from group.memory.copies


def _same_memory(group, pickler, dirty):
    if group.region is None:
        return True
    original = group.region.original()
    extents = group.record["extents"]
    starts = [extent[0] for extent in extents]
    for written, size, here in pickler.arrays.ranges:
        if not dirty and group.region.holds(here, size):
            continue
        start, _, offset, _ = extents[bisect_right(starts, written) - 1]
        first = offset + written - start
        if not _same_bytes(memory_at(here, size), original[first : first + size]):
            return False
    return all(
        _same_bytes(buffer.raw(), original[start : start + size])
        for buffer, (start, size) in zip(pickler.buffers, group.record["pickleBuffers"])
    )


def _same_bytes(one, other):
    # A comparison of memoryviews goes item by item; one of bytes does not.
    return one.nbytes == other.nbytes and all(
        bytes(one[start : start + _CHUNK]) == bytes(other[start : start + _CHUNK])
        for start in range(0, one.nbytes, _CHUNK)
    )


def check(plan, changed, report):
    """Stops the step for an undeclared change that another step cannot know of; returns the names to write again.

    ``changed``: see :func:`changed_names`. Raises :class:`GuardStop` (NP502); warns with NP503.
    """
    again = []
    for entry in plan["inputs"]:
        name = entry["name"]
        if entry["mayChange"] or name not in changed:
            continue
        if entry["guardedFor"]:
            raise changed_against_plan(plan, name, entry["guardedFor"])
        if entry["neededAfter"]:
            message = f"step {plan['step']} changed `{name}`, which the analysis did not see; it is passed on as it is now."
            report.warnings.append(("NP503", message, name))
            again.append(name)
    return again


def changed_against_plan(plan, name, steps):
    """The NP502 for a name that ``steps`` would have used unchanged."""
    return GuardStop(
        "NP502",
        f"step {plan['step']} changed `{name}`, and {listed(steps)} would have used it unchanged.",
        f"Work on a copy of `{name}`, or add `prev:{plan['step']}` to {listed(steps)}.",
        name,
        plan["cells"][-1]["index"] if plan["cells"] else None,
    )


def listed(names):
    """``step a`` or ``steps a, b``."""
    return ("step " if len(names) == 1 else "steps ") + ", ".join(names)
