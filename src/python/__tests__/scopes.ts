import { isComprehension, isGlobal, mangled, scopeOf, typeScopeOf, type Scope } from '../scope';
import { child, named, type Node, type Tree } from '../tree';
import type { CellFacts } from '../types';

type Kind = 'module' | 'class' | 'function' | 'type';

/** Whose name a symbol is: the scope's own, that of a function around it, or the module's. */
type Place = 'own' | 'around' | 'global';

/** A scope as CPython's `symtable` describes it; see `symtables.py`. */
export type Table = readonly [
  kind: Kind,
  name: string,
  line: number,
  symbols: readonly (readonly [name: string, bound: boolean, place: Place])[],
  children: readonly Table[]
];

/** Names of the module as CPython's tables have them. */
export interface ModuleNames {
  /** Names that the file binds or deletes, functions that name them `global` included. */
  readonly bound: readonly string[];
  /** Those of them that have an annotation, and perhaps nothing else. */
  readonly annotated: readonly string[];
  /** Names that the file reads, from the module or from `builtins`, and does not bind. */
  readonly free: readonly string[];
}

/** A file as `symtables.py` describes it. */
export interface Described {
  readonly path: string;
  readonly source: string;
  readonly module: ModuleNames;
  readonly table: Table;
}

/** A scope as our analysis sees it. */
interface Own {
  readonly kind: Kind;
  readonly name: string;
  readonly line: number;
  readonly scope: Scope | undefined;
  readonly children: readonly Own[];
  /** CPython 3.12 and later run it in place, if no scope of a type is around. */
  readonly isInlined: boolean;
  /** Names of comprehensions that CPython 3.12 and later run in place: their names are the function's there. */
  readonly inlined: ReadonlySet<string>;
}

const NAMES: Readonly<Record<string, string>> = {
  generator_expression: 'genexpr',
  list_comprehension: 'listcomp',
  set_comprehension: 'setcomp',
  dictionary_comprehension: 'dictcomp'
};

/** All scopes of a file, as nested as those of CPython. @param inlines comprehensions share the scope around, as since 3.12 */
export function scopesOf({ source, root }: Tree, inlines = false): Own {
  return new ScopeReader(source, inlines).module(root);
}

class ScopeReader {
  constructor(
    private readonly source: string,
    private readonly inlines: boolean
  ) {}

  module(root: Node): Own {
    return this.made('module', 'top', root, undefined, this.inside(root, undefined, undefined));
  }

  private inside(node: Node, outer: Scope | undefined, className: string | undefined): Own[] {
    // A loop: what is called back for each child takes much of the stack where code is deep.
    const found: Own[] = [];
    for (const each of node.children) {
      found.push(...this.scopesIn(each, outer, className));
    }
    return found;
  }

  /** The scopes that a node opens, and those inside it. @param className the class that the code belongs to */
  private scopesIn(node: Node, outer: Scope | undefined, className: string | undefined): Own[] {
    switch (node.type) {
      case 'class_definition':
      case 'function_definition':
        return this.definition(node, outer, className);
      case 'lambda':
        // The keyword is a node of the same type.
        return node.named ? this.lambda(node, outer, className) : [];
      case 'type_alias_statement':
        return this.typeAlias(node, outer, className);
      default:
        return isComprehension(node)
          ? this.comprehension(node, outer, className)
          : this.inside(node, outer, className);
    }
  }

  private definition(node: Node, outer: Scope | undefined, className: string | undefined): Own[] {
    const kind = node.type === 'class_definition' ? 'class' : 'function';
    const name = child(node, 'name');
    const body = child(node, 'body');
    if (!name || !body) {
      return [];
    }
    const inner = kind === 'class' ? this.reader(undefined)(name) : className;
    const scope = scopeOf(this.reader(inner), node, outer);
    const own = this.made(
      kind,
      this.reader(undefined)(name),
      node,
      scope,
      this.scopesIn(body, scope, inner)
    );
    const parameters = child(node, 'type_parameters');
    const typeScope = typeScopeOf(this.reader(className), node, outer);
    const defaults = named(child(node, 'parameters') ?? body).flatMap(each => {
      const value = kind === 'function' ? child(each, 'value') : undefined;
      return value ? [value] : [];
    });
    const typed = (each: Node): Own[] =>
      defaults.includes(each)
        ? []
        : each.type === 'type_parameter' || each === body
          ? []
          : isScope(each)
            ? this.scopesIn(each, typeScope, className)
            : each.children.flatMap(typed);
    const around = defaults.flatMap(each => this.scopesIn(each, outer, className));
    const inTypes = node.children.flatMap(typed);
    return parameters
      ? [
          ...around,
          this.made('type', this.reader(undefined)(name), node, typeScope, [
            ...this.typeParameters(parameters, typeScope, className),
            ...inTypes,
            own
          ])
        ]
      : [...around, ...inTypes, own];
  }

  private typeAlias(node: Node, outer: Scope | undefined, className: string | undefined): Own[] {
    const left = child(node, 'left');
    const right = child(node, 'right');
    if (!left || !right) {
      return [];
    }
    const [target] = named(left);
    const isGeneric = target.type === 'generic_type';
    const [name, parameters] = isGeneric ? named(target) : [target, undefined];
    const typeScope = typeScopeOf(this.reader(className), node, outer);
    const value = this.typeBlock(name, right, typeScope, className);
    return parameters
      ? [
          this.made('type', this.reader(undefined)(name), node, typeScope, [
            ...this.typeParameters(parameters, typeScope, className),
            value
          ])
        ]
      : [value];
  }

  /** `[T: int]`: the bound is a scope of its own, named after the parameter. */
  private typeParameters(
    list: Node,
    typeScope: Scope | undefined,
    className: string | undefined
  ): Own[] {
    return named(list).flatMap(each => {
      const [inner] = named(each);
      if (inner?.type !== 'constrained_type') {
        return [];
      }
      const [name, bound] = named(inner);
      return [this.typeBlock(name, bound, typeScope, className)];
    });
  }

  /** Code that CPython runs when somebody asks for the type: it binds nothing. */
  private typeBlock(
    name: Node,
    value: Node,
    around: Scope | undefined,
    className: string | undefined
  ): Own {
    const scope: Scope = {
      kind: 'function',
      locals: new Set(),
      globals: new Set(),
      parent: around
    };
    const inner = this.scopesIn(value, scope, className);
    return this.made('type', this.reader(className)(name), name, scope, inner);
  }

  private lambda(node: Node, outer: Scope | undefined, className: string | undefined): Own[] {
    const scope = scopeOf(this.reader(className), node, outer);
    const body = child(node, 'body');
    const parts = node.children.filter(each => each !== body);
    return [
      ...parts.flatMap(each => this.scopesIn(each, outer, className)),
      this.made(
        'function',
        'lambda',
        node,
        scope,
        body ? this.scopesIn(body, scope, className) : []
      )
    ];
  }

  private comprehension(
    node: Node,
    outer: Scope | undefined,
    className: string | undefined
  ): Own[] {
    const scope = scopeOf(this.reader(className), node, outer);
    const clauses = node.children.filter(each => each.type === 'for_in_clause');
    const first = child(clauses[0], 'right');
    const rest = named(node).flatMap(each =>
      each === clauses[0]
        ? each.children
            .filter(part => part !== first)
            .flatMap(part => this.scopesIn(part, scope, className))
        : this.scopesIn(each, scope, className)
    );
    const made = this.made('function', NAMES[node.type], node, scope, rest);
    const own = { ...made, isInlined: this.inlines && node.type !== 'generator_expression' };
    return [...(first ? this.scopesIn(first, outer, className) : []), own];
  }

  private made(
    kind: Kind,
    name: string,
    node: Node,
    scope: Scope | undefined,
    within: readonly Own[]
  ): Own {
    const gone = within.filter(each => each.isInlined);
    return {
      kind,
      name,
      line: kind === 'module' ? 0 : node.row + 1,
      scope,
      isInlined: false,
      children: within.flatMap(each => (gone.includes(each) ? each.children : [each])),
      inlined: new Set(gone.flatMap(each => [...(each.scope?.locals ?? []), ...each.inlined]))
    };
  }

  private reader(className: string | undefined): (node: Node) => string {
    return node => mangled(this.source.slice(node.start, node.end).normalize('NFKC'), className);
  }
}

function isScope(node: Node): boolean {
  return (
    isComprehension(node) ||
    (node.type === 'lambda' && node.named) ||
    node.type === 'class_definition' ||
    node.type === 'function_definition'
  );
}

/** How many symbols two descriptions of a file have, and where they differ. */
export interface Agreement {
  readonly symbols: number;
  readonly differences: readonly string[];
}

/**
 * Compares scopes that were made from the same file: the same scopes must be nested in each other, and every symbol of
 * either must be bound, and be somebody's, in the same places.
 */
export function agreement(theirs: Table, ours: Own, path = ''): Agreement {
  const [kind, name, line, symbols, inner] = theirs;
  const at = `${path}/${name}:${line}`;
  const differences: string[] = [];
  let count = symbols.length;
  const { scope } = ours;
  // In the module every name is global; `moduleAgreement` looks at that.
  if (scope !== undefined) {
    const known = new Set(symbols.map(each => each[0]));
    for (const [symbol, bound, place] of symbols) {
      const isBound = scope.locals.has(symbol);
      const isInlined = ours.inlined.has(symbol) && !isBound;
      const ourPlace = isBound ? 'own' : isGlobal(symbol, scope) ? 'global' : 'around';
      if (!isInlined && (isBound !== bound || ourPlace !== place)) {
        differences.push(`${at}: ${symbol} is ${place}, not ${ourPlace}`);
      }
    }
    const more = [...scope.locals].filter(each => !known.has(each));
    count += more.length;
    differences.push(...more.map(each => `${at}: ${each} is no symbol`));
  }
  const sorted = <T>(list: readonly T[], key: (each: T) => readonly [string, number, string]) =>
    [...list].sort((a, b) => {
      const [[x, i, k], [y, j, l]] = [key(a), key(b)];
      return i - j || (x < y ? -1 : x > y ? 1 : k < l ? -1 : k > l ? 1 : 0);
    });
  const a = sorted(inner, each => [each[1], each[2], each[0]]);
  const b = sorted(ours.children, each => [each.name, each.line, each.kind]);
  if (a.length !== b.length || kind !== ours.kind) {
    differences.push(`${at}: ${a.length} scopes are ${b.length}, ${kind} is ${ours.kind}`);
    return { symbols: count, differences };
  }
  a.forEach((each, index) => {
    const found = agreement(each, b[index], at);
    count += found.symbols;
    differences.push(...found.differences);
  });
  return { symbols: count, differences };
}

/** Compares what a file as a cell binds, and reads without binding it, with CPython's table of the module. */
export function moduleAgreement(theirs: ModuleNames, facts: CellFacts, ours: Own): Agreement {
  const bound = new Set([
    ...[facts.binds, facts.deletes, ...facts.later.map(each => each.binds)]
      .flat()
      .map(each => each.name)
  ]);
  const reads = [facts.reads, ...facts.later.map(each => each.reads)].flat();
  const theirBound = new Set(theirs.bound);
  const theirFree = new Set(theirs.free);
  const isBound = (name: string) => bound.has(name) || theirBound.has(name);
  const free = new Set(reads.map(each => each.name));
  // An annotation alone binds nothing; names of comprehensions are the module's own since 3.12.
  const lacking = theirs.bound.filter(
    each => !bound.has(each) && !theirs.annotated.includes(each) && !ours.inlined.has(each)
  );
  const differences = [
    ...lacking.map(each => `module: ${each} is not bound`),
    ...[...bound].filter(each => !theirBound.has(each)).map(each => `module: ${each} is bound`),
    ...theirs.free
      .filter(each => !free.has(each) && !isBound(each))
      .map(each => `module: ${each} is not read`),
    // What is read loosely need not be read: annotations under `from __future__ import annotations` are no code.
    ...new Set(
      reads
        .filter(each => !each.guarded && !theirFree.has(each.name) && !isBound(each.name))
        .map(each => `module: ${each.name} is read`)
    )
  ];
  return { symbols: theirs.bound.length + theirs.free.length, differences };
}
