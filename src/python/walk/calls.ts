import {
  ABSORBING_METHODS,
  ARGUMENT_CHANGERS,
  BUILTIN_CALLS,
  DRAWING_KEYWORDS,
  FRESH_FUNCTIONS,
  READING_METHODS
} from '../knowledge';
import { child, named, type Node } from '../tree';
import { callEffects, specialCall } from './call-effects';
import { change, changeSharing, effect } from './changes';
import { comprehension } from './comprehensions';
import { laterCode } from './functions';
import { isModule, lastWord, qualified, resolvesGlobal, rootOf } from './names';
import { made, roots, shareWith, sharing } from './sharing';
import type { Walk } from './walk';

/** @param targets what the call's value is assigned to */
export function call(walk: Walk, node: Node, targets: readonly Node[]): void {
  const callee = child(node, 'function');
  const list = child(node, 'arguments');
  if (!callee) {
    return;
  }
  walk.expression(callee);
  const values = list ? (list.type === 'generator_expression' ? [list] : named(list)) : [];
  if (list) {
    const outer = walk.besideLambdas;
    walk.besideLambdas = besideLambdas(walk, callee, values);
    argumentList(walk, list, targets);
    walk.besideLambdas = outer;
  }
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
    functionCall(walk, node, callee, values);
  }
  changedArguments(walk, node, spelled, isMethod, values, keywords);
  callEffects(walk, { node, callee, spelled, isMethod, values, keywords });
  specialCall(walk, { node, callee, spelled, isMethod, values, keywords }, targets);
  noteCall(walk, node, callee, root, values, targets);
}

/** Names whose objects a lambda among the arguments may be called with: of what is handed over beside it, and of the receiver. */
function besideLambdas(walk: Walk, callee: Node, values: readonly Node[]): ReadonlySet<string> {
  const others = values.filter(each => lambdasIn(each).length === 0);
  if (others.length === values.length) {
    return new Set();
  }
  const receiver = callee.type === 'attribute' ? child(callee, 'object') : undefined;
  return new Set([...(receiver ? [receiver] : []), ...others].flatMap(each => roots(walk, each)));
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
  if (READING_METHODS.has(method) && !explicit && !isDrawnOn(walk, receiver, method)) {
    return;
  }
  changeSharing(walk, receiver, node, 'method', method);
  keepLambdas(walk, roots(walk, receiver), values);
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

/** `frame.plot()` reads the frame, `ax.plot(x)` changes the axes. */
function isDrawnOn(walk: Walk, receiver: Node, method: string): boolean {
  const root = method.includes('plot') ? rootOf(walk, receiver) : undefined;
  return root !== undefined && (walk.figures.has(root) || walk.around.figures.has(root));
}

/** A receiver or a function may keep the lambdas that it is given and call them later: `button.on_click(lambda: …)`. */
function keepLambdas(walk: Walk, owners: readonly string[], values: readonly Node[]): void {
  for (const each of walk.isAtTop ? values.flatMap(lambdasIn) : []) {
    owners.forEach(owner => laterCode(walk, each, owner));
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
function functionCall(walk: Walk, node: Node, callee: Node, values: readonly Node[]): void {
  if (callee.type === 'identifier') {
    const name = walk.text(callee);
    if (resolvesGlobal(walk, name)) {
      walk.frame.code.calls.add(name);
      if (!walk.known.has(name) && !BUILTIN_CALLS.has(name) && !FRESH_FUNCTIONS.has(name)) {
        change(walk, name, callee, 'call', name);
        keepLambdas(walk, [name], values);
      }
    }
    return;
  }
  if (callee.type === 'subscript' || callee.type === 'call') {
    changeSharing(walk, callee, node, 'call');
  }
  const root = rootOf(walk, callee);
  if (callee.type !== 'attribute' && !(root !== undefined && isModule(walk, root))) {
    // `(lambda rows: rows.append(1))(rows)`, `tools[0](rows)`: who is called has no name to look it up by.
    values.forEach(each => changeSharing(walk, each, node, 'argument'));
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
    const root = rootOf(walk, positional[changed]);
    if (/^(set|del)attr$/.test(spelled) && root !== undefined && isModule(walk, root)) {
      const name = /^['"](\w+)['"]$/.exec(positional[1] ? walk.text(positional[1]) : '')?.[1];
      const what = walk.text(positional[changed]);
      effect(walk, 'patch', 'change', node, name === undefined ? what : `${what}.${name}`);
    }
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

/** `@decorator` calls it with what it stands before. */
export function decoratorCall(walk: Walk, decorator: Node, target: Node): void {
  const [callee] = named(decorator);
  const root = callee && rootOf(walk, callee);
  if (root === undefined || !resolvesGlobal(walk, root) || !walk.isAtTop) {
    return;
  }
  const name = walk.text(target);
  const dotted = qualified(
    walk,
    callee.type === 'call' ? (child(callee, 'function') ?? callee) : callee
  );
  if (dotted !== undefined && /\.register_\w+$/.test(dotted) && isModule(walk, root)) {
    effect(walk, 'patch', 'change', decorator, walk.text(callee));
    if (dotted.startsWith('IPython.')) {
      walk.needsIPython ??= { what: `@${walk.text(callee)}`, at: walk.at(decorator) };
    }
  }
  if (!isModule(walk, root)) {
    const isPlain = callee.type === 'identifier';
    change(walk, root, decorator, isPlain ? 'call' : 'method', lastWord(walk, callee));
    if (!isPlain) {
      // `@app.route('/')`: what `app` gives takes the function, and `app` may keep it.
      shareWith(walk, root, [name], decorator);
      made(walk, root, target);
    }
  }
  walk.calls.push({
    root,
    path: dottedPath(walk, callee),
    arguments: [{ names: [name] }],
    at: walk.at(decorator),
    conditional: walk.flow.depth > 0,
    targets: [name]
  });
}

/** `['b', 'c']` of `a.b.c` and of `a.b.c()`. */
function dottedPath(walk: Walk, callee: Node): readonly string[] {
  const words = walk.text(callee).split('.').slice(1);
  return words.map(each => each.replace(/[^\w].*$/s, ''));
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
  walk.calls.push({
    root,
    path: dottedPath(walk, callee),
    arguments: values.map(each => {
      const keyword = child(each, 'name');
      const value = each.type === 'keyword_argument' ? child(each, 'value') : each;
      return {
        ...(each.type === 'keyword_argument' && keyword ? { keyword: walk.text(keyword) } : {}),
        names: value ? roots(walk, value).filter(name => resolvesGlobal(walk, name)) : []
      };
    }),
    at: walk.at(node),
    conditional: walk.flow.depth > 0,
    targets: targets.filter(each => each.type === 'identifier').map(each => walk.text(each))
  });
}
