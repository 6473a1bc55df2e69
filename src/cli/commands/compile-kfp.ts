import { writeFileSync } from 'node:fs';
import { UserError } from '../../service/errors';
import { compileForKubeflow } from '../../service/kubeflow';
import { hasErrors, type Project } from '../../service/project';
import { EXIT } from '../exit';
import { countProblems, formatProblems } from '../problems';
import type { Terminal } from '../terminal';
import type { CompileOptions } from './compile';

/** `notepod compile --target kfp`: the pipeline for Kubeflow, as it can be uploaded there. */
export function writeKubeflow(
  project: Project,
  path: string,
  options: CompileOptions,
  terminal: Terminal,
  version: string
): number {
  const compiled = hasErrors(project.diagnostics)
    ? undefined
    : compileForKubeflow(project, options.parameter, options, version);
  const diagnostics = [
    ...project.diagnostics.filter(each => each.severity !== 'info'),
    ...(compiled?.diagnostics ?? [])
  ];
  for (const block of formatProblems(diagnostics, project.notebook, path, 'text', terminal)) {
    terminal.err(`${block}\n`);
  }
  if (compiled?.text === undefined || hasErrors(diagnostics)) {
    terminal.err(`${path}: ${countProblems(diagnostics)}; nothing was written`);
    return EXIT.refused;
  }
  if (options.output === '-') {
    terminal.out(compiled.text.trimEnd());
    return EXIT.done;
  }
  writeFileSync(options.output, compiled.text);
  const size = Math.ceil(Buffer.byteLength(compiled.text) / 1000);
  terminal.err(
    `${options.output}: a pipeline of ${compiled.tasks} task${compiled.tasks === 1 ? '' : 's'}, ${size} kB; upload it in Kubeflow, or with: kfp run create -f ${options.output}`
  );
  return EXIT.done;
}

/** Options that say something about the objects of Argo, which Kubeflow makes itself. */
export function expectNoneOfArgo(options: CompileOptions): void {
  const given = {
    '--as': options.as === 'workflow' ? undefined : options.as,
    '--schedule': options.schedule,
    '--timezone': options.timezone,
    '--namespace': options.namespace,
    '--service-account': options.serviceAccount
  };
  for (const [option, value] of Object.entries(given)) {
    if (value !== undefined) {
      throw new UserError(
        `${option} has no effect with --target kfp`,
        'leave it out: namespace, service account and schedule are chosen when the pipeline is run'
      );
    }
  }
}
