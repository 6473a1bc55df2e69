import { child, named, type Node } from '../tree';
import { found, type Around, type Found, type Rule } from './rule';

/** Arguments of a call and bases of a class: their order, and each keyword once. */
export const argumentList: Rule = (node, { text }) => {
  const keywords = new Set<string>();
  let afterKeyword = false;
  let afterUnpacking = false;
  for (const each of named(node)) {
    switch (each.type) {
      case 'keyword_argument': {
        const name = child(each, 'name');
        const word = name ? text(name) : '';
        if (word === '__debug__') {
          return found(each, 'cannot assign to __debug__');
        }
        if (keywords.has(word)) {
          return found(each, `keyword argument repeated: ${word}`);
        }
        keywords.add(word);
        afterKeyword = true;
        break;
      }
      case 'dictionary_splat':
        afterUnpacking = true;
        break;
      case 'list_splat':
        if (afterUnpacking) {
          return found(each, 'iterable argument unpacking follows keyword argument unpacking');
        }
        break;
      case 'ERROR':
        return undefined;
      default:
        if (afterUnpacking || afterKeyword) {
          const what = afterUnpacking ? 'keyword argument unpacking' : 'keyword argument';
          return found(each, `positional argument follows ${what}`);
        }
    }
  }
  const generators = named(node).filter(each => each.type === 'generator_expression');
  const bare = generators.find(each => !text(each).startsWith('('));
  return bare && named(node).length > 1
    ? found(bare, 'Generator expression must be parenthesized')
    : undefined;
};

/** `f(x for x in xs, 1)`: the parser takes all of it for the generator. */
export const generator: Rule = (node, { text }) => {
  const clause = node.children.find(each => each.type === 'for_in_clause');
  const hasComma = /,\s*\)?$/.test(text(node));
  return clause && node.field === 'arguments' && (named(clause).length > 2 || hasComma)
    ? found(node, 'Generator expression must be parenthesized')
    : undefined;
};

/** Parameters of a function or lambda: their order, and each name once. */
export const parameters: Rule = (node, around) => {
  const names = new Set<string>();
  let hasDefault = false;
  let star: Node | undefined;
  let slash: Node | undefined;
  let last: Node | undefined;
  for (const each of named(node)) {
    if (last) {
      return found(each, 'arguments cannot follow var-keyword argument');
    }
    const kind = kindOf(each);
    if (kind === 'tuple') {
      return found(each, 'parameters cannot be parenthesized');
    }
    if (kind === '/') {
      if (slash || star || each === named(node)[0]) {
        return found(each, slash ? '/ may appear only once' : 'this / stands in the wrong place');
      }
      slash = each;
      continue;
    }
    if (kind === '*') {
      if (star) {
        return found(each, '* argument may appear only once');
      }
      star = each;
      if (each.type === 'keyword_separator') {
        continue;
      }
    }
    if (kind === '**') {
      last = each;
    }
    if (kind === 'default') {
      hasDefault = true;
    } else if (kind === 'plain' && hasDefault && !star) {
      return found(each, 'parameter without a default follows parameter with a default');
    }
    const wrong = repeated(each, names, around);
    if (wrong) {
      return wrong;
    }
  }
  const parts = named(node);
  const afterStar = star && parts[parts.indexOf(star) + 1];
  return star?.type === 'keyword_separator' && (!afterStar || kindOf(afterStar) === '**')
    ? found(star, 'named arguments must follow bare *')
    : undefined;
};

/** `x: *T`, which only `*args` may have. */
export const annotatedParameter: Rule = node => {
  const type = child(node, 'type');
  const isStar = named(node)[0]?.type === 'list_splat_pattern';
  return type && !isStar && named(type)[0]?.type === 'splat_type'
    ? found(type, "can't use starred expression here")
    : undefined;
};

type Kind = 'plain' | 'default' | '*' | '**' | '/' | 'tuple';

function kindOf(parameter: Node): Kind {
  switch (parameter.type) {
    case 'default_parameter':
    case 'typed_default_parameter':
      return child(parameter, 'name')?.type === 'tuple_pattern' ? 'tuple' : 'default';
    case 'list_splat_pattern':
    case 'keyword_separator':
      return '*';
    case 'dictionary_splat_pattern':
      return '**';
    case 'positional_separator':
      return '/';
    case 'tuple_pattern':
      return 'tuple';
    case 'typed_parameter': {
      const [inner] = named(parameter);
      return inner ? kindOf(inner) : 'plain';
    }
    default:
      return 'plain';
  }
}

function repeated(parameter: Node, names: Set<string>, { text }: Around): Found | undefined {
  let name: Node | undefined = child(parameter, 'name') ?? parameter;
  while (name && name.type !== 'identifier') {
    name = named(name)[0];
  }
  const word = name ? text(name).normalize('NFKC') : '';
  if (name && word === '__debug__') {
    return found(name, 'cannot assign to __debug__');
  }
  if (name && names.has(word)) {
    return found(name, `duplicate argument '${word}' in function definition`);
  }
  names.add(word);
  return undefined;
}
