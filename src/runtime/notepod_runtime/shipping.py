"""Pickling one group of names, and the error that says why one cannot be shipped."""

import gc
import types
from contextlib import contextmanager

from .errors import ShipError, Unshippable
from .pickling import CountingSink, FastPickler, FullPickler


@contextmanager
def no_collection():
    """Cyclic garbage collection while millions of objects are made finds nothing and costs up to half the time."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def pickle_values(make_sink, registry, values, forced=frozenset(), translate=None):
    """Pickles ``values`` (a dict of names) as one stream; returns ``(pickler, sink)``.

    ``make_sink()`` gives a fresh sink: the stream is begun anew, by value, when the fast way fails. ``forced``: ids of
    definitions to write by value. Raises what pickling raises when both ways fail.
    """
    with no_collection():
        if not forced:
            sink = make_sink()
            pickler = FastPickler(sink, registry, translate)
            try:
                pickler.dump(values)
                return pickler, sink
            except (Unshippable, OSError, MemoryError):
                _discard(sink)
                raise
            except Exception:
                # A lambda, a closure, a class that its name does not find: whatever else it is, the full way says it.
                _discard(sink)
        sink = make_sink()
        pickler = FullPickler(sink, registry, translate, forced)
        try:
            pickler.dump(values)
        except BaseException:
            _discard(sink)
            raise
        return pickler, sink


def _discard(sink):
    discard = getattr(sink, "discard", None)
    if discard is not None:
        discard()


def ship_error(name, value, error, registry, output):
    """The NP501 for a value that failed to pickle with ``error``; ``output``: its entry in the plan or None."""
    path, culprit, reason, advice = _locate(name, value, error, registry)
    cell = (output or {}).get("cell")
    wanted = (output or {}).get("neededBy") or ()
    message = f"{name} cannot be handed to another step"
    if path != name:
        message += f": {path} is {_article(type(culprit))}"
    else:
        message += f": it is {_article(type(culprit))}"
    message += f" ({reason})."
    if cell is not None:
        message += f" It was made in cell {cell + 1}"
        message += f" and is needed by {_listed(wanted)}." if wanted else "."
    elif wanted:
        message += f" It is needed by {_listed(wanted)}."
    if not advice:
        advice = _ADVICE.get(type(culprit).__name__, "Make it again in the step that uses it, or put the cells in one step.")
    return ShipError("NP501", message, advice, name=name, cell=cell, path=path)


_ADVICE = {
    "generator": "Turn it into a list, or put the cell that makes it and the cells that use it in one step.",
    "Connection": "Open the connection in every step that uses it, or put the cells in one step.",
    "Cursor": "Fetch the rows in the step that runs the query.",
    "socket": "Open it in the step that uses it.",
    "Match": "Keep match.groups() or match.span() instead.",
}


def _article(kind):
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    return f"{'an' if name[:1] in 'aeiou' else 'a'} {name}"


def _listed(names):
    steps = [f"step {name}" for name in names]
    return steps[0] if len(steps) == 1 else ", ".join(steps[:-1]) + " and " + steps[-1]


def _locate(path, value, error, registry, depth=0, seen=None):
    """Descends to the innermost part that fails on its own."""
    seen = set() if seen is None else seen
    seen.add(id(value))
    if depth < 50:
        for suffix, part in _parts(value):
            if id(part) in seen:
                continue
            failure = _failure(part, registry)
            if failure is not None:
                return _locate(path + suffix, part, failure, registry, depth + 1, seen)
    if isinstance(error, Unshippable):
        return path, error.obj, error.reason, error.advice
    if isinstance(error, RecursionError):
        return path, value, "its objects are nested too deep", "Keep it in one step, or build a flatter structure."
    return path, value, str(error) or type(error).__name__, ""


def _failure(value, registry):
    try:
        pickle_values(CountingSink, registry, {"value": value})
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


_BREADTH = 10_000


def _short(key):
    text = repr(key)
    return text if len(text) <= 40 else text[:37] + "…"
