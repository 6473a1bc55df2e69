import { scopeOf } from '../scope';
import { child, named, type Node } from '../tree';
import { argumentList } from './calls';
import { withTypeParameters } from './functions';
import { bind } from './names';
import { captured, made, shareWith } from './sharing';
import type { Walk } from './walk';

/** `class C(B): …`: its body runs at once, its methods later. */
export function classDefinition(walk: Walk, node: Node, decorators: readonly Node[]): void {
  const name = child(node, 'name');
  const bases = child(node, 'superclasses');
  withTypeParameters(walk, node, () => {
    if (bases) {
      argumentList(walk, bases);
    }
  });
  const body = child(node, 'body');
  if (!name || !body) {
    return;
  }
  const owner = walk.text(name);
  const { frame: outer, className, owner: around, flow } = walk;
  const { classBound } = flow;
  const isModules = outer.scope === undefined;
  walk.className = owner;
  walk.owner = isModules ? owner : around;
  flow.classBound = new Set();
  const held = new Map<string, Set<string>>();
  walk.inScope(
    scopeOf(walk.text, node, outer.scope),
    () => walk.block(body),
    isModules ? held : outer.localRoots
  );
  flow.classBound = classBound;
  walk.owner = around;
  walk.className = className;
  if (isModules) {
    // What the body reads as a global, it may read again through the class: `madeFrom` keeps bases and decorators alive.
    if (bases) {
      made(walk, owner, bases);
    }
    decorators.forEach(each => made(walk, owner, each));
    named(body)
      .filter(each => !/^(function|decorated)_definition$/.test(each.type))
      .forEach(each => made(walk, owner, each));
  }
  bind(walk, name, 'class');
  shareWith(walk, owner, captured(walk, node), name);
  if (isModules) {
    // Class attributes are the class's own objects, or share those of names outside (`store = rows`).
    shareWith(walk, owner, [...new Set([...held.values()].flatMap(each => [...each]))], name);
  }
}
