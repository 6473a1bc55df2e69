import { scopeOf, targetNames } from '../scope';
import { child, named, type Node } from '../tree';
import { maybe } from './flow';
import { resolvesGlobal } from './names';
import { roots } from './sharing';
import type { Walk } from './walk';

/** A generator that a name is given cannot be shipped. */
export function generator(walk: Walk, node: Node, targets: readonly Node[]): void {
  comprehension(walk, node);
  for (const target of targets) {
    if (target.type === 'identifier' && resolvesGlobal(walk, walk.text(target)) && walk.isAtTop) {
      walk.unshippable.push({ name: walk.text(target), type: 'generator', at: walk.at(node) });
    }
  }
}

/** `[body for left in right if condition]`: runs now, in the same frame, under a scope of its own. */
export function comprehension(walk: Walk, node: Node, targets: readonly Node[] = []): void {
  const clauses = node.children.filter(each => each.type === 'for_in_clause');
  const first = clauses[0] ? child(clauses[0], 'right') : undefined;
  walk.expression(first);
  if (clauses.some(each => each.children.some(part => part.type === 'async')) && walk.isAtTop) {
    walk.topLevelAwait = true;
  }
  const outer = walk.frame;
  const locals = new Map(outer.localRoots);
  for (const clause of clauses) {
    const left = child(clause, 'left');
    const right = child(clause, 'right');
    const shared = new Set(right ? roots(walk, right) : []);
    for (const name of left ? targetNames(left) : []) {
      locals.set(walk.text(name), shared);
    }
  }
  walk.inScope(
    scopeOf(walk.text, node, outer.scope),
    () => maybe(walk, () => parts(walk, node, first, targets)),
    locals
  );
}

function parts(walk: Walk, node: Node, first: Node | undefined, targets: readonly Node[]): void {
  for (const each of named(node)) {
    if (each.type !== 'for_in_clause') {
      // Only a lambda is still one where the comprehension's value is.
      walk.expression(each, each.type === 'lambda' ? targets : []);
      continue;
    }
    const right = child(each, 'right');
    if (right !== first) {
      walk.expression(right);
    }
    const left = child(each, 'left');
    if (left && left.type !== 'identifier') {
      named(left)
        .filter(part => part.type !== 'identifier')
        .forEach(part => walk.expression(part));
    }
  }
}
