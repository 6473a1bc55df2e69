import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LocalDocument } from '../compile/types';
import { parseLines, readEventFile } from '../engines/run-store/event-log';
import { canReuse, stepsBefore } from '../engines/local/reuse';
import { RunFolder } from '../engines/run-store/run-folder';
import { isHeld } from '../engines/run-store/supervisor-lock';
import type { RunEvent, RunOutcome } from '../engines/types';
import type { NotebookOutput } from './compare';
import { UserError } from './errors';

/** A run as the list shows it. */
export interface RunSummary {
  readonly id: string;
  readonly folder: string;
  /** Path of the notebook when it was submitted. */
  readonly notebook: string;
  readonly target: string;
  /** `interrupted`: its supervisor is gone, and it has not ended. Of a run on a cluster: as it was seen last. */
  readonly state: 'running' | RunOutcome;
  /** ns since the epoch, decimal. */
  readonly started: string;
  readonly ended?: string;
  readonly steps: number;
  readonly stepsDone: number;
  readonly stepNames: readonly string[];
}

/** All runs under the user's data folder, newest first. Folders that hold no run are passed over. */
export function listRuns(data: string): readonly RunSummary[] {
  const runs = join(data, 'runs');
  if (!existsSync(runs)) {
    return [];
  }
  return readdirSync(runs)
    .sort()
    .reverse()
    .flatMap(id => summarise(join(runs, id)) ?? []);
}

/**
 * The run with this id, or the only one whose id starts so, or the newest (`last`).
 * @throws UserError if there is none, or more than one
 */
export function findRun(data: string, name: string): RunSummary {
  const all = listRuns(data);
  if (name === 'last' && all[0]) {
    return all[0];
  }
  if (all.length === 0) {
    throw new UserError('there are no runs yet', 'start one with: notepod run NOTEBOOK');
  }
  const found = all.filter(run => run.id === name);
  const near = found.length > 0 ? found : all.filter(run => run.id.startsWith(name));
  if (near.length === 1) {
    return near[0];
  }
  throw new UserError(
    near.length === 0 ? `there is no run ${name}` : `${near.length} runs start with ${name}`,
    near.length === 0
      ? 'list them with: notepod runs'
      : `say which: ${near
          .slice(0, 5)
          .map(run => run.id)
          .join(', ')}`
  );
}

/** The events of a run's folder. */
export function readEvents(folder: string): readonly RunEvent[] {
  return readEventFile(new RunFolder(folder).events);
}

/** The notebook as it was submitted. */
export function readNotebookText(folder: string): string {
  return readFileSync(new RunFolder(folder).notebook, 'utf-8');
}

/** A line of `outputs.jsonl`, which the step program writes. */
type OutputLine = { readonly cell: number } & (
  | { readonly output: NotebookOutput }
  | { readonly execution_count: number }
  | { readonly clear: true }
);

/** Outputs of a run by cell, from the last attempt of each step; parts of one stream are joined. */
export function readOutputs(folder: string): ReadonlyMap<number, readonly NotebookOutput[]> {
  const found = new Map<number, NotebookOutput[]>();
  const steps = join(folder, 'steps');
  for (const step of existsSync(steps) ? readdirSync(steps) : []) {
    const last = Math.max(...readdirSync(join(steps, step)).map(Number));
    const path = join(steps, step, String(last), 'outputs.jsonl');
    for (const line of existsSync(path)
      ? parseLines<OutputLine>(readFileSync(path, 'utf-8'))
      : []) {
      const list = found.get(line.cell) ?? [];
      found.set(line.cell, list);
      if ('clear' in line) {
        list.length = 0;
      } else if ('output' in line) {
        const before = list.at(-1);
        if (
          before?.output_type === 'stream' &&
          line.output.output_type === 'stream' &&
          before.name === line.output.name
        ) {
          list[list.length - 1] = { ...before, text: before.text + line.output.text };
        } else {
          list.push(line.output);
        }
      }
    }
  }
  return found;
}

/**
 * The newest run of a notebook whose snapshots can stand in for the steps that `from` needs. What else it has is used
 * as well, and what it has not is run. Undefined if there is none and none is needed.
 * @throws UserError if the step does not exist, or no run has what is needed
 */
export function findReusable(
  data: string,
  notebook: string,
  from: string,
  document: LocalDocument
): string | undefined {
  const names = document.steps.map(step => step.name);
  if (!names.includes(from)) {
    throw new UserError(`the notebook has no step ${from}`, `its steps are ${names.join(', ')}`);
  }
  const before = stepsBefore(document, from);
  const needed = document.steps.filter(step => before.has(step.name));
  for (const run of listRuns(data)) {
    if (run.notebook !== notebook || run.state === 'running') {
      continue;
    }
    const folder = new RunFolder(run.folder);
    const hashes = folder.hashes();
    if (needed.every(step => canReuse(step, folder, hashes))) {
      return run.id;
    }
  }
  if (needed.length === 0) {
    return undefined;
  }
  throw new UserError(
    `no earlier run of this notebook has the results of ${needed.map(step => step.name).join(', ')} as they are now`,
    'run the whole notebook once, without --from'
  );
}

function summarise(path: string): RunSummary | undefined {
  const folder = new RunFolder(path);
  const events = readEventFile(folder.events);
  const first = events[0];
  if (first?.type !== 'run-submitted') {
    return undefined;
  }
  const last = events.at(-1);
  // On a cluster a run goes on whoever looks.
  const goesOn = first.target !== 'local' || isHeld(folder.lock);
  const state = last?.type === 'run-ended' ? last.outcome : goesOn ? 'running' : 'interrupted';
  const done = new Set(
    events.flatMap(event =>
      event.type === 'step-reused' || (event.type === 'step-ended' && event.outcome === 'succeeded')
        ? [event.step]
        : []
    )
  );
  return {
    id: first.run,
    folder: path,
    notebook: first.notebook,
    target: first.target,
    state,
    started: first.time,
    ...(last?.type === 'run-ended' ? { ended: last.time } : {}),
    steps: first.steps.length,
    stepsDone: done.size,
    stepNames: first.steps.map(step => step.name)
  };
}
