import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { StepOutcome, StepRecord } from '../types';
import { LineReader } from '../run-store/event-log';

/** How long a step that is told to end may take, ms. */
const GRACE = 2000;
/** How often the record of a running step is looked at, ms. */
const LOOK = 60;
/** Node fires a timer of more ms than a 32-bit integer holds at once (Node's documentation of setTimeout). */
const LONGEST_TIMER = 2 ** 31 - 1;

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
  /**
   * Starts the process. What keeps it from starting (no Python, no folder, a full disk) is how the step {@link ended}.
   * @param onRecord hears the step program's lines, in order, the last before {@link ended} settles
   */
  constructor(
    private readonly command: StepCommand,
    private readonly onRecord: (record: StepRecord) => void
  ) {
    this.records = new LineReader(join(command.folder, 'record.jsonl'));
    try {
      const child = this.start();
      this.child = child;
      this.ended = this.watch(child);
    } catch (error) {
      this.ended = Promise.resolve(this.notStarted(error as Error));
    }
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  /** Asks the step to end, and makes it end 2 s later. */
  stop(why: 'cancelled' | 'timeout'): void {
    this.stopped ??= why;
    this.signal('SIGTERM');
    this.killing ??= setTimeout(() => this.signal('SIGKILL'), GRACE);
  }

  /** Settles when the process has ended. */
  readonly ended: Promise<StepEnd>;

  private start(): ChildProcess {
    const { python, program, plan, volume, folder, workdir, env } = this.command;
    mkdirSync(folder, { recursive: true });
    const log = openSync(join(folder, 'log.txt'), 'a');
    try {
      return spawn(python, [join(program, 'notepod_step.py'), plan, volume, folder], {
        cwd: workdir,
        detached: true,
        // Output goes straight into the file: 200 MB of it never pass through this process.
        // Descriptor 3 is the lifeline: nothing is ever written to it, and it closes when this process dies.
        stdio: ['ignore', log, log, 'pipe'],
        env: {
          // One hash seed for all: a set of texts has one order in a process, so it must have it in all steps of a run.
          PYTHONHASHSEED: '0',
          ...process.env,
          PYTHONUNBUFFERED: '1',
          PYTHONIOENCODING: 'utf-8',
          ...env,
          NOTEPOD_LIFELINE: '3'
        }
      });
    } finally {
      closeSync(log);
    }
  }

  private watch(child: ChildProcess): Promise<StepEnd> {
    const looking = setInterval(() => this.look(), LOOK);
    const limit = this.command.timeoutSeconds;
    const endLimit =
      limit === undefined ? () => undefined : after(limit * 1000, () => this.stop('timeout'));
    return new Promise(done => {
      const end = (judge: () => StepEnd) => {
        clearInterval(looking);
        endLimit();
        clearTimeout(this.killing);
        this.look();
        // Children that the step left behind would hold files and ports for ever.
        this.signal('SIGKILL');
        child.stdio[3]?.destroy();
        done(judge());
      };
      child.once('error', error => end(() => this.notStarted(error)));
      child.once('exit', (code, signal) => end(() => this.judge(code, signal)));
      // The other end closes with the step; a reset of it is no news.
      child.stdio[3]?.on('error', () => undefined);
    });
  }

  private signal(signal: NodeJS.Signals): void {
    const { pid } = this;
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
    for (const record of this.records.read()) {
      if (record.type === 'done') {
        this.done = record.outcome;
      } else if (record.type === 'error' || record.type === 'guard') {
        this.problem = record;
      }
      this.onRecord(record);
    }
  }

  private notStarted(error: Error): StepEnd {
    const { workdir, python } = this.command;
    // spawn says ENOENT with the name of the program also where it is the folder that is missing.
    const message = !existsSync(workdir)
      ? `the folder ${workdir} that steps work in is not there`
      : `${python} could not be started: ${error.message}`;
    return { outcome: this.stopped ?? 'failed', code: 'NP514', message };
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
      const hint = HINTS[signal];
      return {
        ...base,
        outcome: 'killed',
        code: 'NP511',
        message: `the process was ended by ${signal}${hint === undefined ? '' : `, ${hint}`}`
      };
    }
    if (exitCode === 0 && this.done === 'succeeded') {
      return { ...base, outcome: 'succeeded' };
    }
    // An exit code alone says nothing: any code can be the notebook's own `os._exit`.
    if (this.done === undefined) {
      return {
        ...base,
        outcome: 'failed',
        code: this.problem?.code ?? 'NP513',
        message:
          this.problem?.message ??
          `the process ended with ${exitCode ?? 'no'} before the step was done (os._exit, or the Python itself failed); see the log`
      };
    }
    return { ...base, outcome: this.done === 'succeeded' ? 'failed' : this.done };
  }

  private readonly records: LineReader<StepRecord>;
  private readonly child: ChildProcess | undefined;
  private done: 'succeeded' | 'failed' | 'guard' | 'cancelled' | undefined;
  private problem: Extract<StepRecord, { type: 'error' | 'guard' | 'warning' }> | undefined;
  private stopped: 'cancelled' | 'timeout' | undefined;
  private killing: NodeJS.Timeout | undefined;
}

/** What a signal usually means. */
const HINTS: Readonly<Partial<Record<NodeJS.Signals, string>>> = {
  SIGKILL: 'perhaps for want of memory',
  SIGSEGV: 'a crash in a library; see the log',
  SIGBUS: 'a crash in a library; see the log',
  SIGILL: 'a crash in a library; see the log',
  SIGFPE: 'a crash in a library; see the log',
  SIGABRT: 'a crash in a library; see the log'
};

/** Calls `job` after `ms`, however many; returns what ends the waiting. */
function after(ms: number, job: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (left: number): void => {
    timer = setTimeout(
      () => (left > LONGEST_TIMER ? wait(left - LONGEST_TIMER) : job()),
      Math.min(left, LONGEST_TIMER)
    );
  };
  wait(ms);
  return () => clearTimeout(timer);
}
