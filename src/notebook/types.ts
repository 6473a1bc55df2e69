import type { Diagnostic, Span } from '../diagnostics/types';

/** What a cell is to the pipeline. `raw` and `markdown` cells have the kind `text`. */
export type CellKind =
  'text' | 'step' | 'imports' | 'functions' | 'parameters' | 'metrics' | 'skip' | 'untagged';

/** A cell of the notebook. */
export interface Cell {
  /** 0-based index among all cells of the file. */
  readonly index: number;
  /** nbformat 4.5 cell id, or `cell-<index>` where the file has none. */
  readonly id: string;
  readonly type: 'code' | 'markdown' | 'raw';
  /** Source with `\n` line ends. */
  readonly source: string;
  readonly tags: readonly string[];
  readonly kind: CellKind;
  /** Parsed tags of the pipeline language, in order; foreign tags are left out. */
  readonly parsed: readonly Tag[];
  /** Tagged `raises-exception`: a failure is kept as output and the run goes on. */
  readonly raisesException: boolean;
}

/** One tag of the language of `docs/tags.md`, parsed. `text` is the tag as written, `at` its position in the cell's tag list. */
export type Tag = { readonly text: string; readonly at: number } & (
  | { readonly type: 'step'; readonly name: string } // '' for a bare `step:`
  | { readonly type: 'prev'; readonly name: string }
  | {
      readonly type: 'special';
      readonly kind: 'imports' | 'functions' | 'parameters' | 'metrics' | 'skip';
    }
  | { readonly type: 'request' | 'limit'; readonly resource: string; readonly quantity: string }
  | { readonly type: 'location'; readonly place: string; readonly maxMs?: number }
  | { readonly type: 'role'; readonly role: string }
  | { readonly type: 'node'; readonly label: string; readonly value: string }
  | {
      readonly type: 'toleration';
      readonly key: string;
      readonly value?: string;
      readonly effect?: string;
    }
  | { readonly type: 'image'; readonly image: string }
  | { readonly type: 'env'; readonly name: string; readonly value: string }
  | { readonly type: 'secret'; readonly secret: string; readonly key: string; readonly env: string }
  | {
      readonly type: 'volume';
      readonly claim: string;
      readonly path: string;
      readonly readOnly: boolean;
    }
  | { readonly type: 'label' | 'annotation'; readonly key: string; readonly value: string }
  | { readonly type: 'retry'; readonly count: number }
  | { readonly type: 'timeout'; readonly seconds: number }
  | { readonly type: 'cache'; readonly enabled: boolean }
  | { readonly type: 'report'; readonly enabled: boolean }
  | { readonly type: 'raises-exception' }
);

/** Notebook-wide settings: metadata `notepod`, else Kale's `kubeflow_notebook`, else defaults. */
export interface Settings {
  readonly name?: string;
  readonly description?: string;
  readonly image?: string;
  /** Extra files and folders that travel with the run, relative to the notebook. */
  readonly files: readonly string[];
  /** Tags that every step starts with, e.g. `request:cpu:500m`; a step's own tag wins. */
  readonly stepDefaults: readonly string[];
  readonly volume: {
    readonly size?: string;
    readonly storageClass?: string;
    readonly accessMode?: string;
  };
  /** The cluster's scheduler has the location-aware extender: its labels are read from nodes and written to pods. */
  readonly extender?: boolean;
  readonly namespace?: string;
  readonly experiment?: string;
  readonly target?: string;
  readonly cache?: boolean;
  /** Seconds, whole run. */
  readonly timeout?: number;
  /** Where the settings came from. */
  readonly origin: 'notepod' | 'kale' | 'default';
}

/** Options of a step, merged from its cells and the notebook's defaults. */
export interface StepOptions {
  readonly requests: Readonly<Record<string, string>>;
  readonly limits: Readonly<Record<string, string>>;
  readonly location?: { readonly place: string; readonly maxMs?: number };
  readonly role?: string;
  readonly nodeSelector: Readonly<Record<string, string>>;
  readonly tolerations: readonly {
    readonly key: string;
    readonly value?: string;
    readonly effect?: string;
  }[];
  readonly image?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly secrets: readonly {
    readonly secret: string;
    readonly key: string;
    readonly env: string;
  }[];
  readonly volumes: readonly {
    readonly claim: string;
    readonly path: string;
    readonly readOnly: boolean;
  }[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly retry: number;
  readonly timeoutSeconds?: number;
  readonly cache?: boolean;
  readonly report?: boolean;
}

/** A step as the tags say it. */
export interface StepSpec {
  readonly name: string;
  /** Indexes into `Notebook.cells`, ascending: code cells of the step (definition cells not included). */
  readonly cells: readonly number[];
  readonly options: StepOptions;
  /** Names of `prev:` tags with the place of the tag (its cell, line 1). */
  readonly prev: readonly { readonly name: string; readonly cell: number }[];
}

/** A notebook, read. `steps` are in the order of their first cell. */
export interface Notebook {
  readonly cells: readonly Cell[];
  readonly steps: readonly StepSpec[];
  readonly settings: Settings;
  /** From `language_info.version` / kernelspec, if there. */
  readonly language?: { readonly name: string; readonly version?: string };
  readonly kernel?: string;
  /** Problems of the tags, of the settings and of the cut into steps. */
  readonly diagnostics: readonly Diagnostic[];
}

export type { Diagnostic, Span };
