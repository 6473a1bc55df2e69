import {
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync
} from 'node:fs';
import { EngineError } from '../errors';

interface Holder {
  readonly pid: number;
  /** Field 22 of /proc/<pid>/stat, so that a new process with an old number is not taken for the holder. */
  readonly start: string;
}

/** Takes the run for this process. Throws an `EngineError` if another living process has it. */
export function takeLock(path: string): void {
  const mine: Holder = { pid: process.pid, start: startOf(process.pid) ?? '' };
  // Made aside and linked into place: nobody ever reads a lock that is not written whole.
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, JSON.stringify(mine));
  try {
    while (!place(aside, path)) {
      if (isHeld(path)) {
        throw going();
      }
      removeStale(path);
    }
  } finally {
    rmSync(aside, { force: true });
  }
}

/** A living process has the run. */
export function isHeld(path: string): boolean {
  const holder = readHolder(path);
  return holder !== undefined && isAlive(holder);
}

function going(): EngineError {
  return new EngineError(
    'the run is going on already, in another process',
    'wait for it, or cancel it first'
  );
}

/** Puts the lock into its place; false if there is one. */
function place(aside: string, path: string): boolean {
  try {
    linkSync(aside, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
  }
  // A file system without hard links.
  try {
    writeFileSync(path, readFileSync(aside), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') {
      return false;
    }
    throw error;
  }
}

/** Takes the lock of a dead process away. Of several that try, one gets it; the others must not take away the one that it puts there. */
function removeStale(path: string): void {
  const taken = `${path}.stale-${process.pid}`;
  try {
    renameSync(path, taken);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return;
    }
    throw error;
  }
  const alive = isHeld(taken);
  if (alive) {
    place(taken, path);
  }
  unlinkSync(taken);
  if (alive) {
    throw going();
  }
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

/** Undefined where there is no /proc; `dead` for a process that has died and whose parent has not asked after it yet. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf-8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? 'dead' : fields[19];
  } catch {
    return undefined;
  }
}
