import { isComprehension } from '../scope';
import { child, named, type Node } from '../tree';
import { assignment, assignTo, augmentedAssignment } from './assignments';
import { call } from './calls';
import { dynamicCode, effect } from './changes';
import { comprehension, generator } from './comprehensions';
import { maybe } from './flow';
import { lambda } from './functions';
import { isModule, qualified, read } from './names';
import { givesBack, roots } from './sharing';
import type { Walk } from './walk';

/** Expressions whose value is one of their parts, so that a target of theirs is a target of the part. */
const PASSES_ON = new Set([
  'parenthesized_expression',
  'dictionary',
  'pair',
  'list',
  'tuple',
  'expression_list',
  'set',
  'binary_operator',
  'list_splat',
  'dictionary_splat'
]);

/** @param targets what the expression's value is assigned to */
export function expression(walk: Walk, node: Node, targets: readonly Node[]): void {
  switch (node.type) {
    case 'identifier':
      read(walk, node);
      if (walk.known.get(walk.text(node)) === '__main__' && isModule(walk, walk.text(node))) {
        dynamicCode(walk, '__main__', node, true, true);
      }
      return;
    case 'subscript': {
      const [modules, key] = named(node);
      if (
        qualified(walk, modules) === 'sys.modules' &&
        /^(["'])__main__\1$|^__name__$/.test(key ? walk.text(key) : '')
      ) {
        dynamicCode(walk, walk.text(node), node, true, true);
      }
      named(node).forEach(each => walk.expression(each, targets));
      return;
    }
    case 'attribute':
      walk.expression(child(node, 'object'));
      noteAttribute(walk, node);
      return;
    case 'call':
      call(walk, node, targets);
      return;
    case 'keyword_argument': {
      const value = child(node, 'value');
      walk.expression(value, value?.type === 'lambda' ? targets : []);
      return;
    }
    case 'lambda':
      lambda(walk, node, targets);
      return;
    case 'named_expression': {
      const [name, value] = named(node);
      if (value) {
        walk.expression(value);
        assignTo(walk, name, 'walrus', roots(walk, value), value);
      }
      return;
    }
    case 'boolean_operator': {
      const [left, right] = named(node);
      walk.expression(left, targets);
      if (right) {
        maybe(walk, () => walk.expression(right, targets));
      }
      return;
    }
    case 'conditional_expression': {
      const [first, condition, last] = named(node);
      walk.expression(condition);
      maybe(walk, () => walk.expression(first, targets));
      maybe(walk, () => walk.expression(last, targets));
      return;
    }
    case 'yield':
      for (const each of named(node)) {
        walk.expression(each);
        givesBack(walk, each);
      }
      return;
    case 'await':
      if (walk.isAtTop) {
        walk.topLevelAwait = true;
      }
      named(node).forEach(each => walk.expression(each));
      return;
    case 'interpolation':
    case 'format_expression':
      interpolation(walk, node);
      return;
    case 'assignment':
      assignment(walk, node);
      return;
    case 'augmented_assignment':
      augmentedAssignment(walk, node);
      return;
    case 'generator_expression':
      generator(walk, node, targets);
      return;
    default:
      if (isComprehension(node)) {
        comprehension(walk, node, targets);
      } else {
        const passed = PASSES_ON.has(node.type) ? targets : [];
        named(node).forEach(each => walk.expression(each, passed));
      }
  }
}

/** `f"{x:=5}"` parses as a walrus, but is a read of `x` with the format `=5`. */
function interpolation(walk: Walk, node: Node): void {
  const value = child(node, 'expression') ?? named(node)[0];
  walk.expression(value?.type === 'named_expression' ? named(value)[0] : value);
  named(node)
    .filter(each => each !== value)
    .forEach(each => walk.expression(each));
}

/** `os.environ["X"]` reads the environment even without a call. */
function noteAttribute(walk: Walk, node: Node): void {
  if (qualified(walk, node) === 'os.environ') {
    effect(walk, 'environ', 'read', node, walk.text(node));
  }
}
