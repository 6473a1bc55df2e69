"""Scopes of Python files as CPython sees them, one JSON line a file with its source and its module's scope:
 [kind, name, line, [[symbol, bound, global]], [child scopes]].

The first line says whether comprehensions are scopes of the functions around them (true before Python 3.12).
"""

import _symtable
import json
import sys

BOUND = _symtable.DEF_LOCAL | _symtable.DEF_PARAM | _symtable.DEF_IMPORT
# Assigned here, bound in the module or in a function around.
ELSEWHERE = _symtable.DEF_GLOBAL | _symtable.DEF_NONLOCAL
KINDS = {_symtable.TYPE_MODULE: "module", _symtable.TYPE_CLASS: "class"}
GLOBALS = (_symtable.GLOBAL_EXPLICIT, _symtable.GLOBAL_IMPLICIT)


def scope_of(flags):
    return (flags >> _symtable.SCOPE_OFF) & _symtable.SCOPE_MASK


def described(table):
    symbols = [
        [name, bool(flags & BOUND) and not flags & ELSEWHERE, scope_of(flags) in GLOBALS]
        for name, flags in table.symbols.items()
        # Names of the implementation have dots.
        if "." not in name and flags & ~(_symtable.SCOPE_MASK << _symtable.SCOPE_OFF)
    ]
    kind = KINDS.get(table.type, "function")
    return [kind, table.name, table.lineno, symbols, [described(each) for each in table.children]]


print(json.dumps(sys.version_info < (3, 12)))
for path in sys.stdin.read().splitlines():
    try:
        with open(path, encoding="utf-8") as file:
            source = file.read()
        print(json.dumps([source, described(_symtable.symtable(source, path, "exec"))]), flush=True)
    except (SyntaxError, UnicodeDecodeError, ValueError):
        pass
