import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Planted slips: what the import rule between rooms says of a line in a file of a room. */
const CASES: readonly (readonly [file: string, line: string, rule: string | null])[] = [
  ['notebook', "export type { Step } from '../dataflow/types';", 'import-x/no-restricted-paths'],
  ['dataflow', "export type { Notebook } from '../notebook/types';", null],
  ['python', "export { readFileSync } from 'node:fs';", 'no-restricted-imports'],
  ['timing', 'export const now = process.hrtime;', 'no-restricted-globals'],
  ['engines', "export { readFileSync } from 'node:fs';", null],
  ['diagnostics', "export type { Cell } from '../notebook/types';", 'import-x/no-restricted-paths']
];

const ROOT = join(__dirname, '../..');
const RULES = ['import-x/no-restricted-paths', 'no-restricted-imports', 'no-restricted-globals'];

test.each(CASES)('in %s/: %s → %s', (room, line, rule) => {
  const { stdout } = spawnSync(
    process.execPath,
    // The text stands in for an existing file, so that the rules that need types find a project.
    [
      'node_modules/eslint/bin/eslint.js',
      '--format',
      'json',
      '--stdin',
      '--stdin-filename',
      `src/${room}/types.ts`
    ],
    { cwd: ROOT, input: `${line}\n`, encoding: 'utf-8' }
  );
  const [{ messages }] = JSON.parse(stdout) as [{ messages: { ruleId: string | null }[] }];
  const found = messages
    .map(each => each.ruleId)
    .filter(each => each === null || RULES.includes(each));
  expect(found).toEqual(rule === null ? [] : [rule]);
});
