import type { Diagnostic, Span } from '../diagnostics/types';
import type { Channel, Definition } from '../python/types';

/** Why an edge exists. One edge may have several reasons. */
export type EdgeReason =
  | { readonly kind: 'value'; readonly name: string; readonly words: string }
  | { readonly kind: 'definition'; readonly name: string; readonly words: string }
  | { readonly kind: 'order'; readonly name: string; readonly words: string } // both may bind or change it
  | { readonly kind: 'ambient'; readonly channel: Channel | 'dynamic'; readonly words: string }
  | { readonly kind: 'file'; readonly path?: string; readonly words: string }
  | { readonly kind: 'prev'; readonly words: string };

/** `to` runs after `from`. `words` of each reason are a sentence for the user. */
export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly reasons: readonly EdgeReason[];
}

/** A name that a step takes from earlier steps. */
export interface Input {
  readonly name: string;
  /**
   * Steps that may hold the value, in reference order; all are ancestors. The step program takes it from the last of them
   * whose manifest has it (a manifest may also say that the name was deleted).
   */
  readonly from: readonly string[];
  /** The first of the step's cells that uses it; Infinity if only definitions that it repeats do. */
  readonly firstUse: number;
  /** May be absent at run time (guarded or conditional read, or needed only by `dynamic` code): no error if no manifest has it. */
  readonly optional: boolean;
  /** The step may bind or change it: then the guard does not watch it. */
  readonly mayChange: boolean;
  /** A later step relies on the value as `from` wrote it, so the guard watches it. Steps by name. */
  readonly alsoNeededBy: readonly string[];
}

/** A definition that is run again in a step that needs it, before the step's first cell. */
export interface Replay {
  readonly cell: number;
  readonly definition: Definition;
}

/** A setting of a library that is made again in a step, before its first cell. */
export interface SettingReplay {
  readonly cell: number;
  /** 1-based line of the statement in its cell. */
  readonly line: number;
  readonly source: string;
  /** Import statements that give the names in it. */
  readonly imports: readonly string[];
  /** Top-level package of the library. */
  readonly package: string;
  /** The step's own code imports the library; else the setting is made only if a value has brought the library in. */
  readonly isUsed: boolean;
}

/** A step, ready to be compiled. */
export interface Step {
  readonly name: string;
  /** Code cells to run, ascending indexes into `Notebook.cells`, home definition cells and parameter cells included. */
  readonly cells: readonly number[];
  readonly inputs: readonly Input[];
  /** Names that later steps may take from this step: what it may bind, change or delete and some later step needs. */
  readonly outputs: readonly string[];
  /** Names that it may bind, change or delete, sorted. */
  readonly writes: readonly string[];
  readonly replays: readonly Replay[];
  readonly settings: readonly SettingReplay[];
  /** Names of pipeline parameters that the step reads, directly or later. */
  readonly parameters: readonly string[];
  /** Ambient state that the step starts with: channel and the steps that may have set it, reference order, all ancestors. */
  readonly ambientIn: readonly { readonly channel: Channel; readonly from: readonly string[] }[];
  /** Channels the step may change and some later step notices. */
  readonly ambientOut: readonly Channel[];
  /** Channels that later steps notice although the analysis says that this step leaves them alone: the guard watches them. */
  readonly ambientWatch: readonly Channel[];
  /** Top-level modules imported by the cells or replays that are certainly needed, in order; local modules (files beside the notebook) not included. */
  readonly modules: readonly string[];
  readonly needsIPython: boolean;
  /** The step runs code that may read any name: it takes all that its ancestors left. */
  readonly inputAll?: boolean;
  /** The step runs code that may bind any name: it leaves all that can be shipped. */
  readonly outputAll?: boolean;
}

/** A file the notebook reads or writes, as far as the analysis sees. */
export interface FileUse {
  readonly path?: string;
  /** `either`: nobody can say. */
  readonly access: 'read' | 'write' | 'either';
  readonly span: Span;
  readonly what: string;
  /** The call may have nothing to do with files, or the path is not seen from the notebook's folder. */
  readonly uncertain: boolean;
  /** For a read: what may have written the file before, by this path or by one that nobody can see. */
  readonly mayBeWrittenBy?: {
    readonly cell: number;
    readonly what: string;
    /** It names the path, or a folder around it. */
    readonly isByName: boolean;
  };
}

/** Steps, edges, files and problems. Edges are transitive-free of self loops; both orders are reference order. */
export interface StepGraph {
  readonly steps: readonly Step[];
  readonly edges: readonly Edge[];
  readonly files: readonly FileUse[];
  /** Modules imported relative to the notebook are resolved by the caller: top-level names imported anywhere. */
  readonly imports: readonly string[];
  readonly parameters: readonly {
    readonly name: string;
    readonly type: string;
    readonly value: unknown;
    readonly span: Span;
    readonly comment?: string;
  }[];
  readonly metrics: readonly {
    readonly name: string;
    readonly label: string;
    readonly step: string;
  }[];
  readonly diagnostics: readonly Diagnostic[];
}
