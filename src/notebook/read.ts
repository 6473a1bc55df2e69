import type { Diagnostic, Span } from '../diagnostics/types';
import { jsonMistake } from './json-mistake';
import { readSettings } from './settings';
import { readTag } from './tags';
import type { Cell, CellKind, Settings, Tag } from './types';

/** A text that is no notebook we can read. `message` is a sentence for the user, `fix` what to do. */
export class NotebookError extends Error {
  constructor(
    message: string,
    readonly fix: string
  ) {
    super(message);
    this.name = 'NotebookError';
  }
}

/** A notebook read, not yet cut into steps. */
export interface ParsedNotebook {
  readonly cells: readonly Cell[];
  readonly settings: Settings;
  readonly language?: { readonly name: string; readonly version?: string };
  readonly kernel?: string;
  readonly diagnostics: readonly Diagnostic[];
}

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads the text of an .ipynb file, nbformat 4.0 to 4.5.
 * @throws NotebookError if it is no JSON, no notebook, or of another format
 */
export function parseNotebook(text: string): ParsedNotebook {
  const body = text.startsWith('\ufeff') ? text.slice(1) : text;
  if (body.trim() === '') {
    throw new NotebookError(
      'the file is empty',
      'was it saved? Open it in JupyterLab and save it again'
    );
  }
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch (error) {
    throw notJson(body, error as SyntaxError);
  }
  return readNotebookJson(json);
}

/**
 * Reads a notebook that is JSON already, such as JupyterLab's live model.
 * @throws NotebookError as {@link parseNotebook}
 */
export function readNotebookJson(json: unknown): ParsedNotebook {
  if (!isObject(json) || typeof json.nbformat !== 'number') {
    throw new NotebookError(
      'this is JSON, but no notebook: it has no `nbformat`',
      'name an .ipynb file'
    );
  }
  if (json.nbformat !== 4) {
    throw new NotebookError(
      `this notebook has format ${json.nbformat}, and only format 4 is read`,
      json.nbformat < 4
        ? 'open it in JupyterLab and save it, or run: jupyter nbconvert --to notebook --nbformat 4 FILE'
        : 'save it in format 4'
    );
  }
  if (!Array.isArray(json.cells)) {
    throw new NotebookError(
      'this notebook has no list of cells',
      'the file is damaged: restore it from a checkpoint'
    );
  }
  const metadata = isObject(json.metadata) ? json.metadata : {};
  const diagnostics: Diagnostic[] = [];
  const cells = json.cells.map((each: unknown, index): Cell => readCell(each, index, diagnostics));
  const { settings, diagnostics: ofSettings } = readSettings(metadata);
  diagnostics.push(...ofSettings);
  const language = languageOf(metadata);
  const kernel =
    isObject(metadata.kernelspec) && typeof metadata.kernelspec.name === 'string'
      ? metadata.kernelspec.name
      : undefined;
  if (language && !/^i?python\d*$/i.test(language.name)) {
    diagnostics.push({
      code: 'NP112',
      severity: 'error',
      message: `the notebook's language is ${language.name}`,
      why: 'steps are run by Python',
      fix: 'only Python notebooks can be run as a pipeline'
    });
  }
  if (
    !cells.some(cell => cell.type === 'code' && cell.kind !== 'skip' && cell.source.trim() !== '')
  ) {
    diagnostics.push({
      code: 'NP111',
      severity: 'error',
      message: 'the notebook has no code cell to run',
      why: 'a pipeline is made of code cells; empty and skipped ones do not count',
      fix: 'write code, or take a `skip` tag away'
    });
  }
  return {
    cells,
    settings,
    ...(language ? { language } : {}),
    ...(kernel === undefined ? {} : { kernel }),
    diagnostics
  };
}

function notJson(body: string, error: SyntaxError): NotebookError {
  if (body.includes('\0')) {
    return new NotebookError(
      'the file has null bytes and is no notebook',
      'the file is damaged: restore it from a checkpoint'
    );
  }
  if (!/^\s*[{[]/.test(body)) {
    return new NotebookError(
      'this is no notebook: an .ipynb file starts with `{`',
      'name an .ipynb file'
    );
  }
  const { line, column, truncated } = jsonMistake(body);
  return truncated
    ? new NotebookError(
        `the file ends in the middle, at line ${line}`,
        'it was cut off while being saved or copied: restore it from a checkpoint (.ipynb_checkpoints)'
      )
    : new NotebookError(
        `broken JSON at line ${line}, column ${column}: ${error.message
          .replace(/ in JSON at position.*$/s, '')
          .replace(/\(line .*\)$/, '')
          .trim()}`,
        'mend that line, or restore the file from a checkpoint'
      );
}

function languageOf(metadata: Json): ParsedNotebook['language'] {
  const info = isObject(metadata.language_info) ? metadata.language_info : {};
  const spec = isObject(metadata.kernelspec) ? metadata.kernelspec : {};
  const name = typeof info.name === 'string' ? info.name : spec.language;
  if (typeof name !== 'string') {
    return undefined;
  }
  return { name, ...(typeof info.version === 'string' ? { version: info.version } : {}) };
}

function readCell(value: unknown, index: number, diagnostics: Diagnostic[]): Cell {
  const cell = isObject(value) ? value : {};
  expectWellFormed(value, index);
  const type = cell.cell_type === 'code' || cell.cell_type === 'raw' ? cell.cell_type : 'markdown';
  const lines: unknown = cell.source;
  const source = (
    Array.isArray(lines) ? lines.join('') : typeof lines === 'string' ? lines : ''
  ).replace(/\r\n/g, '\n');
  const metadata = isObject(cell.metadata) ? cell.metadata : {};
  const tags = Array.isArray(metadata.tags)
    ? metadata.tags.filter((each): each is string => typeof each === 'string')
    : [];
  const parsed: Tag[] = [];
  if (type === 'code') {
    for (const [at, text] of tags.entries()) {
      const read = readTag(text, at);
      diagnostics.push(
        ...read.problems.map(({ better, ...each }) => ({
          ...each,
          span: tagSpan(index, text),
          ...(better === undefined ? {} : { edits: [{ cell: index, tag: text, to: better }] })
        }))
      );
      if (read.tag) {
        parsed.push(read.tag);
      }
    }
  }
  return {
    index,
    id: typeof cell.id === 'string' ? cell.id : `cell-${index}`,
    type,
    source,
    tags,
    kind: kindOf(type, parsed),
    parsed,
    raisesException: parsed.some(each => each.type === 'raises-exception')
  };
}

/** @throws NotebookError that names the cell's field which has another type than nbformat 4 gives it */
function expectWellFormed(value: unknown, index: number): void {
  const wrong = (what: string, is: unknown, must: string) =>
    new NotebookError(
      `cell ${index + 1} is malformed: ${what} is ${JSON.stringify(is)?.slice(0, 40) ?? 'absent'}, and must be ${must}`,
      'mend that cell in the file, or restore the file from a checkpoint'
    );
  if (!isObject(value)) {
    throw wrong('the cell', value, 'an object');
  }
  const { cell_type: type, source, metadata } = value;
  if (typeof type !== 'string') {
    throw wrong('`cell_type`', type, 'a text');
  }
  if (typeof source !== 'string' && !isTexts(source)) {
    throw wrong('`source`', source, 'a text or a list of texts');
  }
  if (metadata !== undefined && !isObject(metadata)) {
    throw wrong('`metadata`', metadata, 'an object');
  }
  if (metadata?.tags !== undefined && !isTexts(metadata.tags)) {
    throw wrong('`metadata.tags`', metadata.tags, 'a list of texts');
  }
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(each => typeof each === 'string');
}

/** The place of a tag. */
export function tagSpan(cell: number, tag: string): Span {
  return { cell, line: 1, column: 0, endLine: 1, endColumn: 0, tag };
}

function kindOf(type: Cell['type'], tags: readonly Tag[]): CellKind {
  if (type !== 'code') {
    return 'text';
  }
  // A special tag wins over everything else on the cell, as in Kale.
  const special = tags.find(each => each.type === 'special');
  if (special?.type === 'special') {
    return special.kind;
  }
  return tags.some(each => each.type === 'step') ? 'step' : 'untagged';
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
