"""Exceptions by their state: with what led to them, their notes, and the places that their tracebacks show.

Pickle calls the class with ``args``, which an ``__init__`` of its own need not take, and forgets ``__cause__``, ``__context__`` and
``__traceback__``.
"""

import contextlib
import linecache
import types

#: Set by ``BaseException`` itself; ``obj`` of an AttributeError may be anything, and pickle leaves it out too.
_NOT_FIELDS = frozenset(
    (
        "__dict__",
        "__weakref__",
        "args",
        "__traceback__",
        "__context__",
        "__cause__",
        "__suppress_context__",
        "obj",
    )
)
_FIELD_TYPES = (types.MemberDescriptorType, types.GetSetDescriptorType)


def reduce_exception(error):
    """The reduction of an exception. One whose class pickles itself in its own way is made in that way."""
    kind = type(error)
    links = _links(error)
    if _has_own_way(kind):
        make, args, *rest = error.__reduce_ex__(4)
        state = rest[0] if rest else None
        return make, args, (None, state, None, *links), None, None, fill_exception
    base = _builtin_base(kind)
    fields = _fields(error, base)
    return (
        bare_exception,
        (kind, base.__reduce__(error)[1]),
        (vars(error), None, fields, *links),
        None,
        None,
        fill_exception,
    )


def _links(error):
    return error.__cause__, error.__context__, error.__suppress_context__, Places.of(error.__traceback__)


def _has_own_way(kind):
    own = _builtin_base(kind)
    return (
        kind.__reduce__ is not own.__reduce__
        or kind.__reduce_ex__ is not own.__reduce_ex__
        or kind.__setstate__ is not own.__setstate__
        or getattr(kind, "__getstate__", None) is not getattr(own, "__getstate__", None)
    )


def _builtin_base(kind):
    """The first class of the interpreter's own; those that Python code defines are built on it."""
    return next(each for each in kind.__mro__ if not each.__flags__ & (1 << 9))


def _fields(error, base):
    """What stands in no dictionary: fields of builtin classes (``errno``, ``msg``, ``code``), slots of others."""
    found = {}
    for parent in type(error).__mro__:
        for name, value in vars(parent).items():
            if isinstance(value, _FIELD_TYPES) and name not in _NOT_FIELDS and name not in found:
                with contextlib.suppress(Exception):
                    found[name] = value.__get__(error)
    return found


def bare_exception(kind, args):
    """An exception with what its builtin class makes of ``args``; no code of its own class runs."""
    base = _builtin_base(kind)
    made = base.__new__(kind, *args)
    try:
        base.__init__(made, *args)
    except Exception:
        # The arguments were replaced by others since.
        made.args = args
    return made


def fill_exception(error, state):
    """Gives it its state, past its own methods."""
    own, declared, fields, cause, context, suppress, places = state
    if own:
        vars(error).update(own)
    if declared is not None:
        error.__setstate__(declared)
    for name, value in (fields or {}).items():
        with contextlib.suppress(Exception):
            # One that cannot be set follows from the arguments.
            if getattr(error, name, None) is not value:
                BaseException.__setattr__(error, name, value)
    error.__cause__ = cause
    error.__context__ = context
    error.__suppress_context__ = suppress
    if places is not None:
        error.__traceback__ = places.traceback()


class Places:
    """The places of a traceback, innermost last: file, function, line and columns, and the source of what is in no file."""

    def __init__(self, places, sources):
        self._places = places
        self._sources = sources

    @classmethod
    def of(cls, traceback):
        """None for no traceback."""
        places, sources = [], {}
        while traceback is not None:
            code = traceback.tb_frame.f_code
            name = code.co_filename
            places.append((name, code.co_name, getattr(code, "co_qualname", None), _position(traceback)))
            cached = linecache.cache.get(name)
            # A cell: nobody can read it from a file.
            if cached is not None and len(cached) == 4 and cached[1] is None:
                sources[name] = list(cached[2])
            traceback = traceback.tb_next
        return cls(places, sources) if places else None

    def __reduce__(self):
        return Places, (self._places, self._sources)

    def traceback(self):
        """A traceback that shows the same. Its frames have no variables."""
        for name, lines in self._sources.items():
            linecache.cache.setdefault(name, (sum(map(len, lines)), None, lines, name))
        made = None
        for place in reversed(self._places):
            there = _raised_at(*place)
            made = types.TracebackType(made, there.tb_frame, there.tb_lasti, there.tb_lineno)
        return made


def _position(traceback):
    """``(line, last line, column, last column)`` of what raised."""
    code = traceback.tb_frame.f_code
    if hasattr(code, "co_positions"):
        positions = list(code.co_positions())
        at = traceback.tb_lasti // 2
        if 0 <= at < len(positions) and positions[at][0] == traceback.tb_lineno:
            return positions[at]
    return traceback.tb_lineno, None, None, None


def _raised_at(filename, name, qualname, position):
    """The traceback of a statement that raises at that place, in a function of that name."""
    import ast

    line, last_line, column, last_column = position
    known = None not in position
    statement = ast.Raise(ast.Name("Exception", ast.Load()), None)
    for node in (statement, statement.exc):
        node.lineno, node.end_lineno = line, last_line if known else line
        node.col_offset, node.end_col_offset = (column, last_column) if known else (0, 0)
    code = compile(ast.Module([statement], []), filename, "exec", dont_inherit=True)
    names = {"co_name": name}
    if qualname is not None:
        names["co_qualname"] = qualname
    try:
        exec(code.replace(**names), {"__name__": "__main__", "__file__": filename})
    except Exception as error:
        return error.__traceback__.tb_next
    raise AssertionError("the statement raises")
