import { child, named, type Node } from '../tree';
import { found, type Around, type Rule } from './rule';

const isFunction = ({ scope }: Around) => scope === 'def' || scope === 'async def';

export const returnStatement: Rule = (node, around) => {
  if (!isFunction(around)) {
    return found(node, "'return' outside function");
  }
  if (around.inExceptStar) {
    return found(node, "'return' cannot appear in an except* block");
  }
  const body = around.scope === 'async def' ? child(around.definitions[0], 'body') : undefined;
  return body && named(node).length > 0 && yields(body)
    ? found(node, "'return' with value in async generator")
    : undefined;
};

/** The code of a function yields, functions inside left out. */
function yields(node: Node): boolean {
  return (
    node.type === 'yield' ||
    node.children.some(
      each => !/^(?:function_definition|lambda|class_definition)$/.test(each.type) && yields(each)
    )
  );
}

export const leaveLoop: Rule = (node, { inLoop, inExceptStar, text }) => {
  const word = text(node).trim();
  return inExceptStar
    ? found(node, `'${word}' cannot appear in an except* block`)
    : inLoop
      ? undefined
      : found(node, word === 'break' ? "'break' outside loop" : "'continue' not properly in loop");
};

export const yieldExpression: Rule = (node, around) => {
  if (around.comprehension?.isInside) {
    return found(node, `'yield' inside ${around.comprehension.kind}`);
  }
  if (!isFunction(around) && around.scope !== 'lambda') {
    return found(node, "'yield' outside function");
  }
  return around.scope === 'async def' && node.children.some(each => each.type === 'from')
    ? found(node, "'yield from' inside async function")
    : undefined;
};

/** A cell may await; functions that are not async, lambdas and classes may not. */
const mayAwait = ({ scope }: Around) => scope === 'module' || scope === 'async def';

export const awaitExpression: Rule = (node, around) => {
  const inner = named(node)[0];
  return inner?.type === 'await'
    ? found(inner, 'await takes no await: put it into brackets')
    : mayAwait(around) || around.comprehension?.isInside
      ? undefined
      : found(node, "'await' outside async function");
};

/** `async for` and `async with`. */
export const asyncStatement: Rule = (node, around) => {
  const isAsync = node.children.some(each => each.type === 'async');
  const word = node.type === 'for_statement' ? 'for' : 'with';
  return isAsync && !mayAwait(around)
    ? found(node, `'async ${word}' outside async function`)
    : undefined;
};

/** A comprehension that awaits, in a function that may not. A generator expression may anywhere. */
export const asyncComprehension: Rule = (node, around) => {
  const isAllowed = mayAwait(around) || around.comprehension?.isInside;
  return !isAllowed && awaitsItself(node)
    ? found(node, 'asynchronous comprehension outside of an asynchronous function')
    : undefined;
};

function awaitsItself(node: Node): boolean {
  const clauses = node.children.filter(each => each.type === 'for_in_clause');
  const first = clauses[0] && child(clauses[0], 'right');
  const awaits = (each: Node): boolean =>
    each !== first &&
    (each.type === 'await' ||
      (each.type !== 'lambda' &&
        each.type !== 'generator_expression' &&
        each.children.some(awaits)));
  return (
    clauses.some(each => each.children.some(part => part.type === 'async')) ||
    node.children.some(awaits)
  );
}

export const importFrom: Rule = (node, { scope, text }) => {
  const star = node.children.find(each => each.type === 'wildcard_import');
  if (star && scope !== 'module') {
    return found(star, 'import * only allowed at module level');
  }
  return /,\s*$/.test(text(node))
    ? found(node, 'trailing comma not allowed without surrounding parentheses')
    : undefined;
};

/** Where a future import stands does not matter: IPython compiles each statement of a cell by itself. */
export const futureImport: Rule = (node, { text }) => {
  const names = node.children
    .filter(each => each.field === 'name')
    .map(each => (each.type === 'aliased_import' ? (child(each, 'name') ?? each) : each));
  const unknown = names.find(each => !FUTURES.has(text(each)));
  return unknown && found(unknown, `future feature ${text(unknown)} is not defined`);
};

const FUTURES = new Set(
  'nested_scopes generators division absolute_import with_statement print_function unicode_literals barry_as_FLUFL generator_stop annotations'.split(
    ' '
  )
);

export const tryStatement: Rule = node => {
  const handlers = node.children.filter(each => each.type === 'except_clause');
  if (handlers.length === 0) {
    return node.children.some(each => each.type === 'finally_clause')
      ? undefined
      : found(node, "'try' without 'except' or 'finally'");
  }
  const isStar = (each: Node) => each.children.some(part => part.type === '*');
  const other = handlers.find(each => isStar(each) !== isStar(handlers[0]));
  if (other) {
    return found(other, "cannot have both 'except' and 'except*' on the same 'try'");
  }
  const isBare = (each: Node) => child(each, 'value') === undefined;
  const bare = handlers.find(isBare);
  if (bare && isStar(bare)) {
    return found(bare, 'expected one or more exception types');
  }
  return bare && bare !== handlers.at(-1)
    ? found(bare, "default 'except:' must be last")
    : undefined;
};

/** A walrus in a comprehension binds in the function around: not what the comprehension loops over, and in no class. */
export const walrusInComprehension: Rule = (node, { comprehension, scope, text }) => {
  const [target] = named(node);
  if (!comprehension || !target) {
    return undefined;
  }
  if (comprehension.inIterable) {
    return found(
      node,
      'assignment expression cannot be used in a comprehension iterable expression'
    );
  }
  if (comprehension.targets.has(text(target))) {
    return found(
      node,
      `assignment expression cannot rebind comprehension iteration variable '${text(target)}'`
    );
  }
  return scope === 'class'
    ? found(node, 'assignment expression within a comprehension cannot be used in a class body')
    : undefined;
};
