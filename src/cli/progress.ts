import type { RunEvent, StepRecord } from '../engines/types';
import { formatDuration } from '../timing/units';
import { paint, printable, type Terminal } from './terminal';

/** How often the times of running steps are drawn anew, ms. */
const TICK = 1000;

/** What a step is doing, in words, by the phase of the step program. */
const DOING: Readonly<Record<Extract<StepRecord, { type: 'phase' }>['phase'], string>> = {
  preflight: 'looking for modules',
  imports: 'imports',
  load: 'loading values',
  cells: 'cells',
  guard: 'looking what changed',
  save: 'saving values',
  end: 'ending'
};

/** Kubernetes' words for a pod that is on its way. */
const PASSING_REASONS = new Set(['ContainerCreating', 'PodInitializing']);

/** Shows a run while it goes: a block that is redrawn on a terminal, plain lines elsewhere. */
export class Progress {
  /** @param sourceLine the text of a line (from 1) of a cell (from 0), to be shown with an exception */
  constructor(
    private readonly terminal: Terminal,
    private readonly sourceLine: (cell: number, line: number) => string | undefined
  ) {
    if (terminal.live) {
      // A picture of what goes on must not keep a process from ending.
      this.ticking = setInterval(() => this.draw(), TICK).unref();
    }
  }

  /** Takes an event of before: it is known, and nothing is said about it. */
  catchUp(event: RunEvent): void {
    this.note(event);
  }

  /** Takes the next event of the run. */
  handle(event: RunEvent): void {
    this.note(event);
    this.tell(event);
    this.draw();
  }

  /** Removes the redrawn block; call once at the end. */
  dispose(): void {
    clearInterval(this.ticking);
    this.over = true;
    this.erase();
  }

  /** Keeps what the block shows. */
  private note(event: RunEvent): void {
    switch (event.type) {
      case 'run-submitted':
        this.run = event.run;
        this.began = BigInt(event.time);
        event.steps.forEach(step => this.steps.set(step.name, { state: 'waiting' }));
        break;
      case 'run-resumed':
        this.began = BigInt(event.time);
        this.over = false;
        for (const [name, { state }] of this.steps) {
          if (!isDone(state)) {
            this.steps.set(name, { state: 'waiting' });
          }
        }
        break;
      case 'step-pod': {
        const { reason, message } = event;
        const doing =
          reason === undefined
            ? 'starting'
            : message === undefined
              ? reason
              : `${reason}: ${message}`;
        const { since = BigInt(event.time) } = this.steps.get(event.step) ?? {};
        this.steps.set(event.step, { state: 'running', since, doing });
        break;
      }
      case 'step-started':
        this.steps.set(event.step, { state: 'running', since: BigInt(event.time) });
        break;
      case 'step-record':
        this.doing(event);
        break;
      case 'step-ended':
        this.steps.set(event.step, { ...this.steps.get(event.step), state: event.outcome });
        break;
      case 'step-reused':
        this.steps.set(event.step, { state: 'reused' });
        break;
      case 'run-ended':
        this.over = true;
        break;
      default:
        break;
    }
  }

  private doing({ step, record }: Extract<RunEvent, { type: 'step-record' }>): void {
    const state = this.steps.get(step);
    if (state && record.type === 'cell-start') {
      this.steps.set(step, { ...state, doing: `cell ${record.cell + 1}` });
    } else if (state && record.type === 'phase' && record.phase !== 'cells') {
      this.steps.set(step, { ...state, doing: DOING[record.phase] });
    } else if (state && (record.type === 'error' || record.type === 'guard')) {
      this.steps.set(step, { ...state, problem: record.message });
    }
  }

  /** Says what stays to be read. */
  private tell(event: RunEvent): void {
    switch (event.type) {
      case 'run-submitted':
        this.say(
          `run ${event.run}: ${event.steps.length} step${event.steps.length === 1 ? '' : 's'}`
        );
        break;
      case 'run-resumed':
        this.say(`run ${this.run} goes on: ${this.count()}`);
        break;
      case 'step-started':
        this.passing(
          event.step,
          'started' + (event.attempt > 1 ? ` (attempt ${event.attempt})` : '')
        );
        break;
      case 'step-pod':
        this.pod(event);
        break;
      case 'run-note':
        this.say(event.fix === undefined ? event.message : `${event.message}\n  fix: ${event.fix}`);
        break;
      case 'step-record':
        this.record(event);
        break;
      case 'step-ended':
        this.ended(event);
        break;
      case 'step-reused':
        this.passing(event.step, `taken from ${event.from}`);
        break;
      case 'run-ended':
        this.say(
          `run ${event.outcome} after ${this.since(this.began, event.time)}` +
            (event.message === undefined ? '' : `: ${event.message}`)
        );
        break;
      default:
        break;
    }
  }

  private pod({ step, node, reason, message }: Extract<RunEvent, { type: 'step-pod' }>): void {
    if (node !== undefined && (reason === undefined || PASSING_REASONS.has(reason))) {
      this.passing(step, `on node ${node}`);
    } else if (reason !== undefined) {
      this.problem(step, 'yellow', message === undefined ? reason : `${reason}: ${message}`);
    }
  }

  private record({ step, record }: Extract<RunEvent, { type: 'step-record' }>): void {
    if (record.type === 'warning') {
      this.problem(step, 'yellow', `warning ${record.code}: ${record.message}`);
    } else if (record.type === 'guard') {
      this.problem(step, 'red', `stopped by the guard, ${record.code}: ${record.message}`);
    } else if (record.type === 'error') {
      const { cell, line } = record;
      const where = cell === undefined ? '' : ` in cell ${cell + 1}`;
      const at = line === undefined ? '' : `, line ${line}`;
      this.problem(step, 'red', `${record.code}${where}${at}: ${record.message}`);
      const source =
        cell === undefined || line === undefined ? undefined : this.sourceLine(cell, line);
      if (source !== undefined && source.trim() !== '') {
        this.say(`  ${line} | ${printable(source.trim())}`);
      }
    }
  }

  private ended(event: Extract<RunEvent, { type: 'step-ended' }>): void {
    const state = this.steps.get(event.step);
    const took = state?.since === undefined ? '' : ` in ${this.since(state.since, event.time)}`;
    // What the step itself has said is not said twice.
    const known = event.message === undefined || event.message === state?.problem;
    const words = `${event.outcome}${took}${known ? '' : `: ${event.message}`}${event.willRetry === true ? '; trying again' : ''}`;
    if (event.outcome === 'succeeded' || event.outcome === 'skipped') {
      this.passing(event.step, words);
    } else {
      this.say(`${event.step}: ${words}`);
    }
  }

  private problem(step: string, color: 'red' | 'yellow', words: string): void {
    this.say(`${step}: ${paint(this.terminal, color, printable(words))}`);
  }

  /** A line about what goes by: on a terminal the block shows it. */
  private passing(step: string, words: string): void {
    if (!this.terminal.live) {
      this.say(`${step}: ${words}`);
    }
  }

  private say(words: string): void {
    this.erase();
    this.terminal.err(words);
  }

  private since(began: bigint, time: string): string {
    return formatDuration(Number(BigInt(time) - began));
  }

  private count(): string {
    const done = [...this.steps.values()].filter(({ state }) => isDone(state)).length;
    return `${done} of ${this.steps.size} steps done`;
  }

  private draw(): void {
    if (!this.terminal.live || this.over || this.steps.size === 0) {
      return;
    }
    const now = BigInt(Date.now()) * 1_000_000n;
    const elapsed = (since: bigint) => {
      const seconds = Math.floor(Number(now - since) / 1e9);
      return seconds < 1 ? '' : `  ${formatDuration(seconds * 1e9).replace('.0 s', ' s')}`;
    };
    const running = [...this.steps].filter(([, each]) => each.state === 'running');
    const lines = [
      ...running.map(
        ([name, each]) =>
          `  ${name}  ${each.doing ?? 'starting'}${each.since === undefined ? '' : elapsed(each.since)}`
      ),
      `  ${this.count()}${elapsed(this.began)}`
    ];
    // A line that wraps would be erased in part only, and so would a block higher than the screen.
    const width = Math.max(10, this.terminal.progressWidth - 1);
    const text = lines
      .slice(-20)
      .map(each => `${each.slice(0, width)}\n`)
      .join('');
    if (text !== this.drawn) {
      this.erase();
      this.terminal.redraw(text);
      this.drawn = text;
    }
  }

  private erase(): void {
    const lines = this.drawn.split('\n').length - 1;
    if (lines > 0) {
      this.terminal.redraw(`\u001b[${lines}A\u001b[J`);
      this.drawn = '';
    }
  }

  private readonly steps = new Map<
    string,
    {
      readonly state: string;
      readonly since?: bigint;
      readonly doing?: string;
      /** What the step program said went wrong. */
      readonly problem?: string;
    }
  >();
  private readonly ticking: NodeJS.Timeout | undefined;
  private run = '';
  private began = 0n;
  private over = false;
  private drawn = '';
}

function isDone(state: string): boolean {
  return state === 'succeeded' || state === 'reused';
}
