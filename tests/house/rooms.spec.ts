import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const ROOMS = 'import-x/no-restricted-paths';
const NODE = 'import-x/no-nodejs-modules';
const PLATFORM = 'no-restricted-globals';
const LAB = 'no-restricted-imports';

/** Planted slips: what lint says of a line in a file of a room; null where the line is in order. */
const CASES: readonly (readonly [file: string, line: string, rule: string | null])[] = [
  // A room imports only rooms before it.
  ['notebook/planted.ts', "export type { Step } from '../dataflow/types';", ROOMS],
  ['dataflow/planted.ts', "export type { Notebook } from '../notebook/types';", null],
  ['python/planted.ts', "export const later = () => import('../cli/main');", ROOMS],
  ['timing/planted.ts', "export type { Engine } from '../engines/types';", ROOMS],
  ['engines/local/planted.ts', "export { main } from '../../cli/main';", ROOMS],
  ['engines/local/planted.ts', "export type { Notebook } from '../../notebook/types';", null],
  ['cluster/planted.ts', "export { runPipeline } from '../service/run';", ROOMS],
  ['cluster/planted.ts', "export type { Engine } from '../engines/types';", ROOMS],
  ['engines/argo/planted.ts', "export { openCluster } from '../../cluster/client';", null],
  ['cluster/planted.ts', "export { request } from 'node:https';", null],
  ['cli/planted.ts', "export type { Engine } from '../engines/types';", null],
  // The vocabulary of problems and the step program import no room.
  ['diagnostics/planted.ts', "export type { Cell } from '../notebook/types';", ROOMS],
  ['diagnostics/planted.ts', "export { STEP_PROGRAM } from '../runtime/program';", ROOMS],
  ['notebook/planted.ts', "export type { Diagnostic } from '../diagnostics/types';", null],
  ['runtime/planted.ts', "export type { Cell } from '../notebook/types';", ROOMS],
  ['cli/planted.ts', "export { STEP_PROGRAM } from '../runtime/program';", null],
  // JupyterLab's side talks to the service over HTTP, and no other room knows JupyterLab.
  ['lab/planted.ts', "export type { Engine } from '../engines/types';", ROOMS],
  ['lab/planted.ts', "export { runPipeline } from '../service/run';", ROOMS],
  ['lab/planted.ts', "export type { Timeline } from '../timing/types';", null],
  ['lab/planted.ts', "export type { Cell } from '@jupyterlab/cells';", null],
  ['service/planted.ts', "export type { Cell } from '@jupyterlab/cells';", LAB],
  // Pure rooms have no Node, no DOM, no clock.
  ['python/planted.ts', "export { readFileSync } from 'node:fs';", NODE],
  ['python/planted.ts', "export { readFile } from 'fs/promises';", NODE],
  ['compile/planted.ts', "export { createHash } from 'crypto';", NODE],
  ['compile/planted.ts', "export const fs = () => import('node:fs');", NODE],
  ['timing/planted.ts', 'export const now = process.hrtime;', PLATFORM],
  ['timing/planted.ts', 'export const env = globalThis.process;', PLATFORM],
  ['pipeline/planted.ts', 'export const page = document.title;', PLATFORM],
  ['timing/planted.ts', 'export const now = Date.now();', 'no-restricted-properties'],
  ['timing/planted.ts', 'export const now = new Date();', 'no-restricted-syntax'],
  ['timing/planted.ts', 'export const start = new Date(0);', null],
  ['engines/planted.ts', "export { readFileSync } from 'node:fs';", null],
  // Tests may use what they need.
  ['notebook/__tests__/planted.spec.ts', "export type { Step } from '../../dataflow/types';", null],
  ['notebook/__tests__/planted.spec.ts', "export { readFileSync } from 'node:fs';", null]
];

describe('the rules between rooms', () => {
  let found: readonly (readonly string[])[] = [];

  beforeAll(() => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(__dirname, 'lint-planted.mjs')],
      {
        cwd: join(__dirname, '../..'),
        input: JSON.stringify(CASES.map(([file, text]) => ({ file: `src/${file}`, text }))),
        encoding: 'utf-8'
      }
    );
    if (status !== 0) {
      throw new Error(stderr);
    }
    found = JSON.parse(stdout) as string[][];
  }, 120_000);

  test.each(CASES.map(([file, line, rule], index) => ({ index, file, line, rule })))(
    '$file: $line → $rule',
    ({ index, rule }) => {
      expect(found[index]).toEqual(rule === null ? [] : [rule]);
    }
  );
});
