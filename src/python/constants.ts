import { child, named, rangeOf, type Node, type Tree } from './tree';
import type { CellFacts } from './types';

/** Lists and dicts are parameters too, though they are no constants that could be replayed. */
export function allConstants(tree: Tree, found: CellFacts['constants']): CellFacts['constants'] {
  const lines = tree.source.split('\n');
  const names = new Set(found.map(each => each.name));
  const more = named(tree.root).flatMap(statement => {
    const constant = constantOf(statement, node => tree.source.slice(node.start, node.end), lines);
    return constant && !names.has(constant.name) ? [constant] : [];
  });
  return [...found, ...more];
}

/** A constant of a parameters cell with its value; mutable literals (lists, dicts) count too. */
export function constantOf(
  statement: Node,
  text: (node: Node) => string,
  lines: readonly string[]
): CellFacts['constants'][number] | undefined {
  const assignment = statement.type === 'expression_statement' ? named(statement)[0] : undefined;
  const left = assignment?.type === 'assignment' ? child(assignment, 'left') : undefined;
  const right = assignment?.type === 'assignment' ? child(assignment, 'right') : undefined;
  if (left?.type !== 'identifier' || !right) {
    return undefined;
  }
  const value = literalValue(right, text);
  if (value === NOTHING) {
    return undefined;
  }
  const annotated = assignment ? child(assignment, 'type') : undefined;
  const type =
    annotated && /^(int|float|str|bool)$/.test(text(annotated))
      ? (text(annotated) as 'int')
      : typeOf(right, value);
  const comment = /#\s*(.*)$/.exec((lines[statement.endRow] ?? '').slice(statement.endColumn))?.[1];
  return {
    name: text(left),
    type,
    value,
    source: text(right),
    at: rangeOf(statement),
    ...(comment === undefined ? {} : { comment })
  };
}

function typeOf(node: Node, value: unknown): CellFacts['constants'][number]['type'] {
  if (value === null) {
    return 'None';
  }
  if (Array.isArray(value)) {
    return 'list';
  }
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
      return 'str';
    case 'number': {
      const inner = node.type === 'unary_operator' ? named(node)[0] : node;
      return inner.type === 'integer' ? 'int' : 'float';
    }
    default:
      return 'dict';
  }
}

const NOTHING = Symbol('no constant');

function literalValue(node: Node, text: (node: Node) => string): unknown {
  switch (node.type) {
    case 'integer': {
      const digits = text(node).replace(/_/g, '');
      return /[jJlL]/.test(digits) && !/^0x/i.test(digits) ? NOTHING : Number(digits);
    }
    case 'float':
      return /[jJ]/.test(text(node)) ? NOTHING : Number(text(node).replace(/_/g, ''));
    case 'true':
      return true;
    case 'false':
      return false;
    case 'none':
      return null;
    case 'string':
      return stringValue(text(node)) ?? NOTHING;
    case 'unary_operator': {
      const value = literalValue(named(node)[0], text);
      const sign = node.children[0] ? text(node.children[0]) : '';
      return typeof value === 'number' && (sign === '-' || sign === '+')
        ? sign === '-'
          ? -value
          : value
        : NOTHING;
    }
    case 'parenthesized_expression':
      return literalValue(named(node)[0], text);
    case 'list': {
      const values = named(node).map(each => literalValue(each, text));
      return values.includes(NOTHING) ? NOTHING : values;
    }
    case 'dictionary': {
      const pairs: [string, unknown][] = [];
      for (const each of named(node)) {
        const key = each.type === 'pair' ? literalValue(child(each, 'key') ?? each, text) : NOTHING;
        const value =
          each.type === 'pair' ? literalValue(child(each, 'value') ?? each, text) : NOTHING;
        if (typeof key !== 'string' || value === NOTHING) {
          return NOTHING;
        }
        pairs.push([key, value]);
      }
      return Object.fromEntries(pairs);
    }
    default:
      return NOTHING;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': ''
};

/** The text of a string literal; undefined for bytes, f-strings and escapes that are rare. */
export function stringValue(literal: string): string | undefined {
  const match = /^([rRuU]?)("""|'''|"|')(.*)\2$/s.exec(literal);
  if (!match) {
    return undefined;
  }
  const [, prefix, quote, body] = match;
  if (body.replace(/\\./gs, '').includes(quote)) {
    // `'a' 'b'`: two literals beside each other.
    return undefined;
  }
  if (/r/i.test(prefix)) {
    return body;
  }
  let known = true;
  const value = body.replace(/\\(.)/gs, (_, char: string) => {
    known &&= char in ESCAPES;
    return ESCAPES[char] ?? '';
  });
  return known ? value : undefined;
}
