import type { SourceLines } from './source-lines';
import { rangeOf, type Node, type Tree } from './tree';
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

/**
 * A string with a line of blanks only, which IPython 9.18 makes empty, whether there is an indent to take away or not; docstrings,
 * whose text hardly any code reads, are let be.
 */
export function blankLineInString({ source, root }: Tree): Pasted | undefined {
  if (!/\n[ \t]+\n/.test(source)) {
    return undefined;
  }
  const visit = (node: Node, parent: Node): Pasted | undefined => {
    if (node.type === 'string' && parent.type !== 'expression_statement') {
      return /\n[ \t]+\n/.test(source.slice(node.start, node.end))
        ? { what: 'a string with a line of blanks', at: rangeOf(node) }
        : undefined;
    }
    for (const each of node.children) {
      const found = visit(each, node);
      if (found) {
        return found;
      }
    }
    return undefined;
  };
  return visit(root, root);
}
