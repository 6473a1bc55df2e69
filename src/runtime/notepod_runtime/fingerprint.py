"""Whether a value changed while a step ran: its content, not the bytes of its pickle (semantics 3.5).

A fingerprint is taken when a value was loaded and again when the step ends. Arrays that lie in a mapping whose pages are
clean cost nothing. Where the fingerprints differ, the content is compared with the snapshot's: caches that reading fills
are no change.
"""

import hashlib
import io
import pickle
import sys

from .pickling import FullPickler

#: Attributes that objects fill while they are only read.
_CACHES = (
    "_item_cache",
    "_cache",
    "_cached",
    "_cacher",
    "_is_copy",
    "_reset_cache",
    "_mgr_cache",
    "_engine",
    "_flags",
    "_hash",
)


class _Hash(io.RawIOBase):
    def __init__(self):
        super().__init__()
        self.hash = hashlib.blake2b(digest_size=16)

    def writable(self):
        return True

    def write(self, data):
        self.hash.update(data)
        return memoryview(data).nbytes


class _Digests:
    """Array reductions that put a digest of the content into the stream instead of an address."""

    def __init__(self, clean):
        self._clean = clean
        self.ranges = []

    def reduction_of(self, kind):
        numpy = sys.modules.get("numpy")
        if numpy is None or not issubclass(kind, numpy.ndarray):
            return None
        return self._reduce

    def _reduce(self, array):
        numpy = sys.modules["numpy"]
        extra = {
            key: value
            for key, value in getattr(array, "__dict__", {}).items()
            if key not in ("_mmap", "_basedict")
        }
        if array.dtype.hasobject:
            return _mark, ("objects", str(array.dtype), array.shape, array.tolist(), extra)
        address = array.__array_interface__["data"][0]
        if self._clean(address, array.nbytes):
            return _mark, ("mapped", str(array.dtype), array.shape, array.strides, address, extra)
        plain = numpy.ascontiguousarray(
            array.view(numpy.ndarray) if type(array) is not numpy.ndarray else array
        )
        digest = hashlib.blake2b(
            plain.reshape(-1).view("u1").data if plain.size else b"", digest_size=16
        ).digest()
        return _mark, ("array", str(array.dtype), array.shape, digest, extra)


def _mark(*_):
    """Stands in a fingerprint for an array; never called."""
    raise RuntimeError("a fingerprint is not a pickle")


class Fingerprinter:
    """Takes fingerprints; ``regions`` are the mappings that values were loaded into."""

    def __init__(self, registry, regions):
        self._registry = registry
        self._regions = regions

    def take(self, value):
        """A fingerprint and the objects that were met (see :func:`.grouping.shared_ids`)."""
        sink = _Hash()
        dirty = {region: region.is_dirty() for region in self._regions}

        def clean(address, size):
            return any(region.holds(address, size) and not dirty[region] for region in self._regions)

        pickler = FullPickler(sink, self._registry, forced=frozenset())
        digests = _Digests(clean)
        pickler.reductions._arrays = digests
        pickler.dump(value)
        return sink.hash.digest()


def same_content(before, now, seen=None):
    """True if two values mean the same: arrays, frames and containers by content, other objects by their state without caches."""
    seen = {} if seen is None else seen
    if before is now:
        return True
    if type(before) is not type(now):
        return False
    key = (id(before), id(now))
    if key in seen:
        return True
    seen[key] = (before, now)
    numpy = sys.modules.get("numpy")
    pandas = sys.modules.get("pandas")
    if numpy is not None and isinstance(before, numpy.ndarray):
        if before.dtype != now.dtype or before.shape != now.shape:
            return False
        if before.dtype.hasobject:
            return all(
                same_content(a, b, seen)
                for a, b in zip(before.reshape(-1).tolist(), now.reshape(-1).tolist())
            )
        same = numpy.ascontiguousarray(before).tobytes() == numpy.ascontiguousarray(now).tobytes()
        return same and same_content(getattr(before, "__dict__", {}), getattr(now, "__dict__", {}), seen)
    if pandas is not None and isinstance(before, (pandas.DataFrame, pandas.Series, pandas.Index)):
        return _same_frame(before, now, pandas, seen)
    if isinstance(before, dict):
        if list(before) != list(now):
            return False
        return all(same_content(before[each], now[each], seen) for each in before)
    if isinstance(before, (list, tuple)):
        return len(before) == len(now) and all(same_content(a, b, seen) for a, b in zip(before, now))
    if isinstance(before, (set, frozenset, str, bytes, bytearray, int, float, complex, range)):
        return before == now or (before != before and now != now)
    state = _state(before), _state(now)
    if state[0] is not None and state[1] is not None:
        return same_content(state[0], state[1], seen)
    try:
        return pickle.dumps(before, 5) == pickle.dumps(now, 5)
    except Exception:
        return False


def _same_frame(before, now, pandas, seen):
    if isinstance(before, pandas.DataFrame):
        if not before.columns.equals(now.columns) or not before.index.equals(now.index):
            return False
        if list(before.dtypes) != list(now.dtypes):
            return False
        columns = range(before.shape[1])
        return all(
            same_content(before.iloc[:, at].to_numpy(), now.iloc[:, at].to_numpy(), seen) for at in columns
        )
    if list(getattr(before, "names", [before.name])) != list(getattr(now, "names", [now.name])):
        return False
    if isinstance(before, pandas.Series) and not before.index.equals(now.index):
        return False
    return before.dtype == now.dtype and before.equals(now)


def _state(value):
    found = getattr(value, "__dict__", None)
    if found is None:
        return None
    return {key: each for key, each in found.items() if not str(key).startswith(_CACHES)}
