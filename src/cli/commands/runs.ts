import { existsSync, readFileSync } from 'node:fs';
import type { ClusterChoice } from '../../cluster/client';
import { parseNotebook } from '../../notebook/read';
import { timelineOf } from '../../timing/timeline';
import { drawTimeline } from '../../timing/terminal';
import { UserError } from '../../service/errors';
import { writeOutputs } from '../../service/outputs';
import { findRun, listRuns, readEvents, readNotebookText, readOutputs } from '../../service/store';
import { EXIT } from '../exit';
import { Progress } from '../progress';
import type { Terminal } from '../terminal';
import {
  argoEngine,
  engineOf,
  exitCodeOf,
  follow,
  localEngine,
  runAsItIs,
  runNamed
} from './engine';
import { afterwards, sourceLines } from './after-run';

/** How many runs are listed unless all are asked for. */
const SHOWN = 20;

/** `notepod runs` */
export async function runsCommand(
  options: ClusterChoice & { readonly json?: boolean; readonly all?: boolean },
  terminal: Terminal
): Promise<number> {
  if (options.context !== undefined || options.namespace !== undefined) {
    const found = await argoEngine().adopt(options.context, options.namespace);
    terminal.err(`${found.length} more found on the cluster`);
  }
  const runs = listRuns(localEngine().data);
  if (options.json === true) {
    terminal.out(JSON.stringify(runs, null, 2));
    return EXIT.done;
  }
  if (runs.length === 0) {
    terminal.out('no runs yet; start one with: notepod run NOTEBOOK');
  }
  const shown = options.all === true ? runs : runs.slice(0, SHOWN);
  for (const run of shown) {
    const steps = `${run.stepsDone}/${run.steps} steps`;
    terminal.out(
      [run.id, run.target.padEnd(5), run.state.padEnd(11), steps.padEnd(12), run.notebook].join(
        '  '
      )
    );
  }
  return EXIT.done;
}

/** `notepod show` */
export async function showCommand(
  name: string,
  options: ClusterChoice & { readonly format: 'text' | 'json' },
  terminal: Terminal
): Promise<number> {
  const { folder, state } = await runAsItIs(name, options, terminal);
  const timeline = timelineOf(readEvents(folder), state === 'interrupted');
  terminal.out(
    options.format === 'json' ? JSON.stringify(timeline, null, 2) : drawTimeline(timeline, terminal)
  );
  return EXIT.done;
}

/** `notepod logs` */
export async function logsCommand(
  name: string,
  step: string | undefined,
  options: ClusterChoice & { readonly follow?: boolean },
  terminal: Terminal
): Promise<number> {
  const run = await runNamed(name, options);
  const engine = engineOf(run);
  if (step !== undefined && !run.stepNames.includes(step)) {
    throw new UserError(
      `run ${run.id} has no step ${step}`,
      `its steps are ${run.stepNames.join(', ')}`
    );
  }
  try {
    for (const each of step === undefined ? run.stepNames : [step]) {
      if (step === undefined) {
        terminal.out(`--- ${each}`);
      }
      for await (const text of engine.logs(run.id, each, options.follow)) {
        if (!process.stdout.write(text)) {
          await new Promise(done => process.stdout.once('drain', done));
        }
      }
    }
  } finally {
    await engine.detach();
  }
  return EXIT.done;
}

/** `notepod resume` */
export async function resumeCommand(
  name: string,
  options: ClusterChoice,
  terminal: Terminal
): Promise<number> {
  const run = await runAsItIs(name, options, terminal);
  const { id, folder, notebook } = run;
  const engine = engineOf(run);
  const before = readEvents(folder);
  const text = readNotebookText(folder);
  const { cells } = parseNotebook(text);
  if (existsSync(notebook) && readFileSync(notebook, 'utf-8') !== text) {
    terminal.err(
      `${notebook} has changed since; this run goes on with the notebook as it was submitted`
    );
  }
  await engine.resume(id);
  const progress = new Progress(terminal, sourceLines(cells));
  try {
    before.forEach(event => progress.catchUp(event));
    const outcome = await follow(
      engine,
      id,
      terminal,
      event => progress.handle(event),
      (before.at(-1)?.seq ?? -1) + 1
    );
    progress.dispose();
    terminal.out(drawTimeline(timelineOf(readEvents(folder)), terminal));
    terminal.err(afterwards(id, notebook, outcome, readEvents(folder), engine.target));
    return exitCodeOf(outcome);
  } finally {
    progress.dispose();
    await engine.detach();
  }
}

/** `notepod cancel` */
export async function cancelCommand(
  name: string,
  options: ClusterChoice,
  terminal: Terminal
): Promise<number> {
  const run = await runNamed(name, options);
  await engineOf(run).cancel(run.id);
  // It may have come to its end by itself before it heard.
  terminal.out(`${findRun(localEngine().data, run.id).state} ${run.id}`);
  return EXIT.done;
}

/** `notepod delete` */
export async function deleteCommand(
  name: string,
  options: ClusterChoice,
  terminal: Terminal
): Promise<number> {
  const run = await runNamed(name, options);
  await engineOf(run).delete(run.id);
  terminal.out(`deleted ${run.id}`);
  return EXIT.done;
}

/** `notepod outputs` */
export async function outputsCommand(
  name: string,
  options: ClusterChoice & { readonly output: string },
  terminal: Terminal
): Promise<number> {
  const { folder } = await runAsItIs(name, options, terminal);
  writeOutputs(readNotebookText(folder), readOutputs(folder), options.output);
  terminal.out(`outputs written to ${options.output}`);
  return EXIT.done;
}
