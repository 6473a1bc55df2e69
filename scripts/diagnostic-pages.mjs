// Writes docs/diagnostics/ from the catalogue: one page per code, and an index.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const { outputFiles } = await build({
  entryPoints: ['src/diagnostics/pages.ts'],
  bundle: true,
  write: false,
  format: 'esm'
});
const { diagnosticPages } = await import(
  `data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`
);
const folder = 'docs/diagnostics';
mkdirSync(folder, { recursive: true });
readdirSync(folder).forEach(name => rmSync(`${folder}/${name}`));
for (const [name, text] of Object.entries(diagnosticPages())) {
  writeFileSync(`${folder}/${name}`, text);
}
