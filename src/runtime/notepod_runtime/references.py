"""Objects that are written as references or rebuilt from their parts, by type.

:class:`Reductions` is the ``dispatch_table`` of the picklers. It decides once per type, so that the C pickler
spends no Python call on an ordinary instance (a ``reducer_override`` costs 15-20 % on a million small objects).
"""

import functools
import importlib
import io
import logging
import operator
import os
import sys
import threading
import types
import weakref

from .caches import reduce_cached_function
from .errors import Unshippable
from .exceptions import reduce_exception
from .frames import is_frame_type, reduce_frame
from .tensors import TensorReductions

LOCK_TYPE = type(threading.Lock())
RLOCK_TYPE = type(threading.RLock())
FILE_TYPES = (io.TextIOWrapper, io.BufferedReader, io.BufferedWriter, io.BufferedRandom, io.FileIO)

_default_reduce = operator.methodcaller("__reduce_ex__", 5)
_global_name = operator.attrgetter("__qualname__")


class Reductions(dict):
    """A dispatch table that makes its entries on first sight of a type.

    ``arrays`` holds the reductions of numpy arrays (see :mod:`.arrays`); ``referenced`` collects the
    ids of objects that were written as references: they take no part in identity groups.
    """

    def __init__(self, arrays, namespace):
        super().__init__()
        self._arrays = arrays
        self._tensors = TensorReductions()
        self._namespace = namespace
        self.referenced = set()

    def __missing__(self, kind):
        reduce = self._decide(kind)
        self[kind] = reduce
        return reduce

    def _decide(self, kind):
        if kind.__module__ == "sympy.core.function" and kind.__name__ == "UndefinedFunction":
            return reduce_undefined_function
        if issubclass(kind, type):
            return _global_name
        special = _SPECIAL.get(kind)
        if special is not None:
            return special
        if issubclass(kind, BaseException):
            return reduce_exception
        if kind.__module__ == "decimal" and kind.__name__ == "Context":
            return self._reduce_context
        if kind.__module__ == "typing" and kind.__name__ in _TYPING:
            return _TYPING[kind.__name__]
        if kind is types.ModuleType or issubclass(kind, types.ModuleType):
            return self._reduce_module
        if kind in FILE_TYPES or any(type(stream) is kind for stream in _standard_streams().values()):
            return self._reduce_stream
        registered = sys.modules["copyreg"].dispatch_table.get(kind)
        if registered is not None:
            return registered
        if kind.__module__ == "pandas.core.internals.blocks" and copies_on_write():
            return self._reduce_block
        array_reduction = self._arrays.reduction_of(kind)
        if array_reduction is not None:
            return array_reduction
        tensor_reduction = self._tensors.reduction_of(kind)
        if tensor_reduction is not None:
            return tensor_reduction
        if is_frame_type(kind):
            return reduce_frame
        singletons = _module_level_instances(kind)
        if singletons:
            return self._reduce_singleton(singletons)
        return _reduce_plainly if _answers_for_all(kind) else _default_reduce

    def _reduce_module(self, module):
        self.referenced.add(id(module))
        name = module.__name__
        if vars(module) is self._namespace:
            return import_module, ("__main__",)
        if sys.modules.get(name) is not module:
            raise Unshippable(module, "a module that cannot be imported by its name")
        return import_module, (name,)

    def _reduce_block(self, block):
        """Memory that frames share until one is written to is no shared memory: a loaded frame would not know of the others."""
        make, (values, *rest) = block.__reduce__()
        if block.refs.has_reference() and not self._arrays.is_comparing:
            numpy = sys.modules["numpy"]
            values = values.copy(order="K") if type(values) is numpy.ndarray else values.copy()
        return make, (values, *rest)

    def _reduce_context(self, context):
        decimal = sys.modules["decimal"]
        if context is not decimal.getcontext():
            return context.__reduce__()
        self.referenced.add(id(context))
        return decimal.getcontext, ()

    def _reduce_stream(self, stream):
        for name, standard in _standard_streams().items():
            if stream is standard:
                self.referenced.add(id(stream))
                return module_attribute, ("sys", name)
        if type(stream) in FILE_TYPES and stream.closed:
            return closed_file, _describe_closed(stream)
        if type(stream) not in FILE_TYPES:
            return stream.__reduce_ex__(5)
        raise Unshippable(
            stream,
            "an open file",
            "Open the file in the cell that uses it, or ship its name or contents instead.",
        )

    def _reduce_singleton(self, singletons):
        """``singletons``: id of the object -> (module, attribute) under which it is found."""

        def reduce(obj):
            place = singletons.get(id(obj))
            if place is None:
                return obj.__reduce_ex__(5)
            self.referenced.add(id(obj))
            return module_attribute, place

        return reduce


def copies_on_write():
    """True where a frame made from another one is a copy of its own, as far as anybody can see (pandas 3, an option before)."""
    pandas = sys.modules["pandas"]
    if int(pandas.__version__.partition(".")[0]) >= 3:
        return True
    return getattr(pandas.options.mode, "copy_on_write", False) is True


def _reduce_method(method):
    """A bound method by its name where its class leads to it, else by its function: `K.m = lambda self: …` has no name, and what
    an instance holds itself is not there yet while the instance is being made.
    """
    owner = method.__self__
    own = () if isinstance(owner, type) else getattr(owner, "__dict__", ())
    if method.__name__ not in own and getattr(owner, method.__name__, None) == method:
        return getattr, (owner, method.__name__)
    return bound_method, (method.__func__, owner)


def bound_method(function, owner):
    """The type has no name that pickle finds."""
    return types.MethodType(function, owner)


def _answers_for_all(kind):
    """True for a class that answers for attributes it does not have, and leaves pickling to ``object``.

    pickle asks the half-made instance for ``__setstate__``; a ``__getattr__`` that looks into the instance would ask for ever.
    """
    return (
        hasattr(kind, "__getattr__")
        and kind.__reduce_ex__ is object.__reduce_ex__
        and kind.__reduce__ is object.__reduce__
        and not any(hasattr(kind, name) for name in ("__setstate__", "__getnewargs__", "__getnewargs_ex__"))
        and getattr(kind, "__getstate__", None) is getattr(object, "__getstate__", None)
        and all(parent is object or parent.__flags__ & (1 << 9) for parent in kind.__mro__)
    )


def _reduce_plainly(obj):
    kind = type(obj)
    slots = {}
    for parent in kind.__mro__:
        for name, value in vars(parent).items():
            if isinstance(value, types.MemberDescriptorType):
                try:
                    slots[name] = value.__get__(obj)
                except AttributeError:
                    continue
    try:
        own = object.__getattribute__(obj, "__dict__")
    except AttributeError:
        own = None
    return bare_instance, (kind,), (own, slots), None, None, fill_instance


def bare_instance(kind):
    """An instance without state."""
    return object.__new__(kind)


def fill_instance(obj, state):
    """Gives it its state, past its own methods."""
    own, slots = state
    if own:
        object.__getattribute__(obj, "__dict__").update(own)
    for name, value in slots.items():
        object.__setattr__(obj, name, value)


def _standard_streams():
    names = ("stdin", "stdout", "stderr", "__stdin__", "__stdout__", "__stderr__")
    return {name: getattr(sys, name) for name in names if getattr(sys, name, None) is not None}


def _module_level_instances(kind):
    """Instances of ``kind`` that its own module holds as attributes (``scipy.stats.norm``, ``random._inst``).

    numpy's global generator lives in a module of its own name apart from its class's public one, but both are
    ``numpy.random.mtrand``, so the same rule finds it.
    """
    if kind.__module__ in ("__main__", "builtins") or not isinstance(kind.__module__, str):
        return {}
    module = sys.modules.get(kind.__module__)
    if module is None:
        return {}
    return {
        id(value): (module.__name__, name)
        for name, value in list(vars(module).items())
        if type(value) is kind
    }


def import_module(name):
    """The module of that name; ``__main__`` is the notebook's namespace."""
    return importlib.import_module(name)


def module_attribute(module, name):
    """The object found in ``module`` under ``name``."""
    return getattr(importlib.import_module(module), name)


def _reduce_lock(lock):
    if lock.locked():
        raise Unshippable(
            lock,
            "a lock that is held",
            "Release it before the step ends, or make it in the step that uses it.",
        )
    return threading.Lock, ()


def _reduce_rlock(lock):
    owned = lock._is_owned()
    if not owned and lock.acquire(blocking=False):
        lock.release()
        return threading.RLock, ()
    raise Unshippable(
        lock, "a lock that is held", "Release it before the step ends, or make it in the step that uses it."
    )


def _reduce_mapping_proxy(proxy):
    import gc

    return mapping_proxy, (gc.get_referents(proxy)[0],)


def _reduce_property(prop):
    return property, (prop.fget, prop.fset, prop.fdel, prop.__doc__)


def _reduce_wrapped_method(method):
    return type(method), (method.__func__,)


def _reduce_memory_view(view):
    owner = view.obj
    plain = isinstance(owner, (bytes, bytearray)) and view.format == "B" and view.ndim == 1
    if plain and view.contiguous and view.nbytes == len(owner):
        return memoryview, (owner,)
    raise Unshippable(
        view,
        "a memoryview on a part of a buffer or on a foreign one",
        "Ship bytes(view) or the owner instead.",
    )


def _reduce_weak_set(group):
    return weak_set, (list(group),)


def _reduce_weak_values(mapping):
    return weak_value_dictionary, (dict(mapping),)


def _reduce_weak_keys(mapping):
    return weak_key_dictionary, (list(mapping.items()),)


def _reduce_weak_reference(reference):
    return weak_reference, (reference(),)


def weak_reference(target):
    """Stand-in for the loader's own, which keeps the target alive: see :meth:`.unpickling.StreamUnpickler.find_class`."""
    return weakref.ref(target) if target is not None else _dead_reference()


def _reduce_type_variable(variable):
    if variable.__module__ != "__main__":
        return variable.__reduce__()
    bounds = (variable.__bound__, variable.__covariant__, variable.__contravariant__)
    return type_variable, (variable.__name__, variable.__constraints__, *bounds)


def type_variable(name, constraints, bound, covariant, contravariant):
    """A ``TypeVar`` of the notebook: ``typing`` pickles them by name, which no consumer need have."""
    import typing

    made = typing.TypeVar(name, *constraints, bound=bound, covariant=covariant, contravariant=contravariant)
    made.__module__ = "__main__"
    return made


def reduce_undefined_function(kind):
    return undefined_function, (kind.__name__, dict(kind._kwargs))


def undefined_function(name, assumptions):
    """``sympy.Function(name)``: a class that no module has. Two of the same name and assumptions are equal."""
    from sympy.core.function import UndefinedFunction

    return UndefinedFunction(name, **assumptions)


def _reduce_new_type(kind):
    if kind.__module__ != "__main__":
        return kind.__reduce__()
    return new_type, (kind.__name__, kind.__supertype__)


def new_type(name, base):
    """A ``NewType`` of the notebook."""
    import typing

    made = typing.NewType(name, base)
    made.__module__ = "__main__"
    return made


def mapping_proxy(mapping):
    """The type has no name that pickle finds before Python 3.14."""
    return types.MappingProxyType(mapping)


def weak_set(items):
    return weakref.WeakSet(items)


def weak_value_dictionary(items):
    return weakref.WeakValueDictionary(items)


def weak_key_dictionary(items):
    return weakref.WeakKeyDictionary(items)


def _dead_reference():
    class Target:
        pass

    return weakref.ref(Target())


def _describe_closed(stream):
    encoding = stream.encoding if isinstance(stream, io.TextIOWrapper) else None
    name = stream.name if isinstance(getattr(stream, "name", None), (str, bytes, int)) else ""
    return type(stream), name, getattr(stream, "mode", "r"), encoding


def closed_file(kind, name, mode, encoding):
    """A closed file object like the one that a finished ``with open(...)`` leaves behind."""
    writes = any(letter in mode for letter in "wax+")
    raw = io.FileIO(os.devnull, "w" if writes else "r")
    raw.name = name
    if kind is io.FileIO:
        stream = raw
    elif kind is io.TextIOWrapper:
        stream = io.TextIOWrapper(
            io.BufferedWriter(raw) if writes else io.BufferedReader(raw), encoding=encoding
        )
        stream.mode = mode
    elif kind is io.BufferedRandom:
        raw.close()
        raw = io.FileIO(os.devnull, "r+")
        raw.name = name
        stream = io.BufferedWriter(raw)
    else:
        stream = kind(raw)
    stream.close()
    return stream


def _reduce_log_handler_free(logger):
    return logging.getLogger, ((logger.name,) if logger.name != "root" else ())


_SPECIAL = {
    LOCK_TYPE: _reduce_lock,
    RLOCK_TYPE: _reduce_rlock,
    types.MappingProxyType: _reduce_mapping_proxy,
    property: _reduce_property,
    staticmethod: _reduce_wrapped_method,
    classmethod: _reduce_wrapped_method,
    memoryview: _reduce_memory_view,
    types.MethodType: _reduce_method,
    weakref.ref: _reduce_weak_reference,
    weakref.WeakSet: _reduce_weak_set,
    weakref.WeakValueDictionary: _reduce_weak_values,
    weakref.WeakKeyDictionary: _reduce_weak_keys,
    logging.Logger: _reduce_log_handler_free,
    logging.RootLogger: _reduce_log_handler_free,
    functools._lru_cache_wrapper: reduce_cached_function,
}

#: By name, so that ``typing`` is only imported where it is used.
_TYPING = {"TypeVar": _reduce_type_variable, "NewType": _reduce_new_type}
