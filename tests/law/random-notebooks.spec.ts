import fc from 'fast-check';
import { inParallel, PYTHON, Sandbox } from './command';
import { randomNotebook } from './random-notebooks';
import type { TestCell } from './notebook-file';

/** How many: the gate's number, or NOTEPOD_RANDOM_NOTEBOOKS. */
const COUNT = Number(process.env.NOTEPOD_RANDOM_NOTEBOOKS ?? 300);

/** `''` if the notebook gives the same both ways or is refused, else what differs. */
async function difference(cells: readonly TestCell[]): Promise<string> {
  const sandbox = new Sandbox();
  try {
    const path = sandbox.notebook(cells);
    const ended = await sandbox.notepod(['verify', path, '--python', PYTHON, '--jobs', '2']);
    return ended.code === 0 || ended.code === 3 || ended.code === 4
      ? ''
      : `exit ${ended.code}\n${ended.stdout}${ended.stderr}`;
  } finally {
    sandbox.dispose();
  }
}

test(`${COUNT} random notebooks give what Run All gives, or are refused`, async () => {
  // One seed a run of the gate would be a test of one list; a fixed one makes a failure repeatable.
  const seed = Number(process.env.NOTEPOD_RANDOM_SEED ?? 20261124);
  const notebooks = fc.sample(randomNotebook, { numRuns: COUNT, seed });
  const results = await inParallel(notebooks, 2, async cells => ({
    cells,
    wrong: await difference(cells)
  }));
  const wrong = results.filter(each => each.wrong !== '');
  expect(
    wrong.map(each => `${each.wrong}\n${each.cells.map(cell => cell.source).join('\n# ---\n')}`)
  ).toEqual([]);
}, 3_600_000);
