// How long the analysis takes, from a notebook's text to its graph of steps: docs/benchmarks.md.
//
//   node bench/analysis.mjs [--tries N]
//
// Times are medians (and 95th percentiles where said) in ms of one process; `copy` beside them is the named reference, measured in
// the same run: JSON.parse and JSON.stringify of the same notebook, what reading and writing it costs anybody.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loaded, root } from './bundle.mjs';

const { measure } = await loaded('bench/analysis.ts');
const { rows, chain, long } = await measure(process.argv.slice(2));
rows.forEach(row => console.log(row));

const folder = mkdtempSync(join(tmpdir(), 'notepod-bench-'));
try {
  const main = join(root, 'notepod/service/main.mjs');
  const seconds = (command, args) => {
    const times = Array.from({ length: 5 }, () => {
      const start = process.hrtime.bigint();
      const { status, stderr } = spawnSync(command, args, { encoding: 'utf-8', cwd: folder });
      if (status !== 0) {
        throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
      }
      return Number(process.hrtime.bigint() - start) / 1e9;
    });
    return times.sort((a, b) => a - b)[2];
  };
  const say = (what, value, reference) =>
    console.log(`${what}: ${value.toFixed(3)} s (${reference})`);
  writeFileSync(join(folder, 'chain.ipynb'), chain);
  writeFileSync(join(folder, 'long.ipynb'), long);
  const node = seconds(process.execPath, ['-e', '0']);
  const bare = `node -e 0: ${node.toFixed(3)} s`;
  say(
    'notepod check, 100 steps × 20 names, whole process',
    seconds(process.execPath, [main, 'check', 'chain.ipynb']),
    bare
  );
  const peak = spawnSync('/usr/bin/time', ['-v', process.execPath, main, 'check', 'long.ipynb'], {
    encoding: 'utf-8',
    cwd: folder
  });
  const kilobytes = /Maximum resident set size \(kbytes\): (\d+)/.exec(peak.stderr ?? '')?.[1];
  say(
    'notepod check, 5,000 cells, whole process',
    seconds(process.execPath, [main, 'check', 'long.ipynb']),
    bare
  );
  console.log(
    kilobytes
      ? `  its peak memory: ${Math.round(Number(kilobytes) / 1024)} MB`
      : '  its peak memory: not measured, /usr/bin/time is not there'
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
