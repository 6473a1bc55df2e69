// Bundles the command line: notepod/service/main.mjs, with the parser's wasm and the step program's Python inside, and beside
// it the Kubernetes client, which is as large as all the rest and is loaded only by commands that talk to a cluster.
import { chmod, readFile } from 'node:fs/promises';
import { build } from 'esbuild';

const outfile = 'notepod/service/main.mjs';
const client = './kubernetes-client.mjs';
const { version } = JSON.parse(await readFile('package.json', 'utf-8'));
// A CommonJS dependency calls require; a module has none.
const require =
  "import { createRequire as __createRequire } from 'node:module';\nconst require = __createRequire(import.meta.url);";
const common = {
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  logLevel: 'warning'
};
await Promise.all([
  build({
    ...common,
    entryPoints: ['src/cli/main.ts'],
    outfile,
    loader: { '.wasm': 'binary', '.py': 'text' },
    define: { NOTEPOD_VERSION: JSON.stringify(version) },
    alias: { '@kubernetes/client-node': client },
    external: [client],
    banner: { js: `#!/usr/bin/env node\n${require}` }
  }),
  build({
    ...common,
    stdin: {
      contents: "export { KubeConfig } from '@kubernetes/client-node';",
      resolveDir: process.cwd()
    },
    outfile: `notepod/service/${client}`,
    minify: true,
    banner: { js: require }
  })
]);
await chmod(outfile, 0o755);
