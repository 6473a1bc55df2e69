import { isHistory } from '../history';
import { isGlobal } from '../scope';
import { child, named, type Node } from '../tree';
import type { Binding, BindingKind } from '../types';
import type { Walk } from './walk';

/** `name`, used where the walk is, is a name of the module. */
export function resolvesGlobal(walk: Walk, name: string): boolean {
  const { scope } = walk.frame;
  if (scope?.kind === 'class' && scope.locals.has(name) && !walk.flow.classBound.has(name)) {
    // A class body sees the module's name until it binds its own.
    return isGlobal(name, scope.parent);
  }
  return isGlobal(name, scope);
}

export function isParameter(walk: Walk, name: string): boolean {
  return walk.frame.code.parameters.includes(name);
}

/** The name is an import: a module, or something out of one. */
export function isModule(walk: Walk, name: string): boolean {
  return walk.known.has(name) && resolvesGlobal(walk, name);
}

/** Notes that a name is read, if it is the module's and not bound yet. */
export function read(walk: Walk, node: Node): void {
  const name = walk.text(node);
  const { frame, flow } = walk;
  if (!resolvesGlobal(walk, name) || name === '__debug__') {
    return;
  }
  if (frame.scope?.kind === 'class') {
    const isOwn = flow.classBound.has(name) && frame.scope.locals.has(name);
    if (isOwn || /^__(qualname|module|annotations)__$/.test(name)) {
      return;
    }
  }
  if (walk.isModuleTime && flow.bound.has(name)) {
    return;
  }
  frame.code.reads.push({
    name,
    at: walk.at(node),
    conditional: flow.depth > 0,
    guarded: flow.guards > 0
  });
  if (isHistory(name) && flow.guards === 0) {
    walk.historyReads.set(name, walk.at(node));
  }
}

/** Notes that a name is bound, if it is the module's. */
export function bind(
  walk: Walk,
  node: Node,
  kind: BindingKind,
  more: Pick<Binding, 'module' | 'attribute' | 'standsFor'> = {}
): void {
  bindName(walk, walk.text(node), node, kind, more);
}

/** The same for a name that does not stand in the text. */
export function bindName(
  walk: Walk,
  name: string,
  node: Node,
  kind: BindingKind,
  more: Pick<Binding, 'module' | 'attribute'> = {}
): void {
  const { frame, flow } = walk;
  if (frame.scope?.kind === 'class') {
    flow.classBound.add(name);
  }
  if (!resolvesGlobal(walk, name)) {
    return;
  }
  if (!walk.isModuleTime) {
    frame.code.binds.push({ name, kind: 'global-in-call', at: walk.at(node), certain: false });
    return;
  }
  if (kind !== 'import' && kind !== 'from-import') {
    walk.known.delete(name);
  }
  walk.top.code.binds.push({ name, kind, at: walk.at(node), certain: flow.depth === 0, ...more });
  flow.bound.add(name);
  flow.unbound.delete(name);
}

/** The first name of `a.b[c].d()`, if it starts with one. */
export function rootOf(walk: Walk, node: Node): string | undefined {
  switch (node.type) {
    case 'identifier':
      return walk.text(node);
    case 'attribute':
    case 'subscript':
    case 'call':
    case 'parenthesized_expression': {
      const first = named(node)[0];
      return first ? rootOf(walk, first) : undefined;
    }
    default:
      return undefined;
  }
}

/** `np.random.seed` → `numpy.random.seed`; undefined if the expression is no plain dotted name of an import or of a builtin. */
export function qualified(walk: Walk, node: Node): string | undefined {
  if (node.type === 'identifier') {
    const name = walk.text(node);
    return resolvesGlobal(walk, name)
      ? (walk.known.get(name) ?? (walk.flow.bound.has(name) ? undefined : name))
      : undefined;
  }
  const words: string[] = [];
  let at: Node | undefined = node;
  while (at?.type === 'attribute') {
    words.unshift(lastWord(walk, at));
    at = child(at, 'object');
  }
  if (at?.type !== 'identifier' || !walk.known.has(walk.text(at))) {
    return undefined;
  }
  const root = qualified(walk, at);
  return root === undefined ? undefined : [root, ...words].join('.');
}

/** `c` of `a.b.c`. */
export function lastWord(walk: Walk, node: Node): string {
  const attribute = child(node, 'attribute');
  return attribute ? walk.text(attribute) : node.type === 'identifier' ? walk.text(node) : '';
}
