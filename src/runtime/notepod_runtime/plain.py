"""Fingerprints of values made of builtin containers and atoms alone: a cheap answer to "was it changed?".

Pickling a million small objects again costs three times what loading them did, since the pickler keeps a memo of all of
them. ``marshal`` needs none: it looks at the reference count, and only an object that is referred to more than once can be
shared. From its format 3 on it so tells content, types and sharing, at a quarter of the time of loading.
"""

import hashlib
import marshal
import pickle
import sys

_FORMAT = 4
_ATOMS = frozenset((str, int, float, complex))
_CONTAINERS = frozenset((list, dict, tuple, set, frozenset))


def fingerprint(values):
    """A digest of a list of values, or None where ``marshal`` cannot write them. If they were a tree without a buffer, an equal
    digest later means: same content, same types, same sharing. A different one says little, since a reference to a part
    from outside shows in it too.
    """
    try:
        data = marshal.dumps(values, _FORMAT)
    except ValueError:
        return None
    return hashlib.sha256(data).digest()


def is_tree(values, size):
    """True if there are builtin containers and atoms all the way down, and about ``size`` bytes of content.

    Without a memo, what is shared is written again and again, and a cycle without end; protocol 4 writes in pieces that can
    be counted.
    """
    return _writes(values, 4, _Meter(4 * size + 65536))


def holds_no_buffer(values):
    """True if a tree (see :func:`is_tree`) holds no ``bytes`` and nothing like them.

    ``marshal`` writes any buffer as if it were ``bytes``: where there was none before, an equal digest means that there is
    none now. Protocol 2 has no bytes of its own: it asks for a function that makes them, and the probe refuses.
    """
    return _writes(values, 2, _Meter(float("inf")))


def _writes(values, protocol, sink):
    probe = _Probe(sink, protocol)
    probe.fast = True
    try:
        probe.dump(values)
    except (_NotPlain, ValueError, RecursionError):
        return False
    return True


class _NotPlain(Exception):
    """Something else than builtin containers and atoms."""


class _Probe(pickle.Pickler):
    def reducer_override(self, obj):
        raise _NotPlain


class _Meter:
    def __init__(self, most):
        self._left = most

    def write(self, data):
        self._left -= len(data)
        if self._left < 0:
            raise _NotPlain


def let_go_of_parts(namespace, keep):
    """Ends references of the notebook's names to parts of other values, where nobody can tell: a loop variable that no later
    step reads (``keep`` has the names that are read) is dropped; a number or text, of which the identity is not promised
    (semantics 4), is replaced by its like. Call it when the cells are done.
    """
    for name in list(namespace):
        value = namespace[name]
        kind = type(value)
        if name.startswith("__"):
            continue
        if kind in _ATOMS:
            namespace[name] = marshal.loads(marshal.dumps(value))
        # The namespace, `value` and the call hold it; if something else does too, nothing ends here.
        elif kind in _CONTAINERS and name not in keep and sys.getrefcount(value) > 3:
            del namespace[name]
