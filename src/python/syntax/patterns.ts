import { captures } from '../scope';
import { child, named, type Node } from '../tree';
import { found, type Around, type Found, type Rule } from './rule';

/** The patterns of a `case`: each name once, and a pattern that takes everything last. */
export const matchStatement: Rule = (node, around) => {
  const body = child(node, 'body');
  const clauses = (body ? named(body) : []).filter(each => each.type === 'case_clause');
  for (const clause of clauses) {
    const patterns = clause.children.filter(each => each.type === 'case_pattern');
    const wrong = names(patterns, around) ?? firstOf(patterns, each => insidePattern(each, around));
    if (wrong) {
      return wrong;
    }
    const stars = patterns.filter(each => named(each)[0]?.type === 'splat_pattern');
    if (stars.length > 1) {
      return found(stars[1], 'multiple starred names in sequence pattern');
    }
    const takesAll = patterns.length === 1 && isIrrefutable(patterns[0], around);
    const hasComma = /,\s*(?:if\b|:|$)/.test(
      around.source.slice(patterns.at(-1)?.end ?? clause.end, clause.end).split('\n')[0]
    );
    if (takesAll && !hasComma && !child(clause, 'guard') && clause !== clauses.at(-1)) {
      return found(patterns[0], 'this pattern makes remaining patterns unreachable');
    }
  }
  return undefined;
};

function firstOf(
  nodes: readonly Node[],
  look: (node: Node) => Found | undefined
): Found | undefined {
  for (const each of nodes) {
    const wrong = look(each);
    if (wrong) {
      return wrong;
    }
  }
  return undefined;
}

/** No name is bound twice; alternatives bind the same names. */
function names(patterns: readonly Node[], { text }: Around): Found | undefined {
  const seen = new Set<string>();
  const visit = (node: Node): Found | undefined => {
    if (node.type === 'union_pattern') {
      const sets = named(node).map(each => new Set(captures(each).map(text)));
      const differs = sets.findIndex(
        each => each.size !== sets[0].size || [...each].some(name => !sets[0].has(name))
      );
      if (differs > 0) {
        return found(named(node)[differs], 'alternative patterns bind different names');
      }
      const [first] = named(node);
      return first && visit(first);
    }
    const own = node.type === 'dotted_name' || node.type === 'identifier' ? captures(node) : [];
    for (const each of own) {
      if (seen.has(text(each))) {
        return found(each, `multiple assignments to name '${text(each)}' in pattern`);
      }
      seen.add(text(each));
    }
    return own.length > 0 || node.type === 'dotted_name'
      ? undefined
      : firstOf(namedPatterns(node), visit);
  };
  return firstOf(patterns, visit);
}

/** The patterns inside a pattern: not the name of a class or of a keyword, not a key. */
function namedPatterns(node: Node): readonly Node[] {
  const parts = named(node).filter(each => each.field !== 'key');
  return node.type === 'class_pattern' || node.type === 'keyword_pattern' ? parts.slice(1) : parts;
}

function insidePattern(node: Node, around: Around): Found | undefined {
  switch (node.type) {
    case 'union_pattern': {
      const early = node.children
        .filter(each => each.type !== '|')
        .slice(0, -1)
        .find(each => isIrrefutable(each, around));
      if (early) {
        return found(early, 'this pattern makes remaining patterns unreachable');
      }
      break;
    }
    case 'class_pattern': {
      const isKeyword = (each: Node) =>
        each.type === 'keyword_pattern' || named(each)[0]?.type === 'keyword_pattern';
      const parts = named(node).slice(1);
      const first = parts.findIndex(isKeyword);
      const late = first < 0 ? undefined : parts.slice(first).find(each => !isKeyword(each));
      if (late) {
        return found(late, 'positional patterns follow keyword patterns');
      }
      break;
    }
    case 'dict_pattern': {
      const parts = named(node);
      const rest = parts.find(each => each.type === 'splat_pattern');
      if (rest && (rest !== parts.at(-1) || named(rest).length === 0)) {
        return found(rest, '** takes a name, and comes last');
      }
      break;
    }
    case 'list_pattern':
    case 'tuple_pattern': {
      const stars = named(node).filter(
        each => each.type === 'splat_pattern' || named(each)[0]?.type === 'splat_pattern'
      );
      if (stars.length > 1) {
        return found(stars[1], 'multiple starred names in sequence pattern');
      }
      break;
    }
    case 'string':
      return node.children.some(each => each.type === 'interpolation')
        ? found(node, 'patterns may only match literals and attribute lookups')
        : undefined;
    default:
      break;
  }
  return firstOf(named(node), each => insidePattern(each, around));
}

/** A name or `_`, however bracketed or named. */
function isIrrefutable(node: Node, around: Around): boolean {
  switch (node.type) {
    case 'case_pattern':
    case 'as_pattern': {
      const [inner] = named(node);
      return inner ? isIrrefutable(inner, around) : around.text(node).trim() === '_';
    }
    case 'dotted_name':
      return named(node).length === 1;
    case 'identifier':
    case '_':
      return true;
    case 'union_pattern':
      return node.children.some(each => isIrrefutable(each, around));
    default:
      return false;
  }
}
