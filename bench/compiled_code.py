"""What CPython's compiler says of much code, one JSON line each: `{"source", "error", "line"}`.

    PYTHON compiled_code.py library         every file of the standard library, its tests included
    PYTHON compiled_code.py tests [TEST...]  the strings that CPython's tests about syntax hand to its compiler

Each is compiled as IPython compiles a cell, where `await` may stand at the top: `error` is null if that succeeds, else
the message, and `line` its line.
"""

import ast
import contextlib
import importlib
import io
import json
import os
import sys
import tokenize
import unittest
import warnings

TESTS = """
test_syntax test_grammar test_exceptions test_fstring test_generators test_patma test_named_expressions test_eof
test_positional_only_arg test_unpack test_unpack_ex test_global test_scope test_with test_future test_codeop test_compile
test_string_literals test_unparse test_type_comments test_except_star test_dictcomps test_listcomps test_genexps
test_setcomps test_coroutines test_asyncgen test_decorators test_keywordonlyarg test_extcall test_augassign test_class
test_tokenize test_symtable test_source_encoding test_peepholer test_type_params test_type_aliases test_ast test_bytes
test_flufl test_raise test_super test_traceback test_pep646_syntax test_funcattrs test_int_literal test_complex
test_float test_dict test_lambda test_print test_builtin test_inspect test_doctest test_difflib test_parser
""".split()  # noqa: SIM905

found = {}


def watch(event, args):
    if event == "compile" and isinstance(args[0], (str, bytes)):
        source = args[0]
        if isinstance(source, bytes):
            try:
                source = source.decode("utf-8")
            except UnicodeDecodeError:
                return
        if 0 < len(source) < 20_000:
            found.setdefault(source)


def run(name):
    # A name may be missing in this version.
    with contextlib.suppress(ImportError, unittest.SkipTest):
        module = importlib.import_module(f"test.{name}")
        suite = unittest.defaultTestLoader.loadTestsFromModule(module)
        unittest.TextTestRunner(stream=io.StringIO(), verbosity=0).run(suite)


def library():
    top = os.path.dirname(os.__file__)
    for folder, folders, files in os.walk(top):
        folders[:] = sorted(each for each in folders if each != "site-packages")
        for name in sorted(files):
            if name.endswith(".py"):
                # Some hold what no file may hold.
                with contextlib.suppress(SyntaxError, UnicodeDecodeError, OSError):
                    yield text_of(os.path.join(folder, name))


def text_of(path):
    with tokenize.open(path) as file:
        return file.read()


def compiled(source):
    try:
        compile(source, "<cell>", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        return error.msg, error.lineno
    except (ValueError, OverflowError, RecursionError, MemoryError, UnicodeError) as error:
        return str(error), None
    return None, None


out = os.fdopen(os.dup(1), "w", encoding="utf-8")
sys.stdout = sys.stderr = io.StringIO()
warnings.simplefilter("ignore")
if sys.argv[1] == "library":
    sources = library()
else:
    sys.addaudithook(watch)
    for each in sys.argv[2:] or TESTS:
        run(each)
    sources = list(found)
for source in sources:
    error, line = compiled(source)
    # Lone surrogates are no text.
    with contextlib.suppress(UnicodeEncodeError):
        out.write(json.dumps({"source": source, "error": error, "line": line}) + "\n")
out.flush()
# Tests leave threads behind.
os._exit(0)
