import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { StringDecoder } from 'node:string_decoder';

/** Bytes read at once. */
const PART = 1 << 16;

/** What the attempts of a step have written, as text, one attempt after the other; read on as they grow. */
export class StepLog {
  /** @param folder holds a folder per attempt, named by its number */
  constructor(private readonly folder: string) {}

  /** The text that is new since the last look, in parts. A character that is not whole yet waits for the next look. */
  *read(): Iterable<string> {
    const attempts = existsSync(this.folder)
      ? readdirSync(this.folder)
          .map(Number)
          .filter(each => each >= this.attempt)
          .sort((a, b) => a - b)
      : [];
    for (const attempt of attempts) {
      if (attempt !== this.attempt) {
        yield* this.rest();
        this.attempt = attempt;
        this.offset = 0;
      }
      yield* this.readOn(join(this.folder, String(attempt), 'log.txt'));
    }
  }

  /** What is left of a character that was never written whole. */
  *rest(): Iterable<string> {
    const left = this.decoder.end();
    if (left !== '') {
      yield left;
    }
  }

  private *readOn(path: string): Iterable<string> {
    if (!existsSync(path)) {
      return;
    }
    const file = openSync(path, 'r');
    try {
      for (;;) {
        const part = Buffer.alloc(PART);
        const size = readSync(file, part, 0, PART, this.offset);
        if (size === 0) {
          return;
        }
        this.offset += size;
        const text = this.decoder.write(part.subarray(0, size));
        if (text !== '') {
          yield text;
        }
      }
    } finally {
      closeSync(file);
    }
  }

  private attempt = 0;
  private offset = 0;
  private readonly decoder = new StringDecoder('utf-8');
}
