import { child, named, type Node } from './tree';

/** Names of a scope that is not the module's. */
export interface Scope {
  readonly kind: 'function' | 'class' | 'comprehension';
  readonly locals: ReadonlySet<string>;
  readonly globals: ReadonlySet<string>;
  readonly parent: Scope | undefined;
}

const FUNCTIONS = new Set(['function_definition', 'lambda']);
const COMPREHENSIONS = new Set([
  'list_comprehension',
  'set_comprehension',
  'dictionary_comprehension',
  'generator_expression'
]);

/** A node that opens a scope of its own for the names in its body. */
export function isComprehension(node: Node): boolean {
  return COMPREHENSIONS.has(node.type);
}

/**
 * True if `name`, used in `scope`, is a name of the module. Class scopes are seen only from their own body, as in CPython;
 * to their methods they give `__class__`.
 */
export function isGlobal(name: string, scope: Scope | undefined): boolean {
  for (let at = scope; at !== undefined; at = at.parent) {
    if (at.kind === 'class' && at !== scope) {
      if (name === '__class__') {
        return false;
      }
      continue;
    }
    if (at.globals.has(name)) {
      return true;
    }
    if (at.locals.has(name)) {
      return false;
    }
  }
  return true;
}

/** A name as CPython stores it inside a class: `__x` is `_C__x` there. */
export function mangled(name: string, className: string | undefined): string {
  const owner = className?.replace(/^_+/, '');
  return owner && name.startsWith('__') && !name.endsWith('__') ? `_${owner}${name}` : name;
}

/** Parameters of a function or lambda, in order, without stars. */
export function parametersOf(text: (node: Node) => string, node: Node): readonly string[] {
  const list = child(node, 'parameters');
  return (list ? named(list) : []).flatMap(each => parameterNames(text, each));
}

function parameterNames(text: (node: Node) => string, node: Node): readonly string[] {
  switch (node.type) {
    case 'identifier':
      return [text(node)];
    case 'default_parameter':
    case 'typed_default_parameter': {
      const name = child(node, 'name');
      return name ? parameterNames(text, name) : [];
    }
    case 'typed_parameter':
    case 'list_splat_pattern':
    case 'dictionary_splat_pattern':
    case 'tuple_pattern': {
      const inner = named(node).filter(each => each.field !== 'type');
      return inner.flatMap(each => parameterNames(text, each));
    }
    default:
      return [];
  }
}

/** The scope of the type parameters in `def f[T]()`, `class C[T]` and `type A[T] = …`, if there are any. */
export function typeScopeOf(
  text: (node: Node) => string,
  node: Node,
  parent: Scope | undefined
): Scope | undefined {
  const list = typeParametersOf(node);
  if (!list) {
    return parent;
  }
  const locals = new Set(named(list).flatMap(firstIdentifier).map(text));
  return { kind: 'function', locals, globals: new Set(), parent };
}

/** `[T, *Ts]` of a function, class or type alias. */
export function typeParametersOf(node: Node): Node | undefined {
  const own = child(node, 'type_parameters');
  if (own) {
    return own;
  }
  const left = node.type === 'type_alias_statement' ? child(node, 'left') : undefined;
  const generic = left && named(left)[0];
  return generic?.type === 'generic_type' ? named(generic)[1] : undefined;
}

/**
 * The scope of a function, lambda, comprehension or class body, or of code in a string that runs in one: everything that its own statements bind, nested scopes left out.
 * @param text names as the code in the scope means them, see {@link mangled}
 */
export function scopeOf(
  text: (node: Node) => string,
  node: Node,
  parent: Scope | undefined
): Scope {
  const locals = new Set<string>();
  const globals = new Set<string>();
  const nonlocals = new Set<string>();
  const kind = isComprehension(node)
    ? 'comprehension'
    : node.type === 'class_definition'
      ? 'class'
      : 'function';
  if (FUNCTIONS.has(node.type)) {
    parametersOf(text, node).forEach(name => locals.add(name));
  }
  const bind = (names: readonly Node[]) => names.forEach(name => locals.add(text(name)));
  const collect = (each: Node): void => {
    switch (each.type) {
      case 'global_statement':
        named(each).forEach(name => globals.add(text(name)));
        return;
      case 'nonlocal_statement':
        named(each).forEach(name => nonlocals.add(text(name)));
        return;
      case 'function_definition':
      case 'class_definition':
      case 'lambda': {
        const name = child(each, 'name');
        bind(name ? [name] : []);
        // Defaults, annotations and bases belong to this scope.
        each.children.filter(part => part.field !== 'body').forEach(collect);
        return;
      }
      case 'interpolation':
      case 'format_expression':
        // `f"{x:=5}"` is `x` with a format.
        named(each)
          .flatMap(part => (part.type === 'named_expression' ? part.children : [part]))
          .forEach(collect);
        return;
      default:
        if (isComprehension(each)) {
          bind(walrusTargets(each));
        } else {
          bind(boundBy(each));
          each.children.forEach(collect);
        }
    }
  };
  if (kind === 'comprehension') {
    for (const clause of node.children.filter(each => each.type === 'for_in_clause')) {
      const left = child(clause, 'left');
      bind(left ? targetNames(left) : []);
    }
  } else {
    const body = node.type === 'module' ? node : child(node, 'body');
    if (body) {
      collect(body);
    }
  }
  globals.forEach(name => locals.delete(name));
  nonlocals.forEach(name => locals.delete(name));
  return { kind, locals, globals, parent: typeScopeOf(text, node, parent) };
}

/** A walrus in a comprehension binds in the function around it. */
function walrusTargets(node: Node): readonly Node[] {
  if (node.type === 'lambda') {
    return node.children.filter(each => each.field !== 'body').flatMap(walrusTargets);
  }
  const isFormat = node.type === 'interpolation' || node.type === 'format_expression';
  const own = node.type === 'named_expression' ? named(node).slice(0, 1) : [];
  const inner = isFormat
    ? node.children.flatMap(each => (each.type === 'named_expression' ? each.children : [each]))
    : node.children;
  return [...own, ...inner.flatMap(walrusTargets)];
}

/** Identifiers that a target binds; attributes and items bind nothing. */
export function targetNames(target: Node): readonly Node[] {
  switch (target.type) {
    case 'identifier':
      return [target];
    case 'attribute':
    case 'subscript':
      return [];
    default:
      return named(target).flatMap(targetNames);
  }
}

/** Identifiers that a node binds by itself, not by its children. */
export function boundBy(node: Node): readonly Node[] {
  switch (node.type) {
    case 'assignment':
    case 'augmented_assignment':
    case 'for_statement': {
      const left = child(node, 'left');
      // `x: int` alone makes the name a local one, though it binds nothing; `(x): int` does not.
      const isNothing =
        node.type === 'assignment' && !child(node, 'right') && left?.type !== 'identifier';
      return left && !isNothing ? targetNames(left) : [];
    }
    case 'named_expression':
      return named(node).slice(0, 1);
    case 'as_pattern': {
      const alias = child(node, 'alias') ?? named(node)[1];
      return alias ? targetNames(alias) : [];
    }
    case 'aliased_import': {
      const alias = child(node, 'alias');
      return alias ? [alias] : [];
    }
    case 'import_statement':
    case 'import_from_statement':
    case 'future_import_statement':
      return node.children
        .filter(each => each.field === 'name' && each.type === 'dotted_name')
        .map(each => named(each)[0]);
    case 'case_clause':
      return node.children.filter(each => each.type === 'case_pattern').flatMap(captures);
    case 'delete_statement':
      return named(node).flatMap(targetNames);
    case 'type_alias_statement': {
      const left = child(node, 'left');
      return left ? firstIdentifier(left) : [];
    }
    default:
      return [];
  }
}

function firstIdentifier(node: Node): readonly Node[] {
  if (node.type === 'identifier') {
    return [node];
  }
  const first = named(node)[0];
  return first ? firstIdentifier(first) : [];
}

/** Names that a `case` pattern captures. A single name captures; a dotted one is a value. */
export function captures(pattern: Node): readonly Node[] {
  switch (pattern.type) {
    case 'dotted_name':
      return named(pattern).length === 1 ? named(pattern) : [];
    case 'class_pattern':
      return named(pattern).slice(1).flatMap(captures);
    case 'keyword_pattern':
      return named(pattern).slice(1).flatMap(captures);
    case 'splat_pattern':
    case 'identifier':
      return pattern.type === 'identifier' ? [pattern] : named(pattern).flatMap(captures);
    case 'dict_pattern':
      return pattern.children.filter(each => each.named && each.field !== 'key').flatMap(captures);
    case 'as_pattern': {
      const parts = named(pattern);
      return [
        ...parts.slice(0, -1).flatMap(captures),
        ...parts.slice(-1).filter(each => each.type === 'identifier')
      ];
    }
    default:
      return named(pattern).flatMap(captures);
  }
}
