import { child, named, type Node } from '../tree';
import { found, type Around, type Found, type Rule } from './rule';

const SIMPLE = new Set(['identifier', 'attribute', 'subscript']);
const SEQUENCES = new Set([
  'pattern_list',
  'tuple_pattern',
  'list_pattern',
  'expression_list',
  'tuple',
  'list',
  'parenthesized_expression'
]);
const STARRED = new Set(['list_splat_pattern', 'list_splat']);

/** What cannot stand on the left of `=`, after `for`, `as` or `del`. @param verb for the message */
function wrongTarget(
  node: Node,
  around: Around,
  verb: 'assign to' | 'delete',
  inSequence = false
): Found | undefined {
  if (SIMPLE.has(node.type)) {
    const name = child(node, 'attribute') ?? node;
    return around.text(name) === '__debug__' ? found(node, `cannot ${verb} __debug__`) : undefined;
  }
  if (SEQUENCES.has(node.type)) {
    const parts = named(node);
    const starred = parts.filter(each => STARRED.has(each.type));
    const isGroup = parts.length === 1 && starred.length === 1 && node.type === 'tuple_pattern';
    if (isGroup && !/,\s*\)$/.test(around.text(node))) {
      return found(starred[0], 'cannot use starred expression here');
    }
    if (starred.length > 1) {
      return found(starred[1], 'multiple starred expressions in assignment');
    }
    for (const each of parts) {
      const wrong = wrongTarget(each, around, verb, true);
      if (wrong) {
        return wrong;
      }
    }
    return undefined;
  }
  if (STARRED.has(node.type)) {
    const inner = named(node)[0];
    return verb === 'delete'
      ? found(node, 'cannot delete starred')
      : inSequence
        ? inner && wrongTarget(inner, around, verb, true)
        : found(node, 'starred assignment target must be in a list or tuple');
  }
  return found(node, `cannot ${verb} ${WORDS[node.type] ?? 'an expression'}`);
}

const WORDS: Readonly<Record<string, string>> = {
  call: 'a function call',
  integer: 'a literal',
  float: 'a literal',
  string: 'a literal',
  none: 'None',
  true: 'True',
  false: 'False'
};

/** `f() = 1`, `x = y += 1`, `(x,): int`, and a line that ends with `=`. */
export const assignment: Rule = (node, around) => {
  const left = child(node, 'left');
  const right = child(node, 'right');
  const type = child(node, 'type');
  const wrong = left && wrongTarget(left, around, 'assign to');
  if (wrong || !left) {
    return wrong;
  }
  if (type && SEQUENCES.has(left.type)) {
    const isGroup = named(left).length === 1 && !/,\s*[)\]]?$/.test(around.text(left));
    if (!isGroup || left.type === 'list_pattern' || !SIMPLE.has(named(left)[0].type)) {
      return found(left, 'only single target (not tuple or list) can be annotated');
    }
  }
  if (type && named(type)[0]?.type === 'splat_type') {
    return found(type, "can't use starred expression here");
  }
  if (type && named(type)[0]?.type === 'constrained_type') {
    return found(type, 'invalid annotation');
  }
  if (right?.type === 'assignment' && (type ?? child(right, 'type'))) {
    return found(right, 'only a single target can be annotated');
  }
  return right && wrongValue(right);
};

/** `a, b += 1`. */
export const augmentedAssignment: Rule = (node, around) => {
  const left = child(node, 'left');
  const right = child(node, 'right');
  const isGroup =
    left?.type === 'tuple_pattern' &&
    named(left).length === 1 &&
    !/,\s*\)$/.test(around.text(left));
  const target = isGroup ? named(left)[0] : left;
  if (target && !SIMPLE.has(target.type)) {
    return found(target, 'this cannot be a target of augmented assignment');
  }
  return (target && wrongTarget(target, around, 'assign to')) ?? (right && wrongValue(right));
};

function wrongValue(right: Node): Found | undefined {
  switch (right.type) {
    case 'augmented_assignment':
      return found(right, 'an augmented assignment has no value');
    case 'named_expression':
      return found(right, 'an assignment expression needs brackets here');
    case 'list_splat':
      return found(right, "can't use starred expression here");
    default:
      return undefined;
  }
}

/** `y := 1` as a statement, `*a` alone. */
export const expressionStatement: Rule = (node, { source }) => {
  const [only, ...more] = named(node);
  if (only?.type === 'named_expression') {
    return found(only, 'an assignment expression needs brackets here');
  }
  const isTuple = more.length > 0 || /^\s*,/.test(source.slice(only?.end ?? node.end));
  return only?.type === 'list_splat' && !isTuple
    ? found(only, "can't use starred expression here")
    : undefined;
};

/** `return *a`, `f(a=b := c)`, `lambda: x := 1`. */
export const plainValue: Rule = (node, { source }) => {
  for (const each of named(node)) {
    const isValue = node.type === 'return_statement' || /^(?:value|body)$/.test(each.field ?? '');
    const isTuple = named(node).length > 1 || /^\s*,/.test(source.slice(each.end));
    if (isValue && each.type === 'named_expression') {
      return found(each, 'an assignment expression needs brackets here');
    }
    if (isValue && each.type === 'list_splat' && !isTuple) {
      return found(each, "can't use starred expression here");
    }
  }
  return undefined;
};

/** `(*a)`. */
export const brackets: Rule = node => {
  const inner = named(node)[0];
  return inner?.type === 'list_splat' && named(node).length === 1
    ? found(inner, 'cannot use starred expression here')
    : undefined;
};

/** `(*a)` is a tuple only with a comma. */
export const tuple: Rule = (node, { source }) => {
  const parts = named(node);
  const isStar = parts.length === 1 && parts[0].type === 'list_splat';
  return isStar && !/^[^)]*,/.test(source.slice(parts[0].end, node.end))
    ? found(parts[0], 'cannot use starred expression here')
    : undefined;
};

/** `a[*b:c]`. */
export const sliceParts: Rule = node => {
  const star = named(node).find(each => each.type === 'list_splat');
  return star && found(star, "can't use starred expression here");
};

export const walrus: Rule = (node, around) => {
  const [target] = named(node);
  return target && wrongTarget(target, around, 'assign to');
};

export const loopTarget: Rule = (node, around) => {
  const left = child(node, 'left');
  const right = child(node, 'right');
  if (right?.type === 'list_splat') {
    return found(right, "can't use starred expression here");
  }
  return left && wrongTarget(left, around, 'assign to');
};

/** `with a as b()`. */
export const asTarget: Rule = (node, around) => {
  const inner = named(node)[0];
  return inner && wrongTarget(inner, around, 'assign to');
};

/** `del f()`. */
export const del: Rule = (node, around) => {
  for (const each of named(node)) {
    const wrong = wrongTarget(each, around, 'delete');
    if (wrong) {
      return wrong;
    }
  }
  return undefined;
};
