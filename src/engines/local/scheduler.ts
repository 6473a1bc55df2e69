import { existsSync, rmSync } from 'node:fs';
import type { LocalDocument } from '../../compile/types';
import type { RunOutcome, StepOutcome } from '../types';
import type { EventLog } from './event-log';
import type { RunFile, RunFolder } from './run-folder';
import { StepProcess, type StepEnd } from './step-process';

type LocalStep = LocalDocument['steps'][number];

/** How often a request to cancel from another process is looked for, ms. */
const LOOK_FOR_CANCEL = 250;

/** Runs the steps of one run: each as soon as what it needs has ended, in reference order, as many at once as allowed. */
export class Scheduler {
  constructor(
    private readonly folder: RunFolder,
    private readonly file: RunFile,
    private readonly log: EventLog,
    finished: ReadonlyMap<string, number>
  ) {
    for (const step of file.document.steps) {
      this.attempts.set(step.name, finished.get(step.name) ?? 0);
      if (folder.hasSnapshot(step.name)) {
        this.done.add(step.name);
      }
    }
  }

  /** Runs until all steps have ended, or what failed or was cancelled has. */
  run(): Promise<RunOutcome> {
    const looking = setInterval(() => {
      if (existsSync(this.folder.cancel)) {
        rmSync(this.folder.cancel, { force: true });
        this.cancel();
      }
    }, LOOK_FOR_CANCEL);
    const unlisten = this.log.listen(() => {
      if (this.log.failure !== undefined) {
        // What is not in the log has not happened: nothing that runs on could be told. Whoever was appending goes first.
        queueMicrotask(() => this.cancel());
      }
    });
    return new Promise<RunOutcome>(resolve => {
      this.finish = resolve;
      this.next();
    }).finally(() => {
      clearInterval(looking);
      unlisten();
    });
  }

  /** Ends the steps that run, and starts no more. */
  cancel(): void {
    this.stopping = 'cancelled';
    this.running.forEach(each => each.stop('cancelled'));
    this.retries.forEach(timer => clearTimeout(timer));
    this.retries.clear();
    this.next();
  }

  private next(): void {
    if (this.stopping === undefined && this.log.failure === undefined) {
      for (const step of this.file.document.steps) {
        if (this.running.size + this.retries.size >= this.file.options.jobs) {
          break;
        }
        const waits =
          this.done.has(step.name) || this.running.has(step.name) || this.retries.has(step.name);
        if (!waits && step.needs.every(need => this.done.has(need))) {
          this.start(step);
        }
      }
    }
    if (this.running.size === 0 && this.retries.size === 0 && !this.over) {
      this.over = true;
      this.end();
    }
  }

  private start(step: LocalStep): void {
    const attempt = (this.attempts.get(step.name) ?? 0) + 1;
    this.attempts.set(step.name, attempt);
    this.log.append({ type: 'step-ready', step: step.name, attempt });
    if (this.log.failure !== undefined) {
      return;
    }
    const { options, run } = this.file;
    const child = new StepProcess(
      {
        python: options.python,
        program: this.folder.program,
        plan: this.folder.plan(step.name),
        volume: this.folder.volume,
        folder: this.folder.attempt(step.name, attempt),
        workdir: options.workdir,
        env: { ...step.env, NOTEPOD_RUN: run, NOTEPOD_STEP: step.name },
        timeoutSeconds: step.timeoutSeconds
      },
      record => this.log.append({ type: 'step-record', step: step.name, attempt, record })
    );
    this.running.set(step.name, child);
    this.log.append({
      type: 'step-started',
      step: step.name,
      attempt,
      ...(child.pid === undefined ? {} : { pid: child.pid })
    });
    void child.ended.then(end => this.ended(step, attempt, end));
  }

  private ended(step: LocalStep, attempt: number, end: StepEnd): void {
    this.running.delete(step.name);
    const failures = (this.failures.get(step.name) ?? 0) + 1;
    const worthIt =
      end.outcome === 'failed' || end.outcome === 'killed' || end.outcome === 'timeout';
    const willRetry = worthIt && this.stopping === undefined && failures <= step.retry;
    this.log.append({
      type: 'step-ended',
      step: step.name,
      attempt,
      ...end,
      ...(willRetry ? { willRetry } : {})
    });
    if (end.outcome === 'succeeded') {
      this.done.add(step.name);
    } else if (willRetry) {
      this.failures.set(step.name, failures);
      const pause = Math.min(200 * 2 ** (failures - 1), 10_000);
      this.retries.set(
        step.name,
        setTimeout(() => {
          this.retries.delete(step.name);
          this.start(step);
        }, pause)
      );
    } else {
      this.stop(step.name, end.outcome);
    }
    this.next();
  }

  /** As Run All stops at the first failure, nothing more is started; what runs goes on to its end. */
  private stop(step: string, outcome: StepOutcome): void {
    if (this.stopping === 'cancelled') {
      return;
    }
    this.stopping =
      outcome === 'guard'
        ? 'guard'
        : outcome === 'cancelled'
          ? 'cancelled'
          : (this.stopping ?? 'failed');
    this.message ??= outcome === 'cancelled' ? undefined : `step ${step} ${WORDS[outcome]}`;
  }

  private end(): void {
    for (const step of this.file.document.steps) {
      const attempted = (this.attempts.get(step.name) ?? 0) > 0;
      if (!this.done.has(step.name) && !attempted) {
        this.log.append({ type: 'step-ended', step: step.name, attempt: 0, outcome: 'skipped' });
      }
    }
    const outcome = this.stopping ?? 'succeeded';
    this.log.append({
      type: 'run-ended',
      outcome,
      ...(this.message === undefined ? {} : { message: this.message })
    });
    this.finish(outcome);
  }

  private readonly done = new Set<string>();
  private readonly attempts = new Map<string, number>();
  private readonly failures = new Map<string, number>();
  private readonly running = new Map<string, StepProcess>();
  private readonly retries = new Map<string, NodeJS.Timeout>();
  private stopping: RunOutcome | undefined;
  private over = false;
  private message: string | undefined;
  private finish: (outcome: RunOutcome) => void = () => undefined;
}

const WORDS: Readonly<Record<StepOutcome, string>> = {
  succeeded: 'succeeded',
  failed: 'failed',
  guard: 'was stopped by the guard',
  cancelled: 'was cancelled',
  timeout: 'took too long',
  killed: 'was killed',
  skipped: 'was skipped'
};
