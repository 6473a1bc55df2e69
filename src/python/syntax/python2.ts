import { child, named } from '../tree';
import { found, type Rule } from './rule';

/** `print "a"`; `print >>f, x` is a tuple of a shift and a name. */
export const print: Rule = (node, { text }) =>
  /^print\s*>>/.test(text(node)) ? undefined : found(node, 'print is a function: write print(…)');

/** `exec "code"`. */
export const exec: Rule = node => found(node, 'exec is a function: write exec(…)');

/** `x <> y`. */
export const comparison: Rule = node =>
  node.children.some(each => each.type === '<>')
    ? found(node, '`<>` is no longer Python: write `!=`')
    : undefined;

/** `raise Error, "message"`. */
export const raise: Rule = node =>
  named(node)[0]?.type === 'expression_list'
    ? found(node, 'raise takes one exception: write raise Error(…)')
    : undefined;

/** `except Error, e:`. Since 3.14 `except A, B:` catches both; a small letter is taken for a name to bind. */
export const except: Rule = (node, { text }) => {
  const value = child(node, 'value');
  const alias = value?.type === 'as_pattern' ? child(value, 'alias') : undefined;
  const target = alias && named(alias)[0];
  if (target && target.type !== 'identifier') {
    return found(target, 'an exception can be bound to a name only');
  }
  const [first, second, third] = node.children.filter(each => each.field === 'value');
  const isBinding =
    second && !third && second.type === 'identifier' && /^[a-z_]/.test(text(second));
  return isBinding &&
    !/_?error$|exception$/i.test(text(second)) &&
    child(node, 'alias') === undefined
    ? found(first, `write except ${text(first)} as ${text(second)}:`)
    : undefined;
};
