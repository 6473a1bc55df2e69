import type { Range } from './types';

const NAME = /[A-Za-z_]\w*/y;

/** A cell's source by lines: physical ones, those that a backslash joins, and logical ones as Python reads them. */
export class SourceLines {
  constructor(readonly source: string) {
    for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) {
      this.starts.push(at + 1);
    }
  }

  /** The start of the first line at or after `from` that is not blank. */
  skipBlankLines(from: number): number {
    const match = /\S/.exec(this.source.slice(from));
    return match === null
      ? this.source.length
      : this.source.lastIndexOf('\n', from + match.index) + 1;
  }

  /** Index of the newline that ends the line of `at`. */
  lineEnd(at: number): number {
    const end = this.source.indexOf('\n', at);
    return end === -1 ? this.source.length : end;
  }

  /** The end of a magic or shell line: only a backslash joins lines. */
  endOfContinuedLine(from: number): number {
    let end = this.lineEnd(from);
    while (this.source[end - 1] === '\\' && end < this.source.length) {
      end = this.lineEnd(end + 1);
    }
    return end;
  }

  /**
   * Index of the newline that ends the logical line: brackets, strings and backslashes join physical lines.
   * @param stop stop at the first plain `=` outside brackets, or at the first `?` in the code, if there is one
   */
  endOfLogicalLine(from: number, stop?: '=' | '?'): number {
    const { source } = this;
    let depth = 0;
    for (let at = from; at < source.length; at++) {
      const char = source[at];
      if (char === '\n' && depth === 0) {
        return at;
      }
      if (char === '#') {
        at = this.lineEnd(at) - 1;
      } else if (char === '\\') {
        at += 1;
      } else if (char === '"' || char === "'") {
        at = endOfString(source, at);
      } else if (char === '(' || char === '[' || char === '{') {
        depth += 1;
      } else if (char === ')' || char === ']' || char === '}') {
        depth = Math.max(0, depth - 1);
      } else if (char === '?' && stop === '?') {
        return at;
      } else if (char === '=') {
        if (source[at + 1] === '=') {
          at += 1;
        } else if (stop === '=' && depth === 0 && !/[-+*/%@&|^<>!:=]/.test(source[at - 1] ?? '')) {
          return at;
        }
      } else {
        NAME.lastIndex = at;
        if (NAME.test(source)) {
          at = NAME.lastIndex - 1;
        }
      }
    }
    return source.length;
  }

  range(from: number, to: number): Range {
    const [line, column] = this.place(from);
    const [endLine, endColumn] = this.place(to);
    return { line, column, endLine, endColumn };
  }

  private place(at: number): readonly [line: number, column: number] {
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle] <= at) {
        low = middle;
      } else {
        high = middle - 1;
      }
    }
    return [low + 1, at - this.starts[low]];
  }

  private readonly starts = [0];
}

/** Index of the last character of a string; one that does not end ends with its line. */
export function endOfString(source: string, at: number): number {
  const quote = source.startsWith(source[at].repeat(3), at) ? source[at].repeat(3) : source[at];
  for (let index = at + quote.length; index < source.length; index++) {
    if (source[index] === '\\') {
      index += 1;
    } else if (source.startsWith(quote, index)) {
      return index + quote.length - 1;
    } else if (source[index] === '\n' && quote.length === 1) {
      return index - 1;
    }
  }
  return source.length;
}
