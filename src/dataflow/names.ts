import type { CellFacts } from '../python/types';
import { BUILTINS } from './builtins';
import { CodeIndex } from './code-index';
import { kindsOf, type NameKinds } from './kinds';

/** What is known of the notebook's names before any cell is gone through: over all cells, whatever their order. */
export class NotebookNames {
  /** @param facts of every code cell that is not skipped, by cell index */
  constructor(private readonly facts: ReadonlyMap<number, CellFacts>) {
    this.cells = [...facts.keys()].sort((a, b) => a - b);
    const ordered = this.cells.map(cell => this.factsOf(cell));
    this.looksAtSubclasses = ordered.some(each => /\b__subclasses__\b/.test(each.source));
    for (const { binds, madeFrom } of this.looksAtSubclasses ? ordered : []) {
      for (const { name } of binds.filter(each => each.kind === 'class')) {
        for (const base of madeFrom[name] ?? []) {
          this.derived.set(base, (this.derived.get(base) ?? new Set()).add(name));
        }
      }
    }
    this.bound = new Set(ordered.flatMap(each => each.binds.map(bind => bind.name)));
    this.kinds = kindsOf(ordered);
    this.code = new CodeIndex(ordered, name => this.kinds.isModule(name));
  }

  /** The facts of a cell. @throws Error if the notebook has no such code cell */
  factsOf(cell: number): CellFacts {
    const found = this.facts.get(cell);
    if (!found) {
      throw new Error(`no facts of cell ${cell}`);
    }
    return found;
  }

  /**
   * Classes that are made from these, directly or through others, if some cell looks at the subclasses of a class: then a base
   * is not what it was as long as one of them is missing.
   */
  subclassesOf(names: Iterable<string>): ReadonlySet<string> {
    const found = new Set<string>();
    const queue = this.looksAtSubclasses ? [...names] : [];
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      for (const each of this.derived.get(name) ?? []) {
        if (!found.has(each)) {
          found.add(each);
          queue.push(each);
        }
      }
    }
    return found;
  }

  /** The first cell after `cell` that binds the name. */
  firstBoundAfter(name: string, cell: number): number | undefined {
    return this.cells.find(
      other => other > cell && this.factsOf(other).binds.some(each => each.name === name)
    );
  }

  /** The name's value cannot be changed through another name: a module, code, a constant, a builtin. */
  isPlain(name: string): boolean {
    return (
      this.kinds.isModule(name) ||
      this.kinds.isCode(name) ||
      this.kinds.isConstant(name) ||
      (BUILTINS.has(name) && !this.bound.has(name))
    );
  }

  /** Code cells that are not skipped, ascending. */
  readonly cells: readonly number[];
  readonly kinds: NameKinds;
  readonly code: CodeIndex;
  private readonly looksAtSubclasses: boolean;
  /** Classes by what they were made from. */
  private readonly derived = new Map<string, Set<string>>();
  private readonly bound: ReadonlySet<string>;
}
