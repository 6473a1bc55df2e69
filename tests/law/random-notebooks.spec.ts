import fc from 'fast-check';
import { BothWays } from './both-ways';
import { inParallel, PYTHON, Sandbox } from './command';
import { textOf } from './notebook-text';
import { randomNotebook } from './random-notebooks';

/** How many: the gate's number, or NOTEPOD_RANDOM_NOTEBOOKS. `bench/random-notebooks.mjs` runs more, and shrinks. */
const COUNT = Number(process.env.NOTEPOD_RANDOM_NOTEBOOKS ?? 300);

// A new seed for every run of the gate would let it fail for what was there before; a fixed one makes a failure repeatable.
const SEED = Number(process.env.NOTEPOD_RANDOM_SEED ?? 20261124);

const notebook = (index: number) =>
  fc.sample(randomNotebook, { numRuns: 1, seed: SEED + index })[0];

test(`${COUNT} random notebooks give what Run All gives, or are refused`, async () => {
  const bothWays = new BothWays(PYTHON);
  try {
    const results = await inParallel(
      Array.from({ length: COUNT }, (_, index) => index),
      2,
      async index => ({ index, ...(await bothWays.run(notebook(index))) })
    );
    const wrong = results.filter(each => each.verdict === 'WRONG');
    expect(
      wrong.map(
        ({ index, detail }) => `seed ${SEED + index}: ${detail}\n${textOf(notebook(index))}`
      )
    ).toEqual([]);
    expect(results.filter(each => each.verdict === 'SAME').length).toBeGreaterThan(0.8 * COUNT);
  } finally {
    bothWays.dispose();
  }
}, 3_600_000);

test.each([0, 1, 2, 3])(
  'the command line says the same of random notebook %i as the service that it calls',
  async index => {
    const bothWays = new BothWays(PYTHON);
    const sandbox = new Sandbox();
    try {
      const cells = notebook(index);
      const { verdict } = await bothWays.run(cells);
      const path = sandbox.notebook(cells);
      const { code } = await sandbox.notepod(['verify', path, '--python', PYTHON]);
      const said = code === 0 ? 'SAME' : code === 3 || code === 4 ? 'REFUSED' : `exit ${code}`;
      expect(said).toBe(verdict);
    } finally {
      bothWays.dispose();
      sandbox.dispose();
    }
  },
  120_000
);
