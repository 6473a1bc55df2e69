import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { loadParser } from '../src/python/parser';
import { syntaxErrorOf } from '../src/python/syntax';
import { TreeParser } from '../src/python/tree';

/** Valid code that we refuse, and why that is let be. */
const KNOWN: readonly (readonly [RegExp, string])[] = [
  [
    /^\nfrom __future__ import annotations\ndef f\(\) -> \(yield/,
    'yield in an annotation, which 3.8 and 3.9 only take where annotations are no code'
  ],
  [/^\[\*\[\*a\]\] = /, 'a starred list in a list as a target']
];

/** @returns the exit code */
export async function main(root: string, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      show: { type: 'string', default: '10' },
      of: { type: 'string', default: 'library,tests' }
    }
  });
  const pythons = positionals.length > 0 ? positionals : [join(root, '.venv/bin/python')];
  const trees = new TreeParser(await loadParser());
  const script = join(root, 'bench/compiled_code.py');
  let isClean = true;
  for (const python of pythons) {
    const [version] = output(python, ['-c', 'import platform; print(platform.python_version())']);
    for (const of of values.of.split(',')) {
      const found = judged(output(python, [script, of]), trees);
      isClean &&= found.refused.length === 0;
      print(`Python ${version}, ${of}`, found, Number(values.show));
    }
  }
  return isClean ? 0 : 1;
}

interface Judged {
  readonly valid: number;
  readonly invalid: number;
  /** Valid code that we refuse, with our words; and the known cases. */
  readonly refused: readonly string[];
  readonly known: readonly string[];
  /** Invalid code that we let through, with CPython's words. */
  readonly missed: readonly string[];
  /** Refused by both, in lines that differ. */
  readonly elsewhere: number;
}

function judged(lines: readonly string[], trees: TreeParser): Judged {
  const counts = { valid: 0, invalid: 0, elsewhere: 0 };
  const refused: string[] = [];
  const known: string[] = [];
  const missed: string[] = [];
  for (const text of lines) {
    const { source, error, line } = JSON.parse(text) as {
      source: string;
      error: string | null;
      line: number | null;
    };
    if (source.includes('\0')) {
      continue;
    }
    const tree = trees.parse(source.replace(/\r(?!\n)/g, '\n'));
    const ours = tree.tooDeep ? undefined : syntaxErrorOf(tree);
    const start = JSON.stringify(source.slice(0, 120));
    if (error === null) {
      counts.valid += 1;
      const why = KNOWN.find(([pattern]) => pattern.test(source))?.[1];
      if (ours && why !== undefined) {
        known.push(why);
      } else if (ours) {
        refused.push(`line ${ours.span?.line ?? 0}: ${ours.message}: ${start}`);
      }
    } else {
      counts.invalid += 1;
      if (!ours) {
        missed.push(`${error}: ${start}`);
      } else if (line !== null && line !== ours.span?.line) {
        counts.elsewhere += 1;
      }
    }
  }
  return { ...counts, refused, known, missed };
}

function print(title: string, found: Judged, show: number): void {
  const { valid, invalid, refused, known, missed, elsewhere } = found;
  const share = invalid === 0 ? 100 : (100 * (invalid - missed.length)) / invalid;
  console.log(
    `${title}: ${valid} valid, ${refused.length} of them refused, and ${known.length} known; ` +
      `${invalid} invalid, ${share.toFixed(1)} % of them refused, ${elsewhere} of these in another line than CPython's`
  );
  refused.slice(0, show).forEach(each => console.log(`  refused: ${each}`));
  known.slice(0, show).forEach(each => console.log(`  known: ${each}`));
  missed.slice(0, show).forEach(each => console.log(`  let through: ${each}`));
}

function output(python: string, args: readonly string[]): readonly string[] {
  const { stdout, stderr, status, error } = spawnSync(python, args, {
    encoding: 'utf-8',
    maxBuffer: 2 ** 30
  });
  if (error || status !== 0) {
    throw new Error(`${python} failed: ${error?.message ?? stderr}`);
  }
  return stdout.trim().split('\n');
}
