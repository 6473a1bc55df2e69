import { cpSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LocalDocument } from '../compile/types';
import type { LocalEngine } from '../engines/local/engine';
import type { RunEvent, RunOutcome } from '../engines/types';
import { compareOutputs, type CellComparison, type NotebookOutput } from './compare';
import type { Project } from './project';
import type { PythonInfo } from './python';
import type { PreparedRun } from './run';
import { removeFolder } from './run';
import { readOutputs } from './store';

/** What came of running a notebook both ways. */
export interface Verification {
  readonly verdict: 'SAME' | 'DIFFERENT' | 'REFUSED';
  readonly cells: readonly CellComparison[];
  /** Why it was refused, or how the two runs ended apart; empty if SAME. */
  readonly message: string;
  readonly reference: { readonly run: string; readonly outcome: RunOutcome };
  readonly steps: { readonly run: string; readonly outcome: RunOutcome };
}

/** Folders larger than this are not copied: both runs then share the notebook's own. Bytes. */
const LARGEST_COPY = 1_000_000_000;

/**
 * Runs a notebook as Run All and as steps, each in a copy of its folder, and compares every cell. Where a cell differs,
 * Run All runs once more: what varies between two runs of the same thing cannot be compared.
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
  const runIn = async (
    which: 'Run All' | 'steps' | 'Run All again',
    document: LocalDocument
  ): Promise<OneRun> => {
    const copy = copyOf(project.folder);
    try {
      const run = await engine.submit(document, {
        jobs,
        python: python.path,
        workdir: copy ?? project.folder,
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
      if (copy !== undefined) {
        removeFolder(copy);
      }
    }
  };
  const reference = await runIn('Run All', prepared.reference);
  const steps = await runIn('steps', prepared.document);
  const ran = prepared.reference.steps[0].plan.cells.map(cell => cell.index);
  if (steps.outcome === 'guard') {
    return result('REFUSED', [], steps.message, reference, steps);
  }
  let cells = compareCells(ran, reference, steps);
  if (cells.some(each => each.verdict === 'different')) {
    const again = await runIn('Run All again', prepared.reference);
    const varying = new Set(
      compareCells(ran, reference, again)
        .filter(each => each.verdict === 'different')
        .map(each => each.cell)
    );
    cells = cells.map(each =>
      varying.has(each.cell) ? { ...each, verdict: 'varies', difference: '' } : each
    );
  }
  const endings =
    reference.outcome === steps.outcome
      ? ''
      : `Run All ${reference.outcome}, the steps ${steps.outcome}`;
  const same = endings === '' && cells.every(each => each.verdict !== 'different');
  return result(same ? 'SAME' : 'DIFFERENT', cells, endings, reference, steps);
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
  steps: OneRun
): Verification {
  return {
    verdict,
    cells,
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
  steps: OneRun
): readonly CellComparison[] {
  const failed = cells.findIndex(
    cell =>
      reference.outcome !== 'succeeded' &&
      (reference.outputs.get(cell) ?? []).some(each => each.output_type === 'error')
  );
  const compared = failed === -1 ? cells : cells.slice(0, failed + 1);
  return compared.map(cell => {
    const difference = compareOutputs(
      reference.outputs.get(cell) ?? [],
      steps.outputs.get(cell) ?? []
    );
    return {
      cell,
      verdict: difference === undefined ? ('same' as const) : ('different' as const),
      difference: difference ?? ''
    };
  });
}

/** Names of folders that hold no data of the notebook. */
const LEFT_OUT = new Set([
  '.git',
  '.venv',
  'venv',
  'node_modules',
  '__pycache__',
  '.ipynb_checkpoints'
]);

function copyOf(folder: string): string | undefined {
  if (measure(folder, LARGEST_COPY) > LARGEST_COPY) {
    return undefined;
  }
  const copy = mkdtempSync(join(tmpdir(), 'notepod-verify-'));
  for (const entry of readdirSync(folder)) {
    if (!LEFT_OUT.has(entry)) {
      cpSync(join(folder, entry), join(copy, entry), {
        recursive: true,
        filter: path => !LEFT_OUT.has(path.split(/[\\/]/).pop() ?? '')
      });
    }
  }
  return copy;
}

/** Bytes below a folder, stopping above `enough`. */
function measure(folder: string, enough: number): number {
  let sum = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (sum > enough) {
      break;
    }
    const path = join(folder, entry.name);
    if (entry.isDirectory() && !LEFT_OUT.has(entry.name)) {
      sum += measure(path, enough - sum);
    } else if (entry.isFile()) {
      sum += statSync(path).size;
    }
  }
  return sum;
}
