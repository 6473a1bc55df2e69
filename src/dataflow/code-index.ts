import type { CellFacts, LaterCode } from '../python/types';

/** Everything that the notebook's cells define to be called, by the name it is reached from; and what values were made from. */
export class CodeIndex {
  constructor(
    cells: Iterable<CellFacts>,
    private readonly isModule: (name: string) => boolean
  ) {
    const all = [...cells];
    for (const facts of all) {
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
    all.flatMap(facts => facts.calls).forEach(call => this.register(call));
  }

  /** A function that keeps its argument in a global hands it on to whoever uses the global: `@register`, `on_event(f)`. */
  private register({ root, path, arguments: passed }: CellFacts['calls'][number]): void {
    const method = path.at(-1);
    const codes = (method === undefined ? this.code.get(root) : this.methods.get(method)) ?? [];
    for (const global of codes.flatMap(each => each.sharesWithGlobals)) {
      [root, ...passed.flatMap(each => each.names)].forEach(name => this.note(global, name));
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
