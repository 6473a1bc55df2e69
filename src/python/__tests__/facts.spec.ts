import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { CellAnalyser } from '../analyser';
import { loadParser } from '../parser';
import type { CellFacts } from '../types';

let analyse: (source: string) => CellFacts;
beforeAll(async () => {
  const analyser = new CellAnalyser(await loadParser());
  analyse = source => analyser.analyse(source);
});

const binds = (facts: CellFacts) =>
  facts.binds.map(each => (each.certain ? each.name : `${each.name}?`));
const reads = (facts: CellFacts) =>
  facts.reads.map(each =>
    each.guarded ? `(${each.name})` : each.conditional ? `${each.name}?` : each.name
  );

/** Sources with what they bind (`?`: on some paths), read (`?`: on some paths, in brackets: without harm if missing) and change. */
const TABLE: readonly (readonly [
  source: string,
  binds: readonly string[],
  reads: readonly string[],
  changes: readonly string[]
])[] = [
  ['a = b = c', ['a', 'b'], ['c'], []],
  ['a, (b, *c) = d', ['a', 'b', 'c'], ['d'], []],
  ['x: int = y', ['x'], ['(int)', 'y'], []],
  ['x: int', [], ['(int)'], []],
  ['x += y', ['x'], ['y', 'x'], ['x']],
  ['a.b = c', [], ['c', 'a'], ['a']],
  ['a[i].b = c', [], ['c', 'a', 'i'], ['a']],
  ['del x', [], ['x'], []],
  ['for i in r: pass', ['i?'], ['r'], []],
  ['if c:\n    x = 1\nelse:\n    x = 2', ['x?', 'x'], ['c'], []],
  ['if c:\n    x = 1', ['x?'], ['c'], []],
  ['try:\n    x = 1\nexcept E as e:\n    y = 1', ['x?', 'e?', 'y?'], ['E?'], []],
  ['with a as b: pass', ['b'], ['a'], []],
  ['[x for x in xs if x > k]', [], ['xs', 'k?'], []],
  ['(n := m)', ['n'], ['m'], []],
  ['[(last := v) for v in vs]', ['last?'], ['vs'], []],
  ['match p:\n    case (a, b): pass\n    case C.D: pass', ['a?', 'b?'], ['p', 'C?'], []],
  ['f"{x=} {y:{w}} {z:=5}"', [], ['x', 'y', 'w', 'z'], []],
  ['def f(a=d):\n    return a + k', ['f'], ['d'], []],
  ['lambda x: x + k', [], ['(k)'], []],
  ['class C(B):\n    y = k\n    def m(self): return z', ['C'], ['B', 'k'], []],
  ['import os.path, numpy as np', ['os', 'np'], [], []],
  ['from a.b import c as d', ['d'], [], []],
  ['xs.append(1)', [], ['xs'], ['xs']],
  ['xs.count(1)', [], ['xs'], []],
  ['df.dropna(inplace=True)', [], ['df'], ['df']],
  ['df.dropna()', [], ['df'], []],
  ['import random\nrandom.shuffle(xs)', ['random'], ['xs'], ['xs']],
  ['for d in ds:\n    d["x"] = 1', ['d?'], ['ds'], ['d']],
  ['try:\n    y\nexcept NameError:\n    pass', [], ['(y)', 'NameError?'], []],
  ['x = 1\nprint(x)', ['x'], ['print'], []],
  ['type(a).b = c', [], ['c', 'type', 'a'], ['a']],
  ['type(a)[b].c: int = d', [], ['(int)', 'd', 'type', 'a', 'b'], []],
  ['a.__class__.b = c', [], ['c', 'a'], ['a']],
  ['def f[T: B](x: T = T) -> T: pass', ['f'], ['T', '(B)'], []],
  ['class C[T: B](D[T]): pass', ['C'], ['(B)', 'D'], []],
  ['type A[T: B] = list[T]', ['A'], ['(B)', '(list)'], []],
  ['from __future__ import division', ['division'], [], []],
  ['exec("x = y")', ['x'], ['exec', 'y'], []],
  ['if c: exec("x = 1")', ['x?'], ['c', 'exec?'], []]
];

test.each(TABLE)('%j', (source, expectedBinds, expectedReads, changes) => {
  const facts = analyse(source);
  expect(binds(facts)).toEqual(expectedBinds);
  expect(reads(facts)).toEqual(expectedReads);
  expect([...new Set(facts.changes.map(each => each.name))].sort()).toEqual([...changes].sort());
  expect(facts.syntaxError).toBeUndefined();
});

/** What is run again elsewhere, and what is not. */
const DEFINITIONS: readonly (readonly [source: string, names: readonly string[]])[] = [
  ['import a\nfrom b import c', ['a', 'c']],
  ['def f(x, y=1): return x', ['f']],
  ['def f(x, acc=[]): pass', []],
  ['class C:\n    n = 1\n    def m(self): pass', ['C']],
  ['class C:\n    items = []', []],
  ['class C:\n    n = 0\n    def m(self):\n        C.n += 1', []],
  ['@lru_cache\ndef f(): pass', []],
  ['@staticmethod\ndef f(): pass', ['f']],
  ['N = 10\nM = -1\nT = (1, "a")', ['N', 'M', 'T']],
  ['N = 10\nN = 11', []],
  ['xs = []', []],
  ['x = f()', []],
  ['out = !ls', []]
];

test.each(DEFINITIONS)('definitions of %j: %j', (source, names) => {
  expect(analyse(source).definitions.flatMap(each => each.names)).toEqual(names);
});

/** A cell that only defines is no step: what shows a value, or does anything else, is one. */
test.each([
  ['import a\n\ndef f(): pass', true],
  ['"""Set-up."""\nimport a', true],
  ['import a\n"""Below."""\ndef f(): pass', true],
  ['import a\n"""Shown."""', false],
  ['import a\n"""Not shown.""";', true],
  ['f"{x}"\nimport a', false],
  ['"""Only text."""\n', false],
  ['import a\npass\n...\nN = 1', true],
  ['import a; x = 1', false],
  ['import a\nx', false],
  ['%matplotlib inline\nimport a', false],
  ['# only\n', false]
])('%j only defines: %p', (source, expected) => {
  expect(analyse(source).onlyDefines).toBe(expected);
});

/** A cell that only defines is no step: what shows a value, or does anything else, is one. */
test.each([
  ['import a\n\ndef f(): pass', true],
  ['"""Set-up."""\nimport a', true],
  ['import a\n"""Below."""\ndef f(): pass', true],
  ['import a\n"""Shown."""', false],
  ['import a\n"""Not shown.""";', true],
  ['f"{x}"\nimport a', false],
  ['"""Only text."""\n', false],
  ['import a\npass\n...\nN = 1', true],
  ['import a; x = 1', false],
  ['import a\nx', false],
  ['%matplotlib inline\nimport a', false],
  ['# only\n', false]
])('%j only defines: %p', (source, expected) => {
  expect(analyse(source).onlyDefines).toBe(expected);
});

test.each([
  ['x = = 1', 1],
  ['a = 1\nif True:\nb = 2', 2],
  ['print "a"', 1],
  ['f(a=1, b)', 1],
  ['x =\ny = 2', 1],
  ['return 1', 1]
])('%j has its error in line %d', (source, line) => {
  expect(analyse(source).syntaxError?.span?.line).toBe(line);
});

test('only one of the conformance cells is no Python', () => {
  const cases = ['tagged.json', 'untagged-edges.json'].flatMap(
    name =>
      JSON.parse(readFileSync(join(__dirname, '../../../tests/conformance', name), 'utf-8')) as {
        id: string;
        cells: { source: string }[];
      }[]
  );
  const wrong = cases.filter(each => each.cells.some(cell => analyse(cell.source).syntaxError));
  expect(wrong.map(each => each.id)).toEqual(['57-syntax-error-in-skip-less-cell']);
});

/** Words that half-typed lines are made of. */
const WORDS = fc.constantFrom(
  ...'import from as def class lambda for in if elif else try except with match case del global return yield await async'.split(
    ' '
  ),
  ...'x s C . , ( ) [ ] { } : = := += * ** @ -> | "a" f"{x}" 1 % ! ? ; \\ # %% \n'.split(' '),
  '\n    ',
  '\n'
);

test('the analysis never throws on half-typed lines', () => {
  analyse('import.s');
  fc.assert(
    fc.property(fc.array(WORDS, { maxLength: 12 }), fc.constantFrom('', ' '), (words, between) => {
      analyse(words.join(between));
    }),
    { numRuns: 500 }
  );
});

test('the analysis never throws, whatever is cut out of or put into a cell', () => {
  const source = TABLE.map(([text]) => text).join('\n');
  fc.assert(
    fc.property(fc.nat(source.length), fc.nat(40), fc.string(), (at, cut, put) => {
      analyse(source.slice(0, at) + put + source.slice(at + cut));
    }),
    { numRuns: 60 }
  );
});
