import { named, type Node } from '../tree';
import { found, type Found, type Rule } from './rule';

const INTEGER =
  /^(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|[1-9](?:_?\d)*|0(?:_?0)*|\d(?:_?\d)*[jJ])[jJ]?$/;
const FLOAT = /^(?:\d(?:_?\d)*\.?(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][+-]?\d(?:_?\d)*)?[jJ]?$/;

/** `0777`, `0xFFl`, `1__0`. */
export const number: Rule = (node, { text }) => {
  const digits = text(node);
  // What the parser was shown a number for is none: see parser-gaps.ts.
  if (!/^[\d.]/.test(digits) || (node.type === 'integer' ? INTEGER : FLOAT).test(digits)) {
    return undefined;
  }
  return found(
    node,
    /^0\d/.test(digits)
      ? 'leading zeros in decimal integer literals are not permitted; use an 0o prefix for octal integers'
      : 'invalid number'
  );
};

const KEYWORDS = new Set(
  `False None True and as assert async await break class continue def del elif else except finally for from global if import in is
  lambda nonlocal not or pass raise return try while with yield`.split(/\s+/)
);

/** `await = 1`: words that were names once. */
export const identifier: Rule = (node, { text }) =>
  KEYWORDS.has(text(node)) ? found(node, `\`${text(node)}\` is a keyword`) : undefined;

const PREFIX = /^(?:[rRuUbBfFtT]|[bBfFtT][rR]|[rR][bBfFtT])?["']/;

/** Prefixes, escapes, and characters that bytes cannot hold. */
export const string: Rule = (node, { text }) => {
  const start = node.children.find(each => each.type === 'string_start');
  const opening = start ? text(start) : '';
  if (opening.startsWith('`')) {
    return found(node, 'backquotes are no longer Python: write repr(…)');
  }
  if (!PREFIX.test(opening)) {
    return found(node, 'this prefix of a string is no longer Python');
  }
  const isBytes = /^\w*b/i.test(opening);
  const isRaw = /^\w*r/i.test(opening);
  for (const part of node.children.filter(each => each.type === 'string_content')) {
    const words =
      isBytes && /[^\0-\x7f]/.test(text(part))
        ? 'bytes can only contain ASCII literal characters'
        : isRaw
          ? undefined
          : brokenEscape(text(part), isBytes);
    if (words !== undefined) {
      return found(part, words);
    }
  }
  return undefined;
};

/** An escape that is cut short; unknown ones are only warned of. */
function brokenEscape(content: string, isBytes: boolean): string | undefined {
  for (const match of content.matchAll(
    /\\(?:x[\da-fA-F]{0,2}|u[\da-fA-F]{0,4}|U[\da-fA-F]{0,8}|[^])/g
  )) {
    const { 0: escape, index } = match;
    const letter = escape[1];
    const digits = escape.length - 2;
    switch (letter) {
      case 'x':
        if (digits < 2) {
          return 'truncated \\xXX escape';
        }
        break;
      case 'u':
        if (!isBytes && digits < 4) {
          return 'truncated \\uXXXX escape';
        }
        break;
      case 'U':
        if (!isBytes && (digits < 8 || parseInt(escape.slice(2, 10), 16) > 0x10ffff)) {
          return 'truncated \\UXXXXXXXX escape, or one beyond 10FFFF';
        }
        break;
      case 'N':
        if (!isBytes && !/^\\N\{[^{}]+\}/.test(content.slice(index))) {
          return 'malformed \\N character escape';
        }
        break;
      default:
        break;
    }
  }
  return undefined;
}

/** `b"a" "b"`. */
export const concatenation: Rule = (node, { text }) => {
  const isBytes = (each: Node) => /^\w*b\w*["']/i.test(text(each));
  const [first, ...rest] = named(node).filter(each => each.type === 'string');
  const other = first && rest.find(each => isBytes(each) !== isBytes(first));
  return other && found(other, 'cannot mix bytes and nonbytes literals');
};

/** `f"{x!g}"`, `f"{*x}"`, `f"{lambda x: 1}"`. */
export const interpolation: Rule = (node, { text }) => {
  for (const each of named(node)) {
    if (each.type === 'type_conversion' && !/^!\s*[rsa]$/.test(text(each))) {
      return found(each, "invalid conversion character: expected 's', 'r', or 'a'");
    }
    if (each.field === 'expression' && /^(?:list_splat|lambda)$/.test(each.type)) {
      const words = each.type === 'lambda' ? 'a lambda' : 'a starred expression';
      return found(each, `f-string: ${words} cannot be used here`);
    }
  }
  return undefined;
};

/** Blanks that only look like blanks, as pasted from a web page, and a byte order mark. */
export function oddBlank(source: string, root: Node): Found | undefined {
  if (!/[\u00a0\u1680\u2000-\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff]/.test(source)) {
    return undefined;
  }
  let end = 0;
  const visit = (node: Node): Found | undefined => {
    if (node.children.length === 0 || node.type === 'string') {
      const wrong = oddBlankIn(source, end, node.start);
      end = node.end;
      return wrong;
    }
    for (const each of node.children) {
      const wrong = visit(each);
      if (wrong) {
        return wrong;
      }
    }
    return undefined;
  };
  return visit(root) ?? oddBlankIn(source, end, source.length);
}

/** @param from the end of a token. @param to the start of the next */
function oddBlankIn(source: string, from: number, to: number): Found | undefined {
  // Comments may hold anything.
  const gap = source.slice(from, to).replace(/#[^\n]*/g, comment => ' '.repeat(comment.length));
  const index = gap.search(/[^\s\\()[\]{},:;.]|[^\0-\x7f]/);
  if (index < 0 || /[\0-\x7f]/.test(gap[index])) {
    return undefined;
  }
  const before = source.slice(0, from + index).split('\n');
  const line = before.length;
  const column = before[line - 1].length;
  const code = gap.charCodeAt(index).toString(16).toUpperCase().padStart(4, '0');
  return {
    at: { line, column, endLine: line, endColumn: column + 1 },
    words: `invalid non-printable character U+${code}`
  };
}
