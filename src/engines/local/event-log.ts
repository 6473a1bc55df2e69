import { appendFileSync, closeSync, existsSync, fsyncSync, openSync, readFileSync } from 'node:fs';
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

/** A run's events: appended as JSON lines, numbered without gaps, told to those who listen in this process. */
export class EventLog {
  constructor(private readonly path: string) {
    this.next = readEventFile(path).length;
  }

  append(event: NewEvent): void {
    const full = { seq: this.next, time: nowNs(), ...event } as RunEvent;
    this.next += 1;
    appendFileSync(this.path, `${JSON.stringify(full)}\n`);
    if (event.type === 'run-ended') {
      const file = openSync(this.path, 'r');
      fsyncSync(file);
      closeSync(file);
    }
    this.listeners.forEach(listener => listener());
  }

  /** Calls `listener` after every new event; returns what ends that. */
  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private next: number;
  private readonly listeners = new Set<() => void>();
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
