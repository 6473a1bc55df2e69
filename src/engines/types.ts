import type { RunEvent } from '../timing/events';

export type { RunEvent, RunOutcome, StepOutcome, StepRecord } from '../timing/events';

/** Limits and choices of one submission. */
export interface SubmitOptions {
  /** Most steps at once. */
  readonly jobs: number;
  /** Python that runs the steps. */
  readonly python: string;
  /** Folder the steps run in. */
  readonly workdir: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Run the steps from this one on, taking the others' snapshots from `reuse`. */
  readonly from?: string;
  /** The notebook as it was submitted: its path, for the list of runs, and its text, for its outputs. */
  readonly notebook: { readonly path: string; readonly text: string };
  /** A finished or failed run whose snapshots may be used again where hashes agree. */
  readonly reuse?: string;
}

/**
 * A place where runs happen. Local processes here; Argo and Kubeflow Pipelines behind the same interface.
 * `Document` is what `compile/` makes for the target.
 */
export interface Engine<Document> {
  readonly target: string;
  /** Starts a run and returns its id at once. Throws an `EngineError` if it cannot start. */
  submit(document: Document, options: SubmitOptions): Promise<string>;
  /** Events from `since` on, live until the run has ended or `signal` aborts. */
  events(run: string, since?: number, signal?: AbortSignal): AsyncIterable<RunEvent>;
  /** Output of a step so far, as text as it was printed; follows while it runs if asked. */
  logs(run: string, step: string, follow?: boolean, signal?: AbortSignal): AsyncIterable<string>;
  cancel(run: string): Promise<void>;
  /** Goes on from the finished snapshots; returns when started. */
  resume(run: string): Promise<void>;
  delete(run: string): Promise<void>;
  /** Ends following runs that go on elsewhere. */
  detach(): Promise<void>;
}
