import type { Parser, TreeCursor } from 'web-tree-sitter';
import type { Range } from './types';

/**
 * A node of the syntax tree, copied out of the parser's memory: every access into wasm costs more than the walk itself.
 * Rows are 0-based, columns are UTF-16 code units. Comments and line continuations are left out.
 */
export interface Node {
  readonly type: string;
  readonly named: boolean;
  readonly field: string | undefined;
  readonly start: number;
  readonly end: number;
  readonly row: number;
  readonly column: number;
  readonly endRow: number;
  readonly endColumn: number;
  readonly missing: boolean;
  readonly children: readonly Node[];
}

/** A source and its tree. */
export interface Tree {
  readonly source: string;
  readonly root: Node;
  /** The parser had to leave something out or put something in. */
  readonly hasError: boolean;
}

/** Parses plain Python (no magics) into a tree of our own; nothing of the parser's memory is kept. */
export function parseTree(parser: Parser, source: string): Tree {
  const tree = parser.parse(source);
  if (tree === null) {
    throw new Error('the parser has no language');
  }
  try {
    const cursor = tree.walk();
    try {
      return { source, root: copy(cursor), hasError: tree.rootNode.hasError };
    } finally {
      cursor.delete();
    }
  } finally {
    tree.delete();
  }
}

function copy(cursor: TreeCursor): Node {
  const children: Node[] = [];
  const { startPosition, endPosition } = cursor;
  const node: Node = {
    type: cursor.nodeType,
    named: cursor.nodeIsNamed,
    field: cursor.currentFieldName ?? undefined,
    start: cursor.startIndex,
    end: cursor.endIndex,
    row: startPosition.row,
    column: startPosition.column,
    endRow: endPosition.row,
    endColumn: endPosition.column,
    missing: cursor.nodeIsMissing,
    children
  };
  if (cursor.gotoFirstChild()) {
    do {
      const { nodeType } = cursor;
      if (nodeType !== 'comment' && nodeType !== 'line_continuation') {
        children.push(copy(cursor));
      }
    } while (cursor.gotoNextSibling());
    cursor.gotoParent();
  }
  return node;
}

/** The child in a field. */
export function child(node: Node, field: string): Node | undefined {
  return node.children.find(each => each.field === field);
}

/** All children in a field. */
export function children(node: Node, field: string): readonly Node[] {
  return node.children.filter(each => each.field === field);
}

/** Children that are not punctuation or keywords. */
export function named(node: Node): readonly Node[] {
  return node.children.filter(each => each.named);
}

/** Place of a node, lines from 1. */
export function rangeOf(node: Node): Range {
  return {
    line: node.row + 1,
    column: node.column,
    endLine: node.endRow + 1,
    endColumn: node.endColumn
  };
}
