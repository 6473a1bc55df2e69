"""Where inside a value the part is that no snapshot can hold, and what to do about it."""

import types

from .errors import Unshippable
from .pickling import CountingSink, FullPickler

#: Parts of one object that are looked at; an error need not be found in the millionth.
_BREADTH = 10_000
_DEPTH = 50

#: Type name -> advice.
_ADVICE = {
    "generator": "Turn it into a list, or put the cell that makes it and the cells that use it in one step.",
    "Connection": "Open the connection in every step that uses it, or put the cells in one step.",
    "Cursor": "Fetch the rows in the step that runs the query.",
    "socket": "Open it in the step that uses it.",
    "Match": "Keep match.groups() or match.span() instead.",
}
_ANY = "Make it in the step that uses it, put both cells in one step, or pass on what it gives (a list, the rows, the text)."


def locate(name, value, error, registry):
    """``(path, what it is, reason, advice)`` of the innermost part of ``value`` that cannot be pickled.

    ``error`` is what pickling the whole raised; ``path`` reads like Python: ``model.callbacks[0]``.
    """
    path, culprit, error = _descend(name, value, error, registry, set(), 0)
    kind = type(culprit)
    known = f"{kind.__module__}.{kind.__qualname__}".replace("builtins.", "").replace("__main__.", "")
    if isinstance(error, Unshippable):
        return path, error.reason, f"type {known}", error.advice or _ANY
    if isinstance(error, RecursionError):
        return (
            path,
            known,
            "its objects are nested too deep",
            "Keep it in one step, or build a flatter structure.",
        )
    return path, known, f"{type(error).__name__}: {error}", _ADVICE.get(kind.__name__, _ANY)


def _descend(path, value, error, registry, seen, depth):
    seen.add(id(value))
    if depth < _DEPTH:
        for suffix, part in _parts(value):
            if id(part) in seen:
                continue
            failure = _failure(part, registry)
            if failure is not None:
                return _descend(path + suffix, part, failure, registry, seen, depth + 1)
    return path, value, error


def _failure(value, registry):
    try:
        FullPickler(CountingSink(), registry).dump(value)
    except Exception as error:
        return error
    return None


def _parts(value):
    if isinstance(value, dict):
        for key, item in list(value.items())[:_BREADTH]:
            yield f"[{_short(key)}]", item
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value[:_BREADTH]):
            yield f"[{index}]", item
    elif isinstance(value, (set, frozenset)):
        for item in list(value)[:_BREADTH]:
            yield "{…}", item
    elif isinstance(value, types.FunctionType):
        for variable, cell in zip(value.__code__.co_freevars, value.__closure__ or ()):
            try:
                yield f".<closure>.{variable}", cell.cell_contents
            except ValueError:
                continue
        for default in value.__defaults__ or ():
            yield ".<default>", default
    elif isinstance(value, types.MethodType):
        yield ".__self__", value.__self__
    state = getattr(value, "__dict__", None)
    if isinstance(state, dict):
        for key, item in list(state.items())[:_BREADTH]:
            yield f".{key}", item
    elif isinstance(value, type):
        for key, item in list(vars(value).items())[:_BREADTH]:
            if not key.startswith("__"):
                yield f".{key}", item
    for slot in _slots(type(value)):
        if hasattr(value, slot):
            yield f".{slot}", getattr(value, slot)
    if callable(getattr(value, "func", None)) and type(value).__name__ == "partial":
        yield ".func", value.func
        yield ".args", value.args


def _slots(kind):
    for parent in kind.__mro__:
        slots = vars(parent).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if not slot.startswith("__"):
                yield slot


def _short(key):
    text = repr(key)
    return text if len(text) <= 40 else text[:37] + "…"
