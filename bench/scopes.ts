import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  agreement,
  moduleAgreement,
  scopesOf,
  type Described
} from '../src/python/__tests__/scopes';
import { CellAnalyser } from '../src/python/analyser';
import { loadParser } from '../src/python/parser';
import { TreeParser } from '../src/python/tree';

/** Files that one run of Python describes: bounds the memory for their tables. */
const AT_ONCE = 100;

/** Symbols that must agree, as a share of all. */
const TARGET = 0.999;

/** @returns the exit code */
export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { show: { type: 'string', default: '20' } }
  });
  const pythons = positionals.length > 0 ? positionals : [join(root, '.venv/bin/python')];
  const parser = await loadParser();
  const trees = new TreeParser(parser);
  const script = join(root, 'src/python/__tests__/symtables.py');
  const shares = pythons.map(python =>
    compare(python, script, trees, new CellAnalyser(parser, new Map()), Number(values.show))
  );
  return shares.every(share => share >= TARGET) ? 0 : 1;
}

/** Compares all files of a Python's standard library and prints what was found. @returns the share of symbols that agree */
function compare(
  python: string,
  script: string,
  trees: TreeParser,
  analyser: CellAnalyser,
  show: number
): number {
  const [version, folder] = output(python, [
    '-c',
    'import os, platform; print(platform.python_version()); print(os.path.dirname(os.__file__))'
  ]).split('\n');
  const files = pythonFiles(folder);
  const counts = { files: 0, unparsed: 0, symbols: 0, names: 0 };
  const differences: string[] = [];
  for (let at = 0; at < files.length; at += AT_ONCE) {
    const some = files.slice(at, at + AT_ONCE);
    const [first, ...lines] = output(python, [script], some.join('\n')).trim().split('\n');
    const [inlines] = JSON.parse(first) as [boolean];
    for (const line of lines) {
      const { path, source, module: names, table } = JSON.parse(line) as Described;
      const tree = trees.parse(source);
      const ours = scopesOf(tree, inlines);
      const scopes = agreement(table, ours);
      const module = moduleAgreement(names, analyser.analyse(source), ours);
      counts.files += 1;
      counts.unparsed += tree.hasError ? 1 : 0;
      counts.symbols += scopes.symbols;
      counts.names += module.symbols;
      differences.push(
        ...[...scopes.differences, ...module.differences].map(
          each => `${path.slice(folder.length + 1)}${each.startsWith('/') ? '' : ': '}${each}`
        )
      );
    }
  }
  const all = counts.symbols + counts.names;
  const share = (all - differences.length) / all;
  console.log(
    `Python ${version}: ${counts.files} of ${files.length} files compile, the parser reports ${counts.unparsed} of them; ` +
      `${counts.symbols} symbols in scopes and ${counts.names} names of modules, ` +
      `${differences.length} differ: ${(100 * share).toFixed(4)} % agree`
  );
  differences.slice(0, show).forEach(each => console.log(`  ${each}`));
  return share;
}

/** All Python files of a standard library, without packages that were installed into it. */
function pythonFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter(each => each.isFile() && each.name.endsWith('.py'))
    .map(each => join(each.parentPath, each.name))
    .filter(path => !/[/\\]site-packages[/\\]/.test(path.slice(folder.length)))
    .sort();
}

function output(python: string, args: readonly string[], input = ''): string {
  const { stdout, stderr, status, error } = spawnSync(python, args, {
    input,
    encoding: 'utf-8',
    maxBuffer: 2 ** 30
  });
  if (error || status !== 0) {
    throw new Error(`${python} failed: ${error?.message ?? stderr}`);
  }
  return stdout;
}
