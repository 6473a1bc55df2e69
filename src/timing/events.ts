/** One line of a run's event log: append-only JSON lines, `seq` counts from 0 without gaps, `time` is ns since the epoch as a decimal string. */
export type RunEvent = { readonly seq: number; readonly time: string } & (
  | {
      readonly type: 'run-submitted';
      readonly run: string;
      readonly notebook: string;
      readonly target: string;
      readonly steps: readonly {
        readonly name: string;
        readonly needs: readonly string[];
        readonly cells: readonly number[];
      }[];
      readonly parameters: Readonly<Record<string, unknown>>;
      readonly jobs: number;
    }
  | {
      readonly type: 'step-ready';
      readonly step: string;
      readonly attempt: number;
      /** On a cluster: the pod's uid. Argo may make a pod anew under the same name. */
      readonly uid?: string;
    }
  | {
      readonly type: 'step-started';
      readonly step: string;
      readonly attempt: number;
      readonly pid?: number;
    }
  /** What holds a pod up, or that it got a node: said when it changes. */
  | {
      readonly type: 'step-pod';
      readonly step: string;
      readonly attempt: number;
      readonly pod: string;
      readonly node?: string;
      /** Kubernetes' word: Unschedulable, ImagePullBackOff, ContainerCreating, …; absent while nothing holds it up. */
      readonly reason?: string;
      readonly message?: string;
    }
  | {
      readonly type: 'step-record';
      readonly step: string;
      readonly attempt: number;
      readonly record: StepRecord;
    }
  | {
      readonly type: 'step-ended';
      readonly step: string;
      readonly attempt: number;
      readonly outcome: StepOutcome;
      readonly exitCode?: number;
      readonly signal?: string;
      readonly message?: string;
      readonly code?: string;
      readonly willRetry?: boolean;
    }
  /** Something about the run as a whole that its user should know while it goes on. */
  | { readonly type: 'run-note'; readonly message: string; readonly fix?: string }
  | { readonly type: 'step-reused'; readonly step: string; readonly from: string }
  | { readonly type: 'run-ended'; readonly outcome: RunOutcome; readonly message?: string }
  | { readonly type: 'run-resumed'; readonly from?: string }
);

export type StepOutcome =
  'succeeded' | 'failed' | 'guard' | 'cancelled' | 'timeout' | 'killed' | 'skipped';
export type RunOutcome = 'succeeded' | 'failed' | 'guard' | 'cancelled' | 'interrupted';

/**
 * What the step program says while it runs: JSON lines in `record.jsonl` of the attempt's folder, and the same on the
 * file descriptor named by NOTEPOD_EVENTS if set. `t` is `time.time_ns()`, `m` `time.monotonic_ns()`, both decimal integers as JSON numbers may
 * lose precision: they are strings.
 */
export type StepRecord = { readonly t: string; readonly m: string } &
  /** First line of the runner. `processStart`: ns since the epoch, from /proc/self/stat where there is one. */
  (
    | {
        readonly type: 'start';
        readonly pid: number;
        readonly python: string;
        readonly processStart?: string;
        readonly attempt: number;
      }
    | {
        readonly type: 'phase';
        readonly phase: 'preflight' | 'load' | 'imports' | 'cells' | 'guard' | 'save' | 'end';
      }
    | { readonly type: 'import'; readonly module: string; readonly ns: string }
    | {
        readonly type: 'loaded';
        readonly name: string;
        readonly from: string;
        readonly bytes: number;
        readonly ns: string;
      }
    | { readonly type: 'cell-start'; readonly cell: number }
    | {
        readonly type: 'stream';
        readonly cell: number;
        readonly name: 'stdout' | 'stderr';
        readonly bytes: number;
      }
    | {
        readonly type: 'cell-end';
        readonly cell: number;
        readonly ns: string;
        readonly cpuNs: string;
        readonly peakRssBytes: number;
        readonly displayNs: string;
        readonly failed: boolean;
      }
    | {
        readonly type: 'saved';
        readonly name: string;
        readonly bytes: number;
        readonly ns: string;
        readonly group: number;
      }
    | {
        readonly type: 'warning' | 'guard' | 'error';
        readonly code: string;
        readonly message: string;
        readonly cell?: number;
        readonly line?: number;
        readonly name?: string;
        readonly ename?: string;
        readonly evalue?: string;
        readonly traceback?: readonly string[];
      }
    | {
        readonly type: 'done';
        readonly outcome: 'succeeded' | 'failed' | 'guard' | 'cancelled';
        readonly bytesWritten: number;
      }
  );
