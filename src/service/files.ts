import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, normalize, relative, sep } from 'node:path';
import type { FileUse, StepGraph } from '../dataflow/types';
import type { Diagnostic } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import type { CellAnalyser } from '../python/analyser';

/** A file or folder beside the notebook that travels with a run. `path` is relative to the notebook, with `/`. */
export interface FoundFile {
  readonly path: string;
  readonly bytes: number;
  /** Why it travels: read by a cell, imported as a module, or listed in the settings. */
  readonly because: 'read' | 'module' | 'settings';
}

/** What the notebook needs from its folder, and what is wrong with it. */
export interface FoundFiles {
  readonly found: readonly FoundFile[];
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Finds the files and modules that a notebook reads (semantics §6): literal paths, `import helper` beside the
 * notebook with what the helper imports in turn, and the settings' `files`.
 */
export function findFiles(
  folder: string,
  notebook: Notebook,
  graph: StepGraph,
  analyser: CellAnalyser
): FoundFiles {
  const found = new Map<string, FoundFile>();
  const diagnostics: Diagnostic[] = [];
  const add = (path: string, because: FoundFile['because']): void => {
    if (!found.has(path)) {
      found.set(path, { path, bytes: sizeOf(join(folder, path)), because });
    }
  };
  for (const path of localModules(folder, graph.imports, analyser)) {
    add(path, 'module');
  }
  for (const use of graph.files) {
    if (use.access === 'write' || use.path === undefined || /^[a-z]+:\/\//i.test(use.path)) {
      continue;
    }
    if (isAbsolute(use.path) || use.path.startsWith('~')) {
      if (use.uncertain && !existsSync(use.path)) {
        continue;
      }
      diagnostics.push(outsidePath(use, use.path));
      continue;
    }
    const path = toSlashes(normalize(use.path));
    if (/[*?[]/.test(path)) {
      continue;
    }
    if (existsSync(join(folder, path)) && !path.startsWith('..')) {
      add(path, 'read');
    } else if (use.access === 'read' && !use.uncertain && !existsSync(join(folder, path))) {
      diagnostics.push(...missingFile(use, path));
    }
  }
  for (const path of notebook.settings.files) {
    if (existsSync(join(folder, path))) {
      add(toSlashes(normalize(path)), 'settings');
    } else {
      diagnostics.push({
        code: 'NP413',
        severity: 'error',
        message: `the settings list \`${path}\` under \`files\`, and it is not there`,
        why: 'files that are listed travel with every run',
        fix: 'correct the path, which is relative to the notebook, or take it off the list'
      });
    }
  }
  return { found: [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1)), diagnostics };
}

/** Modules beside the notebook among `imports`, and what they import from beside it in turn. */
function localModules(
  folder: string,
  imports: readonly string[],
  analyser: CellAnalyser
): readonly string[] {
  const found = new Set<string>();
  const queue = [...imports];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    const top = name.replace(/^\.+/, '').split('.')[0];
    if (top === '') {
      continue;
    }
    for (const path of [`${top}.py`, top]) {
      const full = join(folder, path);
      const isPackage = path === top && existsSync(full) && containsPython(full);
      if (found.has(path) || !(isPackage || (path !== top && existsSync(full)))) {
        continue;
      }
      found.add(path);
      for (const file of isPackage ? pythonFiles(full) : [full]) {
        analyser
          .analyse(readFileSync(file, 'utf-8'))
          .imports.forEach(each => queue.push(each.module));
      }
      break;
    }
  }
  return [...found];
}

function containsPython(folder: string): boolean {
  return statSync(folder).isDirectory() && readdirSync(folder).some(name => name.endsWith('.py'));
}

function pythonFiles(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf-8' })
    .filter(name => name.endsWith('.py'))
    .map(name => join(folder, name));
}

function sizeOf(path: string): number {
  const stat = statSync(path);
  if (!stat.isDirectory()) {
    return stat.size;
  }
  return readdirSync(path, { recursive: true, encoding: 'utf-8' })
    .map(name => statSync(join(path, name), { throwIfNoEntry: false }))
    .reduce((sum, each) => sum + (each?.isFile() ? each.size : 0), 0);
}

function toSlashes(path: string): string {
  return sep === '/' ? path : relative('.', path).split(sep).join('/');
}

/** Nothing to say about a file that a cell before writes by that name; less if one may have written it by another. */
function missingFile({ what, span, mayBeWrittenBy }: FileUse, path: string): readonly Diagnostic[] {
  if (mayBeWrittenBy?.isByName === true) {
    return [];
  }
  const writer = mayBeWrittenBy && `\`${mayBeWrittenBy.what}\` (cell ${mayBeWrittenBy.cell + 1})`;
  return [
    {
      code: 'NP411',
      severity: 'warning',
      message: `\`${what}\` reads \`${path}\`, which is not beside the notebook, and ${writer ? `only ${writer} may write it` : 'no cell writes it'}`,
      why: 'a step runs where the notebook is and reads what Run All would read there',
      fix: writer
        ? 'if that does not write it: put the file there, or correct the path'
        : 'put the file there, or correct the path',
      span
    }
  ];
}

function outsidePath(use: FileUse, path: string): Diagnostic {
  return {
    code: 'NP412',
    severity: 'info',
    message: `\`${path}\` lies outside the notebook's folder`,
    why: 'on this machine it can be read; it does not travel with the run (`--fresh`, a cluster)',
    fix: 'move it beside the notebook and use a relative path',
    span: use.span
  };
}
