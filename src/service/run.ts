import { mkdtempSync, rmSync, cpSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compileLocal, compileRunAll } from '../compile/local';
import type { LocalDocument } from '../compile/types';
import { mayBringModules, writtenModules } from '../dataflow/file-order';
import type { Diagnostic } from '../diagnostics/types';
import { bindParameters } from '../pipeline/parameters';
import { buildPipeline } from '../pipeline/pipeline';
import type { Parameter } from '../pipeline/types';
import { sha256, type Project } from './project';
import type { PythonInfo } from './python';

/** A project bound to the parameters and the Python of a run, checked. */
export interface PreparedRun {
  readonly document: LocalDocument;
  /** Run All of the same notebook with the same parameters. */
  readonly reference: LocalDocument;
  readonly parameters: readonly Parameter[];
  /** What is wrong with the parameters and with the Python, beyond the project's own diagnostics. */
  readonly diagnostics: readonly Diagnostic[];
}

/** Compiles a project for the local target. Pure but for nothing: it starts no process. */
export function prepareRun(
  project: Project,
  given: ReadonlyMap<string, string>,
  python: PythonInfo
): PreparedRun {
  const { notebook, facts, graph } = project;
  const bound = bindParameters(graph.parameters, given);
  const pipeline = buildPipeline(notebook, graph, bound.parameters, project.name);
  const sources = { notebook, facts, graph, pipeline, image: python.path };
  const files = project.files.found.map(each => each.path);
  return {
    document: compileLocal(sources, files, sha256),
    reference: compileRunAll(sources, sha256),
    parameters: bound.parameters,
    diagnostics: [...bound.diagnostics, ...pythonProblems(project, python)]
  };
}

/** Modules that the code certainly imports, to ask a Python about. */
export function neededModules(project: Project): readonly string[] {
  const names = new Set<string>();
  for (const facts of project.facts.values()) {
    for (const each of facts.imports) {
      const top = each.module.split('.')[0];
      if (top !== '' && !each.conditional && !each.optional) {
        names.add(top);
      }
    }
  }
  return [...names].sort();
}

function pythonProblems(project: Project, python: PythonInfo): readonly Diagnostic[] {
  const problems: Diagnostic[] = [];
  const cells = [...project.facts.values()].map(facts => ({
    facts,
    effects: [...facts.effects, ...facts.later.flatMap(each => each.effects)]
  }));
  const written = writtenModules(cells);
  const missing = new Set(python.missing.filter(each => !written.has(each)));
  const installs = [...project.facts.values()].some(facts =>
    facts.magics.some(magic => magic.effect === 'packages')
  );
  if (missing.size > 0 && !installs && !mayBringModules(cells.flatMap(each => each.effects))) {
    const [first] = importsOf(project, missing);
    problems.push({
      code: 'NP421',
      severity: 'error',
      message: `${python.path} (Python ${python.version}) has no module ${[...missing].map(each => `\`${each}\``).join(', ')}`,
      why: 'steps run in that Python, and their imports would fail as they would in Run All there',
      fix: 'install them there, or use another Python with --python PATH',
      span: first
    });
  }
  for (const [cell, facts] of project.facts) {
    if (facts.needsIPython && !python.ipython) {
      problems.push({
        code: 'NP422',
        severity: 'error',
        message: `${facts.needsIPython.what} needs IPython, and ${python.path} has none`,
        why: "magics, shell lines and display are IPython's, not Python's",
        fix: 'install ipython there, or write the line in plain Python',
        span: { cell, ...facts.needsIPython.at }
      });
    }
  }
  return problems;
}

function importsOf(project: Project, modules: ReadonlySet<string>): Diagnostic['span'][] {
  return [...project.facts].flatMap(([cell, facts]) =>
    facts.imports
      .filter(each => modules.has(each.module.split('.')[0]))
      .map(each => ({ cell, ...each.at }))
  );
}

/** An empty working folder with only the files that travel with a run (`--fresh`), as on a cluster. The caller removes it. */
export function stageFiles(project: Project): string {
  const folder = mkdtempSync(join(tmpdir(), 'notepod-'));
  for (const { path } of project.files.found) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    cpSync(join(project.folder, path), join(folder, path), { recursive: true });
  }
  return folder;
}

/** Removes a folder that {@link stageFiles} or a comparison made. */
export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}
