import {
  ABSORBING_METHODS,
  ARGUMENT_CHANGERS,
  BUILTIN_CALLS,
  DRAWING_KEYWORDS,
  FRESH_FUNCTIONS,
  READING_METHODS
} from '../knowledge';
import { child, named, rangeOf, type Node } from '../tree';
import { callEffects, specialCall } from './call-effects';
import { change, changeSharing } from './changes';
import { comprehension } from './comprehensions';
import { laterCode } from './functions';
import { isModule, lastWord, qualified, resolvesGlobal, rootOf } from './names';
import { roots, shareWith, sharing } from './sharing';
import type { Walk } from './walk';

/** @param targets what the call's value is assigned to */
export function call(walk: Walk, node: Node, targets: readonly Node[]): void {
  const callee = child(node, 'function');
  const list = child(node, 'arguments');
  if (!callee) {
    return;
  }
  walk.expression(callee);
  if (list) {
    argumentList(walk, list, targets);
  }
  const values = list ? (list.type === 'generator_expression' ? [list] : named(list)) : [];
  const keywords = new Map(
    values
      .filter(each => each.type === 'keyword_argument')
      .map(each => [walk.text(child(each, 'name') as Node), child(each, 'value') as Node])
  );
  const root = rootOf(walk, callee);
  const dotted = qualified(walk, callee);
  const receiver = callee.type === 'attribute' ? child(callee, 'object') : undefined;
  const isMethod =
    receiver !== undefined &&
    !(root !== undefined && isModule(walk, root) && qualified(walk, receiver) !== undefined);
  const last = lastWord(walk, callee);
  const spelled = dotted ?? (isMethod ? `${root ?? ''}.${last}` : last);

  if (isMethod && receiver) {
    methodCall(walk, node, receiver, last, values, keywords);
  } else {
    functionCall(walk, node, callee);
  }
  changedArguments(walk, node, spelled, isMethod, values, keywords);
  callEffects(walk, { node, callee, spelled, isMethod, values, keywords });
  specialCall(walk, { node, callee, spelled, isMethod, values, keywords }, targets);
  noteCall(walk, node, callee, root, values, targets);
}

/** The arguments of a call, or the bases of a class. @param targets what the call's value is assigned to */
export function argumentList(walk: Walk, list: Node, targets: readonly Node[] = []): void {
  if (list.type === 'generator_expression') {
    comprehension(walk, list);
    return;
  }
  walk.argumentDepth += 1;
  for (const each of named(list)) {
    walk.expression(each, each.type === 'generator_expression' ? [] : targets);
  }
  walk.argumentDepth -= 1;
}

/** A method changes its receiver unless it is known not to. */
function methodCall(
  walk: Walk,
  node: Node,
  receiver: Node,
  method: string,
  values: readonly Node[],
  keywords: ReadonlyMap<string, Node>
): void {
  const inplace = keywords.get('inplace');
  const explicit = inplace !== undefined && walk.text(inplace) !== 'False';
  if (READING_METHODS.has(method) && !explicit) {
    return;
  }
  changeSharing(walk, receiver, node, 'method', method);
  if (walk.isAtTop) {
    // The receiver may keep a lambda and call it later: `button.on_click(lambda: …)`.
    const owners = roots(walk, receiver);
    for (const each of values.flatMap(lambdasIn)) {
      owners.forEach(owner => laterCode(walk, each, owner));
    }
  }
  if (ABSORBING_METHODS.has(method)) {
    for (const name of sharing(walk, receiver)) {
      shareWith(
        walk,
        name,
        values.flatMap(each => roots(walk, each)),
        node
      );
    }
  }
}

/** Lambdas that are handed over as they are, or in a list, a dict or a keyword. */
function lambdasIn(node: Node): readonly Node[] {
  switch (node.type) {
    case 'lambda':
      return [node];
    case 'keyword_argument':
    case 'list':
    case 'tuple':
    case 'dictionary':
    case 'pair':
      return named(node).flatMap(lambdasIn);
    default:
      return [];
  }
}

/** A call of a notebook's function or instance may change what it holds. */
function functionCall(walk: Walk, node: Node, callee: Node): void {
  if (callee.type === 'identifier') {
    const name = walk.text(callee);
    if (resolvesGlobal(walk, name)) {
      walk.frame.code.calls.add(name);
      if (!walk.known.has(name) && !BUILTIN_CALLS.has(name) && !FRESH_FUNCTIONS.has(name)) {
        change(walk, name, callee, 'call', name);
      }
    }
  } else if (callee.type === 'subscript' || callee.type === 'call') {
    changeSharing(walk, callee, node, 'call');
  }
}

/** Functions of libraries that are known to change an argument. */
function changedArguments(
  walk: Walk,
  node: Node,
  spelled: string,
  isMethod: boolean,
  values: readonly Node[],
  keywords: ReadonlyMap<string, Node>
): void {
  const changed = ARGUMENT_CHANGERS[spelled];
  const positional = values.filter(each => each.type !== 'keyword_argument');
  if (changed !== undefined && positional[changed]) {
    changeSharing(walk, positional[changed], node, 'argument', spelled);
  }
  for (const [keyword, value] of keywords) {
    if (DRAWING_KEYWORDS.has(keyword)) {
      changeSharing(walk, value, node, 'argument', spelled);
    }
  }
  const inplace = keywords.get('inplace');
  if (inplace && walk.text(inplace) === 'True' && !isMethod && positional[0]) {
    changeSharing(walk, positional[0], node, 'argument', spelled);
  }
}

/** Notes a call at module level, for closures through notebook functions; in a function only whom it calls. */
function noteCall(
  walk: Walk,
  node: Node,
  callee: Node,
  root: string | undefined,
  values: readonly Node[],
  targets: readonly Node[]
): void {
  if (root === undefined || !resolvesGlobal(walk, root)) {
    return;
  }
  if (walk.frame.scope?.kind === 'function') {
    walk.frame.code.calls.add(root);
    return;
  }
  const path = walk
    .text(callee)
    .split('.')
    .slice(1)
    .map(each => each.replace(/[^\w].*$/s, ''));
  walk.calls.push({
    root,
    path: callee.type === 'identifier' ? [] : path,
    arguments: values.map(each => {
      const keyword = child(each, 'name');
      const value = each.type === 'keyword_argument' ? child(each, 'value') : each;
      return {
        ...(each.type === 'keyword_argument' && keyword ? { keyword: walk.text(keyword) } : {}),
        names: value ? roots(walk, value).filter(name => resolvesGlobal(walk, name)) : []
      };
    }),
    at: rangeOf(node),
    conditional: walk.flow.depth > 0,
    targets: targets.filter(each => each.type === 'identifier').map(each => walk.text(each))
  });
}
