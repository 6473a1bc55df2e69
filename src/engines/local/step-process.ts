import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { StepOutcome, StepRecord } from '../types';
import { parseLines } from './event-log';

/** How long a step that is told to end may take, ms. */
const GRACE = 2000;
/** How often the record of a running step is looked at, ms. */
const LOOK = 60;

/** What a step process is started with. */
export interface StepCommand {
  readonly python: string;
  /** Folder of the step program. */
  readonly program: string;
  readonly plan: string;
  readonly volume: string;
  /** Folder of the attempt: record, outputs, log. */
  readonly folder: string;
  readonly workdir: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
}

/** How a step process ended. */
export interface StepEnd {
  readonly outcome: StepOutcome;
  readonly exitCode?: number;
  readonly signal?: string;
  readonly message?: string;
  readonly code?: string;
}

/** One attempt of a step as a process of its own, in a process group of its own. */
export class StepProcess {
  /** @param onRecord hears the step program's lines, in order, the last before {@link ended} settles */
  constructor(
    private readonly command: StepCommand,
    private readonly onRecord: (record: StepRecord) => void
  ) {
    mkdirSync(command.folder, { recursive: true });
    const log = openSync(join(command.folder, 'log.txt'), 'a');
    try {
      // Output goes straight into the file: 200 MB of it never pass through this process.
      this.child = spawn(
        command.python,
        [join(command.program, 'notepod_step.py'), command.plan, command.volume, command.folder],
        {
          cwd: command.workdir,
          detached: true,
          stdio: ['ignore', log, log],
          env: { ...process.env, PYTHONUNBUFFERED: '1', PYTHONIOENCODING: 'utf-8', ...command.env }
        }
      );
    } finally {
      closeSync(log);
    }
    const looking = setInterval(() => this.look(), LOOK);
    const limit = command.timeoutSeconds;
    const timer =
      limit === undefined ? undefined : setTimeout(() => this.stop('timeout'), limit * 1000);
    this.ended = new Promise(done => {
      const end = (exitCode: number | null, signal: NodeJS.Signals | null, failure?: Error) => {
        clearInterval(looking);
        clearTimeout(timer);
        clearTimeout(this.killing);
        this.look();
        // Children that the step left behind would hold files and ports for ever.
        this.signal('SIGKILL');
        done(
          failure ? { outcome: 'failed', message: failure.message } : this.judge(exitCode, signal)
        );
      };
      this.child.once('error', error => end(null, null, error));
      this.child.once('exit', (code, signal) => end(code, signal));
    });
  }

  get pid(): number | undefined {
    return this.child.pid;
  }

  /** Asks the step to end, and makes it end 2 s later. */
  stop(why: 'cancelled' | 'timeout'): void {
    this.stopped ??= why;
    this.signal('SIGTERM');
    this.killing ??= setTimeout(() => this.signal('SIGKILL'), GRACE);
  }

  /** Settles when the process has ended. */
  readonly ended: Promise<StepEnd>;

  private signal(signal: NodeJS.Signals): void {
    const { pid } = this.child;
    if (pid === undefined) {
      return;
    }
    try {
      process.kill(-pid, signal);
    } catch {
      // The whole group is gone already.
    }
  }

  private look(): void {
    const path = join(this.command.folder, 'record.jsonl');
    if (!existsSync(path)) {
      return;
    }
    const file = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(1 << 16);
      for (;;) {
        const size = readSync(file, buffer, 0, buffer.length, this.offset);
        if (size === 0) {
          break;
        }
        this.offset += size;
        this.pending = Buffer.concat([this.pending, buffer.subarray(0, size)]);
      }
    } finally {
      closeSync(file);
    }
    const end = this.pending.lastIndexOf(10) + 1;
    const text = this.pending.subarray(0, end).toString('utf-8');
    this.pending = this.pending.subarray(end);
    for (const record of parseLines<StepRecord>(text)) {
      if (record.type === 'done') {
        this.done = record.outcome;
      } else if (record.type === 'error' || record.type === 'guard') {
        this.problem = record;
      }
      this.onRecord(record);
    }
  }

  private judge(exitCode: number | null, signal: NodeJS.Signals | null): StepEnd {
    const base = {
      ...(exitCode === null ? {} : { exitCode }),
      ...(signal === null ? {} : { signal }),
      ...(this.problem ? { message: this.problem.message, code: this.problem.code } : {})
    };
    if (this.stopped === 'cancelled') {
      return { ...base, outcome: 'cancelled' };
    }
    if (this.stopped === 'timeout') {
      const limit = this.command.timeoutSeconds ?? 0;
      return {
        ...base,
        outcome: 'timeout',
        code: 'NP512',
        message: `it took longer than its \`timeout:\` of ${limit} s`
      };
    }
    if (signal !== null) {
      const hint = signal === 'SIGKILL' ? ', perhaps for want of memory' : '';
      return {
        ...base,
        outcome: 'killed',
        code: 'NP511',
        message: `the process was ended by ${signal}${hint}`
      };
    }
    if (exitCode === 4) {
      return { ...base, outcome: 'guard' };
    }
    if (exitCode === 0 && this.done === 'succeeded') {
      return { ...base, outcome: 'succeeded' };
    }
    if (this.done === undefined && this.problem === undefined) {
      return {
        ...base,
        outcome: 'failed',
        code: 'NP513',
        message: `the process ended with ${exitCode ?? 'no'} before the step was done (os._exit, or the Python itself failed); see the log`
      };
    }
    return { ...base, outcome: exitCode === 143 ? 'cancelled' : 'failed' };
  }

  private readonly child: ChildProcess;
  private offset = 0;
  private pending = Buffer.alloc(0);
  private done: string | undefined;
  private problem: Extract<StepRecord, { type: 'error' | 'guard' | 'warning' }> | undefined;
  private stopped: 'cancelled' | 'timeout' | undefined;
  private killing: NodeJS.Timeout | undefined;
}
