import type { CellAnalyser } from './analyser';
import { ALONE, signature, surroundingsOf, within, wordsOf } from './surroundings';
import type { CellFacts, Surroundings } from './types';

/** What is kept of a cell while its text stays. */
interface Known {
  readonly words: readonly string[];
  /** Found without the other cells: what the cell tells them. */
  readonly alone: CellFacts;
  facts: CellFacts;
  /** The surroundings that `facts` were found in, as far as they matter to the cell. */
  key: string;
  /** The same as a whole, to see at a glance that nothing changed. */
  around: Surroundings;
}

/**
 * The facts of all cells of a notebook, each cell's with what the others tell about its names. They are kept by the cells'
 * texts: after an edit only that cell is analysed, and those to whose words the edit means something. One per open notebook.
 */
export class NotebookFacts {
  constructor(private readonly analyser: CellAnalyser) {}

  /**
   * @param sources of the code cells that are not skipped, by cell index, ascending
   * @returns facts by cell index; the same object as last time for a cell about which nothing changed
   */
  of(sources: ReadonlyMap<number, string>): ReadonlyMap<number, CellFacts> {
    const before = this.known;
    this.known = new Map();
    for (const source of sources.values()) {
      if (!this.known.has(source)) {
        this.known.set(source, before.get(source) ?? this.firstLook(source));
      }
    }
    const around = surroundingsOf([...sources.values()].map(each => this.knownOf(each).alone));
    // The same content is the same object, so that the cells need not be asked one by one.
    this.around = signature(around) === signature(this.around) ? this.around : around;
    return new Map(
      [...sources].map(([cell, source]) => [cell, this.inPlace(this.knownOf(source))])
    );
  }

  private firstLook(source: string): Known {
    const alone = this.analyser.analyse(source);
    const words = wordsOf(source);
    return { words, alone, facts: alone, key: signature(ALONE), around: ALONE };
  }

  private inPlace(each: Known): CellFacts {
    if (each.around !== this.around) {
      const near = within(this.around, each.words);
      const key = signature(near);
      if (key !== each.key) {
        each.facts =
          key === signature(ALONE) ? each.alone : this.analyser.analyse(each.alone.source, near);
        each.key = key;
      }
      each.around = this.around;
    }
    return each.facts;
  }

  private knownOf(source: string): Known {
    const found = this.known.get(source);
    if (!found) {
      throw new Error('a cell that was not looked at');
    }
    return found;
  }

  private known = new Map<string, Known>();
  private around: Surroundings = ALONE;
}
