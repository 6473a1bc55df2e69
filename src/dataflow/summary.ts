import type { CellFacts, Effect, Range } from '../python/types';
import { argumentChanges, isChange } from './changes';
import { BUILTINS } from './builtins';
import type { CodeIndex } from './code-index';
import type { NameKinds } from './kinds';

/** A cell's facts with the code that it calls counted in: what running the cell does to names and to ambient state. */
export interface CellSummary {
  readonly cell: number;
  readonly facts: CellFacts;
  /** Names needed from earlier cells; `strict` if the cell certainly fails without one, with the place of the read. */
  readonly needs: ReadonlyMap<string, Need>;
  /** Names bound on every path. */
  readonly binds: ReadonlySet<string>;
  /** Names bound on some paths, by called code, or changed in place. */
  readonly mayWrite: ReadonlyMap<string, Range>;
  /** Names whose object is changed in place: what shares objects with them changes too. */
  readonly changes: ReadonlySet<string>;
  /** Names whose last event in the cell is a certain deletion. */
  readonly deletes: ReadonlySet<string>;
  readonly effects: readonly Effect[];
  /** The cell, or code that it calls, reads or binds names that nobody can see in the text. */
  readonly dynamic: { readonly reads: boolean; readonly binds: boolean };
}

/** A need of a name. */
export interface Need {
  readonly at: Range | undefined;
  readonly conditional: boolean;
  readonly guarded: boolean;
  /** Needed by code that is called, not by the cell's own text. */
  readonly later: boolean;
}

/** A need whose absence is no error. */
export const LOOSE: Need = { at: undefined, conditional: true, guarded: true, later: true };

/** Sums up a cell: its own facts and, as far as it calls the notebook's functions, theirs. */
export function summarise(
  cell: number,
  facts: CellFacts,
  index: CodeIndex,
  kinds: NameKinds
): CellSummary {
  const bound = new Set(facts.binds.filter(each => each.certain).map(each => each.name));
  const mentioned = new Set<string>(facts.reads.map(each => each.name));
  for (const call of facts.calls) {
    mentioned.add(call.root);
    call.arguments.forEach(each => each.names.forEach(name => mentioned.add(name)));
  }
  for (const each of facts.binds) {
    if (each.kind === 'def' || each.kind === 'class') {
      (facts.madeFrom[each.name] ?? []).forEach(name => mentioned.add(name));
    }
  }
  facts.changes.forEach(each => mentioned.add(each.name));
  const needs = new Map<string, Need>();
  const saysFarewell = index.methods.has('__del__');
  if (saysFarewell) {
    // What a name held before may say farewell when the name gets another value.
    for (const { name } of [...facts.binds, ...facts.deletes]) {
      mentioned.add(name);
      needs.set(name, LOOSE);
    }
  }
  const reachable = index.reachable(mentioned);
  for (const each of facts.reads) {
    needs.set(each.name, {
      at: each.at,
      conditional: each.conditional,
      guarded: each.guarded,
      later: false
    });
  }
  // A cell that only defines calls nothing, unless it makes a subclass of a class of the notebook, which may greet it.
  const makesSubclass = facts.definitions.some(
    ({ bases }) => bases?.some(each => !kinds.isModule(each) && !BUILTINS.has(each)) ?? false
  );
  const called = facts.onlyDefines && !makesSubclass && !saysFarewell ? [] : reachable.code;
  const dynamicCode = called.map(each => each.dynamic);
  const readByCode = new Set(reachable.code.flatMap(each => each.reads.map(read => read.name)));
  for (const name of reachable.names) {
    // A name that the cell mentions and does not read from outside got its value here before.
    const own = mentioned.has(name) && !readByCode.has(name);
    if (!own && !needs.has(name) && !mentionedHere(facts, name, bound)) {
      needs.set(name, { at: undefined, conditional: true, guarded: true, later: true });
    }
  }
  const mayWrite = new Map<string, Range>();
  const note = (name: string, at: Range) => {
    if (!mayWrite.has(name)) {
      mayWrite.set(name, at);
    }
  };
  for (const each of facts.binds) {
    if (!each.certain) {
      note(each.name, each.at);
    }
  }
  const changes = new Set<string>();
  const noteChange = (name: string, at: Range) => {
    changes.add(name);
    note(name, at);
  };
  for (const each of facts.changes) {
    if (isChange(each, kinds, index)) {
      noteChange(each.name, each.at);
    }
  }
  const at = facts.calls[0]?.at ??
    facts.reads[0]?.at ?? { line: 1, column: 0, endLine: 1, endColumn: 0 };
  for (const code of called) {
    code.binds.forEach(each => note(each.name, at));
    code.changes
      .filter(each => isChange(each, kinds, index))
      .forEach(each => noteChange(each.name, at));
  }
  argumentChanges(facts, index).forEach(name => noteChange(name, at));
  for (const each of [...facts.reads, ...called.flatMap(code => code.reads)]) {
    if (kinds.isIterator(each.name)) {
      noteChange(each.name, at);
    }
  }
  for (const each of facts.deletes) {
    if (!each.certain) {
      note(each.name, each.at);
      // What it leaves, if it deletes nothing, is what was there before.
      if (!needs.has(each.name)) {
        needs.set(each.name, LOOSE);
      }
    }
  }
  const deletes = new Set<string>();
  for (const each of facts.deletes.filter(del => del.certain)) {
    const later = facts.binds.some(
      bind =>
        bind.name === each.name &&
        (bind.at.line > each.at.line ||
          (bind.at.line === each.at.line && bind.at.column > each.at.column))
    );
    if (!later) {
      deletes.add(each.name);
      bound.delete(each.name);
    }
  }
  return {
    cell,
    facts,
    needs,
    binds: bound,
    mayWrite,
    changes,
    deletes,
    effects: [...facts.effects, ...called.flatMap(each => each.effects)].filter(
      // The notebook's own function is looked into.
      ({ byLookOf: name }) =>
        name === undefined || !(index.code.has(name) || index.methods.has(name))
    ),
    dynamic: {
      reads: [...facts.dynamic, ...dynamicCode].some(each => each.reads),
      binds: [...facts.dynamic, ...dynamicCode].some(each => each.binds)
    }
  };
}

/** A cell that may end anywhere, as one tagged `raises-exception` may: whatever it does, it may do. */
export function cutShort(summary: CellSummary): CellSummary {
  const { binds, deletes, facts } = summary;
  const mayWrite = new Map(summary.mayWrite);
  const needs = new Map(summary.needs);
  for (const each of [...facts.binds, ...facts.deletes]) {
    if ((binds.has(each.name) || deletes.has(each.name)) && !mayWrite.has(each.name)) {
      mayWrite.set(each.name, each.at);
    }
  }
  for (const name of deletes) {
    needs.set(name, needs.get(name) ?? LOOSE);
  }
  return { ...summary, needs, mayWrite, binds: new Set(), deletes: new Set() };
}

/** A name that the cell binds before it runs any code that could read it counts as its own. */
function mentionedHere(facts: CellFacts, name: string, bound: ReadonlySet<string>): boolean {
  return (
    bound.has(name) &&
    facts.reads.every(each => each.name !== name) &&
    facts.binds.every(each => each.name !== name || each.at.line < (facts.calls[0]?.at.line ?? 0))
  );
}
