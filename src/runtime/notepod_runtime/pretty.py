"""The text of a value as a notebook shows it, where there is no IPython: what ``IPython.lib.pretty`` would print, to the character.

Lines are at most 79 columns wide where that can be. Where one is too long, the outermost group on it is broken, at all its places.
"""

import inspect
import os
import re
import types
from collections import deque
from contextlib import contextmanager, suppress

#: The defaults of IPython's formatter of plain texts.
WIDTH = 79
_LONGEST = 1000


def printed(value):
    """The text of a value."""
    printer = _Printer()
    printer.pretty(value)
    printer.flush()
    return "".join(printer.out)


class _Group:
    def __init__(self, depth):
        self.depth = depth
        #: How many of its places to break wait for being written.
        self.waiting = 0
        self.broken = False


class _Layout:
    """Writes pieces of text with places to break between; the method names are those that ``_repr_pretty_`` methods call."""

    def __init__(self):
        self.out = []
        self._column = 0
        #: Texts, and ``(group, indentation, text)`` for places to break.
        self._waiting = deque()
        self._waiting_width = 0
        self._open = [_Group(0)]
        #: By depth; those with places to break that may still be broken.
        self._unbroken = [[self._open[0]]]
        self.indentation = 0

    def text(self, text):
        if self._waiting:
            self._waiting.append(text)
            self._waiting_width += len(text)
            self._fit()
        else:
            self.out.append(text)
            self._column += len(text)

    def breakable(self, sep=" "):
        group = self._open[-1]
        if group.broken:
            self._new_line()
            return
        self._waiting.append((group, self.indentation, sep))
        group.waiting += 1
        self._waiting_width += len(sep)
        self._fit()

    def break_(self):
        group = self._outermost()
        if group is not None:
            self._break(group)
        self._new_line()

    def begin_group(self, indent=0, open=""):
        if open:
            self.text(open)
        group = _Group(self._open[-1].depth + 1)
        self._open.append(group)
        while len(self._unbroken) <= group.depth:
            self._unbroken.append([])
        self._unbroken[group.depth].append(group)
        self.indentation += indent

    def end_group(self, dedent=0, close=""):
        self.indentation -= dedent
        group = self._open.pop()
        if not group.waiting:
            self._forget(group)
        if close:
            self.text(close)

    @contextmanager
    def group(self, indent=0, open="", close=""):
        self.begin_group(indent, open)
        try:
            yield
        finally:
            self.end_group(indent, close)

    @contextmanager
    def indent(self, indent):
        self.indentation += indent
        try:
            yield
        finally:
            self.indentation -= indent

    def flush(self):
        while self._waiting:
            self._write(self._waiting.popleft())
        self._waiting_width = 0

    def _fit(self):
        while self._column + self._waiting_width > WIDTH:
            group = self._outermost()
            if group is None:
                return
            self._break(group)

    def _outermost(self):
        for groups in self._unbroken:
            for at, group in enumerate(reversed(groups)):
                if group.waiting:
                    # IPython counts from the wrong end here, too.
                    del groups[at]
                    group.broken = True
                    return group
            for group in groups:
                group.broken = True
            del groups[:]
        return None

    def _break(self, group):
        while group.waiting:
            self._next()
        while self._waiting and isinstance(self._waiting[0], str):
            self._next()

    def _next(self):
        piece = self._waiting.popleft()
        self._waiting_width -= len(piece if isinstance(piece, str) else piece[2])
        self._write(piece)

    def _write(self, piece):
        if isinstance(piece, str):
            self.out.append(piece)
            self._column += len(piece)
            return
        group, indentation, sep = piece
        group.waiting -= 1
        if group.broken:
            self.out.append("\n" + " " * indentation)
            self._column = indentation
            return
        if not group.waiting:
            self._forget(group)
        self.out.append(sep)
        self._column += len(sep)

    def _new_line(self):
        self.flush()
        self.out.append("\n" + " " * self.indentation)
        self._column = self.indentation

    def _forget(self, group):
        groups = self._unbroken[group.depth]
        if group in groups:
            groups.remove(group)


class _Printer(_Layout):
    verbose = False
    max_width = WIDTH
    max_seq_length = _LONGEST

    def __init__(self):
        super().__init__()
        self.stack = []

    def pretty(self, value):
        cycle = id(value) in self.stack
        self.stack.append(id(value))
        self.begin_group()
        try:
            self._way(value)(value, self, cycle)
        finally:
            self.end_group()
            self.stack.pop()

    def _way(self, value):
        if any(value is each for each in (None, True, False, Ellipsis, NotImplemented)):
            return _by_repr
        for kind in (_attribute(value, "__class__") or type(value)).__mro__:
            way = _WAYS.get(kind) or _NAMED.get(
                (_attribute(kind, "__module__"), _attribute(kind, "__name__"))
            )
            if way is not None:
                return way
            own = vars(kind)
            if "_repr_pretty_" in own and callable(kind._repr_pretty_):
                return kind._repr_pretty_
            if kind is not object and "__repr__" in own and callable(_attribute(kind, "__repr__")):
                return _by_repr
        return _by_address

    def each(self, items):
        """Goes through the items of a container, with commas between; after the longest, dots."""
        for at, item in enumerate(items):
            if at:
                self.text(",")
                self.breakable()
            if at >= _LONGEST:
                self.text("...")
                return
            yield item

    def call(self, name, *arguments, **named):
        """``name(argument, name=argument)``."""
        with self.group(len(name) + 1, name + "(", ")"):
            for key, value in self.each([(None, each) for each in arguments] + list(named.items())):
                if key is None:
                    self._argument(value)
                else:
                    with self.group(len(key) + 1, key + "="):
                        self._argument(value)

    def _argument(self, value):
        if isinstance(value, _Bare):
            # As IPython has it, in a group of its own.
            with self.group():
                self.text(value.text)
        else:
            self.pretty(value)


class _Bare:
    """A text that stands as it is."""

    def __init__(self, text):
        self.text = text


def _attribute(value, name):
    try:
        return getattr(value, name, None)
    except Exception:
        return None


def _by_repr(value, p, cycle):
    with p.group():
        for at, line in enumerate(repr(value).splitlines()):
            if at:
                p.break_()
            p.text(line)


def _by_address(value, p, cycle):
    kind = _attribute(value, "__class__") or type(value)
    if _attribute(kind, "__repr__") is not object.__repr__:
        _by_repr(value, p, cycle)
        return
    with p.group(1, "<", ">"):
        p.pretty(kind)
        p.text(" at 0x%x" % id(value))
        if cycle:
            p.text(" ...")


def _sequence(start, end):
    def way(value, p, cycle):
        if cycle:
            p.text(start + "..." + end)
            return
        with p.group(len(start), start, ""):
            for item in p.each(value):
                p.pretty(item)
            if len(value) == 1 and isinstance(value, tuple):
                p.text(",")
        p.text(end)

    return way


def _set(start, end):
    def way(value, p, cycle):
        if cycle:
            p.text(start + "..." + end)
        elif not value:
            p.text(type(value).__name__ + "()")
        else:
            items = value if len(value) >= _LONGEST else _in_order(value)
            with p.group(len(start), start, end):
                for item in p.each(items):
                    p.pretty(item)

    return way


def _in_order(items):
    items = list(items)
    for key in (None, str):
        try:
            return sorted(items, key=key)
        except Exception:
            continue
    return items


def _mapping(start, end):
    def way(value, p, cycle):
        if cycle:
            p.text("{...}")
            return
        with p.group(len(start), start, end):
            for key in p.each(value.keys()):
                p.pretty(key)
                p.text(": ")
                p.pretty(value[key])

    return way


def _pattern(value, p, cycle):
    text = repr(value.pattern).replace("\\\\", "\\")
    flags = ["IGNORECASE", "LOCALE", "MULTILINE", "DOTALL", "UNICODE", "VERBOSE", "DEBUG"]
    names = "|".join("re." + flag for flag in flags if value.flags & getattr(re, flag))
    p.call("re.compile", _Bare("r" + text), *([_Bare(names)] if value.flags else []))


def _namespace(value, p, cycle):
    if cycle:
        p.call("namespace", _Bare("..."))
    else:
        p.call("namespace", **vars(value))


def _type(value, p, cycle):
    if next(each for each in type(value).__mro__ if "__repr__" in vars(each)) is not type:
        _by_repr(value, p, cycle)
        return
    module = _attribute(value, "__module__")
    name = _attribute(value, "__qualname__")
    if not isinstance(name, str):
        name = value.__name__
    p.text(name if module in (None, "builtins", "exceptions") else f"{module}.{name}")


def _function(value, p, cycle):
    name = _attribute(value, "__qualname__") or value.__name__
    if value.__module__ and value.__module__ not in ("builtins", "exceptions"):
        name = f"{value.__module__}.{name}"
    with suppress(ValueError):
        name += str(inspect.signature(value))
    p.text(f"<function {name}>")


def _exception(value, p, cycle):
    kind = value.__class__
    name = kind.__qualname__
    p.call(
        name if kind.__module__ in ("exceptions", "builtins") else f"{kind.__module__}.{name}", *value.args
    )


def _call_of(arguments):
    """Printed as a call of its class with what ``arguments`` gives for it."""

    def way(value, p, cycle):
        name = value.__class__.__name__
        if cycle:
            p.call(name, _Bare("..."))
        else:
            positional, named = arguments(value)
            p.call(name, *positional, **named)

    return way


_WAYS = {
    int: _by_repr,
    float: _by_repr,
    str: _by_repr,
    bytes: _by_repr,
    range: _by_repr,
    slice: _by_repr,
    tuple: _sequence("(", ")"),
    list: _sequence("[", "]"),
    dict: _mapping("{", "}"),
    type(os.environ): _mapping("environ{", "}"),
    types.MappingProxyType: _mapping("mappingproxy({", "})"),
    set: _set("{", "}"),
    frozenset: _set("frozenset({", "})"),
    re.Pattern: _pattern,
    type: _type,
    types.FunctionType: _function,
    types.BuiltinFunctionType: _function,
    types.MethodType: _by_repr,
    types.SimpleNamespace: _namespace,
    BaseException: _exception,
}

#: By module and name, since few notebooks import them.
_NAMED = {
    ("datetime", "datetime"): _by_repr,
    ("datetime", "timedelta"): _by_repr,
    ("collections", "defaultdict"): _call_of(lambda value: ([value.default_factory, dict(value)], {})),
    ("collections", "OrderedDict"): _call_of(lambda value: ([list(value.items())] if value else [], {})),
    ("collections", "Counter"): _call_of(lambda value: ([dict(value.most_common())] if value else [], {})),
    ("collections", "UserList"): _call_of(lambda value: ([value.data], {})),
    ("collections", "deque"): _call_of(
        lambda value: ([list(value)], {} if value.maxlen is None else {"maxlen": value.maxlen})
    ),
}
