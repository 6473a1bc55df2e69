import { child, named, rangeOf, type Node } from '../tree';
import { found, type Around, type Found, type Rule } from './rule';

/** The statements of a block, or of the cell, stand below each other. */
export const block: Rule = (node, around) => {
  if (!around.isWhole) {
    return beside(named(node), around);
  }
  let own: string | undefined;
  for (const each of named(node)) {
    const indent = indentOf(each, around.source);
    if (indent === undefined || indent === own) {
      continue;
    }
    if (own === undefined) {
      own = indent;
      continue;
    }
    const [wide, narrow] = widths(indent);
    const [ownWide, ownNarrow] = widths(own);
    if (wide === ownWide && narrow === ownNarrow) {
      continue;
    }
    if (Math.sign(wide - ownWide) !== Math.sign(narrow - ownNarrow)) {
      return found(each, 'inconsistent use of tabs and spaces in indentation');
    }
    if (wide > ownWide) {
      return found(each, 'unexpected indent');
    }
    if (node.type !== 'module') {
      return found(each, 'unindent does not match any outer indentation level');
    }
    // IPython 8 takes the indent of the first line away from those that have it.
    own = indent;
  }
  return undefined;
};

/** Two statements in a line without a semicolon: the parser knows of the error, but no node of the tree is one. */
function beside(statements: readonly Node[], { source }: Around): Found | undefined {
  const index = statements.findIndex(
    (each, at) => at > 0 && !/[;\n]/.test(source.slice(statements[at - 1].end, each.start))
  );
  return index > 0 && /_statement$|_definition$/.test(statements[index].type)
    ? found(statements[index], 'this does not fit here')
    : undefined;
}

/** Columns with tabs to every eighth column, and with tabs of one: CPython compares both. */
function widths(indent: string): readonly [wide: number, narrow: number] {
  let wide = 0;
  for (const char of indent) {
    wide = char === '\t' ? (Math.floor(wide / 8) + 1) * 8 : wide + 1;
  }
  return [wide, indent.length];
}

/** The blanks before a node that is the first of its line; undefined if it is not, or if a backslash joins the line to the one before. */
function indentOf(node: Node, source: string): string | undefined {
  let at = node.start;
  while (at > 0 && (source[at - 1] === ' ' || source[at - 1] === '\t' || source[at - 1] === '\f')) {
    at -= 1;
  }
  if (at > 0 && source[at - 1] !== '\n') {
    return undefined;
  }
  const end = source[at - 2] === '\r' ? at - 3 : at - 2;
  return source[end] === '\\' ? undefined : source.slice(at, node.start).replace(/.*\f/, '');
}

const HEADS: Readonly<Record<string, string>> = {
  if_statement: 'consequence',
  elif_clause: 'consequence',
  else_clause: 'body',
  for_statement: 'body',
  while_statement: 'body',
  function_definition: 'body',
  class_definition: 'body',
  with_statement: 'body',
  try_statement: 'body',
  except_clause: '',
  finally_clause: '',
  case_clause: 'consequence',
  match_statement: 'body'
};

/** A head of a compound statement has a block, further in than itself, and stands in one line but for brackets. */
export const compound: Rule = (node, around) => {
  const body = child(node, HEADS[node.type]) ?? node.children.find(each => each.type === 'block');
  if (!around.isWhole) {
    return undefined;
  }
  if (!body || named(body).length === 0) {
    const at = rangeOf(node);
    return {
      at: { ...at, endLine: at.line, endColumn: at.column + 2 },
      words: 'an indented block is missing'
    };
  }
  const [first] = named(body);
  const inner = indentOf(first, around.source);
  if (inner !== undefined && widths(inner)[0] <= widths(headIndent(node, around.source))[0]) {
    return found(first, 'expected an indented block');
  }
  return brokenLine(node, around);
};

/** The blanks at the start of the line of a head. */
function headIndent(node: Node, source: string): string {
  const start = source.lastIndexOf('\n', node.start - 1) + 1;
  return /^[ \t\f]*/.exec(source.slice(start, node.start))?.[0].replace(/.*\f/, '') ?? '';
}

/** A line that ends before its statement does: `x = 1 +` with `2` below it. */
export const simple: Rule = (node, around) =>
  around.isWhole ? brokenLine(node, around) : undefined;

function brokenLine(node: Node, { source }: Around): Found | undefined {
  const firstEnd = source.indexOf('\n', node.start);
  if (firstEnd < 0 || firstEnd >= node.end) {
    return undefined;
  }
  let depth = 0;
  let end = node.start;
  const visit = (each: Node): Found | undefined => {
    if (each !== node && (each.type === 'block' || /_(?:clause|definition)$/.test(each.type))) {
      const isHead = /^(?:with|for_in|if)_clause$/.test(each.type);
      if (!isHead) {
        // What stands inside looks after itself.
        end = each.end;
        return undefined;
      }
    }
    if (each.children.length > 0 && each.type !== 'string') {
      for (const part of each.children) {
        const wrong = visit(part);
        if (wrong) {
          return wrong;
        }
      }
      return undefined;
    }
    for (let at = end; at < each.start; at++) {
      const char = source[at];
      if (char === '(' || char === '[' || char === '{') {
        depth += 1;
      } else if (char === ')' || char === ']' || char === '}') {
        depth -= 1;
      } else if (char === '\\') {
        at += source[at + 1] === '\r' ? 2 : 1;
      } else if (char === '#') {
        at = source.indexOf('\n', at) - 1;
      } else if (char === '\n' && depth === 0) {
        return lineEnd(source, at);
      }
    }
    end = each.end;
    return undefined;
  };
  return visit(node);
}

/** The place where a line ends too early. */
function lineEnd(source: string, at: number): Found {
  const before = source.slice(0, at).split('\n');
  const line = before.length;
  const text = before[line - 1];
  const column = text.length - text.trimStart().length;
  const endsWithEquals = /(?<![=!<>])=\s*(?:#.*)?$/.test(text);
  return {
    at: { line, column, endLine: line, endColumn: Math.max(text.trimEnd().length, column + 1) },
    words: endsWithEquals ? 'nothing stands after the `=`' : 'the line ends too early'
  };
}

/** A backslash with nothing below it. */
export function danglingBackslash(source: string, root: Node): Found | undefined {
  const text = source.trimEnd();
  const last = root.children.at(-1);
  if (!text.endsWith('\\') || (last && last.end >= text.length)) {
    return undefined;
  }
  const lines = text.split('\n');
  const column = lines[lines.length - 1].length - 1;
  const isComment = /^[^"']*#/.test(lines[lines.length - 1]);
  return isComment
    ? undefined
    : {
        at: { line: lines.length, column, endLine: lines.length, endColumn: column + 1 },
        words: 'unexpected EOF while parsing'
      };
}
