import { closest } from '../diagnostics/closest';
import type { Diagnostic, Span } from '../diagnostics/types';
import { isHistory } from '../python/history';
import { BUILTINS } from './builtins';
import type { CellFacts, Range } from '../python/types';
import type { Drafts } from './drafts';
import type { NotebookNames } from './names';
import type { Need } from './summary';
import type { Writers } from './writers';

/** Names that have no value where a cell reads them (semantics §3.7). */
export class NameProblems {
  constructor(
    private readonly names: NotebookNames,
    private readonly writers: Writers,
    private readonly drafts: Drafts
  ) {}

  /** No earlier cell supplies the name: nothing to say if it is a builtin, or may come from where nobody can look. */
  missing(name: string, need: Need, cell: number): Diagnostic | undefined {
    const facts = this.names.factsOf(cell);
    if (
      BUILTINS.has(name) ||
      isHistory(name) ||
      need.guarded ||
      !need.at ||
      this.writers.stars.length > 0 ||
      this.bindsUnknown(cell) ||
      facts.starImports.some(each => !each.isResolved)
    ) {
      return undefined;
    }
    const { line, column } = need.at;
    const here = facts.binds.some(
      each =>
        each.name === name &&
        (each.at.line < line || (each.at.line === line && each.at.column < column))
    );
    if (here) {
      // Bound on some paths of this very cell: as likely right as not.
      return undefined;
    }
    const span: Span = { cell, ...need.at };
    const known = [...this.writers.names(), ...facts.binds.map(each => each.name)];
    const near = closest(name, known) ?? closest(name, BUILTINS);
    if (need.conditional) {
      return {
        code: 'NP302',
        severity: 'warning',
        message: `\`${name}\` may have no value here: no earlier cell gives it one`,
        why: 'the line runs on some paths only; where it runs, it fails as in Run All',
        fix: near ? `did you mean \`${near}\`?` : `give \`${name}\` a value before`,
        span
      };
    }
    const later = this.names.firstBoundAfter(name, cell);
    return {
      code: later === undefined ? 'NP301' : 'NP303',
      severity: 'error',
      message:
        later === undefined
          ? `no cell gives \`${name}\` a value` + (near ? `; did you mean \`${near}\`?` : '')
          : `\`${name}\` is used here, and first gets a value later, in ${this.drafts.place(later)}`,
      why: 'Run All would stop here with a NameError, and so would the step',
      fix:
        later === undefined
          ? 'correct the name, or give it a value in an earlier cell'
          : 'move the cell that makes it up',
      span
    };
  }

  /** The cell, or code that it calls, binds names that nobody can see in the text. */
  private bindsUnknown(cell: number): boolean {
    const { dynamic, calls } = this.names.factsOf(cell);
    const called = this.names.code.reachable(calls.map(each => each.root)).code;
    return [...dynamic, ...called.map(each => each.dynamic)].some(each => each.binds);
  }

  /** The cell uses a name of an earlier part of a step, and the cell `by`, a later part of the same, changes it. */
  tooLate(name: string, cell: number, step: string, by: number): Diagnostic {
    return {
      code: 'NP331',
      severity: 'error',
      message: `step ${step} uses \`${name}\` before ${this.drafts.place(by)} changes it, and needs an earlier part of the same step`,
      why: 'a step runs in one go, so two steps cannot take turns',
      fix: 'give that later cell a step of its own',
      span: { cell, ...placeOf(name, this.names.factsOf(cell)) }
    };
  }

  /** A step's earlier part uses the name, and the cell `by`, which is not the step's, gives it another value before `cell`. */
  between(name: string, cell: number, step: string, by: number): Diagnostic {
    return {
      code: 'NP331',
      severity: 'error',
      message: `step ${step} uses \`${name}\` before and after ${this.drafts.place(by)}, which changes it in between`,
      why: 'a step runs in one go, so two steps cannot take turns',
      fix: `give the later cells of step ${step} a step of their own`,
      span: { cell, ...placeOf(name, this.names.factsOf(cell)) }
    };
  }

  /** The last that happened to the name is that the cell `by` deleted it. */
  deleted(name: string, need: Need, cell: number, by: number): Diagnostic | undefined {
    if (need.guarded || need.later || need.conditional || !need.at || BUILTINS.has(name)) {
      return undefined;
    }
    return {
      code: 'NP304',
      severity: 'error',
      message: `\`${name}\` was deleted in ${this.drafts.place(by)}`,
      why: 'Run All would stop here with a NameError, and so would the step',
      fix: `take out the \`del ${name}\`, or give \`${name}\` a new value`,
      span: { cell, ...need.at }
    };
  }
}

/** Where a cell first reads, binds or changes a name; its first line if only code that it calls does. */
export function placeOf(name: string, { reads, binds, changes, deletes }: CellFacts): Range {
  const places = [...reads, ...binds, ...changes, ...deletes]
    .filter(each => each.name === name)
    .map(({ at }) => at)
    .sort((a, b) => a.line - b.line || a.column - b.column);
  return places[0] ?? { line: 1, column: 0, endLine: 1, endColumn: 0 };
}
