import type { Language, Parser, TreeCursor } from 'web-tree-sitter';
import { asTheParserTakesIt, inOtherWords, withBracketsJoined } from './parser-gaps';
import type { Range } from './types';

/**
 * A node of the syntax tree, copied out of the parser's memory: every access into wasm costs more than the walk itself.
 * Rows are 0-based, columns are UTF-16 code units. Comments, line continuations and punctuation are left out, and a chain
 * of binary operators (`a + b - c`) is one node with all its operands, so that a long sum is not deep.
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
  /** Parts nested deeper than {@link DEEPEST} were left out. */
  readonly tooDeep: boolean;
}

/** Levels of the tree that are kept: what a recursive walk can go down in a browser's stack. CPython's own parser stops at 200 brackets. */
const DEEPEST = 700;

/** Parses plain Python (no magics) into trees of our own; nothing of the parser's memory is kept. The parser stays the caller's. */
export class TreeParser {
  /** @throws Error if the parser has no language */
  constructor(private readonly parser: Parser) {
    if (parser.language === null) {
      throw new Error('the parser has no language');
    }
    this.symbols = symbolsOf(parser.language);
  }

  parse(source: string): Tree {
    const shown = asTheParserTakesIt(source);
    const tree = this.parsed(source, shown);
    if (!tree.hasError) {
      return tree;
    }
    const joined = withBracketsJoined(shown);
    for (const other of new Set([joined, inOtherWords(shown), inOtherWords(joined)])) {
      const again = other === shown ? tree : this.parsed(source, other);
      if (!again.hasError) {
        return again;
      }
    }
    return tree;
  }

  /** @param shown what the parser sees of the source */
  private parsed(source: string, shown: string): Tree {
    const tree = this.parser.parse(shown);
    if (tree === null) {
      throw new Error('the parser was stopped');
    }
    const cursor = tree.walk();
    try {
      const { hasError } = tree.rootNode;
      const copier = new Copier(cursor, this.symbols, new Lines(source), hasError);
      return { source, root: copier.root(), hasError, tooDeep: copier.tooDeep };
    } finally {
      cursor.delete();
      tree.delete();
    }
  }

  private readonly symbols: readonly Symbol[];
}

/** What the grammar says about a kind of node. */
interface Symbol {
  readonly type: string;
  readonly named: boolean;
  readonly use: 'skip' | 'leaf' | 'inner';
  /** Its children stand in fields that somebody asks for. */
  readonly hasFields: boolean;
}

/** What has no fields in the grammar, and operators, whose fields nobody asks for: to ask the parser costs more than a look here. */
const FIELDLESS = new Set(
  `argument_list assert_statement await binary_operator boolean_operator case_pattern class_pattern comparison_operator
  concatenated_string conditional_expression constrained_type decorator delete_statement dictionary dictionary_splat
  dictionary_splat_pattern dotted_name expression_list expression_statement finally_clause generic_type global_statement if_clause
  keyword_pattern lambda_parameters list list_pattern list_splat list_splat_pattern module nonlocal_statement not_operator
  parameters parenthesized_expression pattern_list relative_import return_statement set slice splat_pattern splat_type string
  tuple tuple_pattern type type_parameter unary_operator union_pattern with_clause yield`.split(
    /\s+/
  )
);

const LEAVES = new Set(
  'identifier integer float true false none string_start string_content string_end ellipsis pass_statement'.split(
    ' '
  )
);

function symbolsOf(language: Language): readonly Symbol[] {
  return language.types.map((type, id) => {
    const named = language.nodeTypeIsNamed(id);
    const isExtra = type === 'comment' || type === 'line_continuation';
    const isPunctuation = !named && /^[()[\]{},:;.]$|^$/.test(type);
    const use = isExtra || isPunctuation ? 'skip' : !named || LEAVES.has(type) ? 'leaf' : 'inner';
    return { type, named, use, hasFields: !FIELDLESS.has(type) };
  });
}

const NO_CHILDREN: readonly Node[] = [];

class Copied implements Node {
  constructor(
    private readonly lines: Lines,
    private readonly symbol: Symbol,
    readonly field: string | undefined,
    readonly start: number,
    readonly end: number,
    readonly missing: boolean,
    readonly children: readonly Node[]
  ) {}

  get type(): string {
    return this.symbol.type;
  }

  get named(): boolean {
    return this.symbol.named;
  }

  get row(): number {
    return this.lines.rowOf(this.start);
  }

  get column(): number {
    return this.start - this.lines.startOf(this.row);
  }

  get endRow(): number {
    return this.lines.rowOf(this.end);
  }

  get endColumn(): number {
    return this.end - this.lines.startOf(this.endRow);
  }
}

/** Offsets of the lines of a source. */
class Lines {
  constructor(source: string) {
    for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) {
      this.starts.push(at + 1);
    }
  }

  startOf(row: number): number {
    return this.starts[row];
  }

  rowOf(offset: number): number {
    const { starts } = this;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle] <= offset) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return low;
  }

  private readonly starts = [0];
}

class Copier {
  constructor(
    private readonly cursor: TreeCursor,
    private readonly symbols: readonly Symbol[],
    private readonly lines: Lines,
    /** Look at punctuation too: some of it may be missing. */
    private readonly everything: boolean
  ) {}

  tooDeep = false;

  root(): Node {
    const children: Node[] = [];
    const { nodeTypeId, startIndex, endIndex } = this.cursor;
    const symbol = this.symbolOf(nodeTypeId);
    const root = new Copied(this.lines, symbol, undefined, startIndex, endIndex, false, children);
    if (this.cursor.gotoFirstChild()) {
      this.siblings(children, symbol, 1);
    }
    return root;
  }

  /** Copies the node at the cursor and those after it; the cursor is at the last of them afterwards. */
  private siblings(into: Node[], parent: Symbol, depth: number): void {
    const { cursor } = this;
    let isFirst = true;
    do {
      const symbol = this.symbolOf(cursor.nodeTypeId);
      const missing = this.everything && cursor.nodeIsMissing;
      if (symbol.use === 'skip' && !missing) {
        continue;
      }
      if (isFirst && symbol.type === 'binary_operator' && parent.type === 'binary_operator') {
        this.leftOperands(into, symbol, depth);
        isFirst = false;
        continue;
      }
      isFirst = false;
      const mayHaveField = symbol.named && parent.hasFields;
      const field = mayHaveField ? (cursor.currentFieldName ?? undefined) : undefined;
      const { startIndex, endIndex } = cursor;
      const isInner = symbol.use === 'inner' && cursor.gotoFirstChild();
      const children: readonly Node[] = isInner ? [] : NO_CHILDREN;
      into.push(new Copied(this.lines, symbol, field, startIndex, endIndex, missing, children));
      if (isInner) {
        if (depth < DEEPEST) {
          this.siblings(children as Node[], symbol, depth + 1);
        } else {
          this.tooDeep = true;
        }
        cursor.gotoParent();
      }
    } while (cursor.gotoNextSibling());
  }

  /** `a + b + c` is `(a + b) + c` in the grammar, as deep as the sum is long. */
  private leftOperands(into: Node[], symbol: Symbol, depth: number): void {
    const { cursor } = this;
    let down = 0;
    while (this.symbolOf(cursor.nodeTypeId) === symbol && cursor.gotoFirstChild()) {
      down += 1;
    }
    this.siblings(into, symbol, depth);
    for (; down > 1; down--) {
      cursor.gotoParent();
      cursor.gotoNextSibling();
      this.siblings(into, symbol, depth);
    }
    cursor.gotoParent();
  }

  private symbolOf(id: number): Symbol {
    return this.symbols[id] ?? ERROR;
  }
}

/** The parser's id of an error node is beyond its table. */
const ERROR: Symbol = { type: 'ERROR', named: true, use: 'inner', hasFields: true };

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
  const { row, column, endRow, endColumn } = node;
  return { line: row + 1, column, endLine: endRow + 1, endColumn };
}
