import { resolve } from 'node:path';
import { openCluster } from '../../cluster/client';
import { ClusterError } from '../../cluster/errors';
import { usualServiceAccount } from '../../cluster/service-account';
import type { RunEvent } from '../../engines/types';
import { checkProject, choicesOf } from '../../service/cluster-check';
import { prepareClusterRun } from '../../service/cluster-run';
import { UserError } from '../../service/errors';
import { expectWritable, writeOutputs } from '../../service/outputs';
import { hasErrors, openProject, type Project } from '../../service/project';
import { readOutputs } from '../../service/store';
import { timelineOf } from '../../timing/timeline';
import { drawTimeline } from '../../timing/terminal';
import { EXIT } from '../exit';
import { countProblems, formatProblems } from '../problems';
import { Progress } from '../progress';
import type { Terminal } from '../terminal';
import { argoEngine, defaultJobs, exitCodeOf, follow, type ClusterOptions } from './engine';
import { afterwards, sourceLines } from './after-run';
import { checkText } from './doctor';

/** Options of `run --target argo`. */
export interface ArgoRunOptions extends ClusterOptions {
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
  const events: RunEvent[] = [];
  const progress = new Progress(terminal, sourceLines(notebook.cells));
  try {
    const run = await engine.submit(
      { steps: prepared.document, manifests: run => prepared.manifests(run) },
      {
        jobs: defaultJobs(),
        python: '',
        workdir: '',
        parameters: Object.fromEntries(prepared.parameters.map(each => [each.name, each.value])),
        notebook: { path: resolve(path), text: project.text },
        context: place.context,
        namespace: place.namespace
      }
    );
    const outcome = await follow(engine, run, terminal, event => {
      events.push(event);
      if (options.json === true) {
        terminal.out(JSON.stringify(event));
      } else {
        progress.handle(event);
      }
    });
    progress.dispose();
    if (outcome === 'detached') {
      terminal.err(
        `left alone: run ${run} goes on\nfollow it again:          notepod logs -f ${run}\nend it:                   notepod cancel ${run}`
      );
      return exitCodeOf(outcome);
    }
    if (options.output !== undefined) {
      writeOutputs(project.text, readOutputs(engine.folder(run)), options.output);
      terminal.err(`outputs written to ${options.output}`);
    }
    if (options.json !== true) {
      terminal.out(drawTimeline(timelineOf(events), terminal));
      terminal.err(afterwards(run, path, outcome, events, 'argo'));
    }
    return exitCodeOf(outcome);
  } finally {
    progress.dispose();
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
