import { bearsState, channelOfTarget } from '../effects';
import { targetNames } from '../scope';
import { child, children, named, type Node } from '../tree';
import type { BindingKind, Change } from '../types';
import { change, changeSharing, dynamicCode, effect } from './changes';
import { showsPath } from './file-effects';
import { annotation } from './functions';
import { bind, isModule, lastWord, qualified, read, resolvesGlobal, rootOf } from './names';
import { alias, made, roots, shareWith } from './sharing';
import type { Walk } from './walk';

/** What gives figures and axes. */
const FIGURES =
  /(?:^|\.)(?:subplots|subplot|subplot_mosaic|subplot2grid|figure|axes|gca|gcf|add_subplot|add_axes|twinx|twiny|inset_axes)$/;

/** `a = b = value`, `x: int = value`. */
export function assignment(walk: Walk, node: Node): void {
  const left = child(node, 'left');
  const right = child(node, 'right');
  const type = child(node, 'type');
  annotation(walk, type);
  if (!left || !right) {
    return;
  }
  const targets = [left];
  let value = right;
  while (value.type === 'assignment') {
    const inner = child(value, 'left');
    const next = child(value, 'right');
    if (!inner || !next) {
      break;
    }
    targets.push(inner);
    value = next;
  }
  walk.expression(value, targets);
  const shared = roots(walk, value);
  for (const target of targets) {
    assignTo(walk, target, type ? 'annotated' : 'assign', shared, value);
  }
  for (const target of targets.filter(each => each.type === 'identifier')) {
    for (const root of elementRoots(walk, value)) {
      const name = walk.text(target);
      if (name !== root && resolvesGlobal(walk, name)) {
        walk.aliases.push({ names: [name, root], at: walk.at(target), elements: true });
      }
    }
  }
  const names = targets.flatMap(each => targetNames(each).map(name => walk.text(name)));
  const callee = value.type === 'call' ? child(value, 'function') : undefined;
  if (callee && FIGURES.test(walk.text(callee))) {
    names.forEach(each => walk.figures.add(each));
  }
  // A figure and its axes are one object with parts.
  if (callee && /(?:^|\.)(?:subplots|subplot_mosaic)$/.test(walk.text(callee))) {
    for (const target of targets) {
      const parts = targetNames(target);
      parts
        .slice(1)
        .forEach(each =>
          alias(walk, walk.text(parts[0]), walk.text(each), parts[parts.length - 1])
        );
    }
  }
  for (const name of names.slice(1)) {
    if (targets.length > 1) {
      alias(walk, names[0], name, targets[targets.length - 1]);
    }
  }
}

/** Names of the module whose elements a new container takes over: joined, repeated or copied, not looked into. */
function elementRoots(walk: Walk, value: Node): readonly string[] {
  const global = (node: Node) => roots(walk, node).filter(each => resolvesGlobal(walk, each));
  switch (value.type) {
    case 'parenthesized_expression':
      return named(value).flatMap(each => elementRoots(walk, each));
    case 'binary_operator':
      return named(value).flatMap(each => [...global(each), ...elementRoots(walk, each)]);
    case 'call': {
      const callee = child(value, 'function');
      const list = child(value, 'arguments');
      const isCopy = callee !== undefined && lastWord(walk, callee) === 'copy';
      const receiver = callee && child(callee, 'object');
      return isCopy
        ? [receiver, ...(list ? named(list) : [])].flatMap(each => (each ? global(each) : []))
        : [];
    }
    default:
      return [];
  }
}

/** `x += value`: changes the object in place, or binds the name to another. */
export function augmentedAssignment(walk: Walk, node: Node): void {
  const left = child(node, 'left');
  const right = child(node, 'right');
  if (!left || !right) {
    return;
  }
  walk.expression(right);
  if (left.type === 'identifier') {
    const name = walk.text(left);
    read(walk, left);
    change(walk, name, left, 'augassign');
    bind(walk, left, 'augassign');
    made(walk, name, right);
    shareWith(walk, name, roots(walk, right), node);
  } else {
    storeInto(walk, left, roots(walk, right), right, 'augassign');
  }
}

/** Binds, or changes through attributes and items, a target that gets a value which shares objects with these names. */
export function assignTo(
  walk: Walk,
  target: Node,
  kind: BindingKind,
  shared: readonly string[],
  value?: Node
): void {
  switch (target.type) {
    case 'identifier': {
      const name = walk.text(target);
      const standsFor = value && dottedName(walk, value);
      bind(walk, target, kind, standsFor === undefined ? {} : { standsFor });
      const dotted =
        value && qualified(walk, value.type === 'call' ? (named(value)[0] ?? value) : value);
      if (standsFor !== undefined && dotted !== undefined && bearsState(dotted)) {
        walk.known.set(name, dotted);
      }
      shareWith(walk, name, shared, target);
      if (value) {
        made(walk, name, value);
        if (showsPath(walk, value)) {
          walk.paths.add(name);
        }
      }
      return;
    }
    case 'attribute':
    case 'subscript':
      storeInto(walk, target, shared, value);
      return;
    default:
      named(target).forEach(each => assignTo(walk, each, kind, shared, value));
  }
}

/** `a.b = v`, `a[i] = v`: changes the object behind `a` and shares `v` with it. */
function storeInto(
  walk: Walk,
  target: Node,
  shared: readonly string[],
  value?: Node,
  how?: Change['how']
): void {
  const object = child(target, 'object') ?? child(target, 'value');
  if (!object) {
    return;
  }
  walk.expression(object);
  children(target, 'subscript').forEach(each => walk.expression(each));
  const owner = qualified(walk, object);
  const channel =
    owner === undefined ? undefined : channelOfTarget(`${owner}.${lastWord(walk, target)}`);
  const root = rootOf(walk, object);
  if (target.type === 'attribute' && lastWord(walk, target) === 'propagate') {
    // A logger's, which is pickled by its name.
    effect(walk, 'logging', 'change', target, walk.text(target));
  }
  if (channel !== undefined) {
    const access = channel === 'sys.path' ? 'set' : 'change';
    effect(walk, channel, access, target, walk.text(target));
    return;
  }
  // What a call gives is the library's to say: `decimal.getcontext()` is known as an effect of its own.
  if (
    root !== undefined &&
    isModule(walk, root) &&
    !isOfCall(object) &&
    qualified(walk, object) !== '__main__'
  ) {
    effect(walk, 'patch', 'change', target, walk.text(target));
    change(walk, root, target, 'attribute', walk.text(target));
    return;
  }
  const callee = object.type === 'call' ? child(object, 'function') : undefined;
  if (callee?.type === 'identifier' && walk.text(callee) === 'globals') {
    dynamicCode(walk, 'globals()[…] =', target, false, true);
  }
  const instance = instanceBehind(walk, object);
  if (instance) {
    changeSharing(walk, instance, target, 'attribute', '__class__');
  }
  changeSharing(walk, object, target, how ?? (target.type === 'attribute' ? 'attribute' : 'item'));
  for (const name of roots(walk, object)) {
    shareWith(walk, name, shared, target);
    if (value) {
      made(walk, name, value);
    }
  }
}

/** `random.random` of itself, `decimal.getcontext` of `decimal.getcontext()`: a dotted name that may stand for more than a value. */
function dottedName(walk: Walk, value: Node): string | undefined {
  const isContext = value.type === 'call' && /\bgetcontext\(\)$/.test(walk.text(value));
  const text = walk.text(isContext ? (named(value)[0] ?? value) : value);
  const isDotted = value.type === 'attribute' || value.type === 'identifier' || isContext;
  return isDotted && /^[^\W\d]\w*(\.\w+)*$/.test(text) ? text : undefined;
}

/** Some part of `a.b().c` is a call. */
function isOfCall(node: Node): boolean {
  const [first] = named(node);
  return node.type === 'call' || (first !== undefined && isOfCall(first));
}

/** `x` of `type(x)` and of `x.__class__`: a change of these is a change of x's class. */
function instanceBehind(walk: Walk, object: Node): Node | undefined {
  if (object.type === 'attribute' && lastWord(walk, object) === '__class__') {
    return child(object, 'object');
  }
  const list = object.type === 'call' ? child(object, 'arguments') : undefined;
  const callee = child(object, 'function');
  return list && callee?.type === 'identifier' && walk.text(callee) === 'type'
    ? named(list)[0]
    : undefined;
}

/** `del x`, `del x[0]`. */
export function deleteTarget(walk: Walk, target: Node): void {
  switch (target.type) {
    case 'identifier': {
      const name = walk.text(target);
      const { flow } = walk;
      read(walk, target);
      if (resolvesGlobal(walk, name) && walk.isAtTop) {
        walk.deletes.push({ name, at: walk.at(target), certain: flow.depth === 0 });
        flow.bound.delete(name);
        flow.unbound.add(name);
      } else if (resolvesGlobal(walk, name) && !walk.isModuleTime) {
        // A function that deletes a global: who calls it leaves the name with or without a value.
        bind(walk, target, 'global-in-call');
      }
      return;
    }
    case 'attribute':
    case 'subscript':
      storeInto(walk, target, [], undefined, 'delete-item');
      return;
    default:
      named(target).forEach(each => deleteTarget(walk, each));
  }
}
