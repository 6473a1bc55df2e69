import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { loadParser } from '../parser';
import { TreeParser } from '../tree';
import { agreement, scopesOf, type Table } from './scopes';

const PYTHON = process.env.NOTEPOD_TEST_PYTHON ?? join(__dirname, '../../../.venv/bin/python');

/** How many files of the standard library are compared; `bench/` does all. */
const FILES = 150;

let trees: TreeParser;
beforeAll(async () => {
  trees = new TreeParser(await loadParser());
});

/** Runs CPython's `symtable` over files; whether comprehensions are inlined, and the files that it takes with their scopes. */
function symtables(files: readonly string[]): {
  readonly inlines: boolean;
  readonly tables: readonly (readonly [source: string, table: Table])[];
} {
  const { stdout, stderr, status } = spawnSync(PYTHON, [join(__dirname, 'symtables.py')], {
    input: files.join('\n'),
    encoding: 'utf-8',
    maxBuffer: 2 ** 28
  });
  if (status !== 0) {
    throw new Error(`no symbol tables: ${stderr}`);
  }
  const [keeps, ...tables] = stdout.trim().split('\n');
  return {
    inlines: keeps === 'false',
    tables: tables.map(line => JSON.parse(line) as readonly [string, Table])
  };
}

test('the scopes of the standard library are those of CPython', () => {
  const folder = spawnSync(PYTHON, ['-c', 'import os; print(os.path.dirname(os.__file__))'], {
    encoding: 'utf-8'
  }).stdout.trim();
  const modules = readdirSync(folder).filter(name => name.endsWith('.py'));
  const { inlines, tables } = symtables(modules.slice(0, FILES).map(name => join(folder, name)));
  expect(tables.length).toBeGreaterThan(FILES - 10);
  let symbols = 0;
  const differences: string[] = [];
  for (const [source, table] of tables) {
    const found = agreement(table, scopesOf(trees.parse(source), inlines));
    symbols += found.symbols;
    differences.push(...found.differences);
  }
  expect(symbols).toBeGreaterThan(10_000);
  expect(differences.slice(0, Math.ceil(symbols / 1000))).toEqual(differences);
});
