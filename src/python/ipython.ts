import { effectOfName, installsPackages, keepsNames, optionsOf, runsCode } from './magics';
import type { Magic, Range } from './types';

/** A cell as plain Python of the same length, line by line, and what was taken out of it. */
export interface PlainCell {
  readonly python: string;
  readonly magics: readonly Magic[];
  /** Names that shell lines and magics read with `{name}` and `$name`. */
  readonly expanded: readonly { readonly name: string; readonly at: Range }[];
  /** Places of code whose assignments are gone afterwards: that of `%timeit`. */
  readonly temporary: readonly Range[];
}

/** IPython's own pattern: what stands before the name in the line does not matter. */
const HELP_END =
  /(^|[^\p{ID_Continue}.*\])"'}%])%{0,2}[\p{ID_Start}_*][\p{ID_Continue}*]*(\.[\p{ID_Start}_*][\p{ID_Continue}*]*|\[-?\d+\])*\?{1,2}\s*$/u;

const NAME = /[A-Za-z_]\w*/y;

/**
 * Rewrites a cell by IPython's rules (IPython.core.inputtransformer2 of 8 and 9): magics, shell lines, help and auto-calls
 * become plain expressions of the same length, so that every offset stays.
 */
export function toPlainPython(source: string): PlainCell {
  const text = withoutPrompts(source);
  if (!/[%!?]|^\s*[/,;]/m.test(text)) {
    return { python: text, magics: [], expanded: [], temporary: [] };
  }
  const state = new Rewriter(text);
  state.cell(state.skipBlankLines(0), commonIndent(text));
  return state.result();
}

/** Prompts pasted with the code (`>>> `, `In [1]: `) become blanks. */
function withoutPrompts(source: string): string {
  const blanks = (text: string) => ' '.repeat(text.length);
  if (/^\s*>>>/.test(source)) {
    return source.replace(/^[ \t]*(>>>|\.\.\.)([ \t]|$)/gm, blanks);
  }
  return /^\s*In \[\d+\]: /.test(source)
    ? source.replace(/^(In \[\d+\]: |\s*\.{3,}: ?)/gm, blanks)
    : source;
}

/** The indent of the first line, if all lines have it: IPython takes it away. */
function commonIndent(source: string): string {
  const lines = source.split('\n').filter(line => line.trim() !== '');
  const indent = /^[ \t]*/.exec(lines[0] ?? '')?.[0] ?? '';
  return lines.every(line => line.startsWith(indent)) ? indent : '';
}

class Rewriter {
  constructor(private readonly source: string) {
    this.text = source.split('');
    this.mayAssign = /=(?:[ \t]|\\\n)*[%!]/.test(source);
    this.starts = [0];
    for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) {
      this.starts.push(at + 1);
    }
  }

  result(): PlainCell {
    const { magics, expanded, temporary } = this;
    return { python: this.text.join(''), magics, expanded, temporary };
  }

  skipBlankLines(from: number): number {
    const match = /\S/.exec(this.source.slice(from));
    return match === null
      ? this.source.length
      : this.source.lastIndexOf('\n', from + match.index) + 1;
  }

  /** A cell, or the body of a cell magic, from a line's start. */
  cell(from: number, indent = ''): void {
    const magic = /^\s*%%(\w+)(?![\w?])([^\n]*)/.exec(this.source.slice(from, this.lineEnd(from)));
    if (magic === null || !magic[0].startsWith(`${indent}%%`)) {
      this.lines(from);
      return;
    }
    const [text, name, rest] = magic;
    const end = from + text.length;
    const runs = runsCode(name);
    this.magics.push({
      kind: 'cell',
      name,
      text: (runs ? text : this.source.slice(from)).trimStart(),
      at: this.range(from, end),
      effect: effectOfName(name),
      binds: cellOutputs(name, rest)
    });
    if (!runs) {
      this.expand(from, this.source.length);
      for (let line = from; line < this.source.length; line = this.lineEnd(line) + 1) {
        this.comment(line, this.lineEnd(line));
      }
      return;
    }
    // `%%timeit x = 1` runs `x = 1` before the rest.
    const setup = end - rest.length + optionsOf(name, rest).length;
    if (setup < end && name !== 'capture') {
      this.fill(from, setup, `${indent}0;`);
    } else {
      this.comment(from, end);
    }
    if (!keepsNames(name)) {
      this.temporary.push(this.range(from, this.source.length));
    }
    this.cell(this.skipBlankLines(Math.min(end + 1, this.source.length)), indent);
  }

  /** Plain lines: each logical line is looked at where it starts. */
  private lines(from: number): void {
    let at = from;
    while (at < this.source.length) {
      at = this.special(at) ?? this.endOfLogicalLine(at);
      at += 1;
    }
  }

  /** Rewrites a special line; gives its end, or undefined if the line is plain Python. */
  private special(start: number): number | undefined {
    const end = this.lineEnd(start);
    const first = this.source.slice(start, end);
    const indent = /^\s*/.exec(first)?.[0].length ?? 0;
    const body = first.slice(indent);
    const at = start + indent;
    const help = this.help(at, body);
    if (help !== undefined) {
      return help;
    }
    if (/^[%!]/.test(body)) {
      const last = this.endOfContinuedLine(at);
      this.magicOrShell(at, last, undefined);
      return last;
    }
    const equals = this.mayAssign ? this.endOfLogicalLine(start, '=') : start;
    const value = /^=(?:[ \t]|\\\n)*(?=%[ \t]*[A-Za-z_]|!)/.exec(
      this.source.slice(equals, this.lineEnd(this.lineEnd(equals) + 1))
    );
    if (value) {
      const sign = equals + value[0].length;
      const last = this.endOfContinuedLine(sign);
      this.magicOrShell(sign, last, this.source.slice(at, equals));
      return last;
    }
    if (/^(?:[/,;][A-Za-z_]|[,;]\s*$)/.test(body)) {
      // A lone `;`, put below a plot to show no value, calls nothing: IPython makes `("")` of it.
      const effect = /^[,;]\s*$/.test(body) ? 'none' : 'unknown';
      this.push('autocall', body[0], at, end, effect, []);
      this.plain(at, end);
      return end;
    }
    return undefined;
  }

  /** `?obj`, `obj??`, `?`; gives the line's end. */
  private help(at: number, body: string): number | undefined {
    if (!body.includes('?')) {
      return undefined;
    }
    const end = at + body.length;
    const mark = this.endOfLogicalLine(at, '?');
    const isHelp =
      body.startsWith('?') ||
      (HELP_END.test(body) && /^\?{1,2}\s*$/.test(this.source.slice(mark, end)));
    if (isHelp) {
      this.push('help', 'pinfo', at, end, 'none', []);
      this.plain(at, end);
    }
    return isHelp ? end : undefined;
  }

  private magicOrShell(at: number, end: number, target: string | undefined): void {
    const text = this.source.slice(at, end);
    const binds =
      target === undefined
        ? []
        : target
            .split(',')
            .map(each => /^\s*([A-Za-z_]\w*)\s*(:.*)?$/.exec(each)?.[1])
            .filter(each => each !== undefined);
    if (text.startsWith('!')) {
      const effect = installsPackages(text) ? 'packages' : 'shell';
      this.push('shell', '!', at, end, effect, binds);
      this.expand(at, end);
      this.plain(at, end);
      return;
    }
    const [head, name = ''] = /^%\s*(\w*)/.exec(text) ?? ['%'];
    if (runsCode(name)) {
      this.push('line', name, at, end, 'runs-code', binds);
      this.codeBehind(at, end, name, head.length, target !== undefined);
      return;
    }
    this.push('line', name, at, end, effectOfName(name), binds);
    this.expand(at, end);
    this.plain(at, end);
  }

  /** `%time x = f()` → `0;    x = f()`: the code stays where it is. */
  private codeBehind(
    at: number,
    end: number,
    name: string,
    head: number,
    isAssigned: boolean
  ): void {
    const options = optionsOf(name, this.source.slice(at + head, end));
    const code = at + head + options.length;
    if (!keepsNames(name)) {
      this.temporary.push(this.range(at, end));
    }
    // What an option such as `-f function` names is read.
    for (const match of options.matchAll(/(?<=\s)[A-Za-z_]\w*/g)) {
      const from = at + head + match.index;
      this.expanded.push({ name: match[0], at: this.range(from, from + match[0].length) });
    }
    if (code >= end || this.source[code] === '!' || this.source[code] === '%') {
      this.plain(at, end);
      return;
    }
    this.fill(at, code, isAssigned ? '' : '0;');
    if (this.mayAssign) {
      this.special(code);
    }
  }

  private push(
    kind: Magic['kind'],
    name: string,
    from: number,
    to: number,
    effect: Magic['effect'],
    binds: readonly string[]
  ): void {
    this.magics.push({
      kind,
      name,
      text: this.source.slice(from, to),
      at: this.range(from, to),
      effect,
      binds
    });
  }

  private expand(from: number, to: number): void {
    const text = this.source.slice(from, to);
    for (const match of text.matchAll(/\{([^{}]+)\}|\$([A-Za-z_]\w*)/g)) {
      const words =
        match[2] === undefined ? (match[1].match(/(?<![\w.'"])[A-Za-z_]\w*/g) ?? []) : [match[2]];
      for (const name of words) {
        const at = from + match.index;
        this.expanded.push({ name, at: this.range(at, at + match[0].length) });
      }
    }
  }

  /** An expression without meaning, of the same length; further lines become comments. */
  private plain(from: number, to: number): void {
    const firstEnd = Math.min(this.lineEnd(from), to);
    this.fill(from, firstEnd, '0');
    for (let line = firstEnd + 1; line < to; line = this.lineEnd(line) + 1) {
      this.comment(line, Math.min(this.lineEnd(line), to));
    }
  }

  private comment(from: number, to: number): void {
    this.fill(from, to, '#');
  }

  private fill(from: number, to: number, head: string): void {
    for (let index = from; index < to; index++) {
      this.text[index] = head[index - from] ?? ' ';
    }
  }

  private lineEnd(at: number): number {
    const end = this.source.indexOf('\n', at);
    return end === -1 ? this.source.length : end;
  }

  /** The end of a magic or shell line: only a backslash joins lines. */
  private endOfContinuedLine(from: number): number {
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
  private endOfLogicalLine(from: number, stop?: '=' | '?'): number {
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
        at = this.endOfString(at);
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

  /** Index of the last character of the string that starts at `at`; a string that does not end ends with its line. */
  private endOfString(at: number): number {
    const { source } = this;
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

  private range(from: number, to: number): Range {
    const place = (at: number): readonly [number, number] => {
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
    };
    const [line, column] = place(from);
    const [endLine, endColumn] = place(to);
    return { line, column, endLine, endColumn };
  }

  private readonly text: string[];
  /** Somewhere there is `= %` or `= !`. */
  private readonly mayAssign: boolean;
  private readonly starts: number[];
  private readonly magics: Magic[] = [];
  private readonly temporary: Range[] = [];
  private readonly expanded: { readonly name: string; readonly at: Range }[] = [];
}

/** Names that a cell magic gives its output to: `%%capture out`, `%%bash --out text`. */
function cellOutputs(name: string, rest: string): readonly string[] {
  if (name === 'capture') {
    const own = /^(?:\s+--\S+)*\s+([A-Za-z_]\w*)/.exec(rest)?.[1];
    return own === undefined ? [] : [own];
  }
  return effectOfName(name) === 'shell'
    ? [...rest.matchAll(/--(?:out|err|proc)[\s=]+([A-Za-z_]\w*)/g)].map(match => match[1])
    : [];
}
