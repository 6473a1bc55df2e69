import { isComprehension, parametersOf, scopeOf } from '../scope';
import { child, named, type Node } from '../tree';
import { found, type Around, type Found, type Rule } from './rule';

/**
 * `global x` and `nonlocal x` come before every other use of the name in their function. At the top of a cell IPython
 * compiles each statement by itself, so `global` does nothing there.
 */
export const declaration: Rule = (node, around) => {
  const [definition, ...outer] = around.definitions;
  const isNonlocal = node.type === 'nonlocal_statement';
  if (!definition) {
    return isNonlocal ? found(node, 'nonlocal declaration not allowed at module level') : undefined;
  }
  for (const name of named(node)) {
    const wrong =
      wrongUse(name, node, definition, around) ??
      (isNonlocal ? unboundNonlocal(name, outer, around) : undefined);
    if (wrong) {
      return wrong;
    }
  }
  return undefined;
};

function wrongUse(
  name: Node,
  statement: Node,
  definition: Node,
  { text }: Around
): Found | undefined {
  const word = text(name);
  const how = statement.type === 'nonlocal_statement' ? 'nonlocal' : 'global';
  if (definition.type === 'function_definition' && parametersOf(text, definition).includes(word)) {
    return found(name, `name '${word}' is parameter and ${how}`);
  }
  const body = child(definition, 'body');
  for (const use of body ? usesIn(body) : []) {
    const { node, is } = use;
    if (text(node) !== word || node === name) {
      continue;
    }
    if (is === 'annotation') {
      return found(node, `annotated name '${word}' can't be ${how}`);
    }
    const isBefore = node.start < statement.start;
    if (is === 'global' || is === 'nonlocal') {
      if (is !== how) {
        return found(name, `name '${word}' is nonlocal and global`);
      }
    } else if (isBefore) {
      return found(name, `name '${word}' is used prior to ${how} declaration`);
    }
  }
  return undefined;
}

interface Use {
  readonly node: Node;
  readonly is: 'use' | 'annotation' | 'global' | 'nonlocal';
}

/** The names of a scope where they stand in it, scopes inside left out. */
function* usesIn(node: Node): Generator<Use> {
  switch (node.type) {
    case 'identifier':
      yield { node, is: 'use' };
      return;
    case 'global_statement':
    case 'nonlocal_statement':
      for (const each of named(node)) {
        yield { node: each, is: node.type === 'global_statement' ? 'global' : 'nonlocal' };
      }
      return;
    case 'assignment': {
      const left = child(node, 'left');
      if (child(node, 'type') && left?.type === 'identifier') {
        yield { node: left, is: 'annotation' };
      }
      break;
    }
    default:
      break;
  }
  const clause = isComprehension(node)
    ? node.children.find(each => each.type === 'for_in_clause')
    : undefined;
  if (clause) {
    const first = child(clause, 'right');
    if (first) {
      yield* usesIn(first);
    }
    return;
  }
  const opens = /^(?:function_definition|class_definition|lambda)$/.test(node.type);
  for (const each of node.children) {
    const isWord =
      (node.type === 'attribute' && each.field === 'attribute') ||
      (node.type === 'keyword_argument' && each.field === 'name') ||
      /^(?:dotted_name|aliased_import|parameters|lambda_parameters)$/.test(each.type);
    if (!isWord && !(opens && each.field === 'body')) {
      yield* usesIn(each);
    }
  }
}

function unboundNonlocal(name: Node, outer: readonly Node[], { text }: Around): Found | undefined {
  const word = text(name);
  const functions = outer.filter(each => each.type !== 'class_definition');
  const isBound =
    word.startsWith('__') ||
    functions.some(each => scopeOf(text, each, undefined).locals.has(word));
  return isBound ? undefined : found(name, `no binding for nonlocal '${word}' found`);
}
