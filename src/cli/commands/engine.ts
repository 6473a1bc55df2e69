import { availableParallelism } from 'node:os';
import { LocalEngine } from '../../engines/local/engine';
import { openCluster, type ClusterChoice } from '../../cluster/client';
import { ArgoEngine } from '../../engines/argo/engine';
import type { Engine, RunEvent, RunOutcome } from '../../engines/types';
import { findRun, type RunSummary } from '../../service/store';
import { STEP_PROGRAM } from '../../runtime/program';
import { dataFolder } from '../../engines/run-store/run-folder';
import { EXIT } from '../exit';
import type { Terminal } from '../terminal';

/** The engine that runs steps as processes of this machine, on the user's run store. */
export function localEngine(): LocalEngine {
  return new LocalEngine({ data: dataFolder(), program: STEP_PROGRAM });
}

/** The engine that runs steps as pods of Argo Workflows; nothing is sent before it is used. */
export function argoEngine(): ArgoEngine {
  return new ArgoEngine({
    data: dataFolder(),
    open: (context, namespace) => openCluster({ context, namespace })
  });
}

/** The engine that a run is on. */
export function engineOf(run: RunSummary): LocalEngine | ArgoEngine {
  return run.target === 'argo' ? argoEngine() : localEngine();
}

/**
 * The run that is meant; with a context or a namespace also one that another machine started there.
 * @throws UserError if there is none, or more than one
 */
export async function runNamed(name: string, options: ClusterChoice): Promise<RunSummary> {
  if (options.context !== undefined || options.namespace !== undefined) {
    await argoEngine().adopt(options.context, options.namespace);
  }
  return findRun(dataFolder(), name);
}

/** As {@link runNamed}, brought up to what the cluster says now; where that cannot be reached, as it was seen last. */
export async function runAsItIs(
  name: string,
  options: ClusterChoice,
  terminal: Terminal
): Promise<RunSummary> {
  const run = await runNamed(name, options);
  if (run.target !== 'argo' || run.state !== 'running') {
    return run;
  }
  const engine = argoEngine();
  try {
    await engine.sync(run.id);
  } catch (error) {
    terminal.err(`as it was seen last: ${(error as Error).message}`);
  } finally {
    await engine.detach();
  }
  return findRun(dataFolder(), run.id);
}

/** Most steps at once if the user says nothing: one per processor. */
export function defaultJobs(): number {
  return Math.max(1, availableParallelism());
}

/** The exit code that tells how a run ended. */
export function exitCodeOf(outcome: Followed): number {
  switch (outcome) {
    case 'succeeded':
      return EXIT.done;
    case 'guard':
      return EXIT.guard;
    case 'cancelled':
    case 'detached':
      return EXIT.cancelled;
    case 'failed':
    case 'interrupted':
      return EXIT.failed;
  }
}

/** How following a run ended: as the run did, or because the user went away while it goes on elsewhere. */
export type Followed = RunOutcome | 'detached';

/**
 * Follows a run to its end. Ctrl-C (and a polite kill) cancels a run on this machine, and leaves one on a cluster alone.
 * @param since the number of the first event that is of interest
 */
export async function follow(
  engine: Pick<Engine<never>, 'events' | 'cancel' | 'target'>,
  run: string,
  terminal: Terminal,
  onEvent: (event: RunEvent) => void,
  since = 0
): Promise<Followed> {
  let outcome: Followed = 'interrupted';
  const leaving = new AbortController();
  const stopWaiting = onInterrupt(() => {
    if (engine.target === 'local') {
      terminal.err('cancelling the run');
      void engine.cancel(run);
    } else {
      leaving.abort();
    }
  });
  try {
    for await (const event of engine.events(run, since, leaving.signal)) {
      onEvent(event);
      if (event.type === 'run-ended') {
        outcome = event.outcome;
      }
    }
  } finally {
    stopWaiting();
  }
  return leaving.signal.aborted && outcome === 'interrupted' ? 'detached' : outcome;
}

/** Calls `job` at ctrl-C and at a polite kill; returns what ends that. */
export function onInterrupt(job: () => void): () => void {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  signals.forEach(signal => process.on(signal, job));
  return () => signals.forEach(signal => process.off(signal, job));
}
