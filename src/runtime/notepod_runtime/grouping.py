"""Which names share objects: they are written together, so that they come back shared."""

import enum
import sys
import types

from .pickling import no_collection

_ATOMS = (
    str,
    bytes,
    int,
    float,
    complex,
    bool,
    type(None),
    type(...),
    type(NotImplemented),
    tuple,
    frozenset,
    range,
    slice,
    type,
    types.ModuleType,
    types.BuiltinFunctionType,
    types.CodeType,
    types.MethodType,
    types.MappingProxyType,
    enum.Enum,
)
#: Immutable types of modules that are looked at only where something imported them.
_LIBRARY_ATOMS = {
    "re": ("Pattern",),
    "datetime": ("date", "time", "timedelta", "tzinfo"),
    "decimal": ("Decimal",),
    "fractions": ("Fraction",),
    "pathlib": ("PurePath",),
    "uuid": ("UUID",),
    "numpy": ("dtype", "generic"),
}


def is_atom(value):
    """True for a value of a plain type that shares nothing."""
    return type(value) in (str, bytes, int, float, complex, bool, type(None))


def _atoms():
    found = [
        getattr(sys.modules.get(module), name, None)
        for module, names in _LIBRARY_ATOMS.items()
        for name in names
    ]
    return _ATOMS + tuple(each for each in found if isinstance(each, type))


def shared_ids(pickler, registry):
    """Objects of a stream whose identity can be told, by id. The returned dict keeps them alive."""
    atoms = _atoms()
    referenced = pickler.reductions.referenced
    # One check per type, not per object: a stream may hold a million of them.
    atomic = {}
    found = {}
    with no_collection():
        for key, (_, value) in pickler.pickler.memo.copy().items():
            kind = type(value)
            plain = atomic.get(kind)
            if plain is None:
                plain = atomic[kind] = issubclass(kind, atoms)
            if plain or key in referenced:
                continue
            if kind is types.FunctionType and (registry.is_global(value) or _is_of_a_module(value)):
                continue
            found[key] = value
    return found


def _is_of_a_module(function):
    """True for a function that streams refer to by its module and name: two that do so share no object of the notebook."""
    module = function.__module__
    if module is None or module == "__main__":
        return False
    found = sys.modules.get(module)
    for word in function.__qualname__.split("."):
        found = getattr(found, word, None)
    return found is function


def components(names, ids, ranges):
    """Groups of names whose objects or whose memory meet, each in the order of ``names``."""
    parent = {name: name for name in names}

    def find(name):
        while parent[name] != name:
            name = parent[name]
        return name

    owner = {}
    for name in names:
        for key in ids[name]:
            first = owner.setdefault(key, name)
            if first is not name:
                parent[find(name)] = find(first)
    spans = sorted((low, low + size, name) for name in names for _, size, low in ranges[name])
    reach, last = -1, None
    for low, high, name in spans:
        if last is not None and low < reach:
            parent[find(name)] = find(last)
        if high > reach:
            reach, last = high, name
    groups = {}
    for name in names:
        groups.setdefault(find(name), []).append(name)
    return list(groups.values())
