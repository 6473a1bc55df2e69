import { resolve } from 'node:path';
import { openCluster, type ClusterChoice } from '../../cluster/client';
import { ClusterError } from '../../cluster/errors';
import { usualServiceAccount } from '../../cluster/service-account';
import { checkProject, choicesOf } from '../../service/cluster-check';
import { prepareClusterRun } from '../../service/cluster-run';
import { UserError } from '../../service/errors';
import { expectWritable } from '../../service/outputs';
import { hasErrors, openProject, type Project } from '../../service/project';
import { EXIT } from '../exit';
import { countProblems, formatProblems } from '../problems';
import type { Terminal } from '../terminal';
import { argoEngine, defaultJobs, exitCodeOf } from './engine';
import { showRun } from './after-run';
import { checkText } from './doctor';

/** Options of `run --target argo`. */
export interface ArgoRunOptions extends ClusterChoice {
  readonly parameter: ReadonlyMap<string, string>;
  readonly python?: string;
  readonly json?: boolean;
  readonly output?: string;
  readonly image?: string;
  readonly serviceAccount?: string;
  readonly runAsUser?: number;
}

/** `notepod run --target argo`: checks, submits, follows, prints the timeline. Ctrl-C leaves the run alone. */
export async function runOnArgo(
  path: string,
  options: ArgoRunOptions,
  terminal: Terminal
): Promise<number> {
  if (options.output !== undefined) {
    expectWritable(options.output);
  }
  const project = await openProject(path, options.python);
  const { notebook } = project;
  const place = { ...options, namespace: options.namespace ?? notebook.settings.namespace };
  const before = project.diagnostics.filter(each => each.severity !== 'info');
  // A notebook that cannot run anywhere is not held against a cluster.
  const looked = hasErrors(before) ? undefined : await look(project, place);
  const prepared = prepareClusterRun(project, options.parameter, {
    ...(looked && choicesOf(looked.found)),
    ...options,
    serviceAccount: looked?.serviceAccount
  });
  const problems = [
    ...before,
    ...prepared.diagnostics,
    // Images are told of in both.
    ...(looked?.found.diagnostics ?? []).filter(each => each.code !== 'NP601')
  ];
  const failed = (looked?.found.checks ?? []).filter(
    each => each.state === 'error' || each.state === 'warning'
  );
  failed.forEach(each => terminal.err(checkText(each, terminal)));
  formatProblems(problems, notebook, path, 'text', terminal).forEach(each =>
    terminal.err(`${each}\n`)
  );
  if (hasErrors(problems)) {
    terminal.err(`${path}: ${countProblems(problems)}; nothing ran`);
    return EXIT.refused;
  }
  if (failed.some(each => each.state === 'error')) {
    terminal.err(`${path}: the cluster cannot run it; nothing ran`);
    return EXIT.refused;
  }
  if (looked?.found.volume !== undefined) {
    terminal.err(`volume: ${looked.found.volume.words}`);
  }
  const engine = argoEngine();
  try {
    const outcome = await showRun(
      engine,
      () =>
        engine.submit(
          { steps: prepared.document, manifests: run => prepared.manifests(run) },
          {
            jobs: defaultJobs(),
            python: '',
            workdir: '',
            parameters: Object.fromEntries(
              prepared.parameters.map(each => [each.name, each.value])
            ),
            notebook: { path: resolve(path), text: project.text },
            context: place.context,
            namespace: place.namespace
          }
        ),
      { path, project },
      options,
      terminal
    );
    return exitCodeOf(outcome);
  } finally {
    await engine.detach();
  }
}

/** What a cluster says to a notebook before it runs there. */
async function look(project: Project, place: ArgoRunOptions) {
  try {
    const cluster = await openCluster({ context: place.context, namespace: place.namespace });
    const serviceAccount = place.serviceAccount ?? (await usualServiceAccount(cluster));
    const found = await checkProject(cluster, project, place.image, { serviceAccount });
    cluster.dispose();
    return { serviceAccount, found };
  } catch (error) {
    // Before anything runs it is a refusal, as the checks are.
    throw error instanceof ClusterError
      ? new UserError(error.message, error.fix, EXIT.refused)
      : error;
  }
}
