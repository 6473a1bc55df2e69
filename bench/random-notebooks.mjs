// Runs random notebooks both ways, Run All in Python alone and as steps, and counts SAME, REFUSED (by code) and WRONG; the first
// wrong ones are shrunk and printed. Exit code 1 if any is wrong.
//
//   node bench/random-notebooks.mjs [--count 5000] [--seed 20261125] [--jobs N] [--python PATH] [--shrink 10] [--log FILE]
//
// Notebook i has the seed SEED + i: `--seed S --count 1` runs one again. FILE gets one JSON line for each that is not SAME.
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const folder = join(root, 'node_modules', '.cache', 'notepod');
const outfile = join(folder, `random-notebooks-${process.pid}.mjs`);
mkdirSync(folder, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ['bench/random-notebooks.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  loader: { '.wasm': 'binary', '.py': 'text' },
  define: { __dirname: JSON.stringify(join(root, 'tests/law')) },
  banner: {
    js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);"
  },
  logLevel: 'warning'
});
const { main } = await import(pathToFileURL(outfile).href);
process.exitCode = await main(root, process.argv.slice(2));
