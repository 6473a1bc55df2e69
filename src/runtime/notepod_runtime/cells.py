"""Runs cells in one namespace, the notebook's ``__main__``, without IPython."""

import __future__

import ast
import builtins
import functools
import linecache
import sys
import types

from . import display

_AWAIT = getattr(ast, "PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000)
_FUTURE = functools.reduce(
    lambda flags, name: flags | getattr(__future__, name).compiler_flag, __future__.all_feature_names, 0
)


def file_name(cell):
    """The name under which a cell's code is known to tracebacks; people count cells from 1."""
    return f"<cell {cell + 1}>"


def remember_source(cell, source):
    """Lets tracebacks and ``inspect`` find the cell's lines."""
    name = file_name(cell)
    linecache.cache[name] = (len(source), None, [line + "\n" for line in source.split("\n")], name)


def new_main():
    """A fresh ``__main__`` as a kernel has it; returns its namespace."""
    main = types.ModuleType("__main__")
    main.__builtins__ = builtins
    sys.modules["__main__"] = main
    return vars(main)


class _NotAtOnce(Exception):
    """The statements of a cell do not compile as one module."""


class PlainShell:
    """Runs cells that need nothing of IPython."""

    def __init__(self, namespace, outputs):
        self._namespace = namespace
        self._outputs = outputs
        self._loop = None
        #: Compiler flags of the `from __future__ import` so far: in a notebook they hold for all later code.
        self.future = 0
        builtins.display = self.display

    def define(self, cell, line, source):
        """Runs a definition again, under its own lines of its own cell."""
        name = file_name(cell)
        known = linecache.cache.get(name)
        lines = list(known[2]) if known else []
        text = source.split("\n")
        lines.extend(["\n"] * (line - 1 + len(text) - len(lines)))
        lines[line - 1 : line - 1 + len(text)] = [each + "\n" for each in text]
        linecache.cache[name] = (sum(map(len, lines)), None, lines, name)
        code = compile("\n" * (line - 1) + source, name, "exec", self.future, dont_inherit=True)
        self.future |= code.co_flags & _FUTURE
        exec(code, self._namespace)

    def run(self, cell, source):
        """Runs a cell and shows the value of its last expression. Raises what the cell raises."""
        remember_source(cell, source)
        name = file_name(cell)
        flags = ast.PyCF_ONLY_AST | _AWAIT | self.future
        tree = compile(source, name, "exec", flags, dont_inherit=True)
        shown = None
        if tree.body and isinstance(tree.body[-1], ast.Expr) and not _silenced(source, tree.body[-1]):
            shown = tree.body.pop()
        try:
            self._execute(self._compile(tree, name))
        except _NotAtOnce:
            # Where a statement does not compile, or only alone (a late `from __future__`), those before it have run.
            for statement in tree.body:
                self._execute(self._compile(ast.Module([statement], []), name, alone=True))
        if shown is not None:
            value = self._execute(self._compile(ast.Expression(shown.value), name, alone=True))
            if value is not None:
                self.show(value)

    def _compile(self, tree, name, alone=False):
        mode = "eval" if isinstance(tree, ast.Expression) else "exec"
        try:
            code = compile(tree, name, mode, _AWAIT | self.future, dont_inherit=True)
        except SyntaxError:
            if alone:
                raise
            raise _NotAtOnce from None
        self.future |= code.co_flags & _FUTURE
        return code

    def _execute(self, code):
        if code.co_flags & 0x80:  # CO_COROUTINE: it awaits at top level
            return self._await(types.FunctionType(code, self._namespace)())
        return eval(code, self._namespace)

    def _await(self, coroutine):
        import asyncio

        if self._loop is None:
            self._loop = asyncio.new_event_loop()
        asyncio.set_event_loop(self._loop)
        return self._loop.run_until_complete(coroutine)

    def show(self, value):
        """Shows a cell's value."""
        custom = getattr(value, "_ipython_display_", None)
        if custom is not None and not isinstance(value, type):
            custom()
            return
        self._outputs.result(*display.bundle(value))

    def display(self, *values, **_):
        """``display(value)``."""
        for value in values:
            self._outputs.display(*display.bundle(value))

    def close(self):
        """Ends the event loop, if a cell needed one."""
        if self._loop is not None:
            self._loop.close()


def _silenced(source, last):
    """True if a semicolon after the last expression hides its value, as in a notebook."""
    import io
    import tokenize

    if ";" not in source:
        return False
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    meaningless = (
        tokenize.COMMENT,
        tokenize.NL,
        tokenize.NEWLINE,
        tokenize.ENDMARKER,
        tokenize.INDENT,
        tokenize.DEDENT,
    )
    final = None
    for token in tokens:
        if token.type not in meaningless:
            final = token
    return final is not None and final.string == ";"


def describe(error, cells):
    """``(name, text, traceback lines, cell, line)`` of an exception: frames of the step program are left out.

    ``cells`` are the notebook indexes of this step's cells; the place is the innermost frame in one of them.
    """
    import traceback

    names = {file_name(index): index for index in cells}
    place = (None, None)
    frames = [each for each in traceback.extract_tb(error.__traceback__) if not _is_ours(each.filename)]
    for frame in frames:
        if frame.filename in names:
            place = (names[frame.filename], frame.lineno)
    if isinstance(error, SyntaxError) and error.filename in names:
        place = (names[error.filename], error.lineno)
    lines = ["Traceback (most recent call last):\n", *traceback.format_list(frames)] if frames else []
    lines += traceback.format_exception_only(type(error), error)
    return type(error).__name__, str(error), "".join(lines).rstrip("\n").split("\n"), *place


def _is_ours(name):
    return "notepod_runtime" in name or name.endswith("notepod_step.py")
