import { constantOf } from './constants';
import { isComprehension, targetNames, typeScopeOf } from './scope';
import type { StarNames } from './star-names';
import { child, named, type Node, type Tree } from './tree';
import type { CellFacts, Definition } from './types';

/** Decorators that keep a definition free of effects and of state. */
const PURE_DECORATORS =
  /^(staticmethod|classmethod|property|(functools\.)?cached_property|abstractmethod|abc\.abstractmethod|dataclass|dataclasses\.dataclass|contextmanager|contextlib\.contextmanager|overload|typing\.overload|final|override|\w+\.(setter|getter|deleter)|wraps|functools\.wraps|total_ordering|functools\.total_ordering|unique|enum\.unique|njit|jit|numba\.n?jit)(\(.*\))?$/s;

/** Keywords of a class statement that have no effects. */
const PURE_BASES =
  /^(metaclass\s*=\s*((abc\.)?ABCMeta|(enum\.)?EnumMeta|type)|(total|frozen|slots)\s*=.*)$/;

/** A class that keeps state of its own: changed through itself or through an instance. */
const CLASS_STATE =
  /\bcls\.\w+(\[.*?\])?\s*([-+*/|&]|\/\/)?=[^=]|\b__class__\b\s*\.\w+\s*([-+*/|&])?=[^=]|\btype\(self\)\s*\.\w+\s*([-+*/|&])?=[^=]|\bcls\.\w+\.(append|add|update|setdefault|pop|extend|insert|remove|clear)\b/;

/** Top-level statements that are definitions, and whether there is nothing else. */
export interface FoundDefinitions {
  readonly definitions: readonly Definition[];
  readonly onlyDefines: boolean;
  readonly constants: CellFacts['constants'];
}

/**
 * Finds the statements of a cell that mean the same when run again in another process: imports, functions and
 * classes without state or effects, and constants.
 * @param showsValue the last statement shows its value, so that it does something even if it is a docstring
 * @param stars what star imports bind
 */
export function findDefinitions(
  { source, root }: Tree,
  showsValue: boolean,
  stars: StarNames
): FoundDefinitions {
  const definitions: Definition[] = [];
  const constants: CellFacts['constants'][number][] = [];
  let onlyDefines = true;
  const text = (node: Node) => source.slice(node.start, node.end);
  const lines = source.split('\n');
  const statements = named(root);
  const times = new Map<string, number>();
  statements
    .flatMap(each => boundNames(each, text))
    .forEach(name => times.set(name, (times.get(name) ?? 0) + 1));
  for (const [index, statement] of statements.entries()) {
    const found = withStarNames(definitionOf(statement, text), statement, stars);
    if (found?.kind === 'constant') {
      const constant = constantOf(statement, text, lines);
      if (constant) {
        constants.push(constant);
      }
    }
    const once =
      found?.kind === 'constant' ? found.names.every(name => times.get(name) === 1) : true;
    const alone =
      found !== undefined &&
      once &&
      !sharesLine(statement, statements[index - 1]) &&
      !sharesLine(statement, statements[index + 1]);
    if (found && alone) {
      definitions.push({
        ...found,
        line: statement.row + 1,
        endLine: lastRow(statement) + 1,
        source: lines.slice(statement.row, lastRow(statement) + 1).join('\n')
      });
    } else if (!doesNothing(statement) || (showsValue && statement === statements.at(-1))) {
      // Also a definition that shares its line with another statement: it is left to the cell.
      onlyDefines = false;
    }
  }
  return { definitions, onlyDefines: onlyDefines && definitions.length > 0, constants };
}

/** `from m import *` defines what it binds, where that is known. */
function withStarNames(
  found: Found | undefined,
  statement: Node,
  stars: StarNames
): Found | undefined {
  if (!found || !named(statement).some(each => each.type === 'wildcard_import')) {
    return found;
  }
  const names = stars.get(found.modules[0] ?? '') ?? [];
  return { ...found, names: names.map(each => each.name) };
}

type Found = Omit<Definition, 'line' | 'endLine' | 'source'>;
type Text = (node: Node) => string;

function sharesLine(a: Node, b: Node | undefined): boolean {
  return b !== undefined && (a.row === lastRow(b) || lastRow(a) === b.row);
}

function lastRow(node: Node): number {
  // A block's node may end at the start of the next line.
  return node.endColumn === 0 && node.endRow > node.row ? node.endRow - 1 : node.endRow;
}

/** `pass`, a docstring, a constant that stands alone. */
function doesNothing(node: Node): boolean {
  const inner = node.type === 'expression_statement' ? named(node) : [];
  return (
    node.type === 'pass_statement' ||
    (inner.length === 1 &&
      /^(string|concatenated_string|integer|float|true|false|none|ellipsis)$/.test(inner[0].type) &&
      isImmutable(inner[0]))
  );
}

function boundNames(node: Node, text: Text): readonly string[] {
  const inner = node.type === 'expression_statement' ? named(node)[0] : undefined;
  if (inner?.type === 'assignment' || inner?.type === 'augmented_assignment') {
    const left = child(inner, 'left');
    return left ? targetNames(left).map(text) : [];
  }
  return [];
}

function definitionOf(node: Node, text: Text): Found | undefined {
  switch (node.type) {
    case 'import_statement':
    case 'import_from_statement':
    case 'future_import_statement':
      return importOf(node, text);
    case 'function_definition':
      return functionOf(node, text);
    case 'class_definition':
      return classOf(node, text);
    case 'decorated_definition': {
      const definition = child(node, 'definition');
      const decorators = node.children.filter(each => each.type === 'decorator');
      const pure = decorators.every(each => PURE_DECORATORS.test(text(each).replace(/^@\s*/, '')));
      const inner = definition && pure ? definitionOf(definition, text) : undefined;
      return (
        inner && {
          ...inner,
          reads: [...inner.reads, ...decorators.flatMap(each => identifiers(each, text))]
        }
      );
    }
    case 'expression_statement':
      return constantStatement(node, text);
    default:
      return undefined;
  }
}

function importOf(node: Node, text: Text): Found {
  const from = child(node, 'module_name');
  const names: string[] = [];
  const modules: string[] = from ? [text(from)] : [];
  for (const each of named(node)) {
    if (each === from || each.type === 'wildcard_import') {
      continue;
    }
    const alias = child(each, 'alias');
    const path = each.type === 'aliased_import' ? child(each, 'name') : each;
    if (!from && path) {
      modules.push(text(path));
    }
    const target = alias ?? (path ? named(path)[0] : undefined);
    if (target) {
      names.push(text(target));
    }
  }
  return {
    names,
    kind: 'import',
    modules:
      node.type === 'future_import_statement'
        ? ['__future__']
        : [...new Set(modules.map(each => each.split('.')[0]))].filter(each => each !== ''),
    reads: []
  };
}

function functionOf(node: Node, text: Text): Found | undefined {
  const name = child(node, 'name');
  const parameters = child(node, 'parameters');
  if (!name) {
    return undefined;
  }
  const reads: string[] = [];
  for (const each of parameters ? named(parameters) : []) {
    const value = child(each, 'value');
    if (value && !isImmutable(value)) {
      return undefined;
    }
    if (value) {
      reads.push(...identifiers(value, text));
    }
    const type = child(each, 'type');
    if (type) {
      reads.push(...identifiers(type, text));
    }
  }
  const returns = child(node, 'return_type');
  if (returns) {
    reads.push(...identifiers(returns, text));
  }
  const own = `${text(name)}.`;
  const keeps = new RegExp(`(^|[^\\w.])${text(name)}\\.\\w+\\s*([-+*/]?=[^=]|\\.\\w+\\()`);
  if (text(node).includes(own) && keeps.test(text(node))) {
    return undefined;
  }
  return {
    names: [text(name)],
    kind: 'def',
    modules: [],
    reads: withoutTypeParameters(reads, node, text)
  };
}

function classOf(node: Node, text: Text): Found | undefined {
  const name = child(node, 'name');
  const body = child(node, 'body');
  const bases = child(node, 'superclasses');
  if (!name || !body) {
    return undefined;
  }
  const reads: string[] = [];
  for (const each of bases ? named(bases) : []) {
    const value = each.type === 'keyword_argument' ? child(each, 'value') : each;
    if (
      !value ||
      (value.type !== 'identifier' &&
        value.type !== 'attribute' &&
        value.type !== 'subscript' &&
        !isImmutable(value))
    ) {
      return undefined;
    }
    if (each.type === 'keyword_argument' && !PURE_BASES.test(text(each))) {
      // A metaclass of the notebook, or what `__init_subclass__` is handed, may do anything.
      return undefined;
    }
    reads.push(...identifiers(value, text));
  }
  for (const each of named(body)) {
    const inner = each.type === 'expression_statement' ? named(each)[0] : undefined;
    if (each.type === 'pass_statement' || inner?.type === 'string' || inner?.type === 'ellipsis') {
      continue;
    }
    if (inner?.type === 'assignment') {
      const value = child(inner, 'right');
      const type = child(inner, 'type');
      if (value && !isImmutable(value) && !isField(value, text)) {
        return undefined;
      }
      reads.push(
        ...(value ? identifiers(value, text) : []),
        ...(type ? identifiers(type, text) : [])
      );
      continue;
    }
    const found = definitionOf(each, text);
    if (!found || found.kind === 'import') {
      return undefined;
    }
    reads.push(...found.reads);
  }
  const state = new RegExp(`(^|[^\\w.])${text(name)}\\.\\w+(\\[[^\\]]*\\])?\\s*([-+*/]|//)?=[^=]`);
  if (CLASS_STATE.test(text(node)) || state.test(text(node))) {
    return undefined;
  }
  const own = withoutTypeParameters([...new Set(reads)], node, text);
  const inherited = bases ? identifiers(bases, text).filter(each => own.includes(each)) : [];
  return { names: [text(name)], kind: 'class', modules: [], reads: own, bases: inherited };
}

/** Names without those of `[T, *Ts]`, which are the definition's own. */
function withoutTypeParameters(
  reads: readonly string[],
  node: Node,
  text: Text
): readonly string[] {
  const own = typeScopeOf(text, node, undefined)?.locals;
  return own ? reads.filter(each => !own.has(each)) : reads;
}

/** `field(default_factory=list)` of a dataclass makes a new value for every instance. */
function isField(value: Node, text: Text): boolean {
  return value.type === 'call' && /^(dataclasses\.)?field\(|^(enum\.)?auto\(\)$/.test(text(value));
}

function constantStatement(node: Node, text: Text): Found | undefined {
  const inner = named(node);
  const assignment = inner[0];
  if (inner.length !== 1 || assignment.type !== 'assignment') {
    return undefined;
  }
  const left = child(assignment, 'left');
  const right = child(assignment, 'right');
  if (
    left?.type !== 'identifier' ||
    !right ||
    identifiers(right, text).length > 0 ||
    !isImmutable(right)
  ) {
    return undefined;
  }
  return { names: [text(left)], kind: 'constant', modules: [], reads: [] };
}

/** A literal that cannot be changed, or names and arithmetic of such. */
function isImmutable(node: Node): boolean {
  switch (node.type) {
    case 'integer':
    case 'float':
    case 'true':
    case 'false':
    case 'none':
    case 'ellipsis':
    case 'identifier':
      return true;
    case 'string':
      return !node.children.some(each => each.type === 'interpolation');
    case 'attribute': {
      const object = child(node, 'object');
      return object !== undefined && isImmutable(object) && object.type !== 'string';
    }
    case 'unary_operator':
    case 'binary_operator':
    case 'parenthesized_expression':
    case 'tuple':
    case 'concatenated_string':
    case 'comparison_operator':
    case 'not_operator':
      return named(node).every(each => isImmutable(each));
    default:
      return false;
  }
}

function identifiers(node: Node, text: Text): readonly string[] {
  if (node.type === 'identifier') {
    return [text(node)];
  }
  if (isComprehension(node) || node.type === 'lambda') {
    return [];
  }
  return node.children
    .filter(
      each =>
        !(node.type === 'attribute' && each.field === 'attribute') &&
        !(node.type === 'keyword_argument' && each.field === 'name')
    )
    .flatMap(each => identifiers(each, text));
}
