import type { RunEvent } from '../engines/types';
import { formatDuration } from '../timing/units';
import { paint, type Terminal } from './terminal';

/** Shows a run while it goes: a block that is redrawn on a terminal, plain lines elsewhere. */
export class Progress {
  constructor(
    private readonly terminal: Terminal,
    private readonly cellLabel: (cell: number) => string
  ) {}

  /** Takes the next event of the run. */
  handle(event: RunEvent): void {
    switch (event.type) {
      case 'run-submitted':
        this.submitted = BigInt(event.time);
        event.steps.forEach(step => this.steps.set(step.name, { state: 'waiting' }));
        this.say(
          `run ${event.run}: ${event.steps.length} step${event.steps.length === 1 ? '' : 's'}`
        );
        break;
      case 'step-started':
        this.steps.set(event.step, { state: 'running', since: BigInt(event.time) });
        this.line(event, 'started' + (event.attempt > 1 ? ` (attempt ${event.attempt})` : ''));
        break;
      case 'step-record':
        this.record(event);
        break;
      case 'step-ended':
        this.ended(event);
        break;
      case 'step-reused':
        this.steps.set(event.step, { state: 'reused' });
        this.line(event, `taken from ${event.from}`);
        break;
      case 'run-ended':
        this.erase();
        this.say(
          `run ${event.outcome} after ${formatDuration(Number(BigInt(event.time) - this.submitted))}` +
            (event.message === undefined ? '' : `: ${event.message}`)
        );
        break;
      default:
        break;
    }
    this.draw();
  }

  /** Removes the redrawn block; call once at the end. */
  dispose(): void {
    this.erase();
  }

  private record(event: Extract<RunEvent, { type: 'step-record' }>): void {
    const { record, step } = event;
    const state = this.steps.get(step);
    if (state && record.type === 'cell-start') {
      this.steps.set(step, { ...state, doing: this.cellLabel(record.cell) });
    } else if (state && record.type === 'phase' && record.phase !== 'cells') {
      this.steps.set(step, { ...state, doing: record.phase });
    } else if (record.type === 'warning') {
      this.problem(step, 'yellow', `warning ${record.code}: ${record.message}`);
    } else if (record.type === 'guard') {
      this.problem(step, 'red', `stopped by the guard, ${record.code}: ${record.message}`);
    } else if (record.type === 'error') {
      const where =
        record.cell === undefined
          ? ''
          : ` in ${this.cellLabel(record.cell)}${record.line === undefined ? '' : `, line ${record.line}`}`;
      this.problem(step, 'red', `${record.code}${where}: ${record.message}`);
    }
  }

  private ended(event: Extract<RunEvent, { type: 'step-ended' }>): void {
    const since = this.steps.get(event.step)?.since;
    const took =
      since === undefined ? '' : ` in ${formatDuration(Number(BigInt(event.time) - since))}`;
    this.steps.set(event.step, { state: event.outcome });
    const reason = event.message === undefined ? '' : `: ${event.message}`;
    const again = event.willRetry === true ? '; trying again' : '';
    this.line(event, `${event.outcome}${took}${reason}${again}`);
  }

  private problem(step: string, color: 'red' | 'yellow', words: string): void {
    this.erase();
    this.terminal.err(`${step}: ${paint(this.terminal, color, words)}`);
  }

  /** A plain line; a terminal shows the block instead, and keeps only what matters later. */
  private line(event: { readonly step: string }, words: string): void {
    if (!this.terminal.live || /^(failed|guard|killed|timeout)/.test(words)) {
      this.erase();
      this.terminal.err(`${event.step}: ${words}`);
    }
  }

  private say(words: string): void {
    this.erase();
    this.terminal.err(words);
  }

  private draw(): void {
    if (!this.terminal.live) {
      return;
    }
    this.erase();
    const running = [...this.steps].filter(([, each]) => each.state === 'running');
    const done = [...this.steps].filter(
      ([, { state }]) => state === 'succeeded' || state === 'reused'
    );
    const lines = running.map(([name, each]) => `  ${name}  ${each.doing ?? 'starting'}`);
    lines.push(`  ${done.length} of ${this.steps.size} steps done`);
    const cut = lines.map(each => each.slice(0, this.terminal.width - 1));
    process.stderr.write(cut.join('\n') + '\n');
    this.drawn = cut.length;
  }

  private erase(): void {
    if (this.drawn > 0) {
      process.stderr.write(`\u001b[${this.drawn}A\u001b[J`);
      this.drawn = 0;
    }
  }

  private readonly steps = new Map<
    string,
    { readonly state: string; readonly since?: bigint; readonly doing?: string }
  >();
  private submitted = 0n;
  private drawn = 0;
}
