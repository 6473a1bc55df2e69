import { PYTHON, Sandbox } from './command';

/** What real notebooks do, as the smallest notebook of its kind; every cell is a step. */
interface Row {
  readonly what: string;
  readonly cells: readonly string[];
  /** What `verify` prints last; SAME if not given. */
  readonly verdict?: 'REFUSED';
}

const ROWS: readonly Row[] = [
  {
    what: 'a semicolon on a line of its own, to show no value',
    cells: ['x = [1, 2]\nx\n;', 'x']
  },
  {
    what: 'a future import that is not the first statement, and holds for later cells',
    cells: [
      'import math\nfrom __future__ import annotations, division\nmath.pi',
      'def f(x: int) -> Undefined:\n    return x / 2',
      'print(f.__annotations__)\nf(3)'
    ]
  }
];

test.each(ROWS)(
  '$what',
  async ({ cells, verdict = 'SAME' }) => {
    const sandbox = new Sandbox();
    try {
      const path = sandbox.notebook(
        cells.map((source, index) => ({ tags: [`step:s${index}`], source }))
      );
      const { stdout, stderr } = await sandbox.notepod(['verify', path, '--python', PYTHON]);
      expect(`${stdout}${stderr}`).toContain(`\n${verdict}`);
    } finally {
      sandbox.dispose();
    }
  },
  180_000
);
