import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LocalDocument } from '../../compile/types';
import { STEP_PROGRAM } from '../../runtime/program';
import { LocalEngine } from '../local/engine';
import type { RunEvent, SubmitOptions } from '../types';

/** The Python that runs the steps of tests: the project's environment, or another one that the caller names. */
export const PYTHON =
  process.env.NOTEPOD_TEST_PYTHON ?? join(__dirname, '../../../.venv/bin/python');

/** A step of a test, which the real step program runs. */
export interface TestStep {
  readonly name: string;
  /** The source of its cells; one that does nothing if left out. */
  readonly cells?: readonly string[];
  readonly needs?: readonly string[];
  /** A name that it leaves for later steps. */
  readonly leaves?: string;
  readonly retry?: number;
  readonly timeoutSeconds?: number;
  readonly hash?: string;
}

/** Steps as the document that an engine takes. */
export function documentOf(steps: readonly TestStep[]): LocalDocument {
  return {
    version: 1,
    name: 'nb',
    notebookHash: '',
    files: [],
    steps: steps.map((step, ordinal) => ({
      name: step.name,
      needs: step.needs ?? [],
      retry: step.retry ?? 0,
      timeoutSeconds: step.timeoutSeconds,
      env: {},
      hash: step.hash ?? step.name,
      plan: {
        version: 1,
        step: step.name,
        ordinal,
        cells: (step.cells ?? ['pass']).map((source, index) => ({
          index: index * steps.length + ordinal,
          id: '',
          source,
          raisesException: false,
          parameters: [],
          needsIPython: false
        })),
        replays: [],
        settings: [],
        inputs: [],
        outputs: [step.leaves]
          .filter(name => name !== undefined)
          .map(name => ({
            name,
            cell: ordinal,
            neededBy: ['later'],
            required: true,
            optional: false
          })),
        outputAll: false,
        inputAll: false,
        ancestors: [],
        ambientIn: [],
        ambientOut: [],
        ambientWatch: [],
        replayable: [],
        elsewhere: {},
        laterDefinitions: [],
        parameters: {},
        modules: [],
        importedLater: {},
        needsIPython: false,
        image: ''
      }
    }))
  };
}

/** A folder that steps work in, a run store, and an engine on it. */
export class Playground {
  readonly workdir = mkdtempSync(join(tmpdir(), 'notepod-work-'));
  readonly data = mkdtempSync(join(tmpdir(), 'notepod-data-'));
  readonly engine = new LocalEngine({ data: this.data, program: STEP_PROGRAM });

  /** Starts a run of these steps. */
  async submit(steps: readonly TestStep[], options: Partial<SubmitOptions> = {}): Promise<string> {
    const run = await this.engine.submit(documentOf(steps), {
      jobs: 2,
      python: PYTHON,
      workdir: this.workdir,
      parameters: {},
      notebook: { path: 'nb.ipynb', text: '{}' },
      ...options
    });
    this.runs.push(run);
    return run;
  }

  /** Runs these steps to their end. */
  async run(steps: readonly TestStep[], options: Partial<SubmitOptions> = {}): Promise<RunEvent[]> {
    return this.events(await this.submit(steps, options));
  }

  /** Events of a run until it has ended. */
  async events(run: string): Promise<RunEvent[]> {
    const events: RunEvent[] = [];
    for await (const event of this.engine.events(run)) {
      events.push(event);
    }
    return events;
  }

  /** A file in the folder that the steps work in. */
  path(name: string): string {
    return join(this.workdir, name);
  }

  /** Waits for a file that a step makes, and returns its text. */
  async written(name: string): Promise<string> {
    await until(() => existsSync(this.path(name)) && readFileSync(this.path(name)).length > 0);
    return readFileSync(this.path(name), 'utf-8');
  }

  /** Ends what still runs, also after a test has failed, and removes the folders. */
  async dispose(): Promise<void> {
    for (const run of this.runs.filter(each => existsSync(this.engine.folder(each)))) {
      await this.engine.cancel(run).then(
        () => this.events(run),
        () => []
      );
    }
    rmSync(this.workdir, { recursive: true, force: true });
    rmSync(this.data, { recursive: true, force: true });
  }

  private readonly runs: string[] = [];
}

/** Waits for something that another process does; polls, since there is nothing to wait on. `limit` in ms. */
export async function until(what: () => boolean, limit = 20_000): Promise<void> {
  const end = Date.now() + limit;
  while (!what()) {
    if (Date.now() > end) {
      throw new Error('it did not happen in time');
    }
    await sleep(10);
  }
}

/** A process that is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf-8'));
  } catch {
    return false;
  }
}

/** What happened to the steps, in order: `a started`, `a succeeded`, …; the run's outcome last. */
export function story(events: readonly RunEvent[]): readonly string[] {
  return events.flatMap(event => {
    switch (event.type) {
      case 'step-started':
        return [`${event.step} started`];
      case 'step-reused':
        return [`${event.step} reused`];
      case 'step-ended':
        return [`${event.step} ${event.outcome}`];
      case 'run-resumed':
        return ['resumed'];
      case 'run-ended':
        return [event.outcome];
      default:
        return [];
    }
  });
}
