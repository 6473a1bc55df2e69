import { parametersOf, scopeOf, targetNames, typeParametersOf, typeScopeOf } from '../scope';
import { child, named, type Node } from '../tree';
import type { LaterCode } from '../types';
import { guarded } from './flow';
import { firstReads, newCode, newFlow } from './frame';
import { bind, resolvesGlobal, rootOf } from './names';
import { captured, givesBack, made, roots, shareWith } from './sharing';
import type { Walk } from './walk';

/** `def f(…): …`, of a method too. */
export function functionDefinition(walk: Walk, node: Node, decorators: readonly Node[]): void {
  const name = child(node, 'name');
  defaults(walk, node);
  withTypeParameters(walk, node, () => {
    parametersIn(node).forEach(each => annotation(walk, child(each, 'type')));
    annotation(walk, child(node, 'return_type'));
  });
  if (!name) {
    return;
  }
  const owner = walk.text(name);
  if (walk.owner === undefined) {
    laterCode(walk, node, owner);
  } else {
    const written = walk.source.slice(name.start, name.end);
    laterCode(walk, node, walk.owner, { class: walk.owner, name: written });
  }
  bind(walk, name, 'def');
  shareWith(walk, owner, [...defaultRoots(walk, node), ...captured(walk, node)], name);
  decorators.forEach(each => made(walk, owner, each));
}

/** @param targets what the lambda is assigned to */
export function lambda(walk: Walk, node: Node, targets: readonly Node[]): void {
  defaults(walk, node);
  const owners = targets.flatMap(each => targetNames(each).map(name => walk.text(name)));
  const stored = targets
    .filter(each => each.type === 'attribute' || each.type === 'subscript')
    .flatMap(each => rootOf(walk, each) ?? []);
  const all = [...owners, ...stored].filter(name => resolvesGlobal(walk, name));
  if (all.length > 0 && walk.isModuleTime) {
    all.forEach(owner => laterCode(walk, node, owner));
    if (walk.argumentDepth === 0) {
      return;
    }
  }
  if (walk.owner !== undefined && walk.isModuleTime) {
    const { owner } = walk;
    owners.forEach(name => laterCode(walk, node, owner, { class: owner, name }));
  }
  // Handed to something that may call it at once, with what is handed over beside it: what it reads should be there, but need not.
  const locals = new Map(walk.frame.localRoots);
  parametersOf(walk.text, node).forEach(name => locals.set(name, new Set(walk.besideLambdas)));
  guarded(walk, () => {
    walk.flow.depth += 1;
    walk.inScope(
      scopeOf(walk.text, node, walk.frame.scope),
      () => walk.expression(child(node, 'body')),
      locals
    );
    walk.flow.depth -= 1;
  });
}

/** Bases and annotations may use the type parameters (`class C[T](B[T])`), which are names of no module. */
export function withTypeParameters(walk: Walk, node: Node, action: () => void): void {
  walk.inScope(typeScopeOf(walk.text, node, walk.frame.scope), () => {
    annotation(walk, typeParametersOf(node));
    action();
  });
}

/** Defaults of parameters are evaluated where the function is defined. */
function defaults(walk: Walk, node: Node): void {
  parametersIn(node).forEach(each => walk.expression(child(each, 'value')));
}

function parametersIn(node: Node): readonly Node[] {
  const parameters = child(node, 'parameters');
  return parameters ? named(parameters) : [];
}

/** Names whose objects the defaults of parameters may share: the function holds on to them. */
function defaultRoots(walk: Walk, node: Node): readonly string[] {
  const parameters = child(node, 'parameters');
  return (parameters ? named(parameters) : []).flatMap(each => {
    const value = child(each, 'value');
    return value ? roots(walk, value) : [];
  });
}

/** Names in annotations are read loosely: later versions of Python, and `from __future__ import annotations`, read them later or never. */
export function annotation(walk: Walk, node: Node | undefined): void {
  guarded(walk, () => walk.expression(node));
}

/** The body of a function or lambda that is reachable from a name, or from a class as its method. */
export function laterCode(
  walk: Walk,
  node: Node,
  owner: string,
  method?: LaterCode['method']
): void {
  const { frame: outer, flow } = walk;
  const scope = scopeOf(walk.text, node, outer.scope);
  if (!walk.isModuleTime) {
    // A function in a function: what it does is what calling the outer one may do.
    walk.inScope(scope, () => body(walk, node), new Map(outer.localRoots));
    return;
  }
  const parameters = parametersOf(walk.text, node);
  const code = newCode(parameters);
  walk.frame = { scope, code, localRoots: new Map() };
  walk.flow = newFlow();
  body(walk, node);
  walk.frame = outer;
  walk.flow = flow;
  walk.later.push({
    owner,
    at: walk.at(node),
    reads: firstReads(code.reads),
    binds: code.binds,
    changes: code.changes,
    changesParameters: parameters.flatMap((name, index) =>
      code.changedParameters.has(name) ? [{ index, name }] : []
    ),
    returnsParameters: code.returnsParameters,
    returnsGlobals: [...code.returnsGlobals],
    sharesParameters: code.sharesParameters,
    sharesWithGlobals: [...code.sharesWithGlobals],
    parameters,
    effects: code.effects,
    calls: [...code.calls],
    dynamic: code.dynamic,
    ...(method ? { method } : {})
  });
}

function body(walk: Walk, node: Node): void {
  const inner = child(node, 'body');
  if (node.type === 'lambda') {
    walk.expression(inner);
    if (inner) {
      givesBack(walk, inner);
    }
  } else {
    walk.block(inner);
  }
}
