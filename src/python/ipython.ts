import {
  effectOfName,
  installsPackages,
  isCommandName,
  isLineMagic,
  keepsNames,
  optionsOf,
  runsCode
} from './magics';
import { commonIndent, pastedIn, withoutPrompts, type Pasted } from './pasted-code';
import { SourceLines } from './source-lines';
import type { Magic, Range } from './types';

/** A cell as plain Python of the same length, line by line, and what was taken out of it. */
export interface PlainCell {
  readonly python: string;
  readonly magics: readonly Magic[];
  /** Names that shell lines and magics read with `{name}` and `$name`. */
  readonly expanded: readonly { readonly name: string; readonly at: Range }[];
  readonly pasted?: Pasted;
  /** Places of code whose assignments are gone afterwards: that of `%timeit`. */
  readonly temporary: readonly Range[];
}

/** IPython's own pattern: what stands before the name in the line does not matter. */
const HELP_END =
  /(^|[^\p{ID_Continue}.*\])"'}%])%{0,2}[\p{ID_Start}_*][\p{ID_Continue}*]*(\.[\p{ID_Start}_*][\p{ID_Continue}*]*|\[-?\d+\])*\?{1,2}\s*$/u;

/**
 * Rewrites a cell by IPython's rules (IPython.core.inputtransformer2 of 8 and 9): magics, shell lines, help and auto-calls
 * become plain expressions of the same length, so that every offset stays.
 */
export function toPlainPython(source: string): PlainCell {
  const text = withoutPrompts(source);
  const lines = new SourceLines(text);
  const pasted = pastedIn(source, lines);
  const automagic = automagicIn(text);
  if (automagic === undefined && !/[%!?]|^\s*[/,;]/m.test(text)) {
    return { python: text, magics: [], expanded: [], temporary: [], pasted };
  }
  const state = new Rewriter(lines);
  const start = lines.skipBlankLines(0);
  if (automagic === undefined) {
    state.cell(start, commonIndent(text));
  } else {
    state.automagic(start, automagic);
  }
  return { ...state.result(), pasted };
}

/**
 * The name of the magic that a cell of one line calls without `%`, which IPython allows (`pip install x`, `cd data`, `ls`);
 * undefined for what may be Python, but for a few names that are hardly ever variables.
 */
function automagicIn(text: string): string | undefined {
  const [, name, rest] = /^\s*(\w+)(?:[ \t]+(.*?))?[ \t]*\n?$/.exec(text) ?? [];
  if (name === undefined || !isLineMagic(name) || /^[=,]/.test(rest ?? '')) {
    return undefined;
  }
  const isOperator = /^(?:in|is|if|and|or|not|for|else)\b/.test(rest ?? '');
  const isPython = rest === undefined || !/^(?:[\w'"~{$]|\.\.|\.\/)/.test(rest) || isOperator;
  return isPython && !isCommandName(name) ? undefined : name;
}

class Rewriter {
  constructor(private readonly lines: SourceLines) {
    this.source = lines.source;
    this.text = this.source.split('');
    this.mayAssign = /=(?:[ \t]|\\\n)*[%!]/.test(this.source);
  }

  result(): PlainCell {
    const { magics, expanded, temporary } = this;
    return { python: this.text.join(''), magics, expanded, temporary };
  }

  /** A cell, or the body of a cell magic, from a line's start. */
  cell(from: number, indent = ''): void {
    const magic = /^\s*%%(?!\w+\?)(\S*)([^\n]*)/.exec(
      this.source.slice(from, this.lines.lineEnd(from))
    );
    if (magic === null || !magic[0].startsWith(`${indent}%%`)) {
      this.plainLines(from);
      return;
    }
    const [text, name, rest] = magic;
    const end = from + text.length;
    const runs = runsCode(name);
    this.magics.push({
      kind: 'cell',
      name,
      text: (runs ? text : this.source.slice(from)).trimStart(),
      at: this.lines.range(from, end),
      effect: this.effectOfCell(name, end),
      binds: cellOutputs(name, rest)
    });
    if (!runs) {
      // IPython looks for names in the first line only; what a magic of somebody else's does is not known.
      this.expand(from, effectOfName(name) === 'unknown' ? this.source.length : end);
      for (let line = from; line < this.source.length; line = this.lines.lineEnd(line) + 1) {
        this.comment(line, this.lines.lineEnd(line));
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
      this.temporary.push(this.lines.range(from, this.source.length));
    }
    this.cell(this.lines.skipBlankLines(Math.min(end + 1, this.source.length)), indent);
  }

  /** A script that installs packages does what `%pip` does. */
  private effectOfCell(name: string, body: number): Magic['effect'] {
    const effect = effectOfName(name);
    const installs = (line: string) => installsPackages(line.trim());
    return effect === 'shell' && this.source.slice(body).split('\n').some(installs)
      ? 'packages'
      : effect;
  }

  /** A cell of one line, `name` and what it is given, without a percent sign. */
  automagic(start: number, name: string): void {
    const at = this.source.indexOf(name, start);
    const end = at + this.source.slice(at).trimEnd().length;
    // If the notebook has such a name, the line is Python.
    for (const match of this.source.slice(at, end).matchAll(/(?<![\w.])[A-Za-z_]\w*/g)) {
      const from = at + match.index;
      this.expanded.push({ name: match[0], at: this.lines.range(from, from + match[0].length) });
    }
    this.lineMagic(at, end, name, name.length, false, []);
  }

  /** Plain lines: each logical line is looked at where it starts. */
  private plainLines(from: number): void {
    let at = from;
    while (at < this.source.length) {
      at = this.special(at) ?? this.lines.endOfLogicalLine(at);
      at += 1;
    }
  }

  /** Rewrites a special line; gives its end, or undefined if the line is plain Python. */
  private special(start: number): number | undefined {
    const end = this.lines.lineEnd(start);
    const first = this.source.slice(start, end);
    const indent = /^\s*/.exec(first)?.[0].length ?? 0;
    const body = first.slice(indent);
    const at = start + indent;
    const help = this.help(at, body);
    if (help !== undefined) {
      return help;
    }
    if (/^[%!]/.test(body)) {
      const last = this.lines.endOfContinuedLine(at);
      this.magicOrShell(at, last, undefined);
      return last;
    }
    const equals = this.mayAssign ? this.lines.endOfLogicalLine(start, '=') : start;
    const value = /^=(?:[ \t]|\\\n)*(?=%[ \t]*[A-Za-z_]|!)/.exec(
      this.source.slice(equals, this.lines.lineEnd(this.lines.lineEnd(equals) + 1))
    );
    const startsLine = /^[ \t]*$/.test(this.source.slice(start, equals).split('\n').at(-1) ?? '');
    if (value && !(startsLine && value.input[value[0].length] === '!')) {
      const sign = equals + value[0].length;
      const last = this.lines.endOfContinuedLine(sign);
      this.magicOrShell(sign, last, this.source.slice(at, equals));
      return last;
    }
    if (/^(?:\/[^\s/]|[,;])/.test(body)) {
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
    const mark = this.lines.endOfLogicalLine(at, '?');
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
    const name = /^%(\S*)/.exec(text)?.[1] ?? '';
    this.lineMagic(at, end, name, name.length + 1, target !== undefined, binds);
  }

  /** @param head length of the name with its mark */
  private lineMagic(
    at: number,
    end: number,
    name: string,
    head: number,
    isAssigned: boolean,
    binds: readonly string[]
  ): void {
    if (runsCode(name)) {
      this.push('line', name, at, end, 'runs-code', binds);
      this.codeBehind(at, end, name, head, isAssigned);
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
      this.temporary.push(this.lines.range(at, end));
    }
    // What an option such as `-f function` names is read.
    for (const match of options.matchAll(/(?<=\s)[A-Za-z_]\w*/g)) {
      const from = at + head + match.index;
      this.expanded.push({ name: match[0], at: this.lines.range(from, from + match[0].length) });
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
      at: this.lines.range(from, to),
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
        this.expanded.push({ name, at: this.lines.range(at, at + match[0].length) });
      }
    }
  }

  /** An expression without meaning, of the same length; further lines become comments. */
  private plain(from: number, to: number): void {
    const firstEnd = Math.min(this.lines.lineEnd(from), to);
    this.fill(from, firstEnd, '0');
    for (let line = firstEnd + 1; line < to; line = this.lines.lineEnd(line) + 1) {
      this.comment(line, Math.min(this.lines.lineEnd(line), to));
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

  private readonly source: string;
  private readonly text: string[];
  /** Somewhere there is `= %` or `= !`. */
  private readonly mayAssign: boolean;
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
