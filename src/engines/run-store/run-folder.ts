import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { LocalDocument } from '../../compile/types';
import { EngineError } from '../errors';
import type { SubmitOptions } from '../types';

/** The folder of the user's data: NOTEPOD_DATA, else the system's own place for such. */
export function dataFolder(): string {
  const { env, platform } = process;
  if (env.NOTEPOD_DATA) {
    return env.NOTEPOD_DATA;
  }
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'notepod');
  }
  if (platform === 'darwin') {
    return join(homedir(), 'Library', 'Application Support', 'notepod');
  }
  // https://specifications.freedesktop.org/basedir-spec/latest/
  return join(env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'notepod');
}

/** What a run was made from: `run.json`. */
export interface RunFile {
  readonly version: 1;
  readonly run: string;
  readonly document: LocalDocument;
  readonly options: Omit<SubmitOptions, 'notebook'> & { readonly notebook: string };
  /** Where it runs, if not on this machine. */
  readonly cluster?: {
    readonly context: string;
    readonly namespace: string;
    /** Names of the Workflows of the run: the first, and one for each time that it was resumed. */
    readonly workflows: readonly string[];
  };
}

/** Places in a run's folder. */
export class RunFolder {
  constructor(readonly path: string) {
    this.runFile = join(path, 'run.json');
    this.notebook = join(path, 'notebook.ipynb');
    this.events = join(path, 'events.jsonl');
    this.lock = join(path, 'supervisor.json');
    this.cancel = join(path, 'cancel');
    this.program = join(path, 'program');
    this.volume = join(path, 'volume');
  }

  readonly runFile: string;
  readonly notebook: string;
  readonly events: string;
  readonly lock: string;
  /** Its presence asks the supervisor to cancel. */
  readonly cancel: string;
  readonly program: string;
  readonly volume: string;

  plan(step: string): string {
    return join(this.path, 'plans', `${step}.json`);
  }

  attempt(step: string, attempt: number): string {
    return join(this.path, 'steps', step, String(attempt));
  }

  snapshot(step: string): string {
    return join(this.volume, 'snapshots', step);
  }

  /** The step's snapshot was committed. */
  hasSnapshot(step: string): boolean {
    return existsSync(join(this.snapshot(step), 'manifest.json'));
  }

  /** There is a run in the folder, or what is left of one. */
  isRun(): boolean {
    return existsSync(this.runFile) || existsSync(this.events);
  }

  /** Throws an `EngineError` if the file is gone, damaged, or of another version. */
  read(): RunFile {
    try {
      const file = JSON.parse(readFileSync(this.runFile, 'utf-8')) as RunFile;
      if (file.version === 1 && file.document.version === 1) {
        return file;
      }
    } catch {
      // Said below.
    }
    throw new EngineError(
      `${this.runFile} is damaged or was written by another version of notepod`,
      'run the notebook again'
    );
  }

  /** Replaces what the run is known by, whole or not at all. */
  write(file: RunFile): void {
    const aside = `${this.runFile}.new`;
    writeFileSync(aside, JSON.stringify(file));
    renameSync(aside, this.runFile);
  }

  /** The notebook as it was submitted. */
  notebookText(): string {
    return readFileSync(this.notebook, 'utf-8');
  }

  /** The hashes of the run's steps. */
  hashes(): ReadonlyMap<string, string> {
    return new Map(this.read().document.steps.map(step => [step.name, step.hash]));
  }

  /** Throws an `EngineError` if the folder that the steps work in is gone. */
  needsWorkdir(file: RunFile): void {
    if (!existsSync(file.options.workdir)) {
      throw new EngineError(
        `the folder that run ${file.run} worked in is gone: ${file.options.workdir}`,
        'run the notebook again'
      );
    }
  }

  /** Writes everything that a run needs before its first step. */
  fill(file: RunFile, notebook: string, program: Readonly<Record<string, string>>): void {
    for (const [name, text] of Object.entries(program)) {
      const path = join(this.program, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
    mkdirSync(join(this.volume, 'snapshots'), { recursive: true });
    mkdirSync(join(this.path, 'plans'), { recursive: true });
    for (const step of file.document.steps) {
      writeFileSync(this.plan(step.name), JSON.stringify({ ...step.plan, run: file.run }));
    }
    writeFileSync(this.notebook, notebook);
    writeFileSync(this.runFile, JSON.stringify(file));
  }
}

/** Makes the folder of a new run under a name that no other run has: sortable by time, short enough to type. */
export function newRunFolder(
  data: string,
  now: Date
): { readonly run: string; readonly folder: RunFolder } {
  const stamp = now.toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15);
  const runs = join(data, 'runs');
  try {
    mkdirSync(runs, { recursive: true });
    for (;;) {
      const run = `${stamp}-${Math.random().toString(36).slice(2, 6).padEnd(4, '0')}`;
      try {
        mkdirSync(join(runs, run), { mode: 0o700 });
        return { run, folder: new RunFolder(join(runs, run)) };
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
          throw error;
        }
      }
    }
  } catch (error) {
    throw new EngineError(
      `no run can be stored in ${runs}: ${(error as Error).message}`,
      'make the folder writable, or name another one in the variable NOTEPOD_DATA'
    );
  }
}
