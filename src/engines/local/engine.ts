import {
  cpSync,
  createReadStream,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalDocument } from '../../compile/types';
import { EngineError } from '../errors';
import type { Engine, RunEvent, SubmitOptions } from '../types';
import { EventLog, readEventFile } from './event-log';
import { newRunFolder, RunFolder, type RunFile } from './run-folder';
import { Scheduler } from './scheduler';
import { isHeld, takeLock } from './supervisor-lock';

/** How often the log of a run that another process supervises is looked at, ms. */
const LOOK = 100;

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
    const { run, folder } = newRunFolder(this.data, new Date());
    const { notebook, ...rest } = options;
    const file: RunFile = {
      version: 1,
      run,
      document,
      options: { ...rest, notebook: notebook.path }
    };
    try {
      folder.fill(file, notebook.text, this.options.program);
      takeLock(folder.lock);
    } catch (error) {
      rmSync(folder.path, { recursive: true, force: true });
      throw error instanceof EngineError
        ? error
        : new EngineError(
            `the run cannot be stored: ${(error as Error).message}`,
            'free some room on the disk of the run store'
          );
    }
    const log = new EventLog(folder.events);
    log.append({
      type: 'run-submitted',
      run,
      notebook: notebook.path,
      target: this.target,
      steps: document.steps.map(step => ({
        name: step.name,
        needs: step.needs,
        cells: step.plan.cells.map(cell => cell.index)
      })),
      parameters: options.parameters,
      jobs: options.jobs
    });
    this.takeOver(document, options, folder, log);
    this.supervise(run, new Scheduler(folder, file, log, new Map()), log, folder);
    return Promise.resolve(run);
  }

  async *events(run: string, since = 0, signal?: AbortSignal): AsyncIterable<RunEvent> {
    const folder = new RunFolder(this.folder(run));
    let next = since;
    while (!signal?.aborted) {
      // Asked before the log is read: what a supervisor wrote last is in it then.
      const alive = this.eventLogs.has(run) || isHeld(folder.lock);
      const changed = this.changed(run);
      const events = readEventFile(folder.events);
      for (const event of events.slice(next)) {
        yield event;
        next = event.seq + 1;
      }
      if (events.at(-1)?.type === 'run-ended' || !alive) {
        return;
      }
      if (readEventFile(folder.events).length > next) {
        continue;
      }
      await changed;
    }
  }

  async *logs(
    run: string,
    step: string,
    follow = false,
    signal?: AbortSignal
  ): AsyncIterable<string> {
    const folder = new RunFolder(this.folder(run));
    const steps = join(folder.path, 'steps', step);
    let offset = 0;
    let attempt = '';
    for (;;) {
      const going =
        isHeld(folder.lock) && readEventFile(folder.events).at(-1)?.type !== 'run-ended';
      const attempts = existsSync(steps)
        ? readdirSync(steps).sort((a, b) => Number(a) - Number(b))
        : [];
      for (const each of attempts.filter(name => Number(name) >= Number(attempt || 0))) {
        if (each !== attempt) {
          attempt = each;
          offset = 0;
        }
        const path = join(steps, each, 'log.txt');
        if (existsSync(path)) {
          for await (const chunk of createReadStream(path, { start: offset, encoding: 'utf-8' })) {
            offset += Buffer.byteLength(chunk as string);
            yield chunk as string;
          }
        }
      }
      if (!follow || !going || signal?.aborted) {
        return;
      }
      await sleep(LOOK);
    }
  }

  async cancel(run: string): Promise<void> {
    const own = this.schedulers.get(run);
    if (own) {
      own.cancel();
      return;
    }
    const folder = new RunFolder(this.folder(run));
    if (!isHeld(folder.lock) || readEventFile(folder.events).at(-1)?.type === 'run-ended') {
      throw new EngineError(
        `run ${run} is not going on`,
        'see how it ended with: notepod show ' + run
      );
    }
    writeFileSync(folder.cancel, '');
    for await (const event of this.events(run)) {
      if (event.type === 'run-ended') {
        return;
      }
    }
  }

  resume(run: string): Promise<void> {
    const folder = new RunFolder(this.folder(run));
    const file = folder.read();
    const events = readEventFile(folder.events);
    const last = events.at(-1);
    if (last?.type === 'run-ended' && last.outcome === 'succeeded') {
      throw new EngineError(`run ${run} has succeeded already`, `see it with: notepod show ${run}`);
    }
    if (!existsSync(file.options.workdir)) {
      throw new EngineError(
        `the folder that run ${run} worked in is gone: ${file.options.workdir}`,
        'run the notebook again'
      );
    }
    takeLock(folder.lock);
    // A run that was cut off keeps a request to cancel that nobody has read.
    rmSync(folder.cancel, { force: true });
    folder.fill(
      file,
      existsSync(folder.notebook) ? readText(folder.notebook) : '',
      this.options.program
    );
    const attempts = new Map<string, number>();
    for (const event of events) {
      if (event.type === 'step-started') {
        attempts.set(event.step, event.attempt);
      }
    }
    const log = new EventLog(folder.events);
    log.append({ type: 'run-resumed' });
    this.supervise(run, new Scheduler(folder, file, log, attempts), log, folder);
    return Promise.resolve();
  }

  delete(run: string): Promise<void> {
    const folder = new RunFolder(this.folder(run));
    if (isHeld(folder.lock) && readEventFile(folder.events).at(-1)?.type !== 'run-ended') {
      throw new EngineError(`run ${run} is going on`, `cancel it first: notepod cancel ${run}`);
    }
    rmSync(folder.path, { recursive: true, force: true });
    return Promise.resolve();
  }

  private supervise(run: string, scheduler: Scheduler, log: EventLog, folder: RunFolder): void {
    this.schedulers.set(run, scheduler);
    this.eventLogs.set(run, log);
    void scheduler.run().finally(() => {
      this.schedulers.delete(run);
      this.eventLogs.delete(run);
      rmSync(folder.lock, { force: true });
    });
  }

  /** Takes the snapshots of the steps before `from` from an earlier run. */
  private takeOver(
    document: LocalDocument,
    options: SubmitOptions,
    folder: RunFolder,
    log: EventLog
  ): void {
    const { from, reuse } = options;
    if (from === undefined || reuse === undefined) {
      return;
    }
    const again = new Set([from]);
    for (const step of document.steps) {
      if (step.needs.some(need => again.has(need))) {
        again.add(step.name);
      }
    }
    const source = new RunFolder(this.folder(reuse));
    for (const step of document.steps) {
      if (!again.has(step.name) && source.hasSnapshot(step.name)) {
        cpSync(source.snapshot(step.name), folder.snapshot(step.name), { recursive: true });
        log.append({ type: 'step-reused', step: step.name, from: reuse });
      }
    }
  }

  /** Settles at the next event of a run of this process, or after a while for another's. */
  private changed(run: string): Promise<void> {
    const log = this.eventLogs.get(run);
    if (!log) {
      return sleep(LOOK);
    }
    return new Promise(done => {
      const end = log.listen(() => {
        end();
        done();
      });
    });
  }

  private readonly schedulers = new Map<string, Scheduler>();
  private readonly eventLogs = new Map<string, EventLog>();
}

function readText(path: string): string {
  return readFileSync(path, 'utf-8');
}
