// Ten trivial steps in a chain against ten bare Pythons: docs/benchmarks.md.
//
//   node bench/chain.mjs [--tries N] [--python PATH]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './bundle.mjs';

const option = (name, otherwise) => {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const python = option('--python', join(root, '.venv/bin/python'));
const tries = Number(option('--tries', '7'));
const folder = mkdtempSync(join(tmpdir(), 'notepod-bench-'));
const cells = Array.from({ length: 10 }, (_, index) => ({
  cell_type: 'code',
  id: `c${index}`,
  metadata: { tags: [`step:s${index}`] },
  source: index === 0 ? 'x = 0' : 'x += 1',
  outputs: [],
  execution_count: null
}));
writeFileSync(
  join(folder, 'chain.ipynb'),
  JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells })
);
const env = { ...process.env, NOTEPOD_DATA: join(folder, 'data') };
const seconds = (command, args) => {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command, args, { cwd: folder, env, encoding: 'utf-8' });
  if (status !== 0) {
    throw new Error(`${command} ended with ${status}: ${stderr}`);
  }
  return Number(process.hrtime.bigint() - start) / 1e9;
};
const median = times => [...times].sort((a, b) => a - b)[times.length >> 1];
try {
  const main = join(root, 'notepod/service/main.mjs');
  const pairs = Array.from({ length: tries }, () => ({
    run: seconds(process.execPath, [main, 'run', 'chain.ipynb', '--python', python]),
    bare: Array.from({ length: 10 }, () => seconds(python, ['-c', 'pass'])).reduce((a, b) => a + b)
  }));
  const run = median(pairs.map(each => each.run));
  const bare = median(pairs.map(each => each.bare));
  console.log(
    `notepod run, ten steps: ${run.toFixed(2)} s; ten times python -c pass: ${bare.toFixed(2)} s`
  );
  console.log(`1.5 × bare + 0.5 s: ${(1.5 * bare + 0.5).toFixed(2)} s`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
