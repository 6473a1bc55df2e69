import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { EngineError } from '../errors';

interface Holder {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat, so that a new process with an old number is not taken for the holder. */
  readonly start: string;
}

/** Takes the run for this process. Throws an `EngineError` if another living process has it. */
export function takeLock(path: string): void {
  const mine: Holder = { pid: process.pid, start: startOf(process.pid) ?? '' };
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, JSON.stringify(mine), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 0) {
        throw error;
      }
      if (isHeld(path)) {
        throw new EngineError(
          'the run is going on already, in another process',
          'wait for it, or cancel it first'
        );
      }
      rmSync(path, { force: true });
    }
  }
}

/** A living process has the run. */
export function isHeld(path: string): boolean {
  const holder = readHolder(path);
  return holder !== undefined && isAlive(holder);
}

/** The living process that has the run. */
export function holderOf(path: string): number | undefined {
  const holder = readHolder(path);
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined;
}

function readHolder(path: string): Holder | undefined {
  if (!existsSync(path)) {
    return undefined;
  }
  try {
    return JSON.parse(readFileSync(path, 'utf-8')) as Holder;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, start }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') {
      return false;
    }
  }
  const now = startOf(pid);
  return now === undefined || start === '' || now === start;
}

function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf-8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
