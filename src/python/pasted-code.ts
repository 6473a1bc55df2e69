import type { SourceLines } from './source-lines';
import type { Range } from './types';

/** What of a cell is no Python though it is no magic either: prompts, and an indent that IPython takes away. */
export interface Pasted {
  readonly what: string;
  readonly at: Range;
}

/** Prompts pasted with the code (`>>> `, `In [1]: `) become blanks. */
export function withoutPrompts(source: string): string {
  const blanks = (text: string) => ' '.repeat(text.length);
  if (/^\s*>>>/.test(source)) {
    return source.replace(/^[ \t]*(>>>|\.\.\.)[ \t]?/gm, blanks);
  }
  const first = /^[ \t]*(?:\[(?:nav|ins)\] ?)?In \[\d+\]: /;
  return first.test(source.trimStart())
    ? source.replace(new RegExp(`${first.source}|^[ \\t]*\\.{3,}: ?`, 'gm'), blanks)
    : source;
}

/** The indent of the first line, if all lines have it: IPython takes it away. */
export function commonIndent(source: string): string {
  const lines = source.split('\n').filter(line => line.trim() !== '');
  const indent = /^[ \t]*/.exec(lines[0] ?? '')?.[0] ?? '';
  return lines.every(line => line.startsWith(indent)) ? indent : '';
}

/** What IPython takes away from a cell before Python sees it. @param lines the source without prompts */
export function pastedIn(source: string, lines: SourceLines): Pasted | undefined {
  const indent = /^(?:[ \t]*(?:#.*)?\n)*[ \t]+(?=[^\s#])/.exec(source)?.[0];
  if (lines.source === source && indent === undefined) {
    return undefined;
  }
  const start = lines.skipBlankLines(0);
  return {
    what: lines.source === source ? 'the indent of the first line' : 'the prompt in the first line',
    at: lines.range(start, lines.lineEnd(start))
  };
}
