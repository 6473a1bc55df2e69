import type { Diagnostic } from '../../diagnostics/types';
import { isComprehension, targetNames } from '../scope';
import { child, rangeOf, type Node, type Tree } from '../tree';
import { annotatedParameter, argumentList, generator, parameters } from './arguments';
import { declaration } from './declarations';
import { block, compound, danglingBackslash, simple } from './layout';
import { concatenation, identifier, interpolation, number, oddBlank, string } from './literals';
import { matchStatement } from './patterns';
import {
  asyncComprehension,
  asyncStatement,
  awaitExpression,
  futureImport,
  importFrom,
  leaveLoop,
  returnStatement,
  tryStatement,
  walrusInComprehension,
  yieldExpression
} from './placement';
import { comparison, except, exec, print, raise } from './python2';
import type { Around, Found, Rule } from './rule';
import {
  asTarget,
  assignment,
  augmentedAssignment,
  brackets,
  del,
  expressionStatement,
  loopTarget,
  plainValue,
  sliceParts,
  tuple,
  walrus
} from './targets';

/**
 * The first thing in a cell that CPython would refuse. The parser recovers from errors and lets some invalid code pass, so both
 * its error nodes and our own checks are asked. What only some versions refuse is let through: it stops at its line.
 */
export function syntaxErrorOf(tree: Tree): Diagnostic | undefined {
  const found = firstFound(tree);
  return (
    found && {
      code: 'NP201',
      severity: 'error',
      message: `invalid syntax: ${found.words}`,
      why: 'Python cannot run this cell, neither with Run All nor as a step',
      fix: 'correct the line; the other cells are checked all the same',
      span: { cell: 0, ...found.at }
    }
  );
}

function firstFound({ root, source, hasError }: Tree): Found | undefined {
  const found = [
    hasError ? errorNode(root) : undefined,
    oddBlank(source, root),
    wrongIn(root, {
      source,
      isWhole: !hasError,
      text: node => source.slice(node.start, node.end),
      scope: 'module',
      definitions: [],
      inLoop: false,
      inExceptStar: false
    }),
    danglingBackslash(source, root)
  ].filter(each => each !== undefined);
  // Around an error the tree is a guess: what is wrong further up is what Python sees first.
  return found.sort((a, b) => a.at.line - b.at.line)[0];
}

function errorNode(node: Node): Found | undefined {
  for (const each of node.children) {
    if (each.missing) {
      return {
        at: { ...rangeOf(each), endColumn: each.endColumn + 1 },
        words: `something is missing here (${each.type === 'identifier' ? 'an expression' : `\`${each.type}\``})`
      };
    }
    const inner = errorNode(each);
    if (inner) {
      return inner;
    }
    if (each.type === 'ERROR') {
      const at = rangeOf(each);
      return {
        at: at.endLine > at.line ? { ...at, endLine: at.line, endColumn: at.column + 1 } : at,
        words: 'this does not fit here'
      };
    }
  }
  return undefined;
}

/** The checks, by the type of the node that they look at. */
const CHECKS: Readonly<Record<string, readonly Rule[]>> = {
  module: [block],
  block: [block],
  if_statement: [compound],
  elif_clause: [compound],
  else_clause: [compound],
  while_statement: [compound],
  for_statement: [asyncStatement, loopTarget, compound],
  with_statement: [asyncStatement, compound],
  try_statement: [tryStatement, compound],
  except_clause: [except, compound],
  finally_clause: [compound],
  match_statement: [matchStatement, compound],
  case_clause: [compound],
  function_definition: [compound],
  class_definition: [compound],
  expression_statement: [expressionStatement, simple],
  return_statement: [returnStatement, plainValue, simple],
  delete_statement: [del, simple],
  raise_statement: [raise, simple],
  assert_statement: [simple],
  import_statement: [simple],
  import_from_statement: [importFrom, simple],
  future_import_statement: [futureImport, importFrom, simple],
  global_statement: [declaration],
  nonlocal_statement: [declaration],
  break_statement: [leaveLoop],
  continue_statement: [leaveLoop],
  print_statement: [print],
  exec_statement: [exec],
  assignment: [assignment],
  augmented_assignment: [augmentedAssignment],
  named_expression: [walrus, walrusInComprehension],
  as_pattern_target: [asTarget],
  for_in_clause: [loopTarget],
  argument_list: [argumentList],
  keyword_argument: [plainValue],
  default_parameter: [plainValue],
  pair: [plainValue],
  lambda: [plainValue],
  parameters: [parameters],
  lambda_parameters: [parameters],
  yield: [yieldExpression],
  await: [awaitExpression],
  slice: [sliceParts],
  typed_parameter: [annotatedParameter],
  generator_expression: [generator],
  list_comprehension: [asyncComprehension],
  set_comprehension: [asyncComprehension],
  dictionary_comprehension: [asyncComprehension],
  comparison_operator: [comparison],
  parenthesized_expression: [brackets],
  tuple: [tuple],
  identifier: [identifier],
  integer: [number],
  float: [number],
  string: [string],
  concatenated_string: [concatenation],
  interpolation: [interpolation]
};

const CHANGES_AROUND = new Set([
  'function_definition',
  'class_definition',
  'lambda',
  'for_statement',
  'while_statement',
  'except_clause',
  'list_comprehension',
  'set_comprehension',
  'dictionary_comprehension',
  'generator_expression',
  'for_in_clause'
]);

const RULES = new Map(Object.entries(CHECKS));

function wrongIn(node: Node, around: Around): Found | undefined {
  const { type, children } = node;
  const rules = RULES.get(type);
  if (rules) {
    for (const rule of rules) {
      const wrong = rule(node, around);
      if (wrong) {
        return wrong;
      }
    }
  }
  if (children.length === 0) {
    return undefined;
  }
  const changes = CHANGES_AROUND.has(type);
  for (const each of children) {
    const wrong = wrongIn(each, changes ? aroundChild(node, each, around) : around);
    if (wrong) {
      return wrong;
    }
  }
  return undefined;
}

const KINDS: Readonly<Record<string, string>> = {
  list_comprehension: 'list comprehension',
  set_comprehension: 'set comprehension',
  dictionary_comprehension: 'dict comprehension',
  generator_expression: 'generator expression'
};

/** What is around a child, where that is not what is around its parent. */
function aroundChild(node: Node, each: Node, around: Around): Around {
  const isBody = each.field === 'body';
  switch (node.type) {
    case 'function_definition':
    case 'class_definition':
    case 'lambda': {
      if (!isBody) {
        return around;
      }
      const isAsync = node.children.some(part => part.type === 'async');
      const isIterable = node.type === 'lambda' && around.comprehension?.inIterable;
      return {
        ...around,
        scope:
          node.type === 'lambda'
            ? 'lambda'
            : node.type === 'class_definition'
              ? 'class'
              : isAsync
                ? 'async def'
                : 'def',
        definitions: node.type === 'lambda' ? around.definitions : [node, ...around.definitions],
        inLoop: false,
        inExceptStar: false,
        comprehension: isIterable
          ? { kind: '', targets: new Set(), inIterable: true, isInside: false }
          : undefined
      };
    }
    case 'for_statement':
    case 'while_statement':
      return isBody ? { ...around, inLoop: true, inExceptStar: false } : around;
    case 'except_clause':
      return each.type === 'block' && node.children.some(part => part.type === '*')
        ? { ...around, inExceptStar: true }
        : around;
    case 'for_in_clause':
      return each.field === 'right' && around.comprehension
        ? { ...around, comprehension: { ...around.comprehension, inIterable: true } }
        : around;
    default:
      return isComprehension(node) ? aroundPart(node, each, around) : around;
  }
}

/** Inside a comprehension; its first clause is handled apart, since what it loops through is evaluated outside. */
function aroundPart(node: Node, each: Node, around: Around): Around {
  const clauses = node.children.filter(part => part.type === 'for_in_clause');
  const own = clauses.flatMap(clause => {
    const left = child(clause, 'left');
    return left ? targetNames(left).map(around.text) : [];
  });
  return {
    ...around,
    comprehension: {
      kind: KINDS[node.type],
      targets: new Set([...(around.comprehension?.targets ?? []), ...own]),
      inIterable: around.comprehension?.inIterable ?? false,
      isInside: each !== clauses[0] || (around.comprehension?.isInside ?? false)
    }
  };
}
