import {
  appendFileSync,
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  truncateSync
} from 'node:fs';
import { BrokenRunError } from '../errors';
import type { RunEvent } from '../types';

/** An event before it has its number and time. */
export type NewEvent = RunEvent extends infer E
  ? E extends RunEvent
    ? Omit<E, 'seq' | 'time'>
    : never
  : never;

/** Nanoseconds since the epoch, going on evenly from when the process started. */
const ORIGIN =
  BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6)) - process.hrtime.bigint();

/** Now, in ns since the epoch, as a decimal string. */
export function nowNs(): string {
  return (ORIGIN + process.hrtime.bigint()).toString();
}

/**
 * A run's events: appended as JSON lines, numbered without gaps, told to those who listen in this process.
 * Only the process that has the run's lock makes one.
 */
export class EventLog {
  constructor(private readonly path: string) {
    const bytes = existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
    const whole = bytes.lastIndexOf(NEWLINE) + 1;
    if (whole < bytes.length) {
      // Whoever wrote it was killed in the middle of a line: the next event must not be glued to that.
      truncateSync(path, whole);
    }
    const last = parseLines<RunEvent>(bytes.subarray(0, whole).toString('utf-8')).at(-1);
    this.next = last === undefined ? 0 : last.seq + 1;
  }

  /**
   * Appends an event, with the time when it happened if that is not now. Once that has failed (a full disk), {@link failure} says why and nothing more is written:
   * a log with a hole would tell something that did not happen.
   */
  append(event: NewEvent, time = nowNs()): void {
    if (this.broken !== undefined) {
      return;
    }
    const full = { seq: this.next, time, ...event } as RunEvent;
    try {
      appendFileSync(this.path, `${JSON.stringify(full)}\n`);
      if (event.type === 'run-ended') {
        const file = openSync(this.path, 'r');
        fsyncSync(file);
        closeSync(file);
      }
    } catch (error) {
      this.broken = new BrokenRunError(
        `the log of the run cannot be written: ${(error as Error).message}`,
        'free some room on the disk of the run store, then: notepod resume'
      );
    }
    this.next += 1;
    this.listeners.forEach(listener => listener());
  }

  /** Why the log can no longer be written, if so. */
  get failure(): BrokenRunError | undefined {
    return this.broken;
  }

  /** Tells those who listen to look again, although nothing is new. */
  wake(): void {
    this.listeners.forEach(listener => listener());
  }

  /** Calls `listener` after every new event, and when the log breaks; returns what ends that. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private next: number;
  private broken: BrokenRunError | undefined;
  private readonly listeners = new Set<() => void>();
}

const NEWLINE = 10;

/** Reads a file of JSON lines as it grows, each line once; a line that is not whole yet waits for the next look. */
export class LineReader<T> {
  constructor(private readonly path: string) {}

  /** The lines that are new since the last look. */
  read(): readonly T[] {
    let file: number;
    try {
      file = openSync(this.path, 'r');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
        return [];
      }
      throw error;
    }
    const parts: Buffer[] = [];
    try {
      for (let at = this.offset; ;) {
        const part = Buffer.alloc(1 << 16);
        const size = readSync(file, part, 0, part.length, at);
        if (size === 0) {
          break;
        }
        at += size;
        parts.push(part.subarray(0, size));
      }
    } finally {
      closeSync(file);
    }
    const bytes = Buffer.concat(parts);
    const whole = bytes.lastIndexOf(NEWLINE) + 1;
    this.offset += whole;
    return parseLines<T>(bytes.subarray(0, whole).toString('utf-8'));
  }

  private offset = 0;
}

/** The events of a log file; a last line that was not written whole is left out. */
export function readEventFile(path: string): readonly RunEvent[] {
  return existsSync(path) ? parseLines<RunEvent>(readFileSync(path, 'utf-8')) : [];
}

/** JSON lines of a text; what does not end in a newline, or is torn, is left out. */
export function parseLines<T>(text: string): readonly T[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.flatMap(line => {
    try {
      return [JSON.parse(line) as T];
    } catch {
      return [];
    }
  });
}
