"""Scopes of Python files as CPython sees them, one JSON line a file.

The first line is `[inlines]`: whether comprehensions share the scope of the function around them (since Python 3.12).
Each further line is `{"path", "source", "module": {"bound", "annotated", "free"}, "table"}`, see `scopes.ts`; a table is
`[kind, name, line, [[symbol, bound, place]], [inner tables]]`, where `place` tells whose name a symbol is: the scope's
`own`, that of a function `around`, or `global`.

Files that this Python does not compile are left out. Runs with Python 3.8 and later.
"""

import _symtable
import json
import sys
import tokenize

BOUND = _symtable.DEF_LOCAL | _symtable.DEF_PARAM | _symtable.DEF_IMPORT
# Assigned here, bound in the module or in a function around.
ELSEWHERE = _symtable.DEF_GLOBAL | _symtable.DEF_NONLOCAL
GLOBALS = (_symtable.GLOBAL_EXPLICIT, _symtable.GLOBAL_IMPLICIT)
KINDS = {
    _symtable.TYPE_MODULE: "module",
    _symtable.TYPE_CLASS: "class",
    _symtable.TYPE_FUNCTION: "function",
}
# Names that the compiler makes for itself; others of its own have a dot.
INTERNAL = {"__classdict__", "__conditional_annotations__", "__type_params__"}


def place_of(flags):
    scope = (flags >> _symtable.SCOPE_OFF) & _symtable.SCOPE_MASK
    return "global" if scope in GLOBALS else "around" if scope == _symtable.FREE else "own"


def symbols_of(table):
    for name, flags in table.symbols.items():
        # Without flags of its own a name only passes through, from a scope inside to one around.
        has_flags = flags & ~(_symtable.SCOPE_MASK << _symtable.SCOPE_OFF)
        if has_flags and "." not in name and name not in INTERNAL:
            yield name, flags


def described(table):
    symbols = [
        [name, bool(flags & BOUND) and not flags & ELSEWHERE, place_of(flags)]
        for name, flags in symbols_of(table)
    ]
    children = [described(each) for each in table.children]
    return [KINDS.get(table.type, "type"), table.name, table.lineno, symbols, children]


def tables_in(table):
    yield table
    for each in table.children:
        yield from tables_in(each)


def module_names(top):
    bound, annotated, read = set(), set(), set()
    for table in tables_in(top):
        for name, flags in symbols_of(table):
            is_global = table is top or place_of(flags) == "global"
            if is_global and flags & BOUND:
                bound.add(name)
                if flags & _symtable.DEF_ANNOT:
                    annotated.add(name)
            if is_global and flags & _symtable.USE:
                read.add(name)
    return {"bound": sorted(bound), "annotated": sorted(annotated), "free": sorted(read - bound)}


print(json.dumps([sys.version_info >= (3, 12)]))
for path in sys.stdin.read().splitlines():
    try:
        with tokenize.open(path) as file:
            source = file.read()
        top = _symtable.symtable(source, path, "exec")
        module = module_names(top)
        line = json.dumps({"path": path, "source": source, "module": module, "table": described(top)})
    except (SyntaxError, UnicodeDecodeError, ValueError, RecursionError, MemoryError):
        continue
    print(line, flush=True)
