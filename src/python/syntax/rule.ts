import { rangeOf, type Node } from '../tree';
import type { Range } from '../types';

/** What CPython would refuse, and where. */
export interface Found {
  readonly at: Range;
  /** CPython's own words, or shorter ones. */
  readonly words: string;
}

/** The code around a node, as far as it decides what is allowed. */
export interface Around {
  readonly source: string;
  /** The text of a node. */
  readonly text: (node: Node) => string;
  /** The tree has no errors, so that its blocks and lines are those of the text. */
  readonly isWhole: boolean;
  /** The scope that the code runs in. In a cell `await` may stand at the top. */
  readonly scope: 'module' | 'class' | 'def' | 'async def' | 'lambda';
  /** The function or class whose body the code is in, and those around it, innermost first. */
  readonly definitions: readonly Node[];
  /** `break` and `continue` have a loop to leave. */
  readonly inLoop: boolean;
  /** In an `except*` block, which nothing may leave but an exception. */
  readonly inExceptStar: boolean;
  /** In a comprehension: the names that it and those around it loop over, and whether this is what one of them loops through. */
  readonly comprehension?: {
    readonly kind: string;
    readonly targets: ReadonlySet<string>;
    readonly inIterable: boolean;
    /** Part of the comprehension's own scope: not what its first clause loops through. */
    readonly isInside: boolean;
  };
}

/** A check of one kind of node; gives the first thing that is wrong with it itself. */
export type Rule = (node: Node, around: Around) => Found | undefined;

/** A finding over a whole node, but no further than its first line. */
export function found(node: Node, words: string): Found {
  const at = rangeOf(node);
  return {
    at:
      at.endLine > at.line
        ? { ...at, endLine: at.line, endColumn: at.column + 1 }
        : { ...at, endColumn: Math.max(at.endColumn, at.column + 1) },
    words
  };
}
