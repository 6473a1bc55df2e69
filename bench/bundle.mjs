// Bundles a TypeScript file of `bench/` with what it imports and loads it: its exports.
import { mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** @param entry path of the file, relative to the project's folder */
export async function loaded(entry) {
  const folder = join(root, 'node_modules', '.cache', 'notepod');
  const outfile = join(folder, `${entry.replace(/\W+/g, '-')}-${process.pid}.mjs`);
  mkdirSync(folder, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'esm',
    loader: { '.wasm': 'binary', '.py': 'text' },
    banner: {
      js: "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);"
    },
    logLevel: 'warning'
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile);
  }
}
