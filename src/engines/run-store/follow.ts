import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunEvent } from '../types';
import { LineReader, type EventLog } from './event-log';
import type { RunFolder } from './run-folder';
import { StepLog } from './step-log';
import { isHeld } from './supervisor-lock';

/** How often the log of a run that another process supervises is looked at, ms. */
const LOOK = 100;

/**
 * Events of a run from `since` on, live until it has ended, nobody supervises it any more, or `signal` aborts.
 * @param ownLog the log that this process writes, while it supervises the run
 * @throws what keeps this process's log from being written
 */
export async function* followEvents(
  folder: RunFolder,
  ownLog: () => EventLog | undefined,
  since = 0,
  signal?: AbortSignal
): AsyncIterable<RunEvent> {
  const reader = new LineReader<RunEvent>(folder.events);
  for (let last: RunEvent | undefined; !signal?.aborted;) {
    const own = ownLog();
    // Asked before the log is read: what a supervisor wrote last is in it then.
    const alive = own !== undefined || isHeld(folder.lock);
    const events = reader.read();
    for (const event of events) {
      last = event;
      if (event.seq >= since) {
        yield event;
        if (signal?.aborted) {
          return;
        }
      }
    }
    if (own?.failure) {
      throw own.failure;
    }
    if (last?.type === 'run-ended' || !alive) {
      return;
    }
    if (events.length === 0) {
      await news(own, signal);
      if (own?.failure) {
        throw own.failure;
      }
    }
  }
}

/** What the attempts of a step have written so far, as text; follows until the step or the run has ended, or nobody supervises it. */
export async function* followStepLog(
  folder: RunFolder,
  step: string,
  follow: boolean,
  signal?: AbortSignal
): AsyncIterable<string> {
  const log = new StepLog(dirname(folder.attempt(step, 0)));
  const reader = new LineReader<RunEvent>(folder.events);
  for (let ended = false; !signal?.aborted;) {
    // Asked before the log is read: what the step wrote last is in it then.
    const alive = isHeld(folder.lock);
    for (const event of reader.read()) {
      ended = endsStep(event, step) ?? ended;
    }
    yield* log.read();
    if (!follow || ended || !alive) {
      yield* log.rest();
      return;
    }
    await news(undefined, signal);
  }
}

/** Settles at the next event of a run of this process, or after a while for another's; at once when `signal` aborts. */
async function news(log: EventLog | undefined, signal: AbortSignal | undefined): Promise<void> {
  if (log === undefined) {
    await sleep(LOOK, undefined, { signal }).catch(() => undefined);
    return;
  }
  await new Promise<void>(done => {
    const finish = () => {
      unlisten();
      signal?.removeEventListener('abort', finish);
      done();
    };
    const unlisten = log.listen(finish);
    signal?.addEventListener('abort', finish);
    if (signal?.aborted) {
      finish();
    }
  });
}

/** Whether the event says that the step will write no more (true), that it will (false), or nothing of it (undefined). */
function endsStep(event: RunEvent, step: string): boolean | undefined {
  switch (event.type) {
    case 'run-submitted':
    case 'run-resumed':
      return false;
    case 'run-ended':
      return true;
    case 'step-reused':
      return event.step === step ? true : undefined;
    case 'step-started':
      return event.step === step ? false : undefined;
    case 'step-ended':
      return event.step === step ? event.willRetry !== true : undefined;
    default:
      return undefined;
  }
}
