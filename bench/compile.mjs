// `notepod compile --target argo`: time and size of the document, against the targets of docs/benchmarks.md.
//
//   node bench/compile.mjs [--tries N]
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loaded, root } from './bundle.mjs';

const at = process.argv.indexOf('--tries');
const tries = at < 0 ? 5 : Number(process.argv[at + 1]);
const folder = mkdtempSync(join(tmpdir(), 'notepod-bench-'));
const main = join(root, 'notepod/service/main.mjs');
const median = times => [...times].sort((a, b) => a - b)[times.length >> 1];

/** A notebook of steps, written into the folder. @param sourceOf the cell of a step */
function notebook(name, steps, sourceOf) {
  const cells = Array.from({ length: steps }, (_, index) => ({
    cell_type: 'code',
    id: `c${index}`,
    metadata: { tags: [`step:s${index}`] },
    source: sourceOf(index),
    outputs: [],
    execution_count: null
  }));
  const path = join(folder, `${name}.ipynb`);
  writeFileSync(path, JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells }));
  return path;
}

/** Every step reads and changes twenty names of the one before. */
const names = Array.from({ length: 20 }, (_, index) => `name_${index}`);
const chain = index =>
  names.map(name => (index === 0 ? `${name} = 0` : `${name} = ${name} + ${index}`)).join('\n');

/** About 5 kB of code that does not repeat: calls with numbers and words, as code packs (to about a third). */
function code(index) {
  let state = index + 1;
  const draw = () => (state = (state * 48_271) % 2_147_483_647);
  const lines = [`value_${index} = ${index === 0 ? 0 : `value_${index - 1} + 1`}`];
  while (lines.join('\n').length < 5000) {
    const word = () => draw().toString(36);
    lines.push(
      `${word().replace(/^\d/, 'v')}_${index} = round(value_${index} * ${draw() % 1000} + ${draw() % 100}, ${draw() % 9})  # ${word()} ${word()}`
    );
  }
  return lines.join('\n');
}

function seconds(command, args) {
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf-8' });
  const took = Number(process.hrtime.bigint() - start) / 1e9;
  if (status !== 0) {
    throw new Error(`${command} ended with ${status}: ${stderr}`);
  }
  return took;
}

function compiled(path) {
  const out = path.replace('.ipynb', '.yaml');
  const args = ['compile', path, '--target', 'argo', '--image', 'python:3.12', '-o', out];
  const times = Array.from({ length: tries }, () => seconds(process.execPath, [main, ...args]));
  return { seconds: median(times), bytes: statSync(out).size, text: readFileSync(out, 'utf-8') };
}

try {
  const inProcess = await loaded('bench/compile.ts');
  const bare = median(Array.from({ length: tries }, () => seconds(process.execPath, ['-e', '0'])));
  const names100 = notebook('names', 100, chain);
  const { graph, compile } = await inProcess.times(names100, tries);
  const whole = compiled(names100);
  console.log(`100 steps × 20 names, in process, warm, processor time:`);
  console.log(`  parse, analyse, graph     ${graph.toFixed(0)} ms`);
  console.log(`  compile and write YAML    ${compile.toFixed(0)} ms`);
  console.log(
    `whole process               ${whole.seconds.toFixed(2)} s (node -e 0: ${bare.toFixed(2)} s)`
  );
  console.log(`document                    ${(whole.bytes / 1000).toFixed(0)} kB`);
  const large = compiled(notebook('large', 200, code));
  console.log(
    `200 steps × 5 kB of code    ${(large.bytes / 1000).toFixed(0)} kB, ${large.seconds.toFixed(2)} s`
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}
