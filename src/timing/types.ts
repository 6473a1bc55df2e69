/** Phases of a step that a process can tell (the numbers of `docs/timeline.md`), and the two that belong to the engine. */
export type PhaseName =
  | 'waiting' // 1: last needed step's end (or submit) → process started by the engine
  | 'interpreter' // 6
  | 'imports' // 7: preflight and replayed imports
  | 'load' // 8
  | 'cells' // 9
  | 'save' // 10: guard and save
  | 'wind-down' // 11
  | 'unattributed';

/** A half-open span of time in ns since the run's submission, as integers (bigint loses nothing; a run of 100 days fits 2^53 ns). */
export interface Interval {
  readonly start: number;
  readonly end: number;
}

export interface Phase extends Interval {
  readonly name: PhaseName;
}

export interface CellTime extends Interval {
  /** Index in the notebook. */
  readonly cell: number;
  readonly cpuNs: number;
  readonly displayNs: number;
  readonly peakRssBytes: number;
  readonly failed: boolean;
}

export interface NameCost {
  readonly name: string;
  readonly bytes: number;
  readonly ns: number;
  readonly from?: string;
}

/** One attempt of one step. Its phases tile [start of waiting, end] exactly. */
export interface AttemptTime extends Interval {
  readonly attempt: number;
  readonly outcome: string;
  readonly phases: readonly Phase[];
  readonly cells: readonly CellTime[];
  readonly loaded: readonly NameCost[];
  readonly saved: readonly NameCost[];
}

export interface StepTime {
  readonly step: string;
  readonly needs: readonly string[];
  readonly attempts: readonly AttemptTime[];
  readonly reused: boolean;
  readonly onCriticalPath: boolean;
}

/** Where a run's time went. All sums are exact: Σ phases of an attempt = its length. */
export interface Timeline {
  readonly run: string;
  readonly outcome: string;
  /** ns from submission to the end (or to the last event while running). */
  readonly wallNs: number;
  readonly steps: readonly StepTime[];
  /** Steps on the critical path, in order. */
  readonly criticalPath: readonly string[];
  /** 1 − Σ cells / Σ process lives. */
  readonly overheadOfProcesses: { readonly ns: number; readonly share: number };
  /** Wall time − cells on the critical path. */
  readonly overheadOfRun: { readonly ns: number; readonly share: number };
}
