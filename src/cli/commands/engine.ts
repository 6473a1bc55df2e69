import { availableParallelism } from 'node:os';
import { LocalEngine } from '../../engines/local/engine';
import type { RunEvent, RunOutcome } from '../../engines/types';
import { STEP_PROGRAM } from '../../runtime/program';
import { dataFolder } from '../../engines/run-store/run-folder';
import { EXIT } from '../exit';
import type { Terminal } from '../terminal';

/** The engine that runs steps as processes of this machine, on the user's run store. */
export function localEngine(): LocalEngine {
  return new LocalEngine({ data: dataFolder(), program: STEP_PROGRAM });
}

/** Most steps at once if the user says nothing: one per processor. */
export function defaultJobs(): number {
  return Math.max(1, availableParallelism());
}

/** The exit code that tells how a run ended. */
export function exitCodeOf(outcome: RunOutcome): number {
  switch (outcome) {
    case 'succeeded':
      return EXIT.done;
    case 'guard':
      return EXIT.guard;
    case 'cancelled':
      return EXIT.cancelled;
    case 'failed':
    case 'interrupted':
      return EXIT.failed;
  }
}

/**
 * Follows a run to its end; ctrl-C (and a polite kill) cancels it.
 * @param since the number of the first event that is of interest
 * @returns how it ended
 */
export async function follow(
  engine: LocalEngine,
  run: string,
  terminal: Terminal,
  onEvent: (event: RunEvent) => void,
  since = 0
): Promise<RunOutcome> {
  let outcome: RunOutcome = 'interrupted';
  const stopWaiting = onInterrupt(() => {
    terminal.err('cancelling the run');
    void engine.cancel(run);
  });
  try {
    for await (const event of engine.events(run, since)) {
      onEvent(event);
      if (event.type === 'run-ended') {
        outcome = event.outcome;
      }
    }
  } finally {
    stopWaiting();
  }
  return outcome;
}

/** Calls `job` at ctrl-C and at a polite kill; returns what ends that. */
export function onInterrupt(job: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  signals.forEach(signal => process.on(signal, job));
  return () => signals.forEach(signal => process.off(signal, job));
}
