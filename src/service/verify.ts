import type { LocalDocument } from '../compile/types';
import type { LocalEngine } from '../engines/local/engine';
import type { RunEvent, RunOutcome } from '../engines/types';
import { compareOutputs, type CellComparison, type NotebookOutput } from './compare';
import type { Project } from './project';
import type { PythonInfo } from './python';
import type { PreparedRun } from './run';
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
  readonly reference: { readonly run: string; readonly outcome: RunOutcome };
  readonly steps: { readonly run: string; readonly outcome: RunOutcome };
}

/** Most Run Alls: one to compare with, and three to tell what varies by itself. */
const MOST_RUN_ALLS = 4;

/**
 * Runs a notebook as Run All and as steps, each in a copy of its folder, and compares every cell. Where a cell differs,
 * Run All runs again: what varies between runs of the same thing cannot be compared, and is called so. While anything
 * varies and anything still differs, it runs a few times more, lest values that vary agree by chance.
 * @param onEvent hears the events of all runs, with which of them they belong to
 */
export async function verify(
  engine: LocalEngine,
  project: Project,
  prepared: PreparedRun,
  python: PythonInfo,
  jobs: number,
  onEvent: (which: 'Run All' | 'steps' | 'Run All again', event: RunEvent) => void
): Promise<Verification> {
  const sources = project.notebook.cells.map(cell => cell.source);
  const runIn = async (
    which: 'Run All' | 'steps' | 'Run All again',
    document: LocalDocument
  ): Promise<OneRun> => {
    const copy = new WorkCopy(project.folder, sources);
    try {
      const run = await engine.submit(document, {
        jobs,
        python: python.path,
        workdir: copy.folder,
        parameters: {},
        notebook: { path: project.path, text: project.text }
      });
      let outcome: RunOutcome = 'interrupted';
      let message = '';
      for await (const event of engine.events(run)) {
        onEvent(which, event);
        if (event.type === 'run-ended') {
          outcome = event.outcome;
          message = event.message ?? '';
        }
      }
      return { run, outcome, message, outputs: readOutputs(engine.folder(run)) };
    } finally {
      copy.dispose();
    }
  };
  const reference = await runIn('Run All', prepared.reference);
  const steps = await runIn('steps', prepared.document);
  const ran = prepared.reference.steps[0].plan.cells.map(cell => cell.index);
  if (steps.outcome === 'guard') {
    return result('REFUSED', [], steps.message, reference, steps);
  }
  const repeats: OneRun[] = [];
  let cells = compareCells(ran, reference, steps, repeats);
  const some = (verdict: CellComparison['verdict']) => cells.some(each => each.verdict === verdict);
  while (
    some('different') &&
    repeats.length + 1 < MOST_RUN_ALLS &&
    (repeats.length === 0 || some('varies'))
  ) {
    const other = withHashSeed(prepared.reference, repeats.length + 1);
    repeats.push(await runIn('Run All again', other));
    cells = compareCells(ran, reference, steps, repeats);
  }
  const endings =
    reference.outcome === steps.outcome
      ? ''
      : `Run All ${reference.outcome}, the steps ${steps.outcome}`;
  const same = endings === '' && cells.every(each => each.verdict !== 'different');
  return result(same ? 'SAME' : 'DIFFERENT', cells, endings, reference, steps, repeats.length + 1);
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

interface OneRun {
  readonly run: string;
  readonly outcome: RunOutcome;
  readonly message: string;
  readonly outputs: ReadonlyMap<number, readonly NotebookOutput[]>;
}

function result(
  verdict: Verification['verdict'],
  cells: readonly CellComparison[],
  message: string,
  reference: OneRun,
  steps: OneRun,
  runAlls = 1
): Verification {
  return {
    verdict,
    cells,
    runAlls,
    message,
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
