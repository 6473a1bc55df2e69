import type { Definition } from '../python/types';

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
  add(name: string, writer: Writer): void {
    const list = this.byName.get(name);
    if (list) {
      list.push(writer);
    } else {
      this.byName.set(name, [writer]);
    }
  }

  /** Writers that reach the start of `cell`: the last certain one before it and all after that, in reference order. */
  reaching(name: string, cell: number): readonly Writer[] {
    const found: Writer[] = [];
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
    let from = -1;
    for (let index = low - 1; index >= 0; index--) {
      found.unshift(own[index]);
      if (own[index].certain) {
        from = own[index].cell;
        break;
      }
    }
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
  readonly unknown: number[] = [];
  private readonly byName = new Map<string, Writer[]>();
}
