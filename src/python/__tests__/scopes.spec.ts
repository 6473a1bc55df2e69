import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CellAnalyser } from '../analyser';
import { loadParser } from '../parser';
import { TreeParser } from '../tree';
import { agreement, moduleAgreement, scopesOf, type Described } from './scopes';

const PYTHON = process.env.NOTEPOD_TEST_PYTHON ?? join(__dirname, '../../../.venv/bin/python');

/** How many files of the standard library are compared; `bench/scopes.mjs` does all, of all versions: docs/scopes.md. */
const FILES = 100;

let trees: TreeParser;
let analyser: CellAnalyser;
beforeAll(async () => {
  const parser = await loadParser();
  trees = new TreeParser(parser);
  // What star imports bind is in no symbol table.
  analyser = new CellAnalyser(parser, new Map());
});

/** Runs CPython's `symtable` over files; whether comprehensions are inlined, and the files that it takes with their scopes. */
function symtables(files: readonly string[]): {
  readonly inlines: boolean;
  readonly described: readonly Described[];
} {
  const { stdout, stderr, status } = spawnSync(PYTHON, [join(__dirname, 'symtables.py')], {
    input: files.join('\n'),
    encoding: 'utf-8',
    maxBuffer: 2 ** 28
  });
  if (status !== 0) {
    throw new Error(`no symbol tables: ${stderr}`);
  }
  const [first, ...lines] = stdout.trim().split('\n');
  const [inlines] = JSON.parse(first) as [boolean];
  return { inlines, described: lines.map(line => JSON.parse(line) as Described) };
}

test('the scopes of the standard library are those of CPython', () => {
  const folder = spawnSync(PYTHON, ['-c', 'import os; print(os.path.dirname(os.__file__))'], {
    encoding: 'utf-8'
  }).stdout.trim();
  const modules = readdirSync(folder).filter(name => name.endsWith('.py'));
  const files = modules.slice(0, FILES).map(name => join(folder, name));
  const { inlines, described } = symtables(files);
  expect(described.length).toBeGreaterThan(FILES - 10);
  let symbols = 0;
  const differences: string[] = [];
  for (const { source, module, table } of described) {
    const ours = scopesOf(trees.parse(source), inlines);
    for (const found of [
      agreement(table, ours),
      moduleAgreement(module, analyser.analyse(source), ours)
    ]) {
      symbols += found.symbols;
      differences.push(...found.differences);
    }
  }
  expect(symbols).toBeGreaterThan(10_000);
  expect(differences.slice(0, Math.ceil(symbols / 1000))).toEqual(differences);
});
