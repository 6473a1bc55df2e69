// Bundles the command line into one file: notepod/service/main.mjs. The parser's wasm and the step program's Python travel inside.
import { chmod, readFile } from 'node:fs/promises';
import { build } from 'esbuild';

const outfile = 'notepod/service/main.mjs';
const { version } = JSON.parse(await readFile('package.json', 'utf-8'));
await build({
  entryPoints: ['src/cli/main.ts'],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  loader: { '.wasm': 'binary', '.py': 'text' },
  define: { NOTEPOD_VERSION: JSON.stringify(version) },
  // A CommonJS dependency calls require; a module has none.
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);"
  },
  logLevel: 'warning'
});
await chmod(outfile, 0o755);
