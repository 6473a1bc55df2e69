"""What IPython makes of cells, beside what we make of them.

Reads a JSON list of `[cell, python]` pairs, where `python` is our rewriting with `0` for every magic. For each it writes
`{"magics": [[kind, text]], "valid", "agrees"}`: the magics that IPython finds, `time` and its kin looked into; whether
its rewriting is Python; and whether ours is the same Python (or, if IPython's is none, none either).
"""

import ast
import json
import re
import sys
import textwrap

from IPython.core import inputtransformer2
from IPython.core.interactiveshell import InteractiveShell

# The text behind them is a cell of its own.
RUNS_CODE = {"time", "timeit", "capture", "prun"}


def autocall(mark, without_name):
    def transform(content):
        if without_name or content.partition(" ")[0]:
            return f"get_ipython().autocall({mark!r}, {content!r})"
        raise SyntaxError("no name to call")

    return transform


for mark in ",;/":
    inputtransformer2.tr[mark] = autocall(mark, without_name=mark != "/")


# Keeps its settings in IPYTHONDIR.
shell = InteractiveShell.instance()


def transformed(cell):
    return shell.transform_cell(cell)


METHODS = {"run_line_magic", "run_cell_magic", "system", "getoutput", "show_usage", "autocall"}


class Magics(ast.NodeTransformer):
    """Takes the magics out of a tree."""

    def __init__(self):
        self.found = []

    def visit_Call(self, node):
        is_magic = (
            isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Call)
            and isinstance(node.func.value.func, ast.Name)
            and node.func.value.func.id == "get_ipython"
            and node.func.attr in METHODS
            and all(isinstance(each, ast.Constant) for each in node.args)
        )
        if not is_magic:
            return self.generic_visit(node)
        self.found += named(node.func.attr, [each.value for each in node.args])
        return ast.Constant(value=0)


def named(method, values):
    if method in ("system", "getoutput"):
        return [["shell", values[0]]]
    if method == "show_usage":
        return [["help", ""]]
    if method == "autocall":
        return [["autocall", values[0] + values[1]]]
    if method == "run_cell_magic":
        name, line, body = values
        return [["cell", f"{name} {line}"]] + (magics_in(body) if name in RUNS_CODE else [])
    name, rest = values
    if name in ("pinfo", "pinfo2", "psearch"):
        return [["help", rest]]
    return [["line", f"{name} {rest}"]] + (magics_in(rest) if name in RUNS_CODE else [])


CALL = re.compile(r"get_ipython\(\)\.(\w+)\(((?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|, )*)\)", re.DOTALL)


def magics_in(cell):
    text = transformed(cell)
    try:
        visitor = Magics()
        visitor.visit(ast.parse(text))
        return visitor.found
    except SyntaxError:
        return [
            magic
            for method, values in CALL.findall(text)
            for magic in named(method, ast.literal_eval(f"({values},)") if values else ())
        ]


def dumped(source):
    try:
        return ast.dump(Magics().visit(ast.parse(source)))
    except (SyntaxError, ValueError):
        return None


def dumped_of_ours(python):
    # Ours keeps its columns; then comments on lines of their own are in the way.
    lines = [line for line in python.split("\n") if line.strip() and line.lstrip()[0] != "#"]
    return dumped(textwrap.dedent(python)) or dumped(textwrap.dedent("\n".join(lines)))


def judged(cell, python):
    theirs = dumped(transformed(cell))
    return {
        "magics": magics_in(cell),
        "valid": theirs is not None,
        "agrees": theirs == dumped_of_ours(python),
    }


json.dump([judged(*each) for each in json.load(sys.stdin)], sys.stdout)
