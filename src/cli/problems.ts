import type { Diagnostic, Severity } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import { paint, type Terminal } from './terminal';

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
  const head = `${paint(terminal, COLOR[problem.severity], problem.severity)} ${problem.code}: ${problem.message}`;
  const lines = [head];
  if (span) {
    lines.push(
      `  at ${cellLabel(notebook, span.cell)}, line ${span.line}, column ${span.column + 1}`
    );
    lines.push(...excerpt(notebook, span));
  }
  for (const other of problem.related ?? []) {
    lines.push(
      `  and ${cellLabel(notebook, other.span.cell)}, line ${other.span.line}: ${other.message}`
    );
  }
  lines.push(`  why: ${problem.why}`);
  if (problem.fix !== undefined) {
    lines.push(`  fix: ${problem.fix}`);
  }
  return lines.join('\n');
}

/** The source line with a caret under the place; long lines are cut around it. */
function excerpt(notebook: Notebook, span: NonNullable<Diagnostic['span']>): readonly string[] {
  const source = notebook.cells[span.cell]?.source.split('\n')[span.line - 1];
  if (source === undefined || source.trim() === '') {
    return [];
  }
  const from = Math.max(0, span.column - 60);
  const shown = source.slice(from, from + 100).replace(/\t/g, ' ');
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
  const place = problem.span
    ? `${cellLabel(notebook, problem.span.cell)}, line ${problem.span.line}: `
    : '';
  const fix = problem.fix === undefined ? '' : ` Fix: ${problem.fix}`;
  return `::${level} file=${property(path)},title=${problem.code}::${message(place + problem.message + '.' + fix)}`;
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
