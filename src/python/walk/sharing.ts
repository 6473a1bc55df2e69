import { BUILTIN_CALLS, FRESH_ATTRIBUTES, FRESH_FUNCTIONS, FRESH_METHODS } from '../knowledge';
import { isComprehension, targetNames } from '../scope';
import { child, named, type Node } from '../tree';
import { isModule, isParameter, lastWord, resolvesGlobal, qualified } from './names';
import type { Walk } from './walk';

/** Names outside whose objects an expression's value may share: the careful answer. */
export function roots(walk: Walk, node: Node): readonly string[] {
  return sharing(walk, node)
    .flatMap(name => expand(walk, name))
    .filter(name => !isModule(walk, name));
}

/** A local name as the outer names that it may share objects with; others as they are. */
export function expand(walk: Walk, name: string): readonly string[] {
  if (resolvesGlobal(walk, name) || isParameter(walk, name)) {
    return [name];
  }
  return [...(walk.frame.localRoots.get(name) ?? [])];
}

/** Names, local ones too, whose objects an expression's value may share. */
export function sharing(walk: Walk, node: Node): readonly string[] {
  switch (node.type) {
    case 'identifier':
      return [walk.text(node)];
    case 'attribute': {
      const object = child(node, 'object');
      return object && !FRESH_ATTRIBUTES.has(lastWord(walk, node)) ? sharing(walk, object) : [];
    }
    case 'subscript': {
      const value = child(node, 'value');
      return value ? sharing(walk, value) : [];
    }
    case 'call':
      return sharingOfCall(walk, node);
    case 'binary_operator':
      // Arithmetic makes new objects; joined displays keep their elements.
      return named(node)
        .filter(each => ['list', 'tuple', 'dictionary', 'set'].includes(each.type))
        .flatMap(each => sharing(walk, each));
    case 'comparison_operator':
    case 'not_operator':
    case 'unary_operator':
    case 'string':
    case 'concatenated_string':
    case 'integer':
    case 'float':
    case 'true':
    case 'false':
    case 'none':
    case 'type':
      return [];
    case 'lambda':
      return captured(walk, node);
    case 'keyword_argument': {
      const value = child(node, 'value');
      return value ? sharing(walk, value) : [];
    }
    case 'named_expression':
      return named(node).flatMap(each => sharing(walk, each));
    default:
      return isComprehension(node)
        ? sharingOfComprehension(walk, node)
        : named(node).flatMap(each => sharing(walk, each));
  }
}

function sharingOfCall(walk: Walk, node: Node): readonly string[] {
  const callee = child(node, 'function');
  const list = child(node, 'arguments');
  if (!callee) {
    return [];
  }
  const last = lastWord(walk, callee);
  const values = list ? (list.type === 'generator_expression' ? [list] : named(list)) : [];
  const passed = () => values.flatMap(each => sharing(walk, each));
  if (walk.around.fresh.has(last)) {
    return [];
  }
  if (callee.type === 'identifier') {
    if (FRESH_FUNCTIONS.has(last) || (FRESH_METHODS.has(last) && walk.known.has(last))) {
      return [];
    }
    return BUILTIN_CALLS.has(last) ? passed() : [last, ...passed()];
  }
  if (/^numpy\.(array_|[hvd])?split$/.test(qualified(walk, callee) ?? '')) {
    // Views; the `split` of a text is none.
    return passed();
  }
  if (FRESH_METHODS.has(last)) {
    return [];
  }
  const receiver = child(callee, 'object') ?? callee;
  return [...sharing(walk, receiver), ...passed()];
}

/** Names of the function around that a function, lambda or class inside it holds on to: it may give out their objects when it is called. */
export function captured(walk: Walk, node: Node): readonly string[] {
  if (walk.frame.scope?.kind !== 'function') {
    return [];
  }
  const found = new Set<string>();
  const visit = (each: Node): void => {
    if (each.type === 'identifier') {
      found.add(walk.text(each));
    }
    each.children.forEach(visit);
  };
  const body = child(node, 'body');
  if (body) {
    visit(body);
  }
  return [...found].filter(name => !resolvesGlobal(walk, name));
}

function sharingOfComprehension(walk: Walk, node: Node): readonly string[] {
  const inner = new Set<string>();
  const outer: string[] = [];
  for (const clause of node.children.filter(each => each.type === 'for_in_clause')) {
    const left = child(clause, 'left');
    const right = child(clause, 'right');
    (left ? targetNames(left) : []).forEach(name => inner.add(walk.text(name)));
    outer.push(...(right ? sharing(walk, right) : []));
  }
  const body = child(node, 'body') ?? named(node)[0];
  const shared = body ? sharing(walk, body) : [];
  return [
    ...shared.filter(name => !inner.has(name)),
    ...(shared.some(name => inner.has(name)) ? outer : [])
  ];
}

/** From here on the object behind `name` may share with those behind `others`. */
export function shareWith(walk: Walk, name: string, others: readonly string[], at: Node): void {
  const outer = others.flatMap(each => expand(walk, each));
  if (!resolvesGlobal(walk, name) && !isParameter(walk, name)) {
    const { localRoots } = walk.frame;
    const known = localRoots.get(name) ?? new Set<string>();
    outer.forEach(each => known.add(each));
    localRoots.set(name, known);
    return;
  }
  for (const each of outer) {
    alias(walk, name, each, at);
  }
}

/** Notes that two names outside may share objects. */
export function alias(walk: Walk, a: string, b: string, at: Node): void {
  if (isModule(walk, a) || isModule(walk, b)) {
    return;
  }
  // A name that shares with itself (`x = f(x)`) keeps what it shared before: told to the graph as a pair of its own.
  const [ofA, ofB] = [isParameter(walk, a), isParameter(walk, b)];
  if (!ofA && !ofB) {
    walk.aliases.push({ names: [a, b], at: walk.at(at) });
  } else if (ofA && ofB) {
    walk.frame.code.sharesParameters = true;
  } else {
    walk.frame.code.sharesWithGlobals.add(ofA ? b : a);
  }
}

/** A function gives back what may share objects with its arguments or with globals. */
export function givesBack(walk: Walk, value: Node): void {
  for (const name of roots(walk, value)) {
    if (isParameter(walk, name)) {
      walk.frame.code.returnsParameters = true;
    } else {
      walk.frame.code.returnsGlobals.add(name);
    }
  }
}

/** Notes what a global's value was made from: every global that the expression mentions. */
export function made(walk: Walk, name: string, value: Node): void {
  if (!resolvesGlobal(walk, name)) {
    return;
  }
  const from = walk.madeFrom.get(name) ?? new Set<string>();
  const visit = (node: Node): void => {
    if (node.type === 'identifier') {
      const word = walk.text(node);
      if (resolvesGlobal(walk, word) && word !== name) {
        from.add(word);
      }
      return;
    }
    if (node.type === 'call' && isPlainResult(walk, node)) {
      return;
    }
    for (const each of node.children) {
      const isWord =
        (node.type === 'attribute' && each.field === 'attribute') ||
        (node.type === 'keyword_argument' && each.field === 'name');
      if (!isWord) {
        visit(each);
      }
    }
  };
  visit(value);
  walk.madeFrom.set(name, from);
}

/** A call whose value is a number, a text or the like, or data without code: it carries nothing of what it was made from. */
function isPlainResult(walk: Walk, node: Node): boolean {
  const callee = child(node, 'function');
  const last = callee ? lastWord(walk, callee) : '';
  return callee?.type === 'identifier' ? FRESH_FUNCTIONS.has(last) : FRESH_METHODS.has(last);
}
