import type { Engine, RunEvent } from '../../engines/types';
import { writeOutputs } from '../../service/outputs';
import type { Project } from '../../service/project';
import { readOutputs } from '../../service/store';
import { drawTimeline } from '../../timing/terminal';
import { timelineOf } from '../../timing/timeline';
import { Progress } from '../progress';
import type { Terminal } from '../terminal';
import { follow, type Followed } from './engine';

/** An engine whose runs have a folder on this machine. */
type StoredEngine = Pick<Engine<never>, 'events' | 'cancel' | 'target'> & {
  folder(run: string): string;
};

/**
 * Submits a run and shows it to its end: progress, or with `json` its events; then the outputs are written, and the timeline is
 * printed with what can be done next. One that the user has left is only told of.
 * @param path the notebook, as the user named it
 * @param submit starts the run, and gives its id
 */
export async function showRun(
  engine: StoredEngine,
  submit: () => Promise<string>,
  { path, project }: { readonly path: string; readonly project: Project },
  { json, output }: { readonly json?: boolean; readonly output?: string },
  terminal: Terminal
): Promise<Followed> {
  const events: RunEvent[] = [];
  const progress = new Progress(terminal, sourceLines(project.notebook.cells));
  try {
    const run = await submit();
    const outcome = await follow(engine, run, terminal, event => {
      events.push(event);
      if (json === true) {
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
      return outcome;
    }
    if (output !== undefined) {
      writeOutputs(project.text, readOutputs(engine.folder(run)), output);
      terminal.err(`outputs written to ${output}`);
    }
    if (json !== true) {
      terminal.out(drawTimeline(timelineOf(events), terminal));
      terminal.err(afterwards(run, path, outcome, events, engine.target));
    }
    return outcome;
  } finally {
    progress.dispose();
  }
}

/** What can be done with a run that has ended. */
export function afterwards(
  run: string,
  notebook: string,
  outcome: Followed,
  events: readonly RunEvent[],
  target: string
): string {
  if (outcome === 'succeeded') {
    return `see it again with: notepod show ${run}`;
  }
  const failed = events.findLast(
    event => event.type === 'step-ended' && !['succeeded', 'skipped'].includes(event.outcome)
  );
  const step = failed?.type === 'step-ended' ? failed.step : undefined;
  return [
    ...(step === undefined ? [] : [`what it printed:          notepod logs ${run} ${step}`]),
    // A run keeps the notebook as it was submitted, so resuming it would not see what was mended there.
    ...(step === undefined || outcome === 'cancelled' || target !== 'local'
      ? []
      : [`the notebook was mended:  notepod run ${notebook} --from ${step}`]),
    `the same once more:       notepod resume ${run}`
  ].join('\n');
}

/** The source of a line (from 1) of a cell (from 0), if there is one. */
export function sourceLines(
  cells: readonly { readonly source: string }[]
): (cell: number, line: number) => string | undefined {
  return (cell, line) => cells[cell]?.source.split('\n')[line - 1];
}
