import type { Scope } from '../scope';
import type { Binding, Change, Effect, NameUse } from '../types';

/** Facts of a piece of code that runs at one time: the cell itself, or a function's body with all scopes inside it. */
export interface Code {
  readonly reads: NameUse[];
  readonly binds: Binding[];
  readonly changes: Change[];
  readonly effects: Effect[];
  readonly calls: Set<string>;
  /** It reads, or binds, names that the text does not show. */
  readonly dynamic: { reads: boolean; binds: boolean };
  /** Parameters of the function, by name, and which of them its body changes. */
  readonly parameters: readonly string[];
  readonly changedParameters: Set<string>;
  returnsParameters: boolean;
  sharesParameters: boolean;
  readonly returnsGlobals: Set<string>;
  readonly sharesWithGlobals: Set<string>;
}

/** Code that has done nothing yet. */
export function newCode(parameters: readonly string[] = []): Code {
  return {
    reads: [],
    binds: [],
    changes: [],
    effects: [],
    calls: new Set(),
    dynamic: { reads: false, binds: false },
    parameters,
    changedParameters: new Set(),
    returnsParameters: false,
    sharesParameters: false,
    returnsGlobals: new Set(),
    sharesWithGlobals: new Set()
  };
}

/** A scope in a piece of code. */
export interface Frame {
  /** Undefined for the module's own. */
  readonly scope: Scope | undefined;
  readonly code: Code;
  /** For local names: the names outside that their objects may be shared with. */
  readonly localRoots: Map<string, Set<string>>;
}

/** How the walk came to where it is: what is bound by now, and whether it must have come this way. */
export interface Flow {
  /** Names that are certainly bound here. */
  bound: Set<string>;
  /** Names that a `del` took away. */
  readonly unbound: Set<string>;
  /** Names that the class body around has bound so far. */
  classBound: Set<string>;
  /** How many branches, loops and short circuits stand around: at 0 the code certainly runs. */
  depth: number;
  /** How many handlers that would catch a NameError stand around. */
  guards: number;
}

/** The start of a piece of code. */
export function newFlow(): Flow {
  return { bound: new Set(), unbound: new Set(), classBound: new Set(), depth: 0, guards: 0 };
}

/** For every name the first read, and besides it the first that is certain and unguarded. */
export function firstReads(reads: readonly NameUse[]): NameUse[] {
  const found = new Map<string, NameUse>();
  for (const each of reads) {
    const known = found.get(each.name);
    if (
      !known ||
      (known.guarded && !each.guarded) ||
      (known.conditional && !known.guarded && !each.conditional && !each.guarded)
    ) {
      found.set(each.name, each);
    }
  }
  return [...found.values()];
}
