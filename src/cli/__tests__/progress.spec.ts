import type { RunEvent } from '../../engines/types';
import { Progress } from '../progress';
import type { Terminal } from '../terminal';

/** A terminal that keeps the lines that stay on it. */
class Screen implements Terminal {
  constructor(readonly live: boolean) {}
  readonly interactive = true;
  readonly color = false;
  readonly unicode = true;
  readonly width = 80;
  readonly progressWidth = 40;
  lines: string[] = [];

  out(): void {
    throw new Error('progress is no result');
  }

  err(line: string): void {
    this.lines.push(...line.split('\n'));
  }

  redraw(text: string): void {
    const up = /^\u001b\[(\d+)A\u001b\[J$/.exec(text);
    if (up) {
      this.lines = this.lines.slice(0, this.lines.length - Number(up[1]));
      return;
    }
    expect(this.live).toBe(true);
    const block = text.split('\n').slice(0, -1);
    block.forEach(line => expect(line.length).toBeLessThan(this.progressWidth));
    this.lines.push(...block);
  }
}

/** All happens at once; how long steps have been running is not looked at. */
const NOW = String(BigInt(Date.now()) * 1_000_000n);
const events = (...parts: readonly object[]): RunEvent[] =>
  parts.map((part, seq) => ({ seq, time: NOW, ...part }) as RunEvent);
const record = (step: string, fields: object) => ({
  type: 'step-record',
  step,
  attempt: 1,
  record: { t: '0', m: '0', ...fields }
});
const long = 'x'.repeat(60);
const RUN = events(
  {
    type: 'run-submitted',
    run: 'r',
    notebook: 'nb.ipynb',
    target: 'local',
    parameters: {},
    jobs: 2,
    steps: ['load', 'fit', long].map(name => ({ name, needs: [], cells: [0] }))
  },
  { type: 'step-started', step: 'load', attempt: 1 },
  record('load', { type: 'cell-start', cell: 0 }),
  { type: 'step-started', step: long, attempt: 1 },
  { type: 'step-ended', step: 'load', attempt: 1, outcome: 'succeeded' },
  { type: 'step-started', step: 'fit', attempt: 1 },
  record('fit', { type: 'warning', code: 'NP503', message: '`x` changed' }),
  record('fit', { type: 'error', code: 'NP510', message: 'KeyError: 1', cell: 1, line: 2 }),
  { type: 'step-ended', step: 'fit', attempt: 1, outcome: 'failed', message: 'KeyError: 1' },
  { type: 'step-ended', step: long, attempt: 1, outcome: 'killed', message: 'ended by SIGKILL' },
  { type: 'run-ended', outcome: 'failed', message: 'step fit failed' }
);
const source = (cell: number, line: number) => (cell === 1 && line === 2 ? '\ty = d[1]\u001b' : '');

const PROBLEMS = [
  'fit: warning NP503: `x` changed',
  'fit: NP510 in cell 2, line 2: KeyError: 1',
  '  2 | y = d[1]␛',
  'fit: failed in 0 ms',
  `${long}: killed in 0 ms: ended by SIGKILL`,
  'run failed after 0 ms: step fit failed'
];

test('on a terminal the block is redrawn in place, and what matters later stays', () => {
  const screen = new Screen(true);
  const progress = new Progress(screen, source);
  RUN.slice(0, 6).forEach(event => progress.handle(event));
  expect(screen.lines.map(line => line.replace(/ {2}\d+ s$/, ''))).toEqual([
    'run r: 3 steps',
    '  fit  starting',
    `  ${long}`.slice(0, 39),
    '  1 of 3 steps done'
  ]);
  RUN.slice(6).forEach(event => progress.handle(event));
  screen.err('what the command says afterwards');
  progress.dispose();
  expect(screen.lines).toEqual(['run r: 3 steps', ...PROBLEMS, 'what the command says afterwards']);
});

test('elsewhere every event is a plain line', () => {
  const screen = new Screen(false);
  const progress = new Progress(screen, source);
  RUN.forEach(event => progress.handle(event));
  progress.dispose();
  expect(screen.lines).toEqual([
    'run r: 3 steps',
    'load: started',
    `${long}: started`,
    'load: succeeded in 0 ms',
    'fit: started',
    ...PROBLEMS
  ]);
});

test('a run that goes on is told from there', () => {
  const screen = new Screen(false);
  const progress = new Progress(screen, source);
  RUN.forEach(event => progress.catchUp(event));
  events(
    { type: 'run-resumed' },
    { type: 'step-started', step: 'fit', attempt: 2 },
    { type: 'step-ended', step: 'fit', attempt: 2, outcome: 'succeeded' }
  ).forEach(event => progress.handle(event));
  progress.dispose();
  expect(screen.lines).toEqual([
    'run r goes on: 1 of 3 steps done',
    'fit: started (attempt 2)',
    'fit: succeeded in 0 ms'
  ]);
});
