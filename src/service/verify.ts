import type { LocalDocument } from '../compile/types';
import type { LocalEngine } from '../engines/local/engine';
import type { RunEvent, RunOutcome, StepRecord } from '../engines/types';
import { compareOutputs, type CellComparison, type NotebookOutput } from './compare';
import { hasErrors, type Project } from './project';
import type { PythonInfo } from './python';
import type { PreparedRun } from './run';
import { seededProject } from './seeded';
import { readOutputs } from './store';
import { WorkCopy } from './work-copy';

/** What came of running a notebook both ways. */
export interface Verification {
  readonly verdict: 'SAME' | 'DIFFERENT' | 'REFUSED';
  readonly cells: readonly CellComparison[];
  /** How often Run All ran in all: more than once where its outputs differed from the steps'. */
  readonly runAlls: number;
  /** Why it was refused, or how the two runs ended apart; empty if SAME. */
  readonly message: string;
  /** What stopped steps: values that cannot be passed on, changes that the graph does not have, failures. */
  readonly stops: readonly Stop[];
  readonly reference: { readonly run: string; readonly outcome: RunOutcome };
  readonly steps: { readonly run: string; readonly outcome: RunOutcome };
}

/** Why a step was stopped. */
export interface Stop {
  readonly step: string;
  readonly code: string;
  /** What happened, and what to do. */
  readonly message: string;
  /** 0-based among all cells. */
  readonly cell?: number;
  /** The variable that it is about. */
  readonly name?: string;
  /** The command that shows what the step printed. */
  readonly logs: string;
}

/** Which of the runs of a verification an event belongs to. */
export type VerifyingRun = 'Run All' | 'steps' | 'Run All again';

/** What {@link verify} runs with. */
export interface VerifyOptions {
  readonly engine: LocalEngine;
  readonly python: PythonInfo;
  /** Most steps at once. */
  readonly jobs: number;
  /** Compiles the project, or one made from it, with the user's parameters. */
  readonly prepare: (project: Project) => PreparedRun;
  readonly onEvent: (which: VerifyingRun, event: RunEvent) => void;
  /** Its abort cancels the run that goes on, and is thrown once that has ended. */
  readonly signal?: AbortSignal;
}

/** Most Run Alls: one to compare with, and three to tell what varies by itself. */
const MOST_RUN_ALLS = 4;

/**
 * Runs a notebook as Run All and as steps, each in a copy of its folder, and compares every cell. Where a cell differs,
 * Run All runs again: what varies between runs of the same thing cannot be compared, and is called so. Values that vary may
 * agree by chance, so a notebook with such cells is run both ways once more with seeded generators; that decides.
 */
export async function verify(
  project: Project,
  prepared: PreparedRun,
  options: VerifyOptions
): Promise<Verification> {
  const plain = new BothWays(project, prepared, options);
  await plain.run();
  const { reference, steps } = plain;
  if (steps.outcome === 'guard') {
    return result('REFUSED', [], steps.message, plain);
  }
  if (plain.has('different')) {
    await plain.repeat();
  }
  let cells = plain.compared();
  if (!plain.repeatsItself()) {
    const seeded = await seededWays(project, plain, options);
    if (seeded !== undefined) {
      cells = cells.map(each => withSeeds(each, seeded));
    } else {
      while (plain.has('different') && plain.repeats.length + 1 < MOST_RUN_ALLS) {
        await plain.repeat();
      }
      cells = plain.compared();
    }
  }
  const endings =
    reference.outcome === steps.outcome
      ? ''
      : `Run All ${reference.outcome}, the steps ${steps.outcome}`;
  const same = endings === '' && cells.every(each => each.verdict !== 'different');
  return result(same ? 'SAME' : 'DIFFERENT', cells, endings, plain);
}

/** Both ways with seeded generators; undefined if that says nothing: the seeds are refused, or it ends otherwise. */
async function seededWays(
  project: Project,
  plain: BothWays,
  options: VerifyOptions
): Promise<BothWays | undefined> {
  const seeded = await seededProject(project, options.python.path);
  if (seeded === undefined || hasErrors(seeded.diagnostics)) {
    return undefined;
  }
  const prepared = options.prepare(seeded);
  if (hasErrors(prepared.diagnostics)) {
    return undefined;
  }
  const ways = new BothWays(seeded, prepared, options);
  await ways.run();
  const { reference, steps } = ways;
  if (reference.outcome !== plain.reference.outcome || steps.outcome !== plain.steps.outcome) {
    return undefined;
  }
  if (ways.has('different')) {
    await ways.repeat();
  }
  return ways;
}

/** The verdict on a cell with what its seeded run says, whose cells stand one further on. */
function withSeeds(cell: CellComparison, seeded: BothWays): CellComparison {
  const other = seeded.compared().find(each => each.cell === cell.cell + 1);
  if (other?.verdict === 'different') {
    const difference = `with seeded generators, ${other.difference}`;
    return { ...cell, verdict: 'different', difference };
  }
  return cell.verdict === 'same' ? cell : { ...cell, verdict: 'varies', difference: '' };
}

/** Run All and steps of one project. */
class BothWays {
  constructor(
    private readonly project: Project,
    private readonly prepared: PreparedRun,
    private readonly options: VerifyOptions
  ) {
    this.cells = prepared.reference.steps[0].plan.cells.map(cell => cell.index);
  }

  async run(): Promise<void> {
    this.reference = await this.runOne('Run All', this.prepared.reference);
    this.steps = await this.runOne('steps', this.prepared.document);
  }

  /** Run All once more, with another seed for hashes. */
  async repeat(): Promise<void> {
    const document = withHashSeed(this.prepared.reference, this.repeats.length + 1);
    this.repeats.push(await this.runOne('Run All again', document));
  }

  compared(): readonly CellComparison[] {
    return compareCells(this.cells, this.reference, this.steps, this.repeats);
  }

  has(verdict: CellComparison['verdict']): boolean {
    return this.compared().some(each => each.verdict === verdict);
  }

  /** All Run Alls gave the same. Where values are few, they agree in places though they vary. */
  repeatsItself(): boolean {
    return this.repeats.every(each =>
      compareCells(this.cells, this.reference, each, []).every(cell => cell.verdict === 'same')
    );
  }

  private async runOne(which: VerifyingRun, document: LocalDocument): Promise<OneRun> {
    const { engine, jobs, python, onEvent, signal } = this.options;
    const sources = this.project.notebook.cells.map(cell => cell.source);
    const copy = new WorkCopy(this.project.folder, sources);
    try {
      const run = await engine.submit(document, {
        jobs,
        python: python.path,
        workdir: copy.folder,
        parameters: {},
        notebook: { path: this.project.path, text: this.project.text }
      });
      let outcome: RunOutcome = 'interrupted';
      let message = '';
      const stops: Stop[] = [];
      const cancel = () => void engine.cancel(run);
      signal?.addEventListener('abort', cancel);
      try {
        for await (const event of engine.events(run)) {
          onEvent(which, event);
          if (event.type === 'step-record') {
            stops.push(...stopOf(run, event.step, event.record));
          }
          if (event.type === 'run-ended') {
            outcome = event.outcome;
            message = event.message ?? '';
          }
        }
      } finally {
        signal?.removeEventListener('abort', cancel);
      }
      signal?.throwIfAborted();
      return { run, outcome, message, stops, outputs: readOutputs(engine.folder(run)) };
    } finally {
      copy.dispose();
    }
  }

  reference: OneRun = NOT_RUN;
  steps: OneRun = NOT_RUN;
  readonly repeats: OneRun[] = [];
  private readonly cells: readonly number[];
}

/**
 * The same run with its sets of texts in another order: every kernel draws a seed for hashes, so what depends on it is nothing
 * that Run All would give again. A seed that the user has set is kept.
 */
function withHashSeed(document: LocalDocument, seed: number): LocalDocument {
  const PYTHONHASHSEED = process.env.PYTHONHASHSEED ?? String(seed);
  return {
    ...document,
    steps: document.steps.map(step => ({ ...step, env: { PYTHONHASHSEED, ...step.env } }))
  };
}

function stopOf(run: string, step: string, record: StepRecord): readonly Stop[] {
  if (record.type !== 'guard' && record.type !== 'error') {
    return [];
  }
  const { code, message, cell, name } = record;
  return [
    {
      step,
      code,
      message,
      ...(cell === undefined ? {} : { cell }),
      ...(name === undefined ? {} : { name }),
      logs: `notepod logs ${run} ${step}`
    }
  ];
}

interface OneRun {
  readonly run: string;
  readonly outcome: RunOutcome;
  readonly message: string;
  readonly stops: readonly Stop[];
  readonly outputs: ReadonlyMap<number, readonly NotebookOutput[]>;
}

const NOT_RUN: OneRun = {
  run: '',
  outcome: 'interrupted',
  message: '',
  stops: [],
  outputs: new Map()
};

function result(
  verdict: Verification['verdict'],
  cells: readonly CellComparison[],
  message: string,
  { reference, steps, repeats }: BothWays
): Verification {
  return {
    verdict,
    cells,
    runAlls: repeats.length + 1,
    message,
    stops: steps.stops,
    reference: { run: reference.run, outcome: reference.outcome },
    steps: { run: steps.run, outcome: steps.outcome }
  };
}

/**
 * Cell by cell. Where Run All stopped at an exception, the cells after it have nothing to compare with: steps
 * that do not depend on the failed one may have run.
 */
function compareCells(
  cells: readonly number[],
  reference: OneRun,
  steps: OneRun,
  repeats: readonly OneRun[]
): readonly CellComparison[] {
  const failed = cells.findIndex(
    cell =>
      reference.outcome !== 'succeeded' &&
      (reference.outputs.get(cell) ?? []).some(each => each.output_type === 'error')
  );
  const compared = failed === -1 ? cells : cells.slice(0, failed + 1);
  const of = (run: OneRun, cell: number) => run.outputs.get(cell) ?? [];
  return compared.map(cell => ({
    cell,
    ...compareOutputs(
      of(reference, cell),
      of(steps, cell),
      repeats.map(run => of(run, cell))
    )
  }));
}
