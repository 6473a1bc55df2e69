import type { Notebook } from '../notebook/types';
import type { CellFacts } from '../python/types';
import type { StepGraph } from './types';

/** The constants of cells tagged `parameters`, in notebook order. */
export function parametersOf(
  notebook: Notebook,
  facts: ReadonlyMap<number, CellFacts>
): StepGraph['parameters'] {
  return notebook.cells
    .filter(cell => cell.kind === 'parameters')
    .flatMap(cell =>
      (facts.get(cell.index)?.constants ?? []).map(each => ({
        name: each.name,
        type: each.type,
        value: each.value,
        span: { cell: cell.index, ...each.at },
        ...(each.comment === undefined ? {} : { comment: each.comment })
      }))
    );
}
