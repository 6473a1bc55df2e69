import type { RunEvent, StepRecord } from './events';
import type {
  AttemptTime,
  CellTime,
  NameCost,
  Phase,
  PhaseName,
  StepTime,
  Timeline
} from './types';

type Of<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>;

/** Which phase of the timeline a phase of the step program belongs to. */
const PHASES: Readonly<Record<Extract<StepRecord, { type: 'phase' }>['phase'], PhaseName>> = {
  preflight: 'imports',
  imports: 'imports',
  load: 'load',
  cells: 'cells',
  guard: 'save',
  save: 'save',
  end: 'wind-down'
};

/**
 * Where a run's time went. Works on a run that still goes on, up to its last event. Times in which nobody worked on the
 * run, before it was resumed, are cut out: they cost nothing.
 * @param events of one run, in the order of their log
 * @param interrupted whoever ran it is gone, so what has no end has ended
 */
export function timelineOf(events: readonly RunEvent[], interrupted = false): Timeline {
  const submitted = events.find(event => event.type === 'run-submitted');
  if (submitted?.type !== 'run-submitted') {
    throw new Error('the events do not start with a submission');
  }
  const at = clockOf(events, submitted);
  const latest = events.reduce((last, event) => Math.max(last, at(event.time)), 0);
  const last = events.at(-1);
  const ended = last?.type === 'run-ended' ? last : undefined;
  const cutOff = (start: Of<'step-started'>): CutOff => {
    const resumed = events.find(event => event.type === 'run-resumed' && event.seq > start.seq);
    return resumed || interrupted
      ? { outcome: 'interrupted', end: resumed ? at(resumed.time) : latest }
      : { outcome: 'running', end: latest };
  };
  const ends = new Map<string, number>();
  const steps = new Map<string, StepTime>();
  for (const { name, needs } of inNeedOrder(submitted.steps)) {
    const own = events.filter(event => 'step' in event && event.step === name);
    const ready = needs.reduce((last, need) => Math.max(last, ends.get(need) ?? 0), 0);
    const attempts = attemptsOf(own, ready, at, cutOff);
    ends.set(name, attempts.at(-1)?.end ?? ready);
    steps.set(name, {
      step: name,
      needs,
      attempts,
      reused: own.some(event => event.type === 'step-reused'),
      onCriticalPath: false
    });
  }
  const criticalPath = longestChain(steps);
  const all = submitted.steps.flatMap(({ name }) => steps.get(name) ?? []);
  const wallNs = ended ? at(ended.time) : latest;
  return {
    run: submitted.run,
    outcome: ended?.outcome ?? (interrupted ? 'interrupted' : 'running'),
    wallNs,
    steps: all.map(each => ({ ...each, onCriticalPath: criticalPath.includes(each.step) })),
    criticalPath,
    overheadOfProcesses: overheadOfProcesses(all),
    overheadOfRun: overheadOfRun(
      criticalPath.flatMap(name => steps.get(name) ?? []),
      wallNs
    )
  };
}

/** How an attempt whose end is not in the log came to it, and when. */
interface CutOff {
  readonly outcome: 'interrupted' | 'running';
  readonly end: number;
}

/** Tells the time of the run, in ns since its submission, less the pauses from its last event to its being resumed. */
function clockOf(
  events: readonly RunEvent[],
  submitted: Of<'run-submitted'>
): (time: string) => number {
  const zero = BigInt(submitted.time);
  const pauses = events.flatMap((event, index) =>
    event.type === 'run-resumed' && index > 0
      ? [{ from: BigInt(events[index - 1].time), to: BigInt(event.time) }]
      : []
  );
  return time => {
    const now = BigInt(time);
    const paused = pauses.reduce((sum, { from, to }) => {
      const until = now < to ? now : to;
      return until > from ? sum + (until - from) : sum;
    }, 0n);
    return Math.max(0, Number(now - zero - paused));
  };
}

/** Steps so that each comes after what it needs. */
function inNeedOrder(steps: Of<'run-submitted'>['steps']): Of<'run-submitted'>['steps'] {
  const byName = new Map(steps.map(step => [step.name, step]));
  const done = new Set<string>();
  const ordered: Of<'run-submitted'>['steps'][number][] = [];
  const visit = (name: string): void => {
    const step = byName.get(name);
    if (step && !done.has(name)) {
      done.add(name);
      step.needs.forEach(visit);
      ordered.push(step);
    }
  };
  steps.forEach(step => visit(step.name));
  return ordered;
}

function attemptsOf(
  events: readonly RunEvent[],
  ready: number,
  at: (time: string) => number,
  cutOff: (start: Of<'step-started'>) => CutOff
): readonly AttemptTime[] {
  const starts = events.filter(event => event.type === 'step-started');
  let from = ready;
  return starts.map(start => {
    const own = events.filter(event => 'attempt' in event && event.attempt === start.attempt);
    const end = own.find(event => event.type === 'step-ended');
    const records = own.flatMap(event => (event.type === 'step-record' ? [event.record] : []));
    const result = attemptOf(
      start,
      end?.type === 'step-ended' ? { outcome: end.outcome, end: at(end.time) } : cutOff(start),
      records,
      from,
      at
    );
    from = result.end;
    return result;
  });
}

function attemptOf(
  start: Of<'step-started'>,
  end: { readonly outcome: string; readonly end: number },
  records: readonly StepRecord[],
  from: number,
  at: (time: string) => number
): AttemptTime {
  const started = Math.max(from, at(start.time));
  const finish = Math.max(started, end.end);
  // The process's steady clock, anchored where it wrote its first line: its wall clock may be set while it runs.
  const first = records.find(each => each.type === 'start');
  const time = (record: StepRecord): number => {
    const place = first ? at(first.t) + Number(BigInt(record.m) - BigInt(first.m)) : at(record.t);
    return Math.min(finish, Math.max(started, place));
  };
  const marks: { readonly name: PhaseName; readonly start: number }[] = [
    { name: 'waiting', start: Math.min(from, started) },
    { name: first ? 'interpreter' : 'unattributed', start: started }
  ];
  const ordered = [...records].sort((a, b) => Number(BigInt(a.m) - BigInt(b.m)));
  for (const record of ordered) {
    if (record.type === 'phase') {
      marks.push({ name: PHASES[record.phase], start: time(record) });
    }
  }
  const done = ordered.find(each => each.type === 'done');
  if (!done && end.outcome !== 'running' && first) {
    // Nothing is known of what came after its last word.
    const last = ordered.at(-1);
    marks.push({ name: 'unattributed', start: last ? time(last) : started });
  }
  return {
    attempt: start.attempt,
    outcome: end.outcome,
    start: Math.min(from, started),
    end: finish,
    phases: phasesOf(marks, finish),
    cells: cellsOf(ordered, time, finish),
    loaded: ordered.flatMap(each =>
      each.type === 'loaded'
        ? [{ name: each.name, bytes: each.bytes, ns: Number(each.ns), from: each.from }]
        : []
    ),
    saved: ordered.flatMap((each): NameCost[] =>
      each.type === 'saved' ? [{ name: each.name, bytes: each.bytes, ns: Number(each.ns) }] : []
    )
  };
}

/** Phases that follow each other without gaps; neighbours of one name are one phase, empty ones are left out. */
function phasesOf(
  marks: readonly { readonly name: PhaseName; readonly start: number }[],
  end: number
): readonly Phase[] {
  const phases: Phase[] = [];
  let reached = marks[0].start;
  for (const [index, mark] of marks.entries()) {
    const until = Math.max(reached, marks[index + 1]?.start ?? end);
    const before = phases.at(-1);
    if (before?.name === mark.name) {
      phases[phases.length - 1] = { ...before, end: until };
    } else if (until > reached) {
      phases.push({ name: mark.name, start: reached, end: until });
    }
    reached = until;
  }
  return phases;
}

function cellsOf(
  records: readonly StepRecord[],
  time: (record: StepRecord) => number,
  finish: number
): readonly CellTime[] {
  return records.flatMap((record): CellTime[] => {
    if (record.type !== 'cell-start') {
      return [];
    }
    const end = records.find(each => each.type === 'cell-end' && each.cell === record.cell);
    const start = time(record);
    if (end?.type !== 'cell-end') {
      return [
        {
          cell: record.cell,
          start,
          end: finish,
          cpuNs: 0,
          displayNs: 0,
          peakRssBytes: 0,
          failed: true
        }
      ];
    }
    return [
      {
        cell: record.cell,
        start,
        end: Math.max(start, time(end)),
        cpuNs: Number(end.cpuNs),
        displayNs: Number(end.displayNs),
        peakRssBytes: end.peakRssBytes,
        failed: end.failed
      }
    ];
  });
}

/** The chain of needs that ended last: from the step that ended last, back through the need that ended last. */
function longestChain(steps: ReadonlyMap<string, StepTime>): readonly string[] {
  const endOf = (name: string) => steps.get(name)?.attempts.at(-1)?.end ?? -1;
  const latest = (names: readonly string[]) =>
    names.reduce<string | undefined>(
      (best, name) => (best === undefined || endOf(name) > endOf(best) ? name : best),
      undefined
    );
  const chain: string[] = [];
  let at = latest([...steps.keys()]);
  while (at !== undefined && endOf(at) >= 0) {
    chain.unshift(at);
    at = latest(steps.get(at)?.needs ?? []);
  }
  return chain;
}

function cellNs(step: StepTime): number {
  return step.attempts
    .flatMap(each => each.cells)
    .reduce((sum, each) => sum + (each.end - each.start), 0);
}

function overheadOfProcesses(steps: readonly StepTime[]): Timeline['overheadOfProcesses'] {
  const lives = steps
    .flatMap(step => step.attempts)
    .flatMap(each => each.phases)
    .filter(each => each.name !== 'waiting')
    .reduce((sum, each) => sum + (each.end - each.start), 0);
  const cells = steps.reduce((sum, step) => sum + cellNs(step), 0);
  return { ns: lives - cells, share: lives === 0 ? 0 : 1 - cells / lives };
}

function overheadOfRun(path: readonly StepTime[], wallNs: number): Timeline['overheadOfRun'] {
  const cells = path.reduce((sum, step) => sum + cellNs(step), 0);
  const ns = Math.max(0, wallNs - cells);
  return { ns, share: wallNs === 0 ? 0 : ns / wallNs };
}
