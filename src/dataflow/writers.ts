import type { Definition } from '../python/types';
import type { CellSummary } from './summary';
import type { Replay } from './types';

/** A cell that gives a name a value, changes it, or deletes it. */
export interface Writer {
  readonly cell: number;
  /** The name certainly has this cell's value afterwards. */
  readonly certain: boolean;
  readonly deleted: boolean;
  /** The cell binds the name by this definition and nothing else. */
  readonly definition?: Definition;
}

/** Who writes which name, in reference order: the reaching definitions are read off from the end. */
export class Writers {
  /**
   * Notes what a cell does to names; cells come in reference order.
   * @param shared names that change with what the cell changes
   * @returns the names that the cell may bind, change or delete
   */
  addCell(summary: CellSummary, shared: ReadonlySet<string>): readonly string[] {
    const { cell, facts, binds, deletes } = summary;
    const loose = [...summary.mayWrite.keys(), ...shared].filter(name => !binds.has(name));
    for (const name of binds) {
      const definition = definitionOf(name, summary);
      this.add(name, { cell, certain: true, deleted: false, definition });
    }
    for (const name of loose) {
      this.add(name, { cell, certain: false, deleted: false });
    }
    for (const name of deletes) {
      this.add(name, { cell, certain: true, deleted: true });
    }
    for (const definition of facts.definitions) {
      if (definition.kind === 'import' && definition.modules[0] === '__future__') {
        this.futures.push({ cell, definition });
      }
      if (isUnresolvedStar(definition)) {
        this.stars.push({ cell, definition });
      }
    }
    if (summary.dynamic.binds) {
      this.unknown.push(cell);
    }
    return [...binds, ...loose, ...deletes];
  }

  private add(name: string, writer: Writer): void {
    const list = this.byName.get(name);
    if (list) {
      list.push(writer);
    } else {
      this.byName.set(name, [writer]);
    }
  }

  /** Writers that reach the start of `cell`: the last certain one before it and all after that, in reference order. */
  reaching(name: string, cell: number): readonly Writer[] {
    const own = this.byName.get(name) ?? [];
    let low = 0;
    let high = own.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (own[middle].cell < cell) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    let start = low;
    do {
      start -= 1;
    } while (start > 0 && !own[start].certain);
    const found = own.slice(Math.max(start, 0), low);
    const from = found[0]?.certain ? found[0].cell : -1;
    // Code that binds unknown names may have bound this one.
    const unknown = this.unknown.filter(
      each => each < cell && each > from && found.every(writer => writer.cell !== each)
    );
    if (unknown.length === 0) {
      return found;
    }
    const all = [
      ...found,
      ...unknown.map(each => ({ cell: each, certain: false, deleted: false }))
    ];
    return all.sort((a, b) => a.cell - b.cell);
  }

  /** Cells before `cell` that bind names which are put together while they run, ascending. */
  unknownBefore(cell: number): readonly number[] {
    return this.unknown.filter(each => each < cell);
  }

  /** Nothing but code that binds names nobody can see has certainly given the name a value. */
  isUnseen(name: string, cell: number): boolean {
    const isSeen = this.byName.get(name)?.some(each => each.certain && each.cell < cell) ?? false;
    return !isSeen && this.unknown.some(each => each < cell);
  }

  /** All cells that may write the name, ascending. */
  cellsOf(name: string): readonly number[] {
    return (this.byName.get(name) ?? []).map(each => each.cell);
  }

  /** The first cell that writes the name, if any. */
  first(name: string): number | undefined {
    return this.byName.get(name)?.[0]?.cell;
  }

  /** Names with a writer before `cell`. */
  namesBefore(cell: number): readonly string[] {
    return [...this.byName].filter(([, list]) => list[0].cell < cell).map(([name]) => name);
  }

  /** All names that any cell writes. */
  names(): readonly string[] {
    return [...this.byName.keys()];
  }

  /** Cells that bind names nobody can know beforehand (`exec`, `globals()[…] =`), ascending. */
  private readonly unknown: number[] = [];
  /** `from __future__ import` so far: in a notebook they hold for all later cells. */
  readonly futures: Replay[] = [];
  /** Star imports so far. */
  readonly stars: Replay[] = [];
  private readonly byName = new Map<string, Writer[]>();
}

/** The definition by which alone the cell binds the name. */
function definitionOf(name: string, summary: CellSummary): Definition | undefined {
  const { facts } = summary;
  if (summary.dynamic.binds && !facts.onlyDefines) {
    return undefined;
  }
  const found = facts.definitions.filter(each => each.names.includes(name));
  const binds = facts.binds.filter(each => each.name === name);
  const last = found.at(-1);
  return last && binds.length === found.length && !summary.mayWrite.has(name) ? last : undefined;
}

/** A star import that nobody could say of which names it binds. */
function isUnresolvedStar({ kind, names, source }: Definition): boolean {
  return kind === 'import' && names.length === 0 && /\bimport\s*\*/.test(source);
}
