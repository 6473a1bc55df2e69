"""The two picklers and the unpickler.

:class:`FastPickler` is the C pickler with a dispatch table and nothing else. It writes the notebook's functions and
classes by name, and notes which. It fails on a function or class that its name does not find (a lambda, a closure, a
redefined class); then :class:`FullPickler` writes the stream anew with these by value.
"""

import gc
import pickle
import sys
import types
from contextlib import contextmanager

from . import arrays, byvalue, references
from .definitions import is_definition

PROTOCOL = 5


@contextmanager
def no_collection(keep=False):
    """Cyclic garbage collection finds nothing while millions of objects are made, and costs up to half the time.

    With ``keep`` these are counted as old ones afterwards, else the next new object would have all of them looked through.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if keep and not gc.get_freeze_count():
            # Freezing moves all objects to a place of their own, thawing moves them to the oldest generation.
            gc.freeze()
            gc.unfreeze()
        if enabled:
            gc.enable()


class _MainProbe:
    """Stands for ``__main__`` while the C pickler looks up globals, and notes the names it asks for."""

    def __init__(self, registry, names):
        self.__dict__["_registry"] = registry
        self.__dict__["_needs"] = {}
        self.__dict__["_names"] = names

    def __getattr__(self, name):
        registry = self.__dict__["_registry"]
        uid = self.__dict__["_names"].get(name)
        if uid is not None:
            return registry.find(uid)
        if name not in registry.namespace:
            raise AttributeError(name)
        value = registry.namespace[name]
        if is_definition(value):
            self.__dict__["_needs"][name] = registry.uid_of(value)
        return value


class FastPickler:
    """Pickles one group. ``needs`` maps the notebook's global names that the stream refers to, to uids.

    ``names`` gives such names the meaning that they had in another process, by uid: see :mod:`.guard`. ``sets`` is what
    :func:`.set_order.ordered` gave.
    """

    def __init__(self, sink, registry, translate=None, names=None, sets=None):
        self._registry = registry
        self._names = names or {}
        #: What is written in the stead of sets, by id: see :mod:`.set_order`.
        self._sets = sets or {}
        self.arrays = arrays.ArrayReductions(translate)
        self.reductions = references.Reductions(self.arrays, registry.namespace)
        self.buffers = []
        self.needs = {}
        self.pickler = self._make(sink)
        self.pickler.dispatch_table = self.reductions
        self.arrays.pickler = self.pickler

    def _make(self, sink):
        kind = _WithSets if self._sets else pickle.Pickler
        pickler = kind(sink, PROTOCOL, buffer_callback=self._keep_large)
        if self._sets:
            pickler.sets = self._sets
        return pickler

    def sets_seen(self):
        """The sets and frozen sets that the stream holds."""
        with no_collection():
            return [
                value for _, value in self.pickler.memo.copy().values() if type(value) in (set, frozenset)
            ]

    def _keep_large(self, buffer):
        """PEP 574 buffers of other libraries (Arrow): large ones go out of band."""
        if buffer.raw().nbytes < arrays.MAPPED_BYTES:
            return True
        self.buffers.append(buffer)
        return False

    def met_only_builtins(self):
        """False if something in the stream was no builtin container or atom; True says little about classes and functions."""
        return not (self.reductions or self.needs or self.buffers)

    def dump(self, value):
        probe = _MainProbe(self._registry, self._names)
        main = sys.modules.get("__main__")
        sys.modules["__main__"] = probe
        try:
            with no_collection():
                self.pickler.dump(value)
        finally:
            if main is None:
                del sys.modules["__main__"]
            else:
                sys.modules["__main__"] = main
        self.needs = probe.__dict__["_needs"]


class _WithSets(pickle.Pickler):
    """The C pickler asking back for every object, as it does for nothing less: the only way to a set."""

    def persistent_id(self, obj):
        return self.sets.get(id(obj)) if type(obj) in (set, frozenset) else None


class _Override(pickle.Pickler):
    """The C pickler asking back for functions and classes."""

    def reducer_override(self, obj):
        if isinstance(obj, (type, types.FunctionType)):
            return self.decide(obj)
        if isinstance(obj, types.CodeType):
            return byvalue.reduce_code(obj)
        if isinstance(obj, types.CellType):
            return byvalue.reduce_cell(obj)
        return NotImplemented


class _OverrideWithSets(_Override):
    persistent_id = _WithSets.persistent_id


class FullPickler(FastPickler):
    """As :class:`FastPickler`, with functions and classes by value where their name does not lead to them.

    ``forced`` holds the ids of definitions to write by value although their name does; with ``everything`` all of the
    notebook's definitions are.
    """

    def __init__(
        self, sink, registry, translate=None, forced=frozenset(), everything=False, names=None, sets=None
    ):
        self._forced = forced
        self._everything = everything
        self._definitions = byvalue.DefinitionReductions(registry)
        super().__init__(sink, registry, translate, names, sets)

    def _make(self, sink):
        kind = _OverrideWithSets if self._sets else _Override
        pickler = kind(sink, PROTOCOL, buffer_callback=self._keep_large)
        pickler.decide = self._decide
        if self._sets:
            pickler.sets = self._sets
        return pickler

    def _decide(self, obj):
        if type(obj) is not type and self.reductions[type(obj)] is references.reduce_undefined_function:
            return NotImplemented
        notebook = obj.__module__ == "__main__"
        if not self._everything and self._is_named(obj) if notebook else _importable(obj):
            return NotImplemented
        if isinstance(obj, types.FunctionType):
            return self._definitions.function(obj)
        return self._definitions.klass(obj)

    def _is_named(self, obj):
        """True if ``__main__.<name>`` is to be written. A method goes the way of its class."""
        first, _, rest = obj.__qualname__.partition(".")
        uid = self._names.get(first)
        root = self._registry.namespace.get(first) if uid is None else self._registry.find(uid)
        if root is None or id(root) in self._forced:
            return False
        for attribute in rest.split(".") if rest else ():
            root = getattr(root, attribute, None)
        return root is obj


_BUILTIN_UNNAMED = (type(None), type(...), type(NotImplemented))


def _importable(obj):
    if obj in _BUILTIN_UNNAMED:
        return True
    module = sys.modules.get(obj.__module__) if isinstance(obj.__module__, str) else None
    if module is None:
        if isinstance(obj, types.FunctionType):
            return False
        return not obj.__flags__ & (1 << 9)
    found = module
    for part in obj.__qualname__.split("."):
        found = getattr(found, part, None)
    if found is obj:
        return True
    # A static type of an extension module cannot be taken apart: let pickle say what it thinks.
    return isinstance(obj, type) and not obj.__flags__ & (1 << 9)


class StreamUnpickler(pickle.Unpickler):
    """Restores one group. Markers in the stream find their loader here; ``__main__`` is found through uids."""

    def __init__(self, stream, buffers, memory, definitions, find_global, alive):
        super().__init__(stream, buffers=buffers)
        self._find_global = find_global
        self._own = {
            (arrays.__name__, "mapped_array"): memory.mapped_array,
            (byvalue.__name__, "make_function"): definitions.make_function,
            (byvalue.__name__, "fill_function"): definitions.fill_function,
            (byvalue.__name__, "make_class"): definitions.make_class,
            (byvalue.__name__, "make_enum"): definitions.make_enum,
            (byvalue.__name__, "fill_class"): definitions.fill_class,
            # Not a method: a cycle would keep the unpickler, and so all that it has loaded, alive.
            (references.__name__, "weak_reference"): _WeakReferences(alive),
        }

    def find_class(self, module, name):
        """What a global of the stream means in this process."""
        own = self._own.get((module, name))
        if own is not None:
            return own
        if module == "__main__":
            return self._find_global(name)
        return super().find_class(module, name)

    def persistent_load(self, pid):
        """What stood for a set has become it: see :mod:`.set_order`."""
        return pid


class _WeakReferences:
    """Makes weak references. In Run All something else holds the target; here that may not have been shipped."""

    def __init__(self, alive):
        self._alive = alive

    def __call__(self, target):
        if target is not None:
            self._alive.append(target)
        return references.weak_reference(target)


class CountingSink:
    """A sink that keeps nothing: for pickles made to look at what they contain."""

    def write(self, data):
        return len(data)
