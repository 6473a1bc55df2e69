"""Run All, told by Python alone: no part of Notepod is in here.

Reads one JSON line per notebook from standard input, ``{"id", "folder", "cells": [{"source", "mayRaise"}]}``, runs the cells from
top to bottom in a process of their own (forked, so that neither names nor state of the process pass from one notebook to
the next), and answers with one line, ``{"id", "cells": [{"printed", "shown", "error"}]}``, up to the cell that stopped it.
"""

import ast
import io
import json
import os
import re
import sys
import types

try:
    # What a notebook shows for a value is IPython's text, which is not always its repr.
    from IPython.lib.pretty import pretty
except ImportError:
    pretty = repr

_LIBRARIES = re.compile(r"^\s*(?:import|from) (numpy|pandas|sklearn)\b", re.MULTILINE)


def run_cell(source, namespace):
    """``(shown value, error)``; what is printed goes where standard output goes."""
    try:
        tree = ast.parse(source, "<cell>")
        last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "<cell>", "exec", dont_inherit=True), namespace)
        value = (
            eval(compile(ast.Expression(last.value), "<cell>", "eval", dont_inherit=True), namespace)
            if last
            else None
        )
        return None if value is None else pretty(value), None
    except BaseException as error:
        return None, f"{type(error).__name__}: {error}"


def run_notebook(cells):
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    results = []
    # One stream for all cells, as a kernel has it: a log handler of the first cell goes on printing.
    stdout = sys.stdout = io.StringIO()
    for cell in cells:
        stdout.seek(0)
        stdout.truncate()
        shown, error = run_cell(cell["source"], vars(main))
        results.append({"printed": stdout.getvalue(), "shown": shown, "error": error})
        if error is not None and not cell["mayRaise"]:
            break
    return results


def main():
    out = os.dup(1)
    for line in sys.stdin:
        request = json.loads(line)
        for cell in request["cells"]:
            for library in _LIBRARIES.findall(cell["source"]):
                # Imported once here, not in every child: a child may do with it what it likes.
                __import__(library)
        child = os.fork()
        if child == 0:
            os.chdir(request["folder"])
            answer = {"id": request["id"], "cells": run_notebook(request["cells"])}
            os.write(out, (json.dumps(answer) + "\n").encode())
            os._exit(0)
        os.waitpid(child, 0)


if __name__ == "__main__":
    sys.path[0] = ""
    main()
