import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { BothWays, type Outcome } from '../tests/law/both-ways';
import { inParallel } from '../tests/law/command';
import type { TestCell } from '../tests/law/notebook-file';
import { textOf } from '../tests/law/notebook-text';
import { randomNotebook } from '../tests/law/random-notebooks';
import { smallest } from '../tests/law/smallest';

/** Runs random notebooks both ways and counts: see `random-notebooks.mjs`. */
export async function main(root: string, args: readonly string[]): Promise<number> {
  const option = (name: string, otherwise: string) => {
    const at = args.indexOf(`--${name}`);
    return at < 0 ? otherwise : args[at + 1];
  };
  const count = Number(option('count', '5000'));
  const seed = Number(option('seed', '20261125'));
  const width = Number(option('jobs', String(availableParallelism())));
  const shown = Number(option('shrink', '10'));
  const log = option('log', '');
  const python = option('python', join(root, '.venv/bin/python'));
  const bothWays = new BothWays(python, join(root, 'tests/law/run_all.py'));
  const counts = new Map<string, number>();
  const wrong: { readonly cells: readonly TestCell[]; readonly outcome: Outcome }[] = [];
  const lines: string[] = [];
  const began = performance.now();
  try {
    const indexes = Array.from({ length: count }, (_, index) => index);
    let done = 0;
    await inParallel(indexes, width, async index => {
      // A seed of its own for each, so that one can be run alone.
      const [cells] = fc.sample(randomNotebook, { numRuns: 1, seed: seed + index });
      let outcome: Outcome;
      try {
        outcome = await bothWays.run(cells);
      } catch (error) {
        outcome = {
          verdict: 'WRONG',
          codes: [],
          detail: String((error as Error).stack),
          printed: []
        };
      }
      const key = [outcome.verdict, ...outcome.codes].join(' ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
      if (outcome.verdict !== 'SAME') {
        lines.push(JSON.stringify({ seed: seed + index, ...outcome, printed: undefined, cells }));
      }
      if (outcome.verdict === 'WRONG') {
        wrong.push({ cells, outcome });
        console.log(`WRONG, seed ${seed + index}: ${outcome.detail.slice(0, 300)}`);
      }
      done += 1;
      if (done % 250 === 0) {
        console.log(
          `${done} of ${count} after ${Math.round((performance.now() - began) / 1000)} s`
        );
      }
    });
    console.log(
      `${count} notebooks, seeds ${seed} to ${seed + count - 1}, ${Math.round((performance.now() - began) / 1000)} s`
    );
    for (const [key, number] of [...counts].sort((a, b) => b[1] - a[1])) {
      console.log(
        `${String(number).padStart(6)}  ${((100 * number) / count).toFixed(1).padStart(5)} %  ${key}`
      );
    }
    if (log !== '') {
      writeFileSync(log, `${lines.join('\n')}\n`);
    }
    for (const { cells } of wrong.slice(0, shown)) {
      const least = await smallest(cells, bothWays);
      console.log(`\n${least.outcome.detail}\n${textOf(least.cells)}`);
    }
  } finally {
    bothWays.dispose();
  }
  return wrong.length === 0 ? 0 : 1;
}
