"""Which names share objects: they are written together, so that they come back shared."""

import datetime
import decimal
import enum
import fractions
import pathlib
import re
import sys
import types
import uuid

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
    re.Pattern,
    datetime.date,
    datetime.time,
    datetime.timedelta,
    datetime.tzinfo,
    decimal.Decimal,
    fractions.Fraction,
    pathlib.PurePath,
    uuid.UUID,
)


def shared_ids(pickler, registry):
    """Objects of a stream whose identity can be told, by id. The returned dict keeps them alive."""
    numpy = sys.modules.get("numpy")
    atoms = _ATOMS + ((numpy.dtype, numpy.generic) if numpy is not None and hasattr(numpy, "dtype") else ())
    referenced = pickler.reductions.referenced
    return {
        key: value
        for key, (_, value) in pickler.pickler.memo.copy().items()
        if not isinstance(value, atoms)
        and key not in referenced
        and not (isinstance(value, types.FunctionType) and registry.is_global(value))
    }


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
