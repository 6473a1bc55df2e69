import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CellAnalyser } from '../analyser';
import { loadParser } from '../parser';

const PYTHON = process.env.NOTEPOD_TEST_PYTHON ?? join(__dirname, '../../../.venv/bin/python');

let lineOf: (source: string) => number | undefined;
beforeAll(async () => {
  const analyser = new CellAnalyser(await loadParser());
  lineOf = source => analyser.analyse(source).syntaxError?.span?.line;
});

function compiled(sources: readonly string[]): readonly ([string, number] | null)[] {
  const { stdout, stderr, status } = spawnSync(PYTHON, [join(__dirname, 'compiled.py')], {
    input: JSON.stringify(sources),
    encoding: 'utf-8'
  });
  if (status !== 0) {
    throw new Error(`Python failed: ${stderr}`);
  }
  return JSON.parse(stdout) as ([string, number] | null)[];
}

/** Code that CPython refuses, most of which the parser takes; each has its mistake in the line that CPython names. */
const INVALID: readonly string[] = [
  // Half-typed lines.
  'x =\ny = 2',
  'x = 1\ny +=\nz = 3',
  'x = 1 +\n2',
  'x = a and\nb',
  'x.\ny',
  'x = = 1',
  'f(a,\nb = 2',
  'x = [1, 2\ny = 3',
  "x = 'abc\ny = 1",
  'x = 5 \\',
  'x = 1 y = 2',
  // Python 2.
  'print "a"',
  'exec "x" in d',
  'x = `a`',
  'x = 0777',
  'x = 0xFFl',
  'x = 10L',
  'x <> y',
  'raise E, "m"',
  'f = lambda (a, b): a',
  'def f(a, (b, c)): pass',
  'try:\n    pass\nexcept E, e:\n    pass',
  'x = ur"a"',
  // Indentation.
  'if x:\npass',
  'x = 1\nif True:\n',
  'def f():\n# only a comment\n',
  'for x in y:\n    a\nelse:\nb',
  'x = 1\n  y = 2',
  'if x:\n    a\n      b',
  'if x:\n    a\n  b',
  'if x:\n\ta\n        b',
  'try:\n    x',
  'match x:\n    case 1:\n    pass',
  // Targets.
  'f() = 1',
  'x = y += 1',
  'y := 1',
  'x = y := 1',
  'a + 1 = 2',
  'None = 1',
  'x = None = 1',
  '1 = x',
  'f(x) += 1',
  'a, b += 1',
  '(a, b): int',
  '[a]: int = 1',
  'x: int = y = 1',
  '*a = b',
  'x = *a',
  '*a, *b = c',
  '(*a)',
  'return *a',
  'del f()',
  'del a + b',
  'del *a',
  'for f() in x: pass',
  'for x in *a: pass',
  'with a as f(): pass',
  'with a as None: pass',
  '[x for f() in y]',
  'import a.b as c.d',
  '__debug__ = 1',
  'try:\n    pass\nexcept E as a.b:\n    pass',
  // Words and literals.
  'await = 1',
  'async = 1',
  'x.None',
  'def None(): pass',
  'class True: pass',
  'f(True=1)',
  'x = 1_',
  'x = 1__0',
  'x = 0b2',
  'x = "\\x1"',
  'x = "\\u12"',
  'x = "\\N"',
  'x = b"é"',
  'x = b"a" "b"',
  'x = f"{}"',
  'x = f"{a!g}"',
  'x = f"{*a}"',
  'x = f"{lambda x: 1}"',
  'x\u00a0= 1',
  '\ufeffx = 1',
  'x = “a”',
  'x = a $ b',
  // Calls and parameters.
  'f(a=1, b)',
  'f(a=1, a=2)',
  'f(**a, *b)',
  'f(**a, b)',
  'f(x for x in y, 1)',
  'f(a=b:=1)',
  'class C(a=1, b): pass',
  'def f(a, a): pass',
  'lambda a, a: 1',
  'def f(a=1, b): pass',
  'def f(*, **k): pass',
  'def f(*): pass',
  'def f(*a, *b): pass',
  'def f(**k, a): pass',
  'def f(a, /, b, /): pass',
  'def f(/, a): pass',
  'def f(*a, /): pass',
  // Places.
  'return 1',
  'class C:\n    return 1',
  'yield 1',
  'x = [(yield a) for a in b]',
  'def f():\n    return [(yield a) for a in b]',
  'break',
  'if x:\n    continue',
  'for x in y:\n    pass\nelse:\n    break',
  'for x in y:\n    def f():\n        break',
  'def f():\n    await x',
  'f = lambda: await x',
  'def f():\n    async for x in y: pass',
  'def f():\n    async with x: pass',
  'def f():\n    return [x async for x in y]',
  'async def f():\n    yield from x',
  'async def f():\n    yield\n    return 1',
  'def f():\n    from m import *',
  'from m import a,',
  'from __future__ import nothing',
  'try:\n    pass\nexcept:\n    pass\nexcept E:\n    pass',
  // Declarations.
  'nonlocal x',
  'def f(x):\n    global x',
  'def f():\n    x = 1\n    global x',
  'def f():\n    print(x)\n    global x',
  'def f():\n    nonlocal x',
  'def f():\n    x = 1\n    def g():\n        print(x)\n        nonlocal x',
  'def f():\n    global x\n    nonlocal x',
  // Walruses in comprehensions.
  '[i := 0 for i in x]',
  '[i for i in (j := x)]',
  'class C:\n    [(a := i) for i in x]',
  // Patterns.
  'match x:\n    case a | b: pass',
  'match x:\n    case a, a: pass',
  'match x:\n    case _: pass\n    case 1: pass',
  'match x:\n    case *a, *b: pass',
  'match x:\n    case C(a=1, b): pass',
  'match x:\n    case {**r, "k": v}: pass'
];

/** Code that CPython takes, near to what it refuses. */
const VALID: readonly string[] = [
  'a, *(b, c) = x',
  'x = 1\ry = 2',
  'print >>f, x',
  'print (a), b',
  'print -1',
  'x = (1 +\n2)',
  'x = 1 + \\\n2',
  'if a:\n    x = (b +\nc)',
  'if a:\n    from m import (\nb, c)',
  'if a:\n    def f(b,\nc): pass',
  'x = [\n# a comment (\n1]',
  'def f(): pass; x = 1\n',
  'if x: a; b\nelse: c',
  'if x:\n    a\n\n    # c\n  # d\n    b',
  'class C:\n    """a\nb\n"""\n    x = 1',
  'x = """\n  a\n"""; y = 1',
  'type(x).y = 1',
  'type(x)[y].z: int = 1',
  'match [a, b]:\n    case 1: pass',
  'match = 1\nmatch[a] = 2\ncase = type = _ = 3',
  '(x): int = 1',
  '(x) += 1',
  'a[b:=1]',
  'f(a := 1, *b, c=1, **d, e=2)',
  'f(*a, b, *c)',
  'f((x for x in y), 1)',
  'class C(a, *b, metaclass=c, **d): pass',
  'def f(a, b=1, /, c=2, *d, e, g=3, **h): pass',
  'def f(*, a): pass',
  'lambda *a, b=1, **c: (yield)',
  'x = *a, b',
  'for x in *a, b: pass',
  'def f():\n    return *a, b',
  'a, (b, *c), *d = x',
  '[a, *b] = (*c,)\n',
  'del (a), [b, c], (d.e, f[0])',
  'x = 1_000 + 0xF_F + 0o17 + 0b1 + 00 + 1e1_0 + 012j + .5 + 5. + 1E5j',
  'x = rb"\\x" + r"\\u" + b"\\u" + "\\d" + "\\N{BULLET}" + f"\\N{BULLET}{x!r:>{y}}"',
  'x = f"{(lambda: 1)()}" "a" f"{x=}" f"{{}}"',
  'x = "\u00a0"  # \u00a0',
  'await x\nasync for a in b: pass\n[c async for c in d]',
  'x = [await a for a in b]',
  'async def f():\n    return [await a async for a in b]\n    await c',
  'def f():\n    return (await a async for a in b)',
  'async def f():\n    yield 1\n    return',
  'for x in y:\n    for z in w:\n        pass\n    else:\n        break',
  'while x:\n    try:\n        continue\n    finally:\n        pass',
  'def f():\n    global x\n    x = 1\n    def g():\n        nonlocal y\n        y = x\n    y = 1',
  'def f():\n    class C:\n        nonlocal x\n        x = 1\n    x = 2',
  'def f(a):\n    def g(): global a',
  'x = [(y := a) for a in b]',
  'x = [a for a in b if (y := a)]',
  'def f(a: (lambda: (yield))): pass',
  'match x:\n    case [a] | (1, a): pass\n    case {"k": v, **r}: pass\n    case C(b, c=d): pass\n    case 1 | _ if e: pass\n    case _: pass',
  'match x, y:\n    case a, *_: pass\n    case [*_, b]: pass',
  'try:\n    pass\nexcept (A, B) as e:\n    pass\nelse:\n    pass\nfinally:\n    pass',
  'try: pass\nfinally: pass',
  'from m import (a, b,)',
  'from . import a; from .. import b',
  '@d\n\n@e\ndef f(): pass',
  'with (a as b, c as d,): pass',
  'with (yield_ if a else b) as c, (d): pass',
  'if 1:\n\tx = 1\n\tif 2:\n\t\ty = 2\nz = 3',
  'x = 5; \\\ny = 6',
  'pass;',
  '# \\',
  '\\\nx = 1'
];

/** Valid in newer versions of Python only, or in older ones. */
const SOMEWHERE_VALID: readonly string[] = [
  'class C[T = int, *Ts = (1, 2)](B[T]): pass',
  'def f[T: int = str](x): pass',
  'type A[T = list[int]] = dict[T, int]',
  'lazy import m',
  'x = 1\nlazy from m import a as b',
  'x = {**d for d in ds}',
  'x = [*y for y in z]',
  'try:\n    pass\nexcept A, B:\n    pass',
  'x = t"{a}"',
  'x = f"{y["k"]}"',
  'x = f"{\ny\n}"',
  'try:\n    pass\nexcept* E:\n    pass',
  'def f(x: a[1:], y: a[:, 2]) -> a[:]: pass',
  'a[*b] = c[*d]'
];

describe('what CPython refuses', () => {
  let theirs: readonly ([string, number] | null)[];
  beforeAll(() => {
    theirs = compiled(INVALID);
  });

  test.each(INVALID.map((source, index) => [source, index] as const))('%j', (source, index) => {
    expect(theirs[index]).not.toBeNull();
    const [message, line] = theirs[index] ?? ['', 0];
    // A missing block is told where its head is, which CPython names too.
    const head = /on line (\d+)$/.exec(message)?.[1];
    const isMissing = /expected 'except' or 'finally' block/.test(message);
    expect([line, Number(head), isMissing ? 1 : line]).toContain(lineOf(source));
  });
});

test('what CPython takes is taken', () => {
  expect(compiled(VALID).flatMap((error, index) => (error ? [[VALID[index], error]] : []))).toEqual(
    []
  );
  expect(VALID.filter(source => lineOf(source) !== undefined)).toEqual([]);
});

test('what some version takes is taken', () => {
  expect(SOMEWHERE_VALID.filter(source => lineOf(source) !== undefined)).toEqual([]);
});

test('the standard library has no mistakes', () => {
  const folder = spawnSync(PYTHON, ['-c', 'import os; print(os.path.dirname(os.__file__))'], {
    encoding: 'utf-8'
  }).stdout.trim();
  const files = readdirSync(folder).filter(name => name.endsWith('.py'));
  expect(files.length).toBeGreaterThan(100);
  const wrong = files
    .slice(-60)
    .filter(name => lineOf(readFileSync(join(folder, name), 'utf-8')) !== undefined);
  expect(wrong).toEqual([]);
});
