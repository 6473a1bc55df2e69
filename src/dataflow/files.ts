import type { CellSummary } from './summary';
import type { FileUse } from './types';

/** Files that the cells read and write, in notebook order. */
export function fileUses(
  cells: readonly number[],
  summaries: ReadonlyMap<number, CellSummary>
): readonly FileUse[] {
  return cells.flatMap(cell =>
    (summaries.get(cell)?.effects ?? [])
      .filter(each => each.channel === 'files')
      .map(each => ({
        ...(each.path === undefined ? {} : { path: each.path }),
        access: each.access === 'read' ? ('read' as const) : ('write' as const),
        span: { cell, ...each.at },
        what: each.what
      }))
  );
}
