import { resolve } from 'node:path';
import { hasErrors, openProject, type Project } from '../../service/project';
import { askPython, findPython, type PythonInfo } from '../../service/python';
import {
  neededModules,
  prepareRun,
  removeFolder,
  stageFiles,
  type PreparedRun
} from '../../service/run';
import { findReusable } from '../../service/store';
import { expectWritable } from '../../service/outputs';
import { UserError } from '../../service/errors';
import { EXIT } from '../exit';
import { countProblems, formatProblems } from '../problems';
import type { Terminal } from '../terminal';
import { showRun } from './after-run';
import { defaultJobs, exitCodeOf, localEngine } from './engine';

/** Options that `run` and `verify` share. */
export interface RunningOptions {
  readonly parameter: ReadonlyMap<string, string>;
  readonly jobs?: number;
  readonly python?: string;
  readonly json?: boolean;
}

export interface RunOptions extends RunningOptions {
  readonly from?: string;
  readonly fresh?: boolean;
  readonly output?: string;
}

/** `notepod run`: checks, runs the steps, prints the timeline. */
export async function runCommand(
  path: string,
  options: RunOptions,
  terminal: Terminal
): Promise<number> {
  if (options.output !== undefined) {
    expectWritable(options.output);
  }
  const ready = await checked(path, options, terminal);
  if (ready === undefined) {
    return EXIT.refused;
  }
  const { project, prepared, python } = ready;
  const engine = localEngine();
  const reuse =
    options.from === undefined
      ? undefined
      : findReusable(engine.data, resolve(path), options.from, prepared.document);
  const staged = options.fresh === true ? stageFiles(project) : undefined;
  try {
    const outcome = await showRun(
      engine,
      () =>
        engine.submit(prepared.document, {
          jobs: options.jobs ?? defaultJobs(),
          python: python.path,
          workdir: staged ?? project.folder,
          parameters: Object.fromEntries(prepared.parameters.map(each => [each.name, each.value])),
          notebook: { path: resolve(path), text: project.text },
          from: options.from,
          reuse
        }),
      { path, project },
      options,
      terminal
    );
    return exitCodeOf(outcome);
  } finally {
    if (staged !== undefined) {
      removeFolder(staged);
    }
  }
}

/** A notebook that passed the checks, ready to run. */
interface Ready {
  readonly project: Project;
  readonly prepared: PreparedRun;
  readonly python: PythonInfo;
}

/** Opens and checks a notebook and its Python; prints the problems; undefined if one of them stops the run. */
export async function checked(
  path: string,
  options: RunningOptions,
  terminal: Terminal
): Promise<Ready | undefined> {
  const project = await openProject(path, options.python);
  const show = (diagnostics: Project['diagnostics']) =>
    formatProblems(diagnostics, project.notebook, path, 'text', terminal).forEach(each =>
      terminal.err(`${each}\n`)
    );
  const serious = project.diagnostics.filter(each => each.severity !== 'info');
  if (hasErrors(serious)) {
    show(serious);
    terminal.err(`${path}: ${countProblems(serious)}; nothing ran`);
    return undefined;
  }
  const python = await usablePython(options.python, project);
  const prepared = prepareRun(project, options.parameter, python);
  show([...serious, ...prepared.diagnostics]);
  if (hasErrors(prepared.diagnostics)) {
    terminal.err(`${path}: ${countProblems(prepared.diagnostics)}; nothing ran`);
    return undefined;
  }
  return { project, prepared, python };
}

/** The Python for the steps. One that is missing or does not work is found before anything runs, as the checks are. */
async function usablePython(asked: string | undefined, project: Project): Promise<PythonInfo> {
  try {
    const path = findPython(asked, project.folder);
    return await askPython(path, neededModules(project), project.folder);
  } catch (error) {
    throw error instanceof UserError
      ? new UserError(error.message, error.fix, EXIT.refused)
      : error;
  }
}
