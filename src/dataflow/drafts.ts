import type { Homes } from './homes';
import type { Replay } from './types';

/** What a step gathers while the cells are gone through. */
export interface Draft {
  readonly name: string;
  /** Cells that the step runs, ascending. */
  readonly cells: readonly number[];
  /** By name, with the first of the step's cells that uses it; Infinity while only definitions that it repeats do. */
  readonly inputs: Map<
    string,
    {
      /** Steps that may leave it, with the last cell of each that writes it before it is used. */
      readonly from: Map<string, number>;
      firstUse: number;
      optional: boolean;
    }
  >;
  /** Names that the step may bind, change or delete. */
  readonly writes: Set<string>;
  /** By cell and line of the definition. */
  readonly replays: Map<string, Replay>;
  readonly parameters: Set<string>;
  /** It may read names that are put together while it runs, and that an earlier step makes likewise: it takes all there are. */
  takesAll: boolean;
  /** It makes such names for a later step: it leaves all there are. */
  leavesAll: boolean;
}

/** The steps while they are gathered, in reference order. */
export class Drafts {
  constructor(private readonly homes: Homes) {
    this.all = homes.steps.map(({ name, cells }) => ({
      name,
      cells,
      inputs: new Map(),
      writes: new Set(),
      replays: new Map(),
      parameters: new Set(),
      takesAll: false,
      leavesAll: false
    }));
    this.ordinals = new Map(this.all.map((draft, index) => [draft.name, index]));
  }

  /** The step of that name. @throws Error if there is none */
  named(step: string): Draft {
    const index = this.ordinals.get(step);
    if (index === undefined) {
      throw new Error(`no step ${step}`);
    }
    return this.all[index];
  }

  has(step: string): boolean {
    return this.ordinals.has(step);
  }

  /** Place of a step in reference order, from 0. */
  ordinal(step: string): number | undefined {
    return this.ordinals.get(step);
  }

  /** Names of steps in reference order. */
  inOrder(steps: Iterable<string>): readonly string[] {
    return [...steps].sort((a, b) => (this.ordinals.get(a) ?? 0) - (this.ordinals.get(b) ?? 0));
  }

  /** A cell in words: its number among all cells, from 1, and its step. */
  place(cell: number): string {
    const step = this.homes.stepOf.get(cell);
    return step === undefined ? `cell ${cell + 1}` : `cell ${cell + 1} (step ${step})`;
  }

  /**
   * Puts the steps into the order in which they can run, as near to reference order as that goes: a step in several parts may
   * need one that begins after it.
   */
  reorder(isAfter: (step: string, other: string) => boolean): void {
    const waiting = [...this.all];
    const ordered: Draft[] = [];
    while (waiting.length > 0) {
      const free = waiting.findIndex(step =>
        waiting.every(other => other === step || !isAfter(step.name, other.name))
      );
      // Steps that need each other are reported elsewhere.
      ordered.push(...waiting.splice(Math.max(free, 0), 1));
    }
    this.all = ordered;
    this.ordinals = new Map(ordered.map((draft, index) => [draft.name, index]));
  }

  all: readonly Draft[];
  private ordinals: ReadonlyMap<string, number>;
}
