"""What CPython's compiler says of sources: reads a JSON list of them, writes one of `null` (it takes it) or `[message, line]`.

Compiled as IPython compiles a cell, where `await` may stand at the top.
"""

import ast
import json
import sys
import warnings


def compiled(source):
    try:
        compile(source, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        return [error.msg, error.lineno]
    return None


warnings.simplefilter("ignore")
json.dump([compiled(each) for each in json.load(sys.stdin)], sys.stdout)
