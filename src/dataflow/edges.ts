import type { Diagnostic } from '../diagnostics/types';
import type { Range } from '../python/types';
import type { Edge, EdgeReason } from './types';

/** The edges found so far, with the cells that caused them. */
export class EdgeList {
  /** @param steps names in reference order */
  constructor(private readonly steps: readonly string[]) {}

  /** `to` runs after `from`; the cells say where the reason stands, −1 if nowhere. A step is never after itself. */
  add(from: string, to: string, reason: EdgeReason, fromCell: number, toCell: number): void {
    if (from === to) {
      return;
    }
    const key = `${from}\0${to}`;
    const known = this.edges.get(key);
    if (!known) {
      this.edges.set(key, { from, to, reasons: [reason], cells: [fromCell, toCell] });
    } else if (!known.reasons.some(each => each.words === reason.words || sameName(each, reason))) {
      known.reasons.push(reason);
    }
  }

  has(from: string, to: string): boolean {
    return this.edges.has(`${from}\0${to}`);
  }

  /** Some step is after one that stands after it. */
  goBack(steps: readonly { readonly name: string }[]): boolean {
    const order = new Map(steps.map(({ name }, index) => [name, index]));
    return [...this.edges.values()].some(
      ({ from, to }) => (order.get(from) ?? 0) > (order.get(to) ?? 0)
    );
  }

  /** All edges, ordered by their steps. */
  all(): readonly Edge[] {
    const order = new Map(this.steps.map((step, index) => [step, index]));
    const at = (step: string) => order.get(step) ?? 0;
    return [...this.edges.values()]
      .map(({ from, to, reasons }) => ({ from, to, reasons }))
      .sort((a, b) => at(a.to) - at(b.to) || at(a.from) - at(b.from));
  }

  /**
   * Two steps that each need something of the other: a step whose cells lie around another's.
   * @param placeOf where a cell first has to do with a name
   */
  cycles(
    drafts: readonly { readonly name: string; readonly cells: readonly number[] }[],
    placeOf: (name: string, cell: number) => Range
  ): readonly Diagnostic[] {
    const order = new Map(this.steps.map((step, index) => [step, index]));
    const cells = new Map(drafts.map(each => [each.name, each.cells]));
    const backwards = [...this.edges.values()].filter(
      each => (order.get(each.from) ?? 0) > (order.get(each.to) ?? 0)
    );
    return backwards
      .filter(each => this.reaches(each.to, each.from))
      .map(({ from, to, reasons, cells: [, at] }): Diagnostic => {
        const index = at >= 0 ? at : (cells.get(to)?.[0] ?? 0);
        const [reason] = reasons;
        const start = { line: 1, column: 0, endLine: 1, endColumn: 0 };
        const place = 'name' in reason ? placeOf(reason.name, index) : start;
        return {
          code: 'NP331',
          severity: 'error',
          message: `step ${to} lies around step ${from}, and each needs something of the other: ${reason.words}`,
          why: 'a step runs in one go, so two steps cannot take turns',
          fix: `give the later cells of step ${to} a step of their own`,
          span: { cell: index, ...place }
        };
      });
  }

  private reaches(from: string, to: string): boolean {
    const queue = [from];
    const seen = new Set<string>();
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      if (at === to) {
        return true;
      }
      if (!seen.has(at)) {
        seen.add(at);
        for (const each of this.edges.values()) {
          if (each.from === at) {
            queue.push(each.to);
          }
        }
      }
    }
    return false;
  }

  private readonly edges = new Map<
    string,
    {
      readonly from: string;
      readonly to: string;
      readonly reasons: EdgeReason[];
      readonly cells: readonly [number, number];
    }
  >();
}

function sameName(a: EdgeReason, b: EdgeReason): boolean {
  return a.kind === b.kind && 'name' in a && 'name' in b && a.name === b.name;
}
