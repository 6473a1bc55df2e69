import type { Magic, Range } from './types';

/** A cell as plain Python of the same length, line by line, and what was taken out of it. */
export interface PlainCell {
  readonly python: string;
  readonly magics: readonly Magic[];
  /** Names that shell lines and magics read with `{name}` and `$name`. */
  readonly expanded: readonly { readonly name: string; readonly at: Range }[];
}

/** Magics that only set up how the process shows or times things: repeated where a later step needs IPython. */
const CONFIGURATION = new Set(
  'matplotlib config load_ext reload_ext autoreload precision pylab xmode colors pprint'.split(' ')
);
/** Magics that run the code behind them. */
const RUNS_CODE = new Set('time timeit prun memit mprun lprun capture'.split(' '));
/** Magics that only look. */
const LOOKS = new Set(
  'who who_ls whos lsmagic magic pinfo pinfo2 pdoc psource history hist pwd ls ll page quickref html latex markdown svg HTML javascript js'.split(
    ' '
  )
);

const NAME = /[A-Za-z_]\w*/y;

/**
 * Rewrites a cell by IPython's rules (IPython.core.inputtransformer2 of 8 and 9): magics, shell lines, help and auto-calls
 * become plain expressions of the same length, so that every offset stays.
 */
export function toPlainPython(source: string): PlainCell {
  if (!/[%!?]|^\s*[/,;]/m.test(source)) {
    return { python: source, magics: [], expanded: [] };
  }
  const state = new Rewriter(source);
  state.cell(state.skipBlankLines(0));
  return state.result();
}

class Rewriter {
  constructor(private readonly source: string) {
    this.text = source.split('');
    this.starts = [0];
    for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) {
      this.starts.push(at + 1);
    }
  }

  result(): PlainCell {
    return { python: this.text.join(''), magics: this.magics, expanded: this.expanded };
  }

  skipBlankLines(from: number): number {
    const match = /\S/.exec(this.source.slice(from));
    return match === null
      ? this.source.length
      : this.source.lastIndexOf('\n', from + match.index) + 1;
  }

  /** A cell, or the body of a cell magic, from a line's start. */
  cell(from: number): void {
    const magic = /^%%(\w+)([^\n]*)/.exec(this.source.slice(from));
    if (magic === null) {
      this.lines(from);
      return;
    }
    const [text, name, rest] = magic;
    const end = from + text.length;
    const runs = RUNS_CODE.has(name);
    const output = name === 'capture' ? /^\s+([A-Za-z_]\w*)/.exec(rest)?.[1] : undefined;
    this.magics.push({
      kind: 'cell',
      name,
      text: runs ? text : this.source.slice(from),
      at: this.range(from, end),
      effect: runs
        ? 'runs-code'
        : name === 'bash' ||
            name === 'sh' ||
            name === 'script' ||
            name === 'system' ||
            name === 'sx'
          ? 'shell'
          : LOOKS.has(name)
            ? 'none'
            : 'unknown',
      binds: output === undefined ? [] : [output]
    });
    if (runs) {
      this.comment(from, end);
      this.cell(this.skipBlankLines(Math.min(end + 1, this.source.length)));
    } else {
      this.expand(from, this.source.length);
      for (let line = from; line < this.source.length; line = this.lineEnd(line) + 1) {
        this.comment(line, this.lineEnd(line));
      }
    }
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
    let end = this.lineEnd(start);
    const first = this.source.slice(start, end);
    const indent = /^\s*/.exec(first)?.[0].length ?? 0;
    const body = first.slice(indent);
    const at = start + indent;
    const assigned = /^([A-Za-z_][\w.,\s[\]'"*:()-]*?)\s*=\s*(?=[%!])(?!%%)(.*)$/.exec(body);
    const isSpecial = /^(%(?!%)|!)/.test(body) || (assigned !== null && !/[=%!]/.test(assigned[1]));
    if (isSpecial) {
      while (this.source[end - 1] === '\\' && end < this.source.length) {
        end = this.lineEnd(end + 1);
      }
      const sign = assigned && !/^[%!]/.test(body) ? at + body.length - assigned[2].length : at;
      this.magicOrShell(sign, end, assigned && sign !== at ? assigned[1] : undefined);
      return end;
    }
    if (
      /^\?{1,2}[^?\s]|^\?\s*$/.test(body) ||
      /^%{0,2}[A-Za-z_][\w.]*(\[[\w'"]+\][\w.]*)*\?{1,2}\s*$/.test(body)
    ) {
      this.push('help', 'pinfo', at, end, 'none', []);
      this.plain(at, end);
      return end;
    }
    if (/^[/,;][A-Za-z_]/.test(body)) {
      this.push('autocall', body[0], at, end, 'unknown', []);
      this.plain(at, end);
      return end;
    }
    return undefined;
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
      const installs =
        /^!+\s*(\{?sys\.executable\}?|python[\d.]*)?\s*(-m\s+)?(pip3?|conda|mamba)\s+install\b/.test(
          text
        );
      this.push('shell', '!', at, end, installs ? 'packages' : 'shell', binds);
      this.expand(at, end);
      this.plain(at, end);
      return;
    }
    const [head, name = ''] = /^%\s*(\w*)/.exec(text) ?? ['%'];
    if (RUNS_CODE.has(name)) {
      const options = /^(\s+-\w+(\s*\d+)?)*\s*/.exec(text.slice(head.length))?.[0].length ?? 0;
      this.push('line', name, at, end, 'runs-code', binds);
      const code = at + head.length + options;
      if (code >= end || this.source[code] === '!' || this.source[code] === '%') {
        this.plain(at, end);
      } else if (target === undefined) {
        // `%time x = f()` → `0;    x = f()`: the code stays where it is.
        this.fill(at, code, '0;');
      } else {
        this.fill(at, code, '');
      }
      return;
    }
    const effect = CONFIGURATION.has(name)
      ? 'configuration'
      : name === 'pip' || name === 'conda' || name === 'mamba'
        ? 'packages'
        : LOOKS.has(name)
          ? 'none'
          : 'unknown';
    this.push('line', name, at, end, effect, binds);
    this.expand(at, end);
    this.plain(at, end);
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

  /** Index of the newline that ends the logical line: brackets, strings and backslashes join physical lines. */
  private endOfLogicalLine(from: number): number {
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
  private readonly starts: number[];
  private readonly magics: Magic[] = [];
  private readonly expanded: { readonly name: string; readonly at: Range }[] = [];
}
