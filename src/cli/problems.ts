import type { Diagnostic, Severity, Span } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import { paint, printable, type Terminal } from './terminal';

/** How `check` and the commands that run the checks print problems. */
export type ProblemFormat = 'text' | 'json' | 'github';

/** A name for a cell that a user can find: its step, and its number among all cells counted from 1. */
export function cellLabel(notebook: Notebook, index: number): string {
  const step = notebook.steps.find(each => each.cells.includes(index));
  return step ? `cell ${index + 1} (step ${step.name})` : `cell ${index + 1}`;
}

/** Problems as lines of text, one string each problem. */
export function formatProblems(
  diagnostics: readonly Diagnostic[],
  notebook: Notebook,
  path: string,
  format: ProblemFormat,
  terminal: Terminal
): readonly string[] {
  switch (format) {
    case 'json':
      return [JSON.stringify({ notebook: path, diagnostics }, null, 2)];
    case 'github':
      return diagnostics.map(each => githubLine(each, notebook, path));
    case 'text':
      return diagnostics.map(each => textBlock(each, notebook, terminal));
  }
}

const COLOR = { error: 'red', warning: 'yellow', info: 'blue' } as const;

function textBlock(problem: Diagnostic, notebook: Notebook, terminal: Terminal): string {
  const { span } = problem;
  const head = `${paint(terminal, COLOR[problem.severity], problem.severity)} ${problem.code}: ${printable(problem.message)}`;
  const lines = [head];
  if (span) {
    lines.push(`  ${span.tag === undefined ? 'at' : 'in'} ${place(notebook, span)}`);
    lines.push(...(span.tag === undefined ? sourceLine(notebook, span) : tagLine(notebook, span)));
  }
  for (const other of problem.related ?? []) {
    lines.push(`  and ${place(notebook, other.span)}: ${other.message}`);
  }
  lines.push(`  why: ${problem.why}`);
  if (problem.fix !== undefined) {
    lines.push(`  fix: ${printable(problem.fix)}`);
  }
  return lines.join('\n');
}

/** `cell 3 (step fit), line 2, column 7`, or `the tags of cell 3 (step fit)`. */
function place(notebook: Notebook, span: Span): string {
  const cell = cellLabel(notebook, span.cell);
  return span.tag === undefined
    ? `${cell}, line ${span.line}, column ${span.column + 1}`
    : `the tags of ${cell}`;
}

/** The cell's tags with carets under the one that it is about. */
function tagLine(notebook: Notebook, { cell, tag }: Span): readonly string[] {
  const tags = notebook.cells[cell]?.tags ?? [];
  const at = tag === undefined ? -1 : tags.indexOf(tag);
  if (at === -1) {
    return [];
  }
  const before = tags.slice(0, at).reduce((sum, each) => sum + each.length + 2, 0);
  const from = Math.max(0, before - 60);
  const shown = printable(tags.join(', ')).slice(from, from + 100);
  const length = Math.max(1, Math.min(tags[at].length, from + 100 - before));
  return [`  tags | ${shown}`, `       | ${' '.repeat(before - from)}${'^'.repeat(length)}`];
}

/** The source line with a caret under the place; long lines are cut around it. */
function sourceLine(notebook: Notebook, span: Span): readonly string[] {
  const source = notebook.cells[span.cell]?.source.split('\n')[span.line - 1];
  if (source === undefined || source.trim() === '') {
    return [];
  }
  const from = Math.max(0, span.column - 60);
  const shown = printable(source.slice(from, from + 100));
  const end = span.endLine === span.line ? span.endColumn : source.length;
  const length = Math.max(1, Math.min(end, from + 100) - span.column);
  const number = String(span.line);
  return [
    `  ${number} | ${shown}`,
    `  ${' '.repeat(number.length)} | ${' '.repeat(span.column - from)}${'^'.repeat(length)}`
  ];
}

// https://docs.github.com/actions/reference/workflow-commands-for-github-actions: % \r \n are escaped, in properties also : and ,
function githubLine(problem: Diagnostic, notebook: Notebook, path: string): string {
  const level = { error: 'error', warning: 'warning', info: 'notice' }[problem.severity];
  const property = (text: string) => message(text).replace(/:/g, '%3A').replace(/,/g, '%2C');
  const message = (text: string) =>
    text.replace(/%/g, '%25').replace(/\r/g, '%0D').replace(/\n/g, '%0A');
  const where = problem.span ? `${place(notebook, problem.span)}: ` : '';
  const stop = /[.?!]$/.test(problem.message) ? '' : '.';
  const fix = problem.fix === undefined ? '' : ` Fix: ${problem.fix}`;
  return `::${level} file=${property(path)},title=${problem.code}::${message(where + problem.message + stop + fix)}`;
}

/** `2 errors, 1 warning`, or `no problems`. */
export function countProblems(diagnostics: readonly Diagnostic[]): string {
  const count = (severity: Severity, word: string) => {
    const number = diagnostics.filter(each => each.severity === severity).length;
    return number === 0 ? [] : [`${number} ${word}${number === 1 ? '' : 's'}`];
  };
  const parts = [
    ...count('error', 'error'),
    ...count('warning', 'warning'),
    ...count('info', 'note')
  ];
  return parts.length > 0 ? parts.join(', ') : 'no problems';
}
