import type { RunEvent } from '../../engines/types';
import type { Followed } from './engine';

/** What can be done with a run that has ended. */
export function afterwards(
  run: string,
  notebook: string,
  outcome: Followed,
  events: readonly RunEvent[],
  target: 'local' | 'argo' = 'local'
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
