import { boundBy } from '../scope';
import { child, named, type Node } from '../tree';
import { deleteTarget } from './assignments';
import { decoratorCall } from './calls';
import { classDefinition } from './classes';
import {
  forStatement,
  ifStatement,
  matchStatement,
  tryStatement,
  whileStatement,
  withStatement
} from './compound-statements';
import { annotation, functionDefinition, withTypeParameters } from './functions';
import { importStatement } from './imports';
import { bind } from './names';
import { givesBack } from './sharing';
import type { Walk } from './walk';

export function statement(walk: Walk, node: Node): void {
  switch (node.type) {
    case 'expression_statement':
      named(node).forEach(each => walk.expression(each));
      return;
    case 'import_statement':
    case 'import_from_statement':
    case 'future_import_statement':
      importStatement(walk, node);
      return;
    case 'function_definition':
      functionDefinition(walk, node, []);
      return;
    case 'class_definition':
      classDefinition(walk, node, []);
      return;
    case 'decorated_definition':
      decorated(walk, node);
      return;
    case 'if_statement':
      ifStatement(walk, node);
      return;
    case 'for_statement':
      forStatement(walk, node);
      return;
    case 'while_statement':
      whileStatement(walk, node);
      return;
    case 'try_statement':
      tryStatement(walk, node);
      return;
    case 'with_statement':
      withStatement(walk, node);
      return;
    case 'match_statement':
      matchStatement(walk, node);
      return;
    case 'delete_statement':
      named(node).forEach(each => deleteTarget(walk, each));
      return;
    case 'return_statement':
      for (const each of named(node)) {
        walk.expression(each);
        givesBack(walk, each);
      }
      return;
    case 'global_statement':
    case 'nonlocal_statement':
    case 'pass_statement':
    case 'break_statement':
    case 'continue_statement':
      return;
    case 'else_clause':
    case 'elif_clause':
    case 'finally_clause':
    case 'block':
      walk.block(node);
      return;
    case 'type_alias_statement':
      boundBy(node).forEach(name => bind(walk, name, 'type-alias'));
      withTypeParameters(walk, node, () => annotation(walk, child(node, 'right')));
      return;
    default:
      // raise, assert, print and exec statements of Python 2, ERROR nodes: whatever they hold is looked at.
      for (const each of named(node)) {
        if (isStatement(each)) {
          walk.statement(each);
        } else {
          walk.expression(each);
        }
      }
  }
}

function isStatement(node: Node): boolean {
  return /_statement$|_definition$|_clause$|^block$/.test(node.type);
}

function decorated(walk: Walk, node: Node): void {
  const definition = child(node, 'definition');
  const decorators = node.children.filter(each => each.type === 'decorator');
  for (const each of decorators) {
    named(each).forEach(inner => walk.expression(inner));
  }
  if (definition?.type === 'class_definition') {
    classDefinition(walk, definition, decorators);
  } else if (definition) {
    functionDefinition(walk, definition, decorators);
  }
  const name = definition && child(definition, 'name');
  if (name) {
    decorators.forEach(each => decoratorCall(walk, each, name));
  }
}
