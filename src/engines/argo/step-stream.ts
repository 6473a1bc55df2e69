import { appendFileSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import type { Cluster } from '../../cluster/client';
import { ClusterError } from '../../cluster/errors';
import { FrameReader, type FramePart } from '../../timing/frames';
import type { StepRecord } from '../types';
import { MAIN } from './pod-state';

/** Pauses between tries to read a log anew, ms: doubled from the first to the last. */
const FIRST_PAUSE = 250;
const LAST_PAUSE = 10_000;

/** What came of reading a pod's log to its end. */
export interface StreamEnd {
  /** Frames that were read, from the first without a gap. */
  readonly frames: number;
  /** Some frames were missing: the kubelet rotates logs, and pods vanish. */
  readonly isWhole: boolean;
}

/**
 * Reads what the pod of a step writes into the folder of the attempt, as a local run has it: `log.txt` with what was printed,
 * `outputs.jsonl` with the outputs of the cells; and tells the records. What is there already from a reading before (of this
 * process, or of one that was killed) is passed over.
 */
export class StepStream {
  /**
   * @param folder of the attempt
   * @param recordsKnown how many records were told before
   */
  constructor(
    private readonly cluster: Cluster,
    private readonly pod: { readonly name: string; readonly namespace: string },
    private readonly folder: string,
    private recordsKnown: number,
    private readonly onRecord: (record: StepRecord) => void
  ) {}

  /**
   * Reads until the container has ended and its log is read, or `signal` aborts. Connections that are cut are made anew.
   * @param follow false: only what there is now
   */
  async read(signal: AbortSignal, follow = true): Promise<StreamEnd> {
    mkdirSync(this.folder, { recursive: true });
    for (let pause = FIRST_PAUSE; !signal.aborted; pause = Math.min(pause * 2, LAST_PAUSE)) {
      this.begin();
      try {
        const log = this.cluster.podLog(
          this.pod.name,
          MAIN,
          { namespace: this.pod.namespace, follow },
          signal
        );
        for await (const chunk of log) {
          this.take(chunk);
        }
        this.reader.end().forEach(part => this.takePart(part));
        if (!follow || this.hasLastWords || !(await this.isRunning(signal))) {
          break;
        }
      } catch (error) {
        if (!(error instanceof ClusterError) || !(error.mayPass || error.kind === 'invalid')) {
          if (error instanceof ClusterError && error.kind === 'not-found') {
            break;
          }
          throw error;
        }
      }
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
    return { frames: this.reader.next, isWhole: this.isWhole };
  }

  /** A reading from the start of the log: what the folder has is passed over. */
  private begin(): void {
    this.reader = new FrameReader(inflate);
    this.isWhole = true;
    const log = join(this.folder, 'log.txt');
    this.textKnown = existsSync(log) ? statSync(log).size : 0;
    const outputs = join(this.folder, 'outputs.jsonl');
    this.outputsKnown = existsSync(outputs)
      ? readFileSync(outputs, 'utf-8').split('\n').length - 1
      : 0;
    this.records = 0;
    this.outputs = 0;
    this.hasLastWords = false;
  }

  private take(chunk: Uint8Array): void {
    this.reader.read(chunk).forEach(part => this.takePart(part));
  }

  private takePart(part: FramePart): void {
    switch (part.type) {
      case 'text':
        this.text(part.bytes);
        break;
      case 'message':
        (part.message as readonly Message[]).forEach(each => this.message(each));
        break;
      case 'gap':
        this.isWhole = false;
        break;
    }
  }

  private text(bytes: Uint8Array): void {
    if (this.hasLastWords) {
      // What comes after the step's last words is Argo's: its emissary says that the process has ended.
      return;
    }
    const known = Math.min(this.textKnown, bytes.length);
    this.textKnown -= known;
    if (known < bytes.length) {
      appendFileSync(join(this.folder, 'log.txt'), bytes.subarray(known));
    }
  }

  private message(message: Message): void {
    if ('r' in message) {
      this.records += 1;
      if (this.records > this.recordsKnown) {
        this.recordsKnown = this.records;
        this.onRecord(message.r);
      }
    } else if ('o' in message) {
      this.outputs += 1;
      if (this.outputs > this.outputsKnown) {
        appendFileSync(join(this.folder, 'outputs.jsonl'), `${JSON.stringify(message.o)}\n`);
      }
    } else {
      this.hasLastWords = true;
    }
  }

  private async isRunning(signal: AbortSignal): Promise<boolean> {
    const pod = await this.cluster.find('Pod', this.pod.name, {
      namespace: this.pod.namespace,
      signal
    });
    const main = pod?.status?.containerStatuses?.find(each => each.name === MAIN);
    return main?.state?.running !== undefined;
  }

  private reader = new FrameReader(inflate);
  private isWhole = true;
  private textKnown = 0;
  private outputsKnown = 0;
  private records = 0;
  private outputs = 0;
  /** The step program has said that it ends. */
  private hasLastWords = false;
}

/** What a frame carries: a line of the step's record, a line of its outputs, or its last words. */
type Message =
  | { readonly r: StepRecord }
  | { readonly o: unknown }
  | { readonly end: Readonly<Record<string, unknown>> };

function inflate(bytes: Uint8Array): Uint8Array {
  return inflateSync(bytes);
}
