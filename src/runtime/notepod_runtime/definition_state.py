"""State that a replayed definition itself holds: class attributes, defaults and attributes of functions.

A step that runs the definition again has the state it was made with; a change made meanwhile must reach it.
"""

import hashlib

from .pickling import FullPickler


class _HashSink:
    def __init__(self):
        self.hash = hashlib.blake2b(digest_size=16)

    def write(self, data):
        self.hash.update(data)
        return len(data)


def state_of(registry, name):
    """A digest of the definition behind a name with all that it holds; None where it cannot be taken."""
    definition = registry.namespace.get(name)
    if definition is None:
        return None
    sink = _HashSink()
    pickler = FullPickler(sink, registry, forced=frozenset((id(definition),)))
    try:
        pickler.dump(definition)
    except Exception:
        return None
    for _, size, here in pickler.arrays.ranges:
        from .arrays import memory_at

        sink.hash.update(memory_at(here, size))
    return sink.hash.digest()
