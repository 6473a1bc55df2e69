import { existsSync, rmSync } from 'node:fs';
import type { LocalDocument } from '../../compile/types';
import type { RunOutcome, StepOutcome } from '../types';
import { OUTCOME_WORDS } from '../outcomes';
import type { EventLog } from '../run-store/event-log';
import type { RunFile, RunFolder } from '../run-store/run-folder';
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
    this.isCancelled = true;
    this.running.forEach(each => each.stop('cancelled'));
    this.retries.forEach(timer => clearTimeout(timer));
    this.retries.clear();
    this.next();
  }

  private next(): void {
    if (!this.isCancelled && this.log.failure === undefined) {
      // Run All stops at the first failure, and has run by then all that comes before it.
      for (const step of this.file.document.steps.slice(0, this.firstFailed)) {
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
    const isWanted = !this.isCancelled && this.place(step) < (this.firstFailed ?? Infinity);
    const willRetry = worthIt && isWanted && failures <= step.retry;
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
      this.failed(step, end.outcome);
    }
    this.next();
  }

  /** Of several failures the first in reference order counts, as Run All would have stopped there. */
  private failed(step: LocalStep, outcome: StepOutcome): void {
    if (outcome === 'cancelled') {
      this.isCancelled = true;
    } else if (this.place(step) < (this.firstFailed ?? Infinity)) {
      this.firstFailed = this.place(step);
      this.outcome = outcome === 'guard' ? 'guard' : 'failed';
      this.message = `step ${step.name} ${OUTCOME_WORDS[outcome]}`;
    }
  }

  private place(step: LocalStep): number {
    return this.file.document.steps.indexOf(step);
  }

  private end(): void {
    for (const step of this.file.document.steps) {
      const attempted = (this.attempts.get(step.name) ?? 0) > 0;
      if (!this.done.has(step.name) && !attempted) {
        this.log.append({ type: 'step-ended', step: step.name, attempt: 0, outcome: 'skipped' });
      }
    }
    const outcome = this.isCancelled ? 'cancelled' : this.outcome;
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
  private isCancelled = false;
  /** Place in reference order of the first step that failed for good. */
  private firstFailed: number | undefined;
  private outcome: RunOutcome = 'succeeded';
  private over = false;
  private message: string | undefined;
  private finish: (outcome: RunOutcome) => void = () => undefined;
}
