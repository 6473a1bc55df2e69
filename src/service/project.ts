import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { basename, dirname, extname, resolve } from 'node:path';
import { buildStepGraph } from '../dataflow/graph';
import type { StepGraph } from '../dataflow/types';
import type { Diagnostic } from '../diagnostics/types';
import { NotebookError, parseNotebook } from '../notebook/read';
import { cutIntoSteps } from '../notebook/steps';
import type { Notebook } from '../notebook/types';
import { checkResources } from '../pipeline/resources';
import { CellAnalyser } from '../python/analyser';
import { NotebookFacts } from '../python/notebook-facts';
import { loadParser } from '../python/parser';
import type { CellFacts } from '../python/types';
import { UserError } from './errors';
import { findFiles, type FoundFiles } from './files';
import { findPython } from './python';
import { findStarNames, starModules } from './star-names';

/** A notebook, read, analysed and cut, with all that is wrong with it. */
export interface Project {
  readonly path: string;
  /** Folder of the notebook, absolute. */
  readonly folder: string;
  /** File name without its ending. */
  readonly name: string;
  readonly text: string;
  readonly notebook: Notebook;
  /** Keyed by cell index; code cells that are not skipped. */
  readonly facts: ReadonlyMap<number, CellFacts>;
  readonly graph: StepGraph;
  readonly files: FoundFiles;
  /** All problems, in notebook order, errors and warnings mixed. */
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads and analyses a notebook file.
 * @param python the one that was asked for: star imports are resolved with it
 * @throws UserError if the file is not there, cannot be read, or is no notebook
 */
export async function openProject(path: string, python?: string): Promise<Project> {
  const text = readText(path);
  return analyseProject(path, text, python);
}

/** Analyses a notebook's text as if it stood at `path`. @param python as for {@link openProject} */
export async function analyseProject(
  path: string,
  text: string,
  python?: string
): Promise<Project> {
  const name = basename(path, extname(path));
  const folder = dirname(resolve(path));
  const parser = await loadParser();
  const parsed = parseOrExplain(text, path);
  const starred = starModules(parsed.cells.filter(isRun).map(cell => cell.source));
  const asked = starred.length === 0 ? undefined : anyPython(python, folder);
  const analyser = new CellAnalyser(parser, await findStarNames(starred, asked, folder, parser));
  const code = parsed.cells.filter(isRun);
  const facts = new NotebookFacts(analyser).of(
    new Map(code.map(cell => [cell.index, cell.source]))
  );
  const notebook = cutIntoSteps(parsed, index => facts.get(index)?.onlyDefines ?? false);
  const graph = buildStepGraph(notebook, facts);
  const files = findFiles(folder, notebook, graph, analyser);
  const diagnostics = [
    ...notebook.diagnostics,
    ...checkResources(notebook),
    ...syntaxErrors(facts),
    ...unresolvedStars(facts),
    ...certain(graph.diagnostics, notebook, facts),
    ...files.diagnostics
  ];
  return {
    path,
    folder,
    name,
    text,
    notebook,
    facts,
    graph,
    files,
    diagnostics: inOrder(diagnostics)
  };
}

function isRun(cell: { readonly type: string; readonly kind: string }): boolean {
  return cell.type === 'code' && cell.kind !== 'skip';
}

/** A Python to ask, if there is one; what is wrong with the one asked for is said when something is to run with it. */
function anyPython(asked: string | undefined, folder: string): string | undefined {
  try {
    return findPython(asked, folder);
  } catch {
    return undefined;
  }
}

/** SHA-256, as hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** True if something is wrong that stops the run. */
export function hasErrors(diagnostics: readonly Diagnostic[]): boolean {
  return diagnostics.some(each => each.severity === 'error');
}

function readText(path: string): string {
  let bytes: Buffer;
  try {
    if (statSync(path).isDirectory()) {
      throw new UserError(`${path} is a folder`, 'name the .ipynb file in it');
    }
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof UserError) {
      throw error;
    }
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new UserError(`there is no file ${path}`, 'check the path');
    }
    throw new UserError(`${path} cannot be read: ${(error as Error).message}`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new UserError(
      `${path} is not UTF-8 text, as every notebook is`,
      'open it in JupyterLab and save it again, or convert its encoding'
    );
  }
}

function parseOrExplain(text: string, path: string): ReturnType<typeof parseNotebook> {
  try {
    return parseNotebook(text);
  } catch (error) {
    if (error instanceof NotebookError) {
      throw new UserError(`${path}: ${error.message}`, error.fix, 3);
    }
    throw error;
  }
}

function syntaxErrors(facts: ReadonlyMap<number, CellFacts>): Diagnostic[] {
  return [...facts].flatMap(([cell, { syntaxError }]) =>
    syntaxError ? [{ ...syntaxError, span: { ...ORIGIN, ...syntaxError.span, cell } }] : []
  );
}

/**
 * Of the names that seem to have no value, those that really have none: a cell that does not parse may well be meant to
 * give it, and what it reads itself is not known. Its syntax error stops the run in any case.
 */
function certain(
  diagnostics: readonly Diagnostic[],
  notebook: Notebook,
  facts: ReadonlyMap<number, CellFacts>
): readonly Diagnostic[] {
  const broken = [...facts].filter(([, each]) => each.syntaxError).map(([cell]) => cell);
  return diagnostics.filter(({ code, span }) => {
    if (!/^NP30[1-4]$/.test(code) || span === undefined) {
      return true;
    }
    const line = notebook.cells[span.cell].source.split('\n')[span.line - 1] ?? '';
    const name = line.slice(span.column, span.endColumn);
    return !broken.some(
      cell =>
        cell === span.cell || notebook.cells[cell].source.split(/[^\p{L}\p{N}_]+/u).includes(name)
    );
  });
}

function unresolvedStars(facts: ReadonlyMap<number, CellFacts>): Diagnostic[] {
  return [...facts].flatMap(([cell, { starImports }]) =>
    starImports
      .filter(each => !each.isResolved)
      .map(({ module, at }): Diagnostic => ({
        code: 'NP305',
        severity: 'warning',
        message: `nobody could say which names \`from ${module} import *\` binds`,
        why: 'later steps may take other values for these names than Run All does',
        fix: `check with a Python that has ${module} (--python PATH), or write \`from ${module} import name, other\``,
        span: { cell, ...at }
      }))
  );
}

const ORIGIN = { line: 1, column: 0, endLine: 1, endColumn: 0 };

/** By place, the notebook's own problems first; the same problem at the same place once. */
function inOrder(diagnostics: readonly Diagnostic[]): readonly Diagnostic[] {
  const seen = new Set<string>();
  return diagnostics
    .filter(each => {
      const key = JSON.stringify([each.code, each.message, each.span]);
      return !seen.has(key) && seen.add(key);
    })
    .sort(
      (a, b) =>
        (a.span?.cell ?? -1) - (b.span?.cell ?? -1) ||
        (a.span?.line ?? 0) - (b.span?.line ?? 0) ||
        (a.span?.column ?? 0) - (b.span?.column ?? 0)
    );
}
