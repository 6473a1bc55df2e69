import { captures, targetNames } from '../scope';
import { child, children, named, type Node } from '../tree';
import { assignTo } from './assignments';
import { certainAfter, guarded, intersection, leaves, maybe } from './flow';
import { bind, read, resolvesGlobal } from './names';
import { roots, shareWith } from './sharing';
import type { Walk } from './walk';

export function ifStatement(walk: Walk, node: Node): void {
  const { flow } = walk;
  walk.expression(child(node, 'condition'));
  const branches = [child(node, 'consequence'), ...children(node, 'alternative')];
  const complete = branches.some(each => each?.type === 'else_clause');
  const before = new Set(flow.bound);
  const ends: ReadonlySet<string>[] = [];
  for (const branch of branches) {
    if (!branch) {
      continue;
    }
    flow.bound = new Set(before);
    flow.depth += 1;
    walk.expression(child(branch, 'condition'));
    walk.block(branch.type === 'elif_clause' ? child(branch, 'consequence') : branch);
    flow.depth -= 1;
    if (!leaves(branch)) {
      ends.push(flow.bound);
    }
  }
  if (!complete) {
    ends.push(before);
  }
  certainAfter(walk, before, intersection(ends));
}

export function forStatement(walk: Walk, node: Node): void {
  const left = child(node, 'left');
  const right = child(node, 'right');
  const iterable = right ? roots(walk, right) : [];
  walk.expression(right);
  noteAsync(walk, node);
  maybe(walk, () => {
    if (left) {
      assignTo(walk, left, 'for', iterable, right);
    }
    walk.block(child(node, 'body'));
  });
  maybe(walk, () => walk.block(child(node, 'alternative')));
}

export function whileStatement(walk: Walk, node: Node): void {
  walk.expression(child(node, 'condition'));
  maybe(walk, () => walk.block(child(node, 'body')));
  maybe(walk, () => walk.block(child(node, 'alternative')));
}

export function tryStatement(walk: Walk, node: Node): void {
  const { flow } = walk;
  const handlers = node.children.filter(each => /^except/.test(each.type));
  const before = new Set(flow.bound);
  const body = () => walk.block(child(node, 'body'));
  flow.depth += handlers.length > 0 ? 1 : 0;
  if (handlers.some(each => catchesNameError(walk, each))) {
    guarded(walk, body);
  } else {
    body();
  }
  walk.block(node.children.find(each => each.type === 'else_clause'));
  const ends: ReadonlySet<string>[] = [flow.bound];
  for (const handler of handlers) {
    flow.bound = new Set(before);
    exceptClause(walk, handler);
    const block = handler.children.find(each => each.type === 'block');
    if (!block || !leaves(block)) {
      ends.push(flow.bound);
    }
  }
  flow.depth -= handlers.length > 0 ? 1 : 0;
  certainAfter(walk, before, intersection(ends));
  walk.block(node.children.find(each => each.type === 'finally_clause'));
}

/** `except E as e:`; the name is gone afterwards. */
function exceptClause(walk: Walk, handler: Node): void {
  const value = child(handler, 'value');
  const alias = value?.type === 'as_pattern' ? child(value, 'alias') : undefined;
  walk.expression(value?.type === 'as_pattern' ? (named(value)[0] ?? value) : value);
  const names = alias ? targetNames(alias) : [];
  names.forEach(each => bind(walk, each, 'except'));
  walk.block(handler.children.find(each => each.type === 'block'));
  for (const each of names) {
    const name = walk.text(each);
    walk.flow.bound.delete(name);
    if (resolvesGlobal(walk, name) && walk.isAtTop) {
      walk.deletes.push({ name, at: walk.at(each), certain: false });
    }
  }
}

function catchesNameError(walk: Walk, handler: Node): boolean {
  const value = child(handler, 'value');
  return (
    !value || /\b(NameError|Exception|BaseException|UnboundLocalError)\b/.test(walk.text(value))
  );
}

export function withStatement(walk: Walk, node: Node): void {
  const clause = node.children.find(each => each.type === 'with_clause');
  for (const item of clause ? named(clause) : []) {
    let value = child(item, 'value') ?? item;
    while (value.type === 'parenthesized_expression' && named(value).length === 1) {
      value = named(value)[0];
    }
    if (value.type === 'as_pattern') {
      const [made] = named(value);
      const alias = child(value, 'alias');
      walk.expression(made);
      if (alias) {
        named(alias).forEach(each => assignTo(walk, each, 'with', roots(walk, made), made));
      }
    } else {
      walk.expression(value);
    }
  }
  noteAsync(walk, node);
  walk.block(child(node, 'body'));
}

/** `async for` and `async with` outside functions await at the top. */
function noteAsync(walk: Walk, node: Node): void {
  if (node.children.some(each => each.type === 'async') && walk.isAtTop) {
    walk.topLevelAwait = true;
  }
}

export function matchStatement(walk: Walk, node: Node): void {
  const subjects = children(node, 'subject');
  subjects.forEach(each => walk.expression(each));
  const shared = subjects.flatMap(each => roots(walk, each));
  const body = child(node, 'body');
  for (const clause of body ? named(body) : []) {
    maybe(walk, () => {
      for (const pattern of clause.children.filter(each => each.type === 'case_pattern')) {
        const names = captures(pattern);
        patternReads(walk, pattern, names);
        for (const each of names) {
          bind(walk, each, 'match');
          shareWith(walk, walk.text(each), shared, each);
        }
      }
      walk.expression(child(clause, 'guard'));
      walk.block(child(clause, 'consequence'));
    });
  }
}

function patternReads(walk: Walk, pattern: Node, bound: readonly Node[]): void {
  if (pattern.type === 'dotted_name') {
    const first = named(pattern)[0];
    if (first && !bound.includes(first)) {
      read(walk, first);
    }
    return;
  }
  const parts = named(pattern);
  const values = pattern.type === 'keyword_pattern' ? parts.slice(1) : parts;
  values.forEach(each => patternReads(walk, each, bound));
}
