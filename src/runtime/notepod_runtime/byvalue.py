"""Functions and classes of the notebook, taken apart and put together again.

Both are made in two phases, an empty shell and then its state, so that cycles (a function that closes over itself, a
method that refers to its class) come back as cycles. A function's globals are the consumer's ``__main__``.
"""

import abc
import contextlib
import enum
import importlib
import marshal
import sys
import types

_MISSING_CELL = "notepod: empty cell"

# ``copyreg`` notes ``__slotnames__`` in a class when an instance of it is pickled.
_NOT_STATE = frozenset(
    ("__dict__", "__weakref__", "_abc_impl", "__module__", "__qualname__", "__slotnames__")
)
_ENUM_STATE = frozenset(
    (
        "_member_names_",
        "_member_map_",
        "_value2member_map_",
        "_member_type_",
        "_unhashable_values_",
        "_hashable_values_",
        "_use_args_",
        "_value_repr_",
        "_generate_next_value_",
        "_new_member_",
        "__new__",
        "_flag_mask_",
        "_all_bits_",
        "_singles_mask_",
        "_inverted_",
        "_boundary_",
        "_unhashable_values_map_",
        "_sort_order_",
    )
)


class DefinitionReductions:
    """By-value reductions for one pickle stream."""

    def __init__(self, registry):
        self._registry = registry
        self._foreign = {}

    def function(self, function):
        code = function.__code__
        closure = function.__closure__
        cells = () if closure is None else closure
        state = {
            "name": function.__name__,
            "qualname": function.__qualname__,
            "module": function.__module__,
            "doc": function.__doc__,
            "defaults": function.__defaults__,
            "kwdefaults": function.__kwdefaults__,
            "dict": vars(function) or None,
            "contents": tuple(_contents(cell) for cell in cells),
        }
        if sys.version_info >= (3, 14):
            state["annotate"] = function.__annotate__
        else:
            state["annotations"] = function.__annotations__ or None
        if getattr(function, "__type_params__", None):
            state["type_params"] = function.__type_params__
        token, names = self._globals_of(function)
        state["globals"] = names
        uid = self._registry.uid_of(function) if self._registry.is_global(function) else None
        return make_function, (uid, code, token, cells), state, None, None, fill_function

    def _globals_of(self, function):
        scope = function.__globals__
        if scope is self._registry.namespace:
            return None, None
        name = scope.get("__name__")
        module = sys.modules.get(name) if isinstance(name, str) else None
        if module is not None and vars(module) is scope:
            return name, None
        token = self._foreign.setdefault(id(scope), len(self._foreign))
        return token, {
            key: scope[key]
            for key in sorted(_names_in(function.__code__))
            if key in scope and key != "__builtins__"
        }

    def klass(self, cls):
        uid = self._registry.uid_of(cls)
        meta = type(cls)
        if issubclass(meta, enum.EnumMeta) and cls.__members__:
            members = {name: member._value_ for name, member in cls.__members__.items()}
            state = {
                k: v for k, v in vars(cls).items() if k not in _NOT_STATE | _ENUM_STATE and k not in members
            }
            args = (uid, meta, cls.__bases__, cls.__name__, cls.__qualname__, cls.__module__, members)
            return make_enum, args, state, None, None, fill_class
        slots = vars(cls).get("__slots__")
        own_slots = _slot_names(cls)
        state = {}
        for key, value in vars(cls).items():
            if key in _NOT_STATE or key in own_slots:
                continue
            if isinstance(value, types.GetSetDescriptorType) and getattr(value, "__objclass__", None) is cls:
                continue
            if key == "__annotations__" and not value:
                # Made by looking at it, from Python 3.10 on.
                continue
            state[key] = value
        if isinstance(cls, abc.ABCMeta):
            registered = _registered_subclasses(cls)
            if registered:
                state["__notepod_registered__"] = registered
        # ``typing.Generic`` looks at these while the class is being made.
        first = {key: state[key] for key in ("__orig_bases__",) if key in state}
        if slots is not None:
            first["__slots__"] = slots
        args = (uid, meta, cls.__bases__, cls.__name__, cls.__qualname__, cls.__module__, first)
        return make_class, args, state, None, None, fill_class


def _contents(cell):
    try:
        return cell.cell_contents
    except ValueError:
        return _MISSING_CELL


def _names_in(code):
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _names_in(constant)
    return names


def _slot_names(cls):
    return {
        key
        for key, value in vars(cls).items()
        if isinstance(value, types.MemberDescriptorType) and value.__objclass__ is cls
    }


def _registered_subclasses(cls):
    import _abc

    references = _abc._get_dump(cls)[0]
    return [target for target in (reference() for reference in references) if target is not None]


def reduce_code(code):
    """Code objects by the interpreter's own format: the manifest pins its version.

    Version 2 of the format has no back references: whether later versions write one depends on how many references an
    object has at the moment, and the same code would not give the same bytes. Slices among the constants (Python 3.14)
    need a later one.
    """
    try:
        return make_code, (marshal.dumps(code, 2),)
    except ValueError:
        return make_code, (marshal.dumps(code),)


def reduce_cell(cell):
    """A cell comes without contents; the function that closes over it brings them."""
    return make_cell, ()


def make_code(data):
    return marshal.loads(data)


def make_cell():
    return types.CellType()


class DefinitionLoader:
    """Puts functions and classes together for one stream.

    ``forced`` holds uids whose state in this stream replaces that of a definition which the process already has.
    """

    def __init__(self, registry, forced=frozenset()):
        self._registry = registry
        self._forced = forced
        self._foreign = {}
        self._kept = set()
        self._deferred = []

    def make_function(self, uid, code, token, cells):
        if uid is not None:
            known = self._registry.find(uid)
            if isinstance(known, types.FunctionType):
                if uid not in self._forced:
                    self._kept.add(id(known))
                    return known
                if not cells and not known.__closure__:
                    known.__code__ = code
                    return known
        if token is None:
            scope = self._registry.namespace
        elif isinstance(token, str):
            scope = vars(importlib.import_module(token))
        else:
            scope = self._foreign.setdefault(token, {"__builtins__": __builtins__})
        function = types.FunctionType(code, scope, None, None, cells or None)
        if uid is not None:
            self._registry.register(uid, function)
        return function

    def fill_function(self, function, state):
        if id(function) in self._kept:
            return
        function.__name__ = state["name"]
        function.__qualname__ = state["qualname"]
        function.__module__ = state["module"]
        function.__doc__ = state["doc"]
        function.__defaults__ = state["defaults"]
        function.__kwdefaults__ = state["kwdefaults"]
        if "annotate" in state:
            function.__annotate__ = state["annotate"]
        elif state["annotations"]:
            function.__annotations__ = state["annotations"]
        if "type_params" in state:
            function.__type_params__ = state["type_params"]
        vars(function).clear()
        vars(function).update(state["dict"] or {})
        for cell, contents in zip(function.__closure__ or (), state["contents"]):
            if not (isinstance(contents, str) and contents == _MISSING_CELL):
                cell.cell_contents = contents
        if state["globals"]:
            function.__globals__.update(state["globals"])

    def make_class(self, uid, meta, bases, name, qualname, module, first):
        known = self._known_class(uid)
        if known is not None:
            return known
        body = {"__module__": module, "__qualname__": qualname, **first}
        with _ungreeted(bases):
            if issubclass(meta, enum.EnumMeta):
                scope = meta.__prepare__(name, bases)
                scope.update(body)
                cls = meta.__new__(meta, name, bases, scope)
            elif issubclass(meta, abc.ABCMeta):
                cls = abc.ABCMeta.__new__(meta, name, bases, body)
            else:
                cls = type.__new__(meta, name, bases, body)
        self._registry.register(uid, cls)
        return cls

    def make_enum(self, uid, meta, bases, name, qualname, module, members):
        known = self._known_class(uid)
        if known is not None:
            return known
        scope = meta.__prepare__(name, bases)
        for member, value in members.items():
            scope[member] = value
        scope["__module__"] = module
        scope["__qualname__"] = qualname
        cls = meta.__new__(meta, name, bases, scope)
        self._registry.register(uid, cls)
        return cls

    def _known_class(self, uid):
        known = self._registry.find(uid)
        if not isinstance(known, type):
            return None
        if uid not in self._forced:
            self._kept.add(id(known))
        return known

    def fill_class(self, cls, state):
        if id(cls) in self._kept:
            return
        registered = state.pop("__notepod_registered__", ())
        if "__init_subclass__" in state:
            self._deferred.append((cls, state.pop("__init_subclass__")))
        slots = state.pop("__slots__", None)
        for key in list(vars(cls)):
            stale = key not in state and key not in _NOT_STATE and key not in _KEPT_BY_TYPE
            if (
                stale
                and not isinstance(vars(cls)[key], (types.MemberDescriptorType, types.GetSetDescriptorType))
                and not issubclass(type(cls), enum.EnumMeta)
            ):
                type.__delattr__(cls, key)
        for key, value in state.items():
            if key in ("__doc__",) and vars(cls).get(key) == value:
                continue
            type.__setattr__(cls, key, value)
        if slots is not None:
            type.__setattr__(cls, "__slots__", slots)
        for subclass in registered:
            cls.register(subclass)

    def finish(self):
        """Sets what must not act while classes are being made."""
        for cls, hook in self._deferred:
            type.__setattr__(cls, "__init_subclass__", hook)


@contextlib.contextmanager
def _ungreeted(bases):
    """The notebook's classes do not greet a subclass that is only read back: what `__init_subclass__` did comes with the values."""
    classes = {each for base in bases for each in base.__mro__}
    hooks = [
        (each, vars(each)["__init_subclass__"])
        for each in classes
        if each.__module__ == "__main__" and "__init_subclass__" in vars(each)
    ]
    for cls, _ in hooks:
        type.__delattr__(cls, "__init_subclass__")
    try:
        yield
    finally:
        for cls, hook in hooks:
            type.__setattr__(cls, "__init_subclass__", hook)


_KEPT_BY_TYPE = frozenset(
    (
        "__doc__",
        "__slots__",
        "__firstlineno__",
        "__static_attributes__",
        "__init_subclass__",
        "__hash__",
        "__abstractmethods__",
        "__annotations__",
        "__annotate_func__",
        "__annotations_cache__",
    )
)


def make_function(uid, code, token, cells):
    """Marks a function in a stream; see :class:`DefinitionLoader`."""
    raise RuntimeError("only a snapshot's loader can restore a function")


def fill_function(function, state):
    """Marks a function's state in a stream."""
    raise RuntimeError("only a snapshot's loader can restore a function")


def make_class(uid, meta, bases, name, qualname, module, first):
    """Marks a class in a stream."""
    raise RuntimeError("only a snapshot's loader can restore a class")


def make_enum(uid, meta, bases, name, qualname, module, members):
    """Marks an enumeration in a stream."""
    raise RuntimeError("only a snapshot's loader can restore a class")


def fill_class(cls, state):
    """Marks a class's state in a stream."""
    raise RuntimeError("only a snapshot's loader can restore a class")
