import type { Channel } from '../python/types';

/**
 * What the step program needs to run one step: the JSON file that it is started with.
 * All targets use it; field names are the wire format (`version` counts its changes).
 */
export interface StepPlan {
  readonly version: 1;
  readonly run: string;
  readonly step: string;
  /** Position in reference order, 0-based. */
  readonly ordinal: number;
  readonly cells: readonly PlannedCell[];
  readonly replays: readonly {
    /** Notebook cell index and its 1-based first line, for tracebacks. */
    readonly cell: number;
    readonly line: number;
    readonly source: string;
    readonly names: readonly string[];
    readonly kind: 'import' | 'def' | 'class' | 'constant' | 'magic';
  }[];
  /** Settings of libraries to make again after the inputs are there, in notebook order. */
  readonly settings: readonly {
    /** Notebook cell index and 1-based line, for tracebacks. */
    readonly cell: number;
    readonly line: number;
    readonly source: string;
    /** Import statements that give the names in `source`; they are taken back afterwards. */
    readonly imports: readonly string[];
    readonly package: string;
    /** False: only if something has imported the package by then. */
    readonly isUsed: boolean;
  }[];
  /** `from`: step names in reference order; the last one whose manifest has (or deleted) the name wins. */
  readonly inputs: readonly {
    readonly name: string;
    readonly from: readonly string[];
    /** Ancestors whose value is a later one than that of the cell that first uses it: their cells, or the step's, lie around others. */
    readonly notFrom: readonly string[];
    readonly optional: boolean;
    readonly mayChange: boolean;
    /** Steps that rely on the value and are *not* descendants of this step: an undeclared change stops the run (guard). */
    readonly guardedFor: readonly string[];
    /** Steps that rely on the value and are descendants of this step: an undeclared change is written again, with a warning. */
    readonly neededAfter: readonly string[];
  }[];
  /** Names to write: `needed` by which steps, for messages; `cell` that binds or changes it last. */
  readonly outputs: readonly {
    readonly name: string;
    readonly cell: number;
    readonly neededBy: readonly string[];
    /** Some step has no earlier step to take it from: it is written even if it did not change. */
    readonly required: boolean;
    /** All that want it can do without: a value that cannot be shipped is left out. */
    readonly optional: boolean;
  }[];
  /** Write every module-level name that can be shipped (the step runs code that binds unknown names). */
  readonly outputAll: boolean;
  /** Load every name that any ancestor left, in reference order of `ancestors` (the step runs code that reads unknown names). */
  readonly inputAll: boolean;
  /** All ancestors in reference order. */
  readonly ancestors: readonly string[];
  readonly ambientIn: readonly { readonly channel: Channel; readonly from: readonly string[] }[];
  readonly ambientOut: readonly Channel[];
  readonly ambientWatch: readonly {
    readonly channel: Channel;
    readonly steps: readonly string[];
  }[];
  /** Names that are replayable definitions somewhere in the notebook: a snapshot may refer to them by name. */
  readonly replayable: readonly string[];
  /**
   * Names that this step does not take, with the steps that rely on an earlier value of them and are not descendants of this
   * step: an object of theirs that comes here inside another name's value and is changed stops the run (guard).
   */
  readonly elsewhere: Readonly<Record<string, readonly string[]>>;
  /** Replayed definitions whose own state (class attributes, function attributes) later steps rely on, with those steps. */
  readonly laterDefinitions: readonly {
    readonly name: string;
    readonly guardedFor: readonly string[];
    readonly neededAfter: readonly string[];
  }[];
  /**
   * Python literals for those of the step's parameters that were given a value: the parameter cell's assignment of this
   * name is overridden right after the cell ran. Other parameters are no part of the plan, so that they leave its hash alone.
   */
  readonly parameters: Readonly<Record<string, string>>;
  readonly modules: readonly string[];
  /** Top-level modules that later steps import, with those steps: one beside the notebook that this step changes stops the run (guard). */
  readonly importedLater: Readonly<Record<string, readonly string[]>>;
  readonly needsIPython: boolean;
  /** Where the image or Python came from, for messages. */
  readonly image: string;
}

export interface PlannedCell {
  readonly index: number;
  readonly id: string;
  readonly source: string;
  readonly raisesException: boolean;
  /** Per cell: names of parameters that the cell defines (overridden after it ran). */
  readonly parameters: readonly string[];
  readonly needsIPython: boolean;
  /** Environment variables that hold while this cell runs: in Run All, those of its step that not all steps have. */
  readonly env?: Readonly<Record<string, string>>;
}

export type Json =
  null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/** The objects of one run on a cluster. All are in one namespace. */
export interface RunManifests {
  readonly workflow: JsonObject;
  readonly configMaps: readonly JsonObject[];
  /** The volume's claim. The engine makes it, so that it stays until the run is deleted: Argo deletes those that it made when a run succeeds. */
  readonly claim: JsonObject;
}

/** A pipeline for the local target: every step's plan and what the engine needs to order and limit them. */
export interface LocalDocument {
  readonly version: 1;
  readonly name: string;
  /** SHA-256 of the notebook's code cells and tags. */
  readonly notebookHash: string;
  readonly steps: readonly {
    readonly name: string;
    readonly needs: readonly string[];
    readonly plan: Omit<StepPlan, 'run'>;
    readonly retry: number;
    readonly timeoutSeconds?: number;
    readonly env: Readonly<Record<string, string>>;
    /** Hash of the step's plan and, transitively, of the plans it needs: equal hash and parameters = the snapshot can be used again. */
    readonly hash: string;
  }[];
  /** Files found that travel with the run (`--fresh` stages them), relative to the notebook. */
  readonly files: readonly string[];
}
