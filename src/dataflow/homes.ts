import type { Notebook } from '../notebook/types';
import type { CellFacts } from '../python/types';

/** Which step runs which cell. */
export interface Homes {
  /** Steps with all cells they run, ascending. */
  readonly steps: readonly { readonly name: string; readonly cells: readonly number[] }[];
  /** The step that runs a cell; cells that only define belong to none. */
  readonly stepOf: ReadonlyMap<number, string>;
  /** Cells tagged as definitions (`imports`, `functions`, parameters): what they define is there for all, without an edge. */
  readonly definitionCells: ReadonlySet<number>;
}

/**
 * Gives every cell a home. A definition cell that does more than define (prints, seeds, makes a dict) or defines something
 * that holds on to a value (`def f(x, into=rows)`) is run once, as Run All does, in the next step of the notebook (the last
 * one, if none follows).
 * @param isPlain the name is an import, code, a constant or a builtin
 */
export function homes(
  notebook: Notebook,
  facts: ReadonlyMap<number, CellFacts>,
  isPlain: (name: string) => boolean
): Homes {
  const stepOf = new Map<number, string>();
  for (const step of notebook.steps) {
    step.cells.forEach(cell => stepOf.set(cell, step.name));
  }
  const owned = [...stepOf.keys()].sort((a, b) => a - b);
  const definitionCells = new Set<number>();
  for (const [cell, each] of facts) {
    if (stepOf.has(cell)) {
      continue;
    }
    const { kind } = notebook.cells[cell];
    if (kind !== 'metrics') {
      definitionCells.add(cell);
    }
    const holds = each.definitions.some(({ reads }) => reads.some(name => !isPlain(name)));
    if ((each.onlyDefines && !holds) || each.source.trim() === '') {
      continue;
    }
    const next = kind === 'metrics' ? undefined : owned.find(other => other > cell);
    const before = owned.findLast(other => other < cell);
    const home = next ?? before ?? owned[0];
    const step = home === undefined ? undefined : stepOf.get(home);
    if (step !== undefined) {
      stepOf.set(cell, step);
    }
  }
  const steps = notebook.steps.map(({ name }) => ({
    name,
    cells: [...stepOf]
      .filter(([, step]) => step === name)
      .map(([cell]) => cell)
      .sort((a, b) => a - b)
  }));
  return { steps, stepOf, definitionCells };
}
