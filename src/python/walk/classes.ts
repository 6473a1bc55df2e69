import { scopeOf } from '../scope';
import { child, named, type Node } from '../tree';
import { argumentList } from './calls';
import { functionDefinition, withTypeParameters } from './functions';
import { bind } from './names';
import { captured, made, shareWith } from './sharing';
import type { Walk } from './walk';

/** `class C(B): …`: its body runs at once, its methods later. */
export function classDefinition(walk: Walk, node: Node, decorators: readonly Node[]): void {
  const name = child(node, 'name');
  const bases = child(node, 'superclasses');
  if (bases) {
    withTypeParameters(walk, node, () => argumentList(walk, bases));
  }
  const body = child(node, 'body');
  if (!name || !body) {
    return;
  }
  const owner = walk.text(name);
  const { frame: outer, className, flow } = walk;
  const { classBound } = flow;
  walk.className = owner;
  flow.classBound = new Set();
  walk.inScope(scopeOf(walk.text, node, outer.scope), () => {
    for (const each of named(body)) {
      const definition = each.type === 'decorated_definition' ? child(each, 'definition') : each;
      if (definition?.type === 'function_definition' && outer.scope === undefined) {
        methodDefinition(walk, definition, each, owner);
      } else {
        walk.statement(each);
      }
    }
  });
  flow.classBound = classBound;
  walk.className = className;
  if (outer.scope === undefined) {
    // What the body reads as a global, it may read again through the class: `madeFrom` keeps bases and decorators alive.
    if (bases) {
      made(walk, owner, bases);
    }
    decorators.forEach(each => made(walk, owner, each));
  }
  bind(walk, name, 'class');
  shareWith(walk, owner, captured(walk, node), name);
}

/** @param decorated the definition with its decorators, if it has any */
function methodDefinition(walk: Walk, definition: Node, decorated: Node, owner: string): void {
  for (const decorator of decorated.children.filter(part => part.type === 'decorator')) {
    named(decorator).forEach(part => walk.expression(part));
  }
  functionDefinition(walk, definition, [], owner);
  const method = child(definition, 'name');
  if (method) {
    walk.flow.classBound.add(walk.text(method));
  }
}
