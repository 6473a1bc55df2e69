import type { CellFacts, Effect, LaterCode, Range } from '../python/types';

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
}

/** A need of a name. */
export interface Need {
  readonly at: Range | undefined;
  readonly conditional: boolean;
  readonly guarded: boolean;
  /** Needed by code that is called, not by the cell's own text. */
  readonly later: boolean;
}

/** Everything that the notebook's cells define to be called, by the name it is reached from; and what values were made from. */
export class CodeIndex {
  constructor(
    cells: Iterable<CellFacts>,
    private readonly isModule: (name: string) => boolean
  ) {
    for (const facts of cells) {
      for (const each of facts.later) {
        push(this.code, each.owner, each);
        if (each.method) {
          push(this.methods, each.method.name, each);
        }
      }
      for (const [name, from] of Object.entries(facts.madeFrom)) {
        from.forEach(each => this.note(name, each));
      }
      for (const call of facts.calls) {
        if (call.path.length > 0) {
          call.arguments.flatMap(each => each.names).forEach(each => this.note(call.root, each));
        }
      }
      for (const { names } of facts.aliases) {
        // A container that holds functions hands them on to whatever shares objects with it.
        this.note(names[0], names[1]);
      }
    }
  }

  /** Code that a name may run: its own, and that of what its value was made from, transitively through what that code mentions. */
  reachable(names: Iterable<string>): {
    readonly code: readonly LaterCode[];
    readonly names: ReadonlySet<string>;
  } {
    const seen = new Set<string>();
    const code = new Set<LaterCode>();
    const queue = [...names];
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      if (seen.has(name)) {
        continue;
      }
      seen.add(name);
      for (const each of this.code.get(name) ?? []) {
        code.add(each);
        each.reads.forEach(read => queue.push(read.name));
        queue.push(...each.calls);
      }
      for (const each of this.madeFrom.get(name) ?? []) {
        if (this.carriesCode(each, new Set())) {
          queue.push(each);
        }
      }
    }
    return { code: [...code], names: seen };
  }

  private note(name: string, from: string): void {
    // What is handed to a module's function does not come back from every other use of the module.
    if (!this.isModule(name) && !this.isModule(from)) {
      add(this.madeFrom, name, from);
    }
  }

  /** The name is a function or class of the notebook, or its value was made with one. */
  private carriesCode(name: string, seen: Set<string>): boolean {
    const known = this.carriers.get(name);
    if (known !== undefined) {
      return known;
    }
    if (this.code.has(name)) {
      return true;
    }
    if (seen.has(name)) {
      return false;
    }
    seen.add(name);
    const carries = [...(this.madeFrom.get(name) ?? [])].some(each => this.carriesCode(each, seen));
    if (seen.size === 1 || carries) {
      this.carriers.set(name, carries);
    }
    return carries;
  }

  readonly code = new Map<string, LaterCode[]>();
  /** Methods of the notebook's classes, by name. */
  readonly methods = new Map<string, LaterCode[]>();
  private readonly madeFrom = new Map<string, Set<string>>();
  private readonly carriers = new Map<string, boolean>();
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list) {
    list.push(value);
  } else {
    map.set(key, [value]);
  }
}

function add(map: Map<string, Set<string>>, key: string, value: string): void {
  const set = map.get(key);
  if (set) {
    set.add(value);
  } else {
    map.set(key, new Set([value]));
  }
}

/** What the notebook's own definitions are, for telling a call of a function from a change of a value. */
export interface NameKinds {
  /** Bound only by imports. */
  isModule(name: string): boolean;
  /** Bound only by definitions without state, or by lambdas. */
  isCode(name: string): boolean;
  /** Bound only to constants that cannot be changed in place. */
  isConstant(name: string): boolean;
}

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
  const reachable = index.reachable(mentioned);
  const needs = new Map<string, Need>();
  for (const each of facts.reads) {
    needs.set(each.name, {
      at: each.at,
      conditional: each.conditional,
      guarded: each.guarded,
      later: false
    });
  }
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
  for (const code of reachable.code) {
    code.binds.forEach(each => note(each.name, at));
    code.changes
      .filter(each => isChange(each, kinds, index))
      .forEach(each => noteChange(each.name, at));
  }
  argumentChanges(facts, index).forEach(name => noteChange(name, at));
  for (const each of facts.deletes) {
    if (!each.certain) {
      note(each.name, each.at);
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
    effects: [...facts.effects, ...reachable.code.flatMap(each => each.effects)]
  };
}

/** A name that the cell binds before it runs any code that could read it counts as its own. */
function mentionedHere(facts: CellFacts, name: string, bound: ReadonlySet<string>): boolean {
  return (
    bound.has(name) &&
    facts.reads.every(each => each.name !== name) &&
    facts.binds.every(each => each.name !== name || each.at.line < (facts.calls[0]?.at.line ?? 0))
  );
}

function isChange(
  change: CellFacts['changes'][number],
  kinds: NameKinds,
  index: CodeIndex
): boolean {
  const { name, how, via } = change;
  if (kinds.isModule(name) || kinds.isConstant(name)) {
    return false;
  }
  if (how === 'call') {
    return !kinds.isCode(name);
  }
  if (how === 'method' && via !== undefined) {
    const own = index.methods.get(via);
    if (own && !MUTATORS.has(via)) {
      return own.some(
        each =>
          each.changesParameters.some(parameter => parameter.index === 0) || each.changes.length > 0
      );
    }
    if (kinds.isCode(name) && index.code.has(name)) {
      // A class method or static method that is not the notebook's own.
      return !own;
    }
  }
  return true;
}

/** Methods of builtin containers that change them, whatever a class of the notebook calls its own. */
const MUTATORS = new Set(
  'append extend insert remove pop clear sort reverse update setdefault popitem add discard appendleft popleft write'.split(
    ' '
  )
);

/** Names whose objects are passed to a notebook function that changes its parameter. */
function argumentChanges(facts: CellFacts, index: CodeIndex): readonly string[] {
  const found: string[] = [];
  for (const call of facts.calls) {
    const method = call.path.at(-1);
    const codes =
      method === undefined
        ? (index.code.get(call.root) ?? []).filter(
            each => !each.method || each.method.name === '__init__'
          )
        : (index.methods.get(method) ?? []);
    for (const code of codes) {
      const changed = changedParameters(code, index, new Set());
      const shift = code.method ? 1 : 0;
      let position = shift;
      for (const argument of call.arguments) {
        const hit =
          argument.keyword !== undefined
            ? changed.has(argument.keyword) || changed.has('*')
            : changed.has('*') ||
              changed.has(code.parameters[position] ?? '') ||
              (position >= code.parameters.length && changed.size > 0);
        if (argument.keyword === undefined) {
          position += 1;
        }
        if (hit) {
          found.push(...argument.names);
        }
      }
    }
    // A function that is handed over may be called with anything that is handed over beside it.
    for (const argument of call.arguments) {
      for (const name of argument.names) {
        const handed = (index.code.get(name) ?? []).filter(each => !each.method);
        if (handed.some(code => changedParameters(code, index, new Set()).size > 0)) {
          found.push(...call.arguments.flatMap(each => each.names), call.root);
        }
      }
    }
  }
  return found;
}

/** Names of parameters whose object the code changes; `*` if it hands them to other code of the notebook that changes its own. */
function changedParameters(
  code: LaterCode,
  index: CodeIndex,
  seen: Set<LaterCode>
): ReadonlySet<string> {
  const changed = new Set(code.changesParameters.map(each => each.name));
  seen.add(code);
  const called = code.calls.flatMap(name => index.code.get(name) ?? []);
  if (called.some(each => !seen.has(each) && changedParameters(each, index, seen).size > 0)) {
    changed.add('*');
  }
  return changed;
}

/** Pairs of names that share objects after the cell's calls of the notebook's own functions. */
export function sharedByCalls(
  facts: CellFacts,
  index: CodeIndex
): readonly (readonly [string, string])[] {
  return facts.calls.flatMap(call => {
    const method = call.path.at(-1);
    const codes =
      method === undefined ? (index.code.get(call.root) ?? []) : (index.methods.get(method) ?? []);
    const passed = call.arguments.flatMap(each => each.names);
    const pairs: [string, string][] = [];
    for (const code of codes) {
      const all = [...passed, ...(method === undefined ? call.targets : [call.root])];
      for (const global of [...code.sharesWithGlobals]) {
        passed.forEach(name => pairs.push([name, global]));
      }
      for (const global of code.returnsGlobals) {
        call.targets.forEach(name => pairs.push([name, global]));
      }
      if (code.sharesParameters && all.length > 1) {
        all.slice(1).forEach(name => pairs.push([all[0], name]));
      }
    }
    return pairs;
  });
}
