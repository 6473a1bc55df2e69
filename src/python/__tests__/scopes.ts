import { isComprehension, isGlobal, mangled, scopeOf, typeScopeOf, type Scope } from '../scope';
import { child, named, type Node, type Tree } from '../tree';

/** A scope as CPython's `symtable` describes it: kind, name, line, [name, bound, global] and the scopes inside. */
export type Table = readonly [
  kind: 'module' | 'class' | 'function',
  name: string,
  line: number,
  symbols: readonly (readonly [name: string, bound: boolean, global: boolean])[],
  children: readonly Table[]
];

/** A scope as our analysis sees it. */
interface Own {
  readonly kind: Table[0];
  readonly name: string;
  readonly line: number;
  readonly scope: Scope | undefined;
  readonly children: readonly Own[];
  /** Names of comprehensions that CPython 3.12 and later run in place: their names are the function's there. */
  readonly inlined: ReadonlySet<string>;
}

const NAMES: Readonly<Record<string, string>> = {
  lambda: 'lambda',
  generator_expression: 'genexpr',
  list_comprehension: 'listcomp',
  set_comprehension: 'setcomp',
  dictionary_comprehension: 'dictcomp'
};

const INLINED = new Set(['listcomp', 'setcomp', 'dictcomp']);

/** All scopes of a file. @param inlines comprehensions are no scopes of their own, as since 3.12 */
export function scopesOf({ source, root }: Tree, inlines = false): Own {
  const reader = (className: string | undefined) => (node: Node) =>
    mangled(source.slice(node.start, node.end).normalize('NFKC'), className);
  const inside = (node: Node, scope: Scope | undefined, className: string | undefined): Own[] =>
    node.children.flatMap(each => scopesIn(each, scope, className));
  const scopesIn = (node: Node, outer: Scope | undefined, className: string | undefined): Own[] => {
    const isClass = node.type === 'class_definition';
    // The keyword of a lambda is a node of the same type.
    const isFunction =
      node.type === 'function_definition' || (node.type === 'lambda' && node.named);
    const line = node.row + 1;
    if (isComprehension(node)) {
      const scope = scopeOf(reader(className), node, outer);
      const clauses = node.children.filter(each => each.type === 'for_in_clause');
      const first = child(clauses[0], 'right');
      const rest = named(node).flatMap(each =>
        each === clauses[0]
          ? each.children
              .filter(part => part !== first)
              .flatMap(part => scopesIn(part, scope, className))
          : scopesIn(each, scope, className)
      );
      const own = made('function', NAMES[node.type], line, scope, rest);
      return [...(first ? scopesIn(first, outer, className) : []), own];
    }
    if (!isClass && !isFunction) {
      return inside(node, outer, className);
    }
    const name = child(node, 'name');
    const inner = isClass && name ? reader(undefined)(name) : className;
    const scope = scopeOf(reader(inner), node, outer);
    const body = child(node, 'body');
    const own = made(
      isClass ? 'class' : 'function',
      name ? reader(undefined)(name) : 'lambda',
      line,
      scope,
      body ? scopesIn(body, scope, inner) : []
    );
    const typeScope = typeScopeOf(reader(className), node, outer);
    const around = node.children
      .filter(each => each !== body)
      .flatMap(each => scopesIn(each, typeScope, className));
    return [...around, own];
  };
  const made = (
    kind: Own['kind'],
    name: string,
    line: number,
    scope: Scope | undefined,
    within: readonly Own[]
  ): Own => {
    const gone = inlines ? within.filter(each => INLINED.has(each.name)) : [];
    return {
      kind,
      name,
      line,
      scope,
      children: within.flatMap(each => (gone.includes(each) ? each.children : [each])),
      inlined: new Set(gone.flatMap(each => [...(each.scope?.locals ?? []), ...each.inlined]))
    };
  };
  return made('module', 'top', 0, undefined, inside(root, undefined, undefined));
}

/** How many symbols the two agree on, and where not. */
export interface Agreement {
  readonly symbols: number;
  readonly differences: readonly string[];
}

/** Compares scopes that were made from the same file: every symbol of CPython must be bound, and be a global, in the same places. */
export function agreement(theirs: Table, ours: Own, path = ''): Agreement {
  const [, name, line, symbols, inner] = theirs;
  const at = `${path}/${name}:${line}`;
  const differences: string[] = [];
  const locals = ours.scope?.locals;
  for (const [symbol, bound, global] of symbols) {
    const isOurs = isGlobal(symbol, ours.scope);
    // In the module every name is global; the other scopes say which names they bind.
    const isInlined = ours.inlined.has(symbol) && !locals?.has(symbol);
    if (locals !== undefined && !isInlined && (isOurs !== global || locals.has(symbol) !== bound)) {
      differences.push(`${at}: ${symbol}`);
    }
  }
  let count = symbols.length;
  const sorted = <T>(list: readonly T[], key: (each: T) => readonly [string, number]) =>
    [...list].sort((a, b) => {
      const [[x, i], [y, j]] = [key(a), key(b)];
      return i - j || (x < y ? -1 : x > y ? 1 : 0);
    });
  const a = sorted(inner, each => [each[1], each[2]]);
  const b = sorted(ours.children, each => [each.name, each.line]);
  if (a.length !== b.length) {
    differences.push(`${at}: ${a.length} scopes are ${b.length}`);
    return { symbols: count, differences };
  }
  a.forEach((each, index) => {
    const found = agreement(each, b[index], at);
    count += found.symbols;
    differences.push(...found.differences);
  });
  return { symbols: count, differences };
}
