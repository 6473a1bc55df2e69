import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Diagnostic } from '../../src/diagnostics/types';
import { LocalEngine } from '../../src/engines/local/engine';
import type { RunOutcome } from '../../src/engines/types';
import { STEP_PROGRAM } from '../../src/runtime/program';
import type { NotebookOutput } from '../../src/service/compare';
import { analyseProject } from '../../src/service/project';
import { prepareRun } from '../../src/service/run';
import { readOutputs } from '../../src/service/store';
import { notebookText, type TestCell } from './notebook-file';

/** What came of running a notebook both ways. */
export interface Outcome {
  readonly verdict: 'SAME' | 'REFUSED' | 'WRONG';
  /** REFUSED: the codes that say why. */
  readonly codes: readonly string[];
  /** WRONG: the first difference. REFUSED: the messages. */
  readonly detail: string;
  /** What Run All printed, by cell, up to the one that stopped it. */
  readonly printed: readonly string[];
}

/** A cell as Python alone runs it. */
interface CellResult {
  readonly printed: string;
  /** `repr` of the value of the last expression. */
  readonly shown: string | null;
  readonly error: string | null;
}

/** Refusals that say that Run All fails: then it has to. */
const SAYS_RUN_ALL_FAILS = new Set(['NP301', 'NP303', 'NP304']);

/**
 * Runs notebooks both ways: Run All in Python alone (`run_all.py`), and as steps through the same service code that the command
 * line calls, in this process; each step in a process of its own, with the real step program and a real volume.
 * Much faster than `notepod verify`, which starts five programs more; that path has a test of its own.
 */
export class BothWays {
  /** @param script path of `run_all.py` */
  constructor(
    private readonly python: string,
    private readonly script = join(__dirname, 'run_all.py')
  ) {
    // Kept in memory where that is possible: what a disk does to a snapshot is tested elsewhere.
    const room = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
    this.folder = mkdtempSync(join(room, 'notepod-law-'));
    const program = compiledProgram(python, join(this.folder, 'program'));
    this.engine = new LocalEngine({ data: join(this.folder, 'data'), program });
  }

  async run(cells: readonly TestCell[]): Promise<Outcome> {
    const id = this.next++;
    const [own, other] = [join(this.folder, `${id}-steps`), join(this.folder, `${id}-run-all`)];
    mkdirSync(own);
    mkdirSync(other);
    try {
      const reference = await this.runAll(id, other, cells);
      return {
        ...(await this.compared(own, cells, reference)),
        printed: reference.map(each => each.printed)
      };
    } finally {
      rmSync(own, { recursive: true, force: true });
      rmSync(other, { recursive: true, force: true });
    }
  }

  /** Ends the reference process and removes all files. */
  dispose(): void {
    this.reference?.stdin?.end();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private async compared(
    folder: string,
    cells: readonly TestCell[],
    reference: readonly CellResult[]
  ): Promise<Omit<Outcome, 'printed'>> {
    const path = join(folder, 'nb.ipynb');
    const text = notebookText(cells);
    const project = await analyseProject(path, text);
    const prepared = prepareRun(project, new Map(), {
      path: this.python,
      version: '',
      missing: [],
      ipython: true
    });
    const errors = [...project.diagnostics, ...prepared.diagnostics].filter(
      each => each.severity === 'error'
    );
    if (errors.length > 0) {
      return refused(errors, reference);
    }
    const run = await this.engine.submit(prepared.document, {
      jobs: 2,
      python: this.python,
      workdir: folder,
      parameters: {},
      notebook: { path, text }
    });
    let outcome: RunOutcome = 'interrupted';
    let stop: { readonly code?: string; readonly message?: string } = {};
    const skipped = new Set<number>();
    for await (const event of this.engine.events(run)) {
      if (event.type === 'run-ended') {
        outcome = event.outcome;
      } else if (event.type === 'step-ended' && event.outcome === 'skipped') {
        const step = prepared.document.steps.find(each => each.name === event.step);
        step?.plan.cells.forEach(cell => skipped.add(cell.index));
      } else if (event.type === 'step-ended' && event.message !== undefined) {
        stop = event;
      }
    }
    const outputs = readOutputs(this.engine.folder(run));
    await this.engine.delete(run);
    if (outcome === 'guard') {
      return { verdict: 'REFUSED', codes: [stop.code ?? 'guard'], detail: stop.message ?? '' };
    }
    const detail = firstDifference(reference, cells, outputs, skipped, outcome, stop.message ?? '');
    return { verdict: detail === '' ? 'SAME' : 'WRONG', codes: [], detail };
  }

  private runAll(
    id: number,
    folder: string,
    cells: readonly TestCell[]
  ): Promise<readonly CellResult[]> {
    if (!this.reference) {
      this.reference = spawn(this.python, [this.script], { stdio: ['pipe', 'pipe', 'inherit'] });
      const lines = createInterface({ input: this.reference.stdout as NodeJS.ReadableStream });
      lines.on('line', line => {
        const answer = JSON.parse(line) as { id: number; cells: CellResult[] };
        this.waiting.get(answer.id)?.(answer.cells);
        this.waiting.delete(answer.id);
      });
    }
    return new Promise(done => {
      this.waiting.set(id, done);
      const request = {
        id,
        folder,
        cells: cells
          .filter(each => !each.tags?.includes('skip'))
          .map(({ source, tags }) => ({
            source,
            mayRaise: tags?.includes('raises-exception') ?? false
          }))
      };
      this.reference?.stdin?.write(`${JSON.stringify(request)}\n`);
    });
  }

  private readonly folder: string;
  private readonly engine: LocalEngine;
  private reference: ChildProcess | undefined;
  private readonly waiting = new Map<number, (cells: readonly CellResult[]) => void>();
  private next = 0;
}

/**
 * The step program in one folder for all runs, compiled once: a third of a small step's time is else the compiling. A run's own
 * folder has what starts it.
 */
function compiledProgram(python: string, folder: string): Readonly<Record<string, string>> {
  for (const [name, text] of Object.entries(STEP_PROGRAM)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  spawnSync(python, ['-m', 'compileall', '-q', folder]);
  const start = STEP_PROGRAM['notepod_step.py'];
  return {
    'notepod_step.py': start.replace(/^_folder = .*$/m, `_folder = ${JSON.stringify(folder)}`)
  };
}

/** A refusal stands unless it says that Run All fails, and it does not. */
function refused(
  errors: readonly Diagnostic[],
  reference: readonly CellResult[]
): Omit<Outcome, 'printed'> {
  const codes = [...new Set(errors.map(each => each.code))];
  const detail = errors.map(each => `${each.code} ${each.message}`).join('\n');
  const fails = reference.some(each => each.error !== null);
  const untrue = codes.every(code => SAYS_RUN_ALL_FAILS.has(code)) && !fails;
  return untrue
    ? { verdict: 'WRONG', codes, detail: `untrue: ${detail}` }
    : { verdict: 'REFUSED', codes, detail };
}

function firstDifference(
  reference: readonly CellResult[],
  cells: readonly TestCell[],
  outputs: ReadonlyMap<number, readonly NotebookOutput[]>,
  skipped: ReadonlySet<number>,
  outcome: RunOutcome,
  message: string
): string {
  const indexes = cells.flatMap((cell, index) => (cell.tags?.includes('skip') ? [] : [index]));
  const failing = reference.findIndex(
    (each, position) => each.error !== null && !mayRaise(cells, indexes[position])
  );
  for (const [position, wanted] of reference.entries()) {
    const index = indexes[position];
    if (position < failing && skipped.has(index)) {
      // A step with cells around the one that failed runs after it (docs/law.md): the run says that it was skipped.
      continue;
    }
    const got = resultOf(outputs.get(index) ?? []);
    for (const part of ['printed', 'shown', 'error'] as const) {
      if (masked(wanted[part]) !== masked(got[part])) {
        return `cell ${index + 1}, ${part}: Run All ${JSON.stringify(wanted[part])}, the steps ${JSON.stringify(got[part])}; ${message}`;
      }
    }
  }
  const last = reference.at(-1);
  const failed =
    reference.length < indexes.length || (last?.error !== null && !mayRaise(cells, indexes.at(-1)));
  const ended = failed ? 'failed' : 'succeeded';
  return outcome === ended ? '' : `Run All ${ended}, the steps ${outcome}: ${message}`;
}

function mayRaise(cells: readonly TestCell[], index: number | undefined): boolean {
  return cells[index ?? -1]?.tags?.includes('raises-exception') ?? false;
}

function resultOf(outputs: readonly NotebookOutput[]): CellResult {
  let printed = '';
  let shown: string | null = null;
  let error: string | null = null;
  for (const each of outputs) {
    if (each.output_type === 'stream') {
      printed += each.name === 'stdout' ? [each.text].flat().join('') : '';
    } else if (each.output_type === 'error') {
      error = `${each.ename}: ${each.evalue}`;
    } else if (each.output_type === 'execute_result') {
      shown = String(each.data['text/plain']);
    }
  }
  return { printed, shown, error };
}

/** Addresses of objects are nobody's promise, and functions are shown in IPython's words by the one and by `repr` by the other. */
function masked(text: string | null): string | null {
  return text === null
    ? null
    : text
        .replace(/<(function|bound method) (?:[^<>]|<[^<>]*>)*>/g, '<$1>')
        .replace(/ (?:object )?at 0x[0-9a-f]{6,16}\b/g, ' at 0x…');
}
