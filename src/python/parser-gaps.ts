import { endOfString } from './source-lines';

/**
 * Valid code that the grammar of tree-sitter-python 0.25.0 takes for something else, in characters that it takes rightly: as many,
 * line by line, so that every place stays. Names and texts are read from the source itself.
 */
export function asTheParserTakesIt(source: string): string {
  let shown = source;
  for (const [word, mend] of GAPS) {
    // Most cells have none of the words, and a look for one costs little.
    if (source.includes(word)) {
      shown = mend(shown);
    }
  }
  return shown;
}

/** `type(x).y = 1` is no `type` statement. */
function callsOfType(source: string): string {
  return source.replace(/(^|[;:])([ \t]*)type(?=[ \t]*[([])/gm, '$1$2typ_');
}

/** `match [a, b]:` with `case` on the next line is no subscript of a name `match`; as `match (a, b):` it is read right. */
function matchesOfTuples(source: string): string {
  return source.replace(
    /^([ \t]*match[ \t]*)\[(.*)\]([ \t]*:[ \t]*(?:#.*)?\n(?:[ \t]*(?:#.*)?\n)*[ \t]+case\b)/gm,
    '$1($2)$3'
  );
}

/** `a, *(b, c) = x`: a group behind a star, shown without brackets and star. */
function starredGroups(source: string): string {
  return source.replace(
    /^([\w \t,*[\].]*)\*\(([\w\s,*]*)\)(?=[\w \t,*[\].]*=(?!=))/gm,
    (_, before: string, inner: string) => `${before}  ${inner.replaceAll('*', ' ')} `
  );
}

/** `class C[T = int]`: defaults of type parameters (3.13), which nobody evaluates before they are asked for. */
function typeDefaults(source: string): string {
  if (!/^[ \t]*(?:class|(?:async[ \t]+)?def|type)[ \t]+\w+[ \t]*\[/m.test(source)) {
    return source;
  }
  return source.replace(
    /^([ \t]*(?:class|(?:async[ \t]+)?def|type)[ \t]+\w+[ \t]*\[)([^\]\n]*=.*)$/gm,
    (_, head: string, rest: string) => `${head}${withoutDefaults(rest)}`
  );
}

/** @param rest what stands behind `[` */
function withoutDefaults(rest: string): string {
  let depth = 1;
  let isDefault = false;
  let kept = '';
  for (const char of rest) {
    if (depth > 0) {
      if (char === ']' || char === ')' || char === '}') {
        depth -= 1;
      } else if (char === '[' || char === '(' || char === '{') {
        depth += 1;
      }
      if (depth === 0 || (depth === 1 && char === ',')) {
        isDefault = false;
      } else if (depth === 1 && char === '=') {
        isDefault = true;
      }
    }
    kept += isDefault ? ' ' : char;
  }
  return kept;
}

const GAPS: readonly (readonly [word: string, mend: (source: string) => string])[] = [
  ['type', callsOfType],
  ['match', matchesOfTuples],
  ['*(', starredGroups],
  ['[', typeDefaults]
];

/**
 * What the grammar does not know, in other words: `lazy import m` and `{**d for d in ds}` (3.15), slices in annotations
 * (`x: a[1:]`), and `b"\\N"`, where it loses the quote. For code that the parser does not take as it is.
 */
export function inOtherWords(source: string): string {
  return source
    .replace(/^([ \t]*)lazy(?=[ \t]+(?:import|from)\b)/gm, '$1    ')
    .replace(/\{\*\*(?=[^{}]*\bfor\b)/g, '{  ')
    .replace(/(?<=\b[bB][rR]?(?:"[^"\n]*|'[^'\n]*))\\(?=[uUN])/g, '_')
    .replace(
      /((?::|->)[ \t]*[\w.]+\[)([^[\]\n]*:[^[\]\n]*)(?=\])/g,
      (_, head: string, slices: string) => head + '0'.padEnd(slices.length)
    );
}

/**
 * The source with the lines joined that brackets join: inside a block the grammar takes a line that stands further out for the
 * end of the block, even in brackets. Comments in brackets become blanks.
 */
export function withBracketsJoined(source: string): string {
  const chars = source.split('');
  let depth = 0;
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    if (char === '"' || char === "'") {
      at = endOfString(source, at);
    } else if (char === '#') {
      const end = source.indexOf('\n', at);
      const to = end < 0 ? source.length : end;
      if (depth > 0) {
        chars.fill(' ', at, to);
      }
      at = to - 1;
    } else if (char === '(' || char === '[' || char === '{') {
      depth += 1;
    } else if (char === ')' || char === ']' || char === '}') {
      depth = Math.max(0, depth - 1);
    } else if (char === '\n' && depth > 0) {
      chars[at] = ' ';
    } else if (char === '\\' && depth > 0 && /\r?\n/y.test(source.slice(at + 1, at + 3))) {
      chars[at] = ' ';
    }
  }
  return chars.join('');
}
