"""Whether two values mean the same (semantics 3.5): by content, since reading fills caches and so changes pickles."""

import functools
import os
import struct
import sys
import sysconfig
import types

from .caches import reduce_cached_function
from .exceptions import reduce_exception
from .frames import attributes_of
from .tensors import same_tensors

#: Attributes that objects fill while they are only read (pandas, scikit-learn, statsmodels, networkx).
_CACHES = ("_item_cache", "_cache", "_cached", "_cacher", "_is_copy", "_reset_cache", "_mgr_cache", "_engine")
_PLAIN = (str, bytes, bytearray, int, bool, type(None), range, slice, type(...), type(NotImplemented))
_CHUNK = 16 << 20
_ATOMS = frozenset((str, bytes, int, float, complex, bool, type(None)))
_NOTICED = ("CALL", "STORE_", "DELETE_", "IMPORT", "MAKE_", "YIELD", "SEND", "SETUP_", "BEFORE_WITH")
_LIBRARY_FOLDERS = tuple(
    {sysconfig.get_path(each) + os.sep for each in ("stdlib", "platstdlib", "purelib", "platlib")}
)


class Comparison:
    """Compares values of before with those of now. One comparison serves all names of a group, so that objects that
    were one and are two now, or the other way round, are a difference."""

    def __init__(self):
        self._now_of = {}
        self._before_of = {}
        self._kept = []

    def same(self, before, now):
        """True if the two mean the same; False also where that cannot be told."""
        if before is now:
            return True
        if type(before) is not type(now):
            return False
        kind = type(before)
        if kind in _PLAIN:
            return before == now
        if kind is float:
            return struct.pack("d", before) == struct.pack("d", now) or (before != before and now != now)
        if kind is complex:
            return self.same(before.real, now.real) and self.same(before.imag, now.imag)
        if isinstance(before, type):
            return before is now
        numpy = sys.modules.get("numpy")
        if numpy is not None and isinstance(before, numpy.dtype):
            return before == now
        if numpy is not None and isinstance(before, numpy.generic) and not before.dtype.hasobject:
            return before.dtype == now.dtype and before.tobytes() == now.tobytes()
        met = self._now_of.get(id(before)), self._before_of.get(id(now))
        if met != (None, None):
            if kind in (tuple, frozenset):
                return met == (id(now), id(before)) or self._parts(before, now, kind)
            return met == (id(now), id(before))
        self._now_of[id(before)], self._before_of[id(now)] = id(now), id(before)
        self._kept.append((before, now))
        return self._parts(before, now, kind)

    def _parts(self, before, now, kind):
        numpy, pandas = sys.modules.get("numpy"), sys.modules.get("pandas")
        if numpy is not None and isinstance(before, numpy.ndarray):
            return self._arrays(before, now, numpy)
        if pandas is not None and isinstance(before, (pandas.DataFrame, pandas.Series, pandas.Index)):
            return self._frames(before, now, pandas)
        torch = sys.modules.get("torch")
        if torch is not None and kind in (torch.Tensor, torch.nn.Parameter):
            return same_tensors(before, now, self.same)
        if kind is dict:
            return len(before) == len(now) and all(
                self.same(one, other) and self.same(before[one], now[other])
                for one, other in zip(before, now)
            )
        if kind in (list, tuple):
            return len(before) == len(now) and all(map(self.same, before, now))
        if kind in (set, frozenset):
            return before == now
        if kind is types.FunctionType:
            return self._functions(before, now)
        if kind is functools._lru_cache_wrapper:
            one, other = reduce_cached_function(before), reduce_cached_function(now)
            return self._temporary(one[1:3], other[1:3])
        if isinstance(before, BaseException):
            one, other = reduce_exception(before), reduce_exception(now)
            return one[0] is other[0] and self._temporary(one[1:3], other[1:3])
        if kind.__module__.partition(".")[0] == "pyarrow" and hasattr(before, "equals"):
            return before.equals(now)
        return self._states(before, now)

    def _arrays(self, before, now, numpy):
        if before.dtype != now.dtype or before.shape != now.shape:
            return False
        if before.flags.writeable != now.flags.writeable:
            return False
        state = {key: value for key, value in getattr(before, "__dict__", {}).items() if key != "_mmap"}
        now_state = {key: value for key, value in getattr(now, "__dict__", {}).items() if key != "_mmap"}
        if not self.same(state, now_state):
            return False
        before, now = before.view(numpy.ndarray), now.view(numpy.ndarray)
        if before.dtype.hasobject:
            return all(map(self.same, before.reshape(-1).tolist(), now.reshape(-1).tolist()))
        one, other = (numpy.ascontiguousarray(each).reshape(-1).view("u1") for each in (before, now))
        return all(
            numpy.array_equal(one[start : start + _CHUNK], other[start : start + _CHUNK])
            for start in range(0, one.size, _CHUNK)
        )

    def _frames(self, before, now, pandas):
        if not isinstance(before, pandas.Index):
            if not self.same(dict(before.attrs), dict(now.attrs)):
                return False
            if not self._temporary(attributes_of(before), attributes_of(now)):
                return False
            if getattr(before, "_flags", None) != getattr(now, "_flags", None):
                return False
        if isinstance(before, pandas.DataFrame):
            if before.shape != now.shape or not all(map(_same_type, before.dtypes, now.dtypes)):
                return False
            if not self._frames(before.columns, now.columns, pandas) or not self._frames(
                before.index, now.index, pandas
            ):
                return False
            return all(self._columns(before.iloc[:, at], now.iloc[:, at]) for at in range(before.shape[1]))
        if isinstance(before, pandas.Series):
            if not self.same(before.name, now.name) or not self._frames(before.index, now.index, pandas):
                return False
            return self._columns(before, now)
        if not self.same(list(before.names), list(now.names)) or getattr(before, "freq", None) != getattr(
            now, "freq", None
        ):
            return False
        if before.nlevels > 1:
            levels = range(before.nlevels)
            return len(before) == len(now) and all(
                self._columns(before.get_level_values(at), now.get_level_values(at)) for at in levels
            )
        return self._columns(before, now)

    def _columns(self, before, now):
        """The values of two columns or one-level indexes; their wrappers are made anew on every access."""
        if len(before) != len(now) or not _same_type(before.dtype, now.dtype):
            return False
        numpy = sys.modules["numpy"]
        if isinstance(before.dtype, numpy.dtype):
            return Comparison._arrays(self, before.to_numpy(), now.to_numpy(), numpy)
        return self._states(before.array, now.array)

    def _functions(self, before, now):
        if before.__code__ != now.__code__:
            return False
        for part in ("__defaults__", "__kwdefaults__", "__dict__", "__name__", "__qualname__"):
            if not self.same(getattr(before, part), getattr(now, part)):
                return False
        pairs = zip(before.__closure__ or (), now.__closure__ or ())
        return all(self.same(_contents(one), _contents(other)) for one, other in pairs)

    def _states(self, before, now):
        """What the class declares as state (``__reduce_ex__``), less known caches."""
        try:
            one, other = before.__reduce_ex__(4), now.__reduce_ex__(4)
        except Exception:
            return False
        if isinstance(one, str) or isinstance(other, str):
            return one == other
        one, other = list(one), list(other)
        if len(one) != len(other) or one[0] != other[0]:
            return False
        one, other = one[1:5], other[1:5]
        for index, (left, right) in enumerate(zip(one, other)):
            if index >= 2:  # iterators over the items of list-like and dict-like objects
                left = None if left is None else list(left)
                right = None if right is None else list(right)
            elif index == 1:
                filled = _filled_by_reading(type(before), left, right)
                left, right = _without_caches(left, filled), _without_caches(right, filled)
            if not self._temporary(left, right):
                return False
        return True

    def _temporary(self, one, other):
        """Compares containers that ``__reduce_ex__`` made for us: their own identity says nothing."""
        if type(one) is not type(other):
            return False
        if type(one) in (tuple, list):
            return len(one) == len(other) and all(map(self._temporary_part, one, other))
        if type(one) is dict:
            return list(map(str, one)) == list(map(str, other)) and all(
                map(self.same, one.values(), other.values())
            )
        return self.same(one, other)

    def _temporary_part(self, one, other):
        if type(one) in (tuple, dict) and type(one) is type(other):
            self._kept.append((one, other))
        return self.same(one, other)


def same_content(before, now):
    """True if two values mean the same."""
    return Comparison().same(before, now)


def _contents(cell):
    try:
        return cell.cell_contents
    except ValueError:
        return None


def _same_type(one, other):
    categories = getattr(one, "categories", None)
    if categories is not None:
        return one.ordered == other.ordered and list(categories) == list(other.categories)
    return one == other


def _filled_by_reading(kind, one, other):
    """Cached properties that only one of two states has, where it does not matter that reading has filled them: of a library's
    class, or what computes the same again without anybody noticing. Else what the property does may show (it prints, it
    draws), and what it gave may have been changed since.
    """
    cached = getattr(functools, "cached_property", ())
    if not cached:
        return ()
    one, other = _dictionary(one), _dictionary(other)
    return {
        name
        for parent in kind.__mro__
        for name, value in vars(parent).items()
        if isinstance(value, cached)
        and (name in one) != (name in other)
        and (
            _is_of_library(parent)
            or (type(one.get(name, other.get(name))) in _ATOMS and _is_quiet(value.func))
        )
    }


def _is_quiet(function):
    """True if the code of a function calls nothing and stores nothing but its own variables."""
    import dis

    code = getattr(function, "__code__", None)
    return code is not None and not any(
        each.opname.startswith(_NOTICED) and each.opname != "STORE_FAST"
        for each in dis.get_instructions(code)
    )


def _dictionary(state):
    """The dictionary of attributes in what ``__reduce_ex__`` gives as state."""
    if isinstance(state, tuple) and len(state) == 2:
        state = state[0]
    return state if isinstance(state, dict) else {}


def _is_of_library(kind):
    """True for a class of an installed package or of Python itself; not of the notebook or a module beside it."""
    module = sys.modules.get(kind.__module__)
    if module is None or kind.__module__ == "__main__":
        return False
    path = getattr(module, "__file__", None)
    return path is None or path.startswith(_LIBRARY_FOLDERS) or "-packages" in path


def _without_caches(state, caches):
    if isinstance(state, dict):
        rest = {
            key: value
            for key, value in state.items()
            if key not in caches and not (isinstance(key, str) and key.startswith(_CACHES))
        }
        # No attribute at all is written as no state.
        return rest or None
    if isinstance(state, tuple) and len(state) == 2 and isinstance(state[0], dict):
        return _without_caches(state[0], caches), state[1]
    return state
