import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalDocument } from '../../compile/types';
import { EngineError } from '../errors';
import type { Engine, RunEvent, SubmitOptions } from '../types';
import { EventLog, readEventFile } from '../run-store/event-log';
import { takeOver } from './reuse';
import { followEvents, followStepLog } from '../run-store/follow';
import { storeRun, submission } from '../run-store/new-run';
import { newRunFolder, RunFolder, type RunFile } from '../run-store/run-folder';
import { Scheduler } from './scheduler';
import { isHeld, takeLock } from '../run-store/supervisor-lock';

/** Runs steps as processes of this machine, with a folder as the volume. The process that submits supervises. */
export class LocalEngine implements Engine<LocalDocument> {
  readonly target = 'local';

  /**
   * @param options.data the folder that holds `runs/`
   * @param options.program files of the step program, by path
   */
  constructor(
    private readonly options: {
      readonly data: string;
      readonly program: Readonly<Record<string, string>>;
    }
  ) {}

  /** The folder that holds `runs/`. */
  get data(): string {
    return this.options.data;
  }

  /** The folder of a run. */
  folder(run: string): string {
    return join(this.data, 'runs', run);
  }

  submit(document: LocalDocument, options: SubmitOptions): Promise<string> {
    return new Promise(done => done(this.start(document, options)));
  }

  async *events(run: string, since = 0, signal?: AbortSignal): AsyncIterable<RunEvent> {
    yield* followEvents(this.existing(run), () => this.supervised.get(run)?.log, since, signal);
  }

  async *logs(
    run: string,
    step: string,
    follow = false,
    signal?: AbortSignal
  ): AsyncIterable<string> {
    yield* followStepLog(this.existing(run), step, follow, signal);
  }

  async cancel(run: string): Promise<void> {
    const folder = this.existing(run);
    const own = this.supervised.get(run);
    if (own) {
      own.scheduler.cancel();
      return;
    }
    const events = readEventFile(folder.events);
    if (!isHeld(folder.lock) || events.at(-1)?.type === 'run-ended') {
      throw new EngineError(`run ${run} is not going on`, `see it with: notepod show ${run}`);
    }
    writeFileSync(folder.cancel, '');
    for await (const event of this.events(run, (events.at(-1)?.seq ?? -1) + 1)) {
      if (event.type === 'run-ended') {
        return;
      }
    }
  }

  resume(run: string): Promise<void> {
    return new Promise(done => done(this.goOn(run)));
  }

  delete(run: string): Promise<void> {
    return new Promise(done => done(this.remove(run)));
  }

  /** Nothing is held open for runs of others; those of this process end with it. */
  async detach(): Promise<void> {}

  private start(document: LocalDocument, options: SubmitOptions): string {
    const { run, folder } = newRunFolder(this.data, new Date());
    const { notebook, from, reuse, ...rest } = options;
    const file: RunFile = {
      version: 1,
      run,
      document,
      options: { ...rest, notebook: notebook.path }
    };
    let reused: readonly string[] = [];
    storeRun(folder, file, notebook.text, this.options.program, () => {
      if (from !== undefined && reuse !== undefined) {
        reused = takeOver(document, from, this.existing(reuse), folder);
      }
    });
    const log = new EventLog(folder.events);
    log.append(submission(file, this.target));
    reused.forEach(step => log.append({ type: 'step-reused', step, from: reuse ?? '' }));
    if (log.failure) {
      rmSync(folder.path, { recursive: true, force: true });
      throw log.failure;
    }
    this.supervise(run, new Scheduler(folder, file, log, new Map()), log, folder);
    return run;
  }

  private goOn(run: string): void {
    const folder = this.existing(run);
    const file = folder.read();
    const events = readEventFile(folder.events);
    const last = events.at(-1);
    if (last?.type === 'run-ended' && last.outcome === 'succeeded') {
      throw new EngineError(`run ${run} has succeeded already`, `see it with: notepod show ${run}`);
    }
    folder.needsWorkdir(file);
    takeLock(folder.lock);
    try {
      // A run that was cut off keeps a request to cancel that nobody has read.
      rmSync(folder.cancel, { force: true });
      folder.fill(file, folder.notebookText(), this.options.program);
    } catch (error) {
      rmSync(folder.lock, { force: true });
      throw new EngineError(
        `run ${run} cannot go on: ${(error as Error).message}`,
        'free some room on the disk of the run store, or make it writable'
      );
    }
    const attempts = new Map<string, number>();
    for (const event of events) {
      if (event.type === 'step-started') {
        attempts.set(event.step, event.attempt);
      }
    }
    const log = new EventLog(folder.events);
    log.append({ type: 'run-resumed' });
    if (log.failure) {
      rmSync(folder.lock, { force: true });
      throw log.failure;
    }
    this.supervise(run, new Scheduler(folder, file, log, attempts), log, folder);
  }

  private remove(run: string): void {
    const folder = this.existing(run);
    if (isHeld(folder.lock) && readEventFile(folder.events).at(-1)?.type !== 'run-ended') {
      throw new EngineError(`run ${run} is going on`, `cancel it first: notepod cancel ${run}`);
    }
    try {
      rmSync(folder.path, { recursive: true, force: true });
    } catch (error) {
      throw new EngineError(
        `run ${run} cannot be deleted: ${(error as Error).message}`,
        `see who owns ${folder.path}`
      );
    }
  }

  /** The folder of a run that is there. */
  private existing(run: string): RunFolder {
    const folder = new RunFolder(this.folder(run));
    // An id is a name and no path: `..` must never be deleted.
    if (/[\\/]|^\.*$/.test(run) || !folder.isRun()) {
      throw new EngineError(`there is no run ${run}`, 'list them with: notepod runs');
    }
    return folder;
  }

  private supervise(run: string, scheduler: Scheduler, log: EventLog, folder: RunFolder): void {
    this.supervised.set(run, { scheduler, log });
    void scheduler.run().finally(() => {
      this.supervised.delete(run);
      rmSync(folder.lock, { force: true });
    });
  }

  /** The runs that this process supervises. */
  private readonly supervised = new Map<
    string,
    { readonly scheduler: Scheduler; readonly log: EventLog }
  >();
}
