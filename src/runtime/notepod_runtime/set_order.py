"""Sets that come back in the order in which they were.

A set is iterated in the order of its hash table, and the same elements put into a new table may lie otherwise: pickle's
own way changes the order of most sets. What a cell prints, picks or sums from a set would then differ from Run All. So a
set is written with a recipe that rebuilds its table, and the recipe is tried before it is trusted.

The table is CPython's: ``Objects/setobject.c``, versions 3.8 to 3.14. Linear probing of 9 further places where they fit,
then ``i = i * 5 + 1 + perturb``; a table grows once 3 of 5 places are taken; a set made from a set gets the smallest table
with more than twice as many places as elements.
"""

import struct

_LINEAR_PROBES = 9
_PERTURB_SHIFT = 5
_SMALL = 8
#: Sets with more elements are left to pickle: their table is not taken apart.
_LARGEST = 1_000_000
#: Tables of at most so many places are tried in many ways.
_SEARCHED = 64


class OrderedSet:
    """Stands in a stream for a set whose order pickle would change."""

    __slots__ = ("_kind", "_plan")

    def __init__(self, kind, plan):
        self._kind = kind
        self._plan = plan

    def __reduce__(self):
        if self._kind is set:
            # Empty first, then filled: an element may refer to the set.
            return set, (), self._plan, None, None, fill
        return frozen, self._plan


def ordered(values):
    """For the sets among ``values``: ``(by id, the :class:`OrderedSet` of those that need one; whether one cannot be had)``."""
    found, lost = {}, False
    for each in values:
        if type(each) in (set, frozenset) and changes_order(each):
            plan = recipe(each)
            if plan is None:
                lost = True
            else:
                found[id(each)] = OrderedSet(type(each), plan)
    return found, lost


def changes_order(value):
    """True if the elements of a set, put into a new one as pickle does it, would lie otherwise."""
    order = list(value)
    return not _same(order, type(value)(order))


def recipe(value):
    """How to rebuild a set in its order: ``(start, rest, fillers)`` for :func:`fill` and :func:`frozen`, or None.

    ``start`` and ``rest`` are elements, ``fillers`` integers.
    """
    if len(value) > _LARGEST:
        return None
    order = list(value)
    table = _table_of(value)
    if table is None:
        return None
    for plan in _plans(table, order):
        if _same(order, made_by(type(value), plan)):
            return plan
    return None


def made_by(kind, plan):
    """The set of a plan, made as its consumer makes it."""
    if kind is frozenset:
        return frozen(*plan)
    made = set()
    fill(made, plan)
    return made


def fill(made, plan):
    """Fills an empty set: ``start`` and ``fillers`` at once, then ``rest`` one by one; then takes the fillers out."""
    start, rest, fillers = plan
    first = set(start)
    first.update(fillers)
    made.update(first)
    for each in rest:
        made.add(each)
    for each in fillers:
        made.discard(each)


def frozen(start, rest, fillers):
    """The same for a frozen set, which nothing can be taken out of: with fillers it is made from a set that had them."""
    if fillers:
        made = set()
        fill(made, (start, rest, fillers))
        return frozenset(made)
    return frozenset(set(start)).union(rest)


def _same(order, other):
    return len(order) == len(other) and all(map(_is, order, other))


def _is(a, b):
    return a is b


def _table_of(value):
    """The places of a set's table: an element's index in iteration order, or None where there is none. None if unreadable.

    The header is checked against what is known of the set before anything that it points to is read.
    """
    import ctypes

    size = value.__sizeof__() - type(value)().__sizeof__()
    places = size // 16 if size else _SMALL
    # PySetObject: reference count, type, fill, used, mask, table (8 bytes each).
    header = ctypes.string_at(id(value), 48)
    _, kind, _, used, mask, table = struct.unpack("=6q", header)
    if kind != id(type(value)) or used != len(value) or mask != places - 1:
        return None
    entries = struct.unpack("=%dQ" % (2 * places), ctypes.string_at(table, 16 * places))
    at = {id(each): index for index, each in enumerate(value)}
    found = [at.get(key) if key else None for key in entries[::2]]
    return found if [each for each in found if each is not None] == list(range(len(value))) else None


def _probes(hashed, mask):
    """The places that are looked at for a hash, in order."""
    perturb = hashed & 0xFFFFFFFFFFFFFFFF
    place = perturb & mask
    while True:
        yield place
        if place + _LINEAR_PROBES <= mask:
            for step in range(1, _LINEAR_PROBES + 1):
                yield place + step
        perturb >>= _PERTURB_SHIFT
        place = (place * 5 + 1 + perturb) & mask


def _plans(table, order):
    """Ways to make the table again that may work, the likeliest first."""
    size = len(table)
    taken = [place for place, index in enumerate(table) if index is not None]
    passed = {place: _passed(hash(order[table[place]]), place, size - 1) for place in taken}
    needed = set(taken).union(*passed.values())
    # Places that were passed and are empty now held something that is gone: a filler stands in for it.
    gone = sorted(needed.difference(taken))
    row = _in_row(passed, gone)
    if row is None:
        return
    at_home = sum(1 for place in row if not passed[place])

    def plan(count, fillers, row=row):
        elements = [order[table[place]] for place in row]
        return elements[:count], elements[count:], _fillers(fillers, size, order)

    if size == _SMALL:
        yield plan(0, gone)
        yield plan(len(row), gone)
        return
    # A set made from one of n elements gets the smallest table of more than 2 n places; below 5 elements one of 8.
    least, most = max(5, size // 4), size // 2 - 1
    free = [place for place in range(size - 1, -1, -1) if place not in needed]
    start = min(at_home, most - len(gone))
    lacking = max(0, least - start - len(gone))
    if start >= 0 and lacking <= len(free):
        yield plan(start, gone + free[:lacking])
    # Elements at home lie right in any order; others may do so by luck.
    first = max(0, least - len(gone))
    last = min(len(row), most - len(gone))
    for count in range(first, last + 1, max(1, (last - first) // 8)):
        yield plan(count, gone)
    # One by one, as a list is taken.
    yield plan(0, gone)
    if size <= _SEARCHED:
        for turn in range(1, len(row)):
            turned = row[turn:] + row[:turn]
            for count in range(first, last + 1):
                yield plan(count, gone, turned)
                yield plan(count, gone, turned[::-1])


def _passed(hashed, place, mask):
    """The places that were looked at before `place` was found free."""
    found = []
    for each in _probes(hashed, mask):
        if each == place:
            return found
        found.append(each)
    raise AssertionError("a probe goes through all places")


def _in_row(passed, gone):
    """Places so that each comes after those that it passed; None if there is no such row. Those at home come first."""
    filled = set(gone)
    row, waiting = [], list(passed)
    while waiting:
        ready = [place for place in waiting if filled.issuperset(passed[place])]
        if not ready:
            return None
        # All at home first, whatever else is ready.
        ready = [place for place in ready if not passed[place]] or ready
        row += ready
        filled.update(ready)
        waiting = [place for place in waiting if place not in filled]
    return row


def _fillers(places, size, order):
    elements = set(order)
    found = []
    for place in places:
        number = place
        while number in elements:
            number += size
        found.append(number)
    return found
