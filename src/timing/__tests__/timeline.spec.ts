import fc from 'fast-check';
import type { RunEvent, StepRecord } from '../events';
import { drawTimeline } from '../terminal';
import { timelineOf } from '../timeline';
import { formatBytes, formatDuration } from '../units';

const MS = 1_000_000n;
const ZERO = 1_700_000_000_000_000_000n;

/** The events of a chain of steps whose phases take the given ms. */
function chain(
  steps: readonly (readonly number[])[],
  lose: (index: number) => boolean = () => false
): RunEvent[] {
  const events: RunEvent[] = [];
  let now = ZERO;
  const add = (event: object) => {
    events.push({ seq: events.length, time: now.toString(), ...event } as RunEvent);
  };
  add({
    type: 'run-submitted',
    run: 'r',
    notebook: 'n',
    target: 'local',
    parameters: {},
    jobs: 1,
    steps: steps.map((_, index) => ({
      name: `s${index}`,
      needs: index > 0 ? [`s${index - 1}`] : [],
      cells: [index]
    }))
  });
  let count = 0;
  for (const [index, [wait, interpreter, imports, load, cells, save, end]] of steps.entries()) {
    const step = `s${index}`;
    const record = (fields: object) => {
      if (!lose(count++)) {
        const line = { t: now.toString(), m: (now - ZERO).toString(), ...fields } as StepRecord;
        add({ type: 'step-record', step, attempt: 1, record: line });
      }
    };
    now += BigInt(wait) * MS;
    add({ type: 'step-started', step, attempt: 1 });
    now += BigInt(interpreter) * MS;
    record({ type: 'start', pid: 1, python: '3.11.0', attempt: 1 });
    record({ type: 'phase', phase: 'imports' });
    now += BigInt(imports) * MS;
    record({ type: 'phase', phase: 'load' });
    now += BigInt(load) * MS;
    record({ type: 'phase', phase: 'cells' });
    record({ type: 'cell-start', cell: index });
    now += BigInt(cells) * MS;
    record({
      type: 'cell-end',
      cell: index,
      ns: '0',
      cpuNs: '0',
      displayNs: '0',
      peakRssBytes: 0,
      failed: false
    });
    record({ type: 'phase', phase: 'save' });
    now += BigInt(save) * MS;
    record({ type: 'saved', name: 'x', bytes: 2_000_000, ns: '0', group: 0 });
    record({ type: 'done', outcome: 'succeeded', bytesWritten: 0 });
    record({ type: 'phase', phase: 'end' });
    now += BigInt(end) * MS;
    add({ type: 'step-ended', step, attempt: 1, outcome: 'succeeded' });
  }
  add({ type: 'run-ended', outcome: 'succeeded' });
  return events;
}

const durations = fc.array(fc.array(fc.nat(500), { minLength: 7, maxLength: 7 }), {
  minLength: 1,
  maxLength: 5
});

test('phases tile every attempt exactly, whatever was lost', () => {
  fc.assert(
    fc.property(durations, fc.array(fc.nat(60)), (steps, lost) => {
      const { steps: found } = timelineOf(chain(steps, index => lost.includes(index)));
      for (const attempt of found.flatMap(each => each.attempts)) {
        let reached = attempt.start;
        for (const phase of attempt.phases) {
          expect(phase.start).toBe(reached);
          expect(phase.end).toBeGreaterThan(phase.start);
          reached = phase.end;
        }
        expect(attempt.phases.length === 0 || reached === attempt.end).toBe(true);
      }
    })
  );
});

test('nothing is lost: phases, overheads and the critical path are those that were made', () => {
  const timeline = timelineOf(
    chain([
      [1, 20, 30, 40, 500, 60, 7],
      [2, 20, 0, 40, 100, 60, 7]
    ])
  );
  expect(timeline.wallNs).toBe((658 + 229) * 1e6);
  expect(timeline.criticalPath).toEqual(['s0', 's1']);
  expect(timeline.overheadOfRun.ns).toBe((658 + 229 - 600) * 1e6);
  expect(timeline.overheadOfProcesses.ns).toBe((657 + 227 - 600) * 1e6);
  expect(
    timeline.steps[0].attempts[0].phases.map(
      each => `${each.name} ${(each.end - each.start) / 1e6}`
    )
  ).toEqual([
    'waiting 1',
    'interpreter 20',
    'imports 30',
    'load 40',
    'cells 500',
    'save 60',
    'wind-down 7'
  ]);
});

test('a drawing', () => {
  const text = drawTimeline(
    timelineOf(
      chain([
        [0, 100, 0, 0, 500, 0, 0],
        [0, 100, 0, 100, 200, 0, 0]
      ])
    ),
    {
      width: 80,
      color: false,
      unicode: false
    }
  );
  expect(text).toBe(
    [
      'step  0 to 1.0 s                                              cells   overhead',
      's0  * iiiii#########################                         500 ms     100 ms',
      's1  *                               iiiii<<<<<##########     200 ms     200 ms',
      '',
      'i interpreter  < load  # cells  * critical path',
      '',
      'passed on: x (2.0 MB, by s0), x (2.0 MB, by s1)',
      '1.0 s in all: overhead of the run 300 ms (30 %; wall time less cells on the',
      'critical path), overhead of the processes 300 ms (30 % of their lives).'
    ].join('\n')
  );
});

/** A step's life in the log: what happens, and how many ms that takes. */
type Happening = readonly [
  what: 'cells' | 'fail' | 'retry' | 'cancel' | 'kill' | 'pause' | 'succeed',
  ms: number
];

/** The events of one step that goes through happenings; `kill` is the end of its supervisor, `pause` goes before a resume. */
function story(happenings: readonly Happening[]): RunEvent[] {
  const events: RunEvent[] = [];
  let now = ZERO;
  let attempt = 0;
  let running = false;
  let over = false;
  const add = (event: object) => {
    events.push({ seq: events.length, time: now.toString(), ...event } as RunEvent);
  };
  const record = (fields: object) =>
    add({
      type: 'step-record',
      step: 's',
      attempt,
      record: { t: now.toString(), m: (now - ZERO).toString(), ...fields }
    });
  const start = () => {
    attempt += 1;
    running = true;
    add({ type: 'step-started', step: 's', attempt });
    record({ type: 'start', pid: 1, python: '3.11.0', attempt });
    record({ type: 'phase', phase: 'cells' });
    record({ type: 'cell-start', cell: 0 });
  };
  add({
    type: 'run-submitted',
    run: 'r',
    notebook: 'n',
    target: 'local',
    parameters: {},
    jobs: 1,
    steps: [{ name: 's', needs: [], cells: [0] }]
  });
  start();
  for (const [what, ms] of happenings) {
    if (what === 'pause') {
      if (over || !running) {
        now += BigInt(ms) * MS;
        add({ type: 'run-resumed' });
        over = false;
        start();
      }
      continue;
    }
    if (!running || over) {
      continue;
    }
    now += BigInt(ms) * MS;
    if (what === 'kill') {
      running = false;
    } else if (what !== 'cells') {
      const outcome = {
        fail: 'failed',
        retry: 'failed',
        cancel: 'cancelled',
        succeed: 'succeeded'
      };
      running = false;
      add({ type: 'step-ended', step: 's', attempt, outcome: outcome[what] });
      if (what === 'retry') {
        start();
      } else {
        add({ type: 'run-ended', outcome: outcome[what] });
        over = true;
      }
    }
  }
  return events;
}

const happenings = fc.array(
  fc.tuple(
    fc.constantFrom('cells', 'fail', 'retry', 'cancel', 'kill', 'pause', 'succeed' as const),
    fc.nat(1000)
  ),
  { maxLength: 12 }
) as fc.Arbitrary<Happening[]>;

test('however a run failed, was cancelled, retried, killed and resumed, its parts add up', () => {
  fc.assert(
    fc.property(happenings, fc.boolean(), (all, interrupted) => {
      const timeline = timelineOf(story(all), interrupted);
      const [{ attempts }] = timeline.steps;
      let reached = 0;
      for (const attempt of attempts) {
        expect(attempt.start).toBe(reached);
        const phases = attempt.phases.reduce((sum, each) => sum + each.end - each.start, 0);
        expect(phases).toBe(attempt.end - attempt.start);
        attempt.cells.forEach(cell => {
          expect(cell.start).toBeGreaterThanOrEqual(attempt.start);
          expect(cell.end).toBeLessThanOrEqual(attempt.end);
        });
        reached = attempt.end;
      }
      expect(reached).toBe(timeline.wallNs);
      const cells = attempts.flatMap(each => each.cells);
      const inCells = cells.reduce((sum, each) => sum + each.end - each.start, 0);
      expect(timeline.overheadOfRun.ns).toBe(timeline.wallNs - inCells);
      for (const width of [72, 80, 120, 160]) {
        for (const line of drawTimeline(timeline, { width, color: false, unicode: true }).split(
          '\n'
        )) {
          expect(line.length).toBeLessThanOrEqual(width);
        }
      }
    })
  );
});

test('pauses before a resume are no time of the run', () => {
  const timeline = timelineOf(
    story([
      ['fail', 300],
      ['pause', 86_400_000],
      ['cells', 0],
      ['kill', 0],
      ['pause', 5000],
      ['succeed', 200]
    ])
  );
  expect(timeline.wallNs).toBe(500e6);
  expect(
    timeline.steps[0].attempts.map(each => [each.outcome, (each.end - each.start) / 1e6])
  ).toEqual([
    ['failed', 300],
    ['interrupted', 0],
    ['succeeded', 200]
  ]);
});

test.each([
  [false, 'running'],
  [true, 'interrupted']
])('a run without an end, its supervisor gone: %s', (interrupted, outcome) => {
  const timeline = timelineOf(story([['cells', 100]]), interrupted);
  expect(timeline.outcome).toBe(outcome);
  expect(timeline.steps[0].attempts[0].outcome).toBe(outcome);
  expect(drawTimeline(timeline, { width: 80, color: false, unicode: false })).toContain(outcome);
});

test('colours are written once for each run of them, and closed', () => {
  const timeline = timelineOf(chain([[0, 100, 0, 0, 500, 0, 0]]));
  const plain = drawTimeline(timeline, { width: 80, color: false, unicode: true });
  const colored = drawTimeline(timeline, { width: 80, color: true, unicode: true });
  expect(colored.replace(/\u001b\[\d+m/g, '')).toBe(plain);
  expect(colored.match(/\u001b\[\d+m/g)).toEqual([35, 0, 32, 0].map(code => `\u001b[${code}m`));
});

test.each([
  [0, '0 ms'],
  [400_000, '<1 ms'],
  [420e6, '420 ms'],
  [3.14e9, '3.1 s'],
  [125e9, '2 min 05 s'],
  [3720e9, '1 h 02 min']
])('%d ns: %s', (ns, text) => {
  expect(formatDuration(ns)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1234, '1.2 kB'],
  [34e6, '34 MB']
])('%d bytes: %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});
