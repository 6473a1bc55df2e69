import type { Effect } from '../python/types';
import { mayMeet } from './file-order';
import type { CellSummary } from './summary';
import type { FileUse } from './types';

/** Files that the cells read and write, in notebook order. */
export function fileUses(
  cells: readonly number[],
  summaries: ReadonlyMap<number, CellSummary>
): readonly FileUse[] {
  const writes: { readonly cell: number; readonly effect: Effect }[] = [];
  const uses: FileUse[] = [];
  let moved = false;
  for (const cell of cells) {
    const effects = summaries.get(cell)?.effects ?? [];
    moved ||= effects.some(each => each.channel === 'cwd' && each.access !== 'read');
    const own = effects.filter(each => each.channel === 'files');
    // In a loop, or through a function, a cell may write what it reads further up.
    writes.push(...own.filter(each => each.access !== 'read').map(effect => ({ cell, effect })));
    for (const each of own) {
      const { path, byLookOf } = each;
      const isRead = each.access === 'read';
      const writer =
        isRead && path !== undefined
          ? (writes.find(({ effect }) => effect.path !== undefined && mayMeet(effect.path, path)) ??
            writes.find(({ effect }) => effect.path === undefined))
          : undefined;
      uses.push({
        ...(path === undefined ? {} : { path }),
        access: isRead ? 'read' : byLookOf === undefined ? 'write' : 'either',
        span: { cell, ...each.at },
        what: each.what,
        uncertain: byLookOf !== undefined || moved,
        ...(writer
          ? {
              mayBeWrittenBy: {
                cell: writer.cell,
                what: writer.effect.what,
                isByName: writer.effect.path !== undefined
              }
            }
          : {})
      });
    }
  }
  return uses;
}
