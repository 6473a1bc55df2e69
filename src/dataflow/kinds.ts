import type { CellFacts, Definition } from '../python/types';
import { BUILTINS } from './builtins';

/** What the notebook's own definitions are, for telling a call of a function from a change of a value. */
export interface NameKinds {
  /** Bound only by imports. */
  isModule(name: string): boolean;
  /** Bound only by definitions without state, or by lambdas. */
  isCode(name: string): boolean;
  /** Bound only to constants that cannot be changed in place. */
  isConstant(name: string): boolean;
  /** Some cell binds it to an iterator: whoever looks at it uses it up. */
  isIterator(name: string): boolean;
  /** A definition that keeps no state: no cell changes the function or class itself. */
  isStateless(definition: Definition): boolean;
}

/** What the names of a notebook are, over all its cells. */
export function kindsOf(cells: Iterable<CellFacts>): NameKinds {
  const modules = new Set<string>();
  const code = new Set<string>();
  const constants = new Set<string>();
  const values = new Set<string>();
  const changed = new Set<string>();
  const definitions: Definition[] = [];
  const iterators = new Set<string>();
  const classes = new Set<string>();
  /** `type(x).n = 1` changes a class, which is not named there. */
  let throughInstances = false;
  for (const facts of cells) {
    const defined = new Map(
      facts.definitions.flatMap(each => each.names.map(name => [name, each.kind] as const))
    );
    definitions.push(...facts.definitions.filter(each => /^(def|class)$/.test(each.kind)));
    const lambdas = new Set(facts.later.filter(each => !each.method).map(each => each.owner));
    for (const { name, kind } of facts.binds) {
      if (kind === 'class') {
        classes.add(name);
      }
      if (kind === 'import' || kind === 'from-import') {
        modules.add(name);
      } else if (defined.get(name) === 'def' || defined.get(name) === 'class') {
        code.add(name);
      } else if (
        defined.get(name) === 'constant' ||
        facts.constants.some(each => each.name === name && typeof each.value !== 'object')
      ) {
        constants.add(name);
      } else if (
        lambdas.has(name) &&
        kind === 'assign' &&
        (facts.madeFrom[name] ?? []).length === 0
      ) {
        code.add(name);
      } else if (kind === 'augassign' && constants.has(name)) {
        continue;
      } else {
        values.add(name);
      }
    }
    iteratorsOf(facts).forEach(name => iterators.add(name));
    // What a function binds with `global` may be anything.
    facts.later.flatMap(later => later.binds).forEach(each => values.add(each.name));
    for (const each of [...facts.changes, ...facts.later.flatMap(later => later.changes)]) {
      throughInstances ||= each.via === '__class__';
      if (
        each.how === 'attribute' ||
        each.how === 'item' ||
        each.how === 'augassign' ||
        each.how === 'delete-item'
      ) {
        changed.add(each.name);
      }
    }
  }
  holders(definitions, name => values.has(name)).forEach(name => values.add(name));
  if (throughInstances) {
    classes.forEach(name => changed.add(name));
  }
  return {
    isIterator: name => iterators.has(name),
    isModule: name =>
      modules.has(name) && !code.has(name) && !values.has(name) && !constants.has(name),
    isCode: name =>
      !values.has(name) &&
      !constants.has(name) &&
      !changed.has(name) &&
      (code.has(name) || (!modules.has(name) && BUILTINS.has(name))),
    isConstant: name =>
      constants.has(name) && !values.has(name) && !code.has(name) && !modules.has(name),
    isStateless: definition =>
      definition.kind === 'import' ||
      definition.kind === 'constant' ||
      definition.names.every(name => !changed.has(name))
  };
}

/**
 * Names of definitions that hold on to a value (`def f(x, into=rows)`, `class C: store = rows`), directly or through another:
 * they share its objects, and calling them may change it.
 */
function holders(
  definitions: readonly Definition[],
  isValue: (name: string) => boolean
): ReadonlySet<string> {
  const found = new Set<string>();
  for (let before = -1; before < found.size;) {
    before = found.size;
    for (const { names, reads } of definitions) {
      if (reads.some(each => isValue(each) || found.has(each))) {
        names.forEach(name => found.add(name));
      }
    }
  }
  return found;
}

/** Builtins whose value is used up by looking at it. */
const ITERATOR_MAKERS = new Set('iter map filter zip enumerate reversed'.split(' '));

/** Names that a cell binds to what one of these gives, directly: `pairs = zip(a, b)`. */
function iteratorsOf({ calls, binds, source }: CellFacts): readonly string[] {
  const made = calls.filter(each => each.path.length === 0 && ITERATOR_MAKERS.has(each.root));
  if (made.length === 0) {
    return [];
  }
  const lines = source.split('\n');
  return made.flatMap(({ at, targets }) =>
    targets.filter(target =>
      binds.some(
        bind =>
          bind.name === target &&
          bind.at.endLine === at.line &&
          /^\s*=\s*$/.test(lines[at.line - 1]?.slice(bind.at.endColumn, at.column) ?? '')
      )
    )
  );
}
