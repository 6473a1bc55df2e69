import { channelOfTarget, effectsOfCall } from './effects';
import {
  ABSORBING_METHODS,
  ARGUMENT_CHANGERS,
  BUILTIN_CALLS,
  DRAWING_KEYWORDS,
  FRESH_ATTRIBUTES,
  FRESH_FUNCTIONS,
  FRESH_METHODS,
  READING_METHODS
} from './knowledge';
import {
  boundBy,
  captures,
  isComprehension,
  isGlobal,
  mangled,
  parametersOf,
  scopeOf,
  targetNames,
  typeScopeOf,
  type Scope
} from './scope';
import { child, children, named, rangeOf, type Node } from './tree';
import type {
  Alias,
  Binding,
  BindingKind,
  Call,
  CellFacts,
  Change,
  Channel,
  Effect,
  LaterCode,
  NameUse,
  Surroundings,
  Unshippable
} from './types';

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

/** Facts of a piece of code that runs at one time: the cell itself, or a function's body. */
interface Frame {
  readonly scope: Scope | undefined;
  readonly reads: NameUse[];
  readonly binds: Binding[];
  readonly changes: Change[];
  readonly effects: Effect[];
  readonly calls: Set<string>;
  /** Parameters of the function, by name, and which of them its body changes. */
  readonly parameters: readonly string[];
  readonly changedParameters: Set<string>;
  returnsParameters: boolean;
  sharesParameters: boolean;
  readonly returnsGlobals: Set<string>;
  readonly sharesWithGlobals: Set<string>;
  /** For local names: the names outside that their objects may be shared with. */
  readonly localRoots: Map<string, Set<string>>;
}

/** Facts of a cell that the walk collects; the rest of `CellFacts` is added by the analyser. */
export type WalkedFacts = Pick<
  CellFacts,
  | 'binds'
  | 'deletes'
  | 'reads'
  | 'changes'
  | 'aliases'
  | 'madeFrom'
  | 'later'
  | 'calls'
  | 'effects'
  | 'unshippable'
  | 'starImports'
  | 'dynamic'
  | 'imports'
  | 'topLevelAwait'
  | 'needsIPython'
  | 'interactive'
>;

/** Functions that wait for a person. */
const INTERACTIVE = new Set([
  'input',
  'raw_input',
  'breakpoint',
  'getpass.getpass',
  'pdb.set_trace'
]);

/** Values that live in one process, by the qualified name of the function that makes them. */
const UNSHIPPABLE: readonly (readonly [RegExp, string])[] = [
  [/^(io\.|gzip\.|bz2\.|lzma\.|codecs\.)?open$/, 'open file'],
  [
    /^(sqlite3|psycopg2|pymysql|MySQLdb|duckdb|cx_Oracle|pyodbc|oracledb|snowflake\.connector)\.connect$/,
    'database connection'
  ],
  [/^sqlalchemy\.create_engine$/, 'database engine'],
  [/^socket\.(socket|create_connection)$/, 'socket'],
  [/^threading\.(Thread|Timer)$/, 'thread'],
  [
    /^multiprocessing\.(Pool|Process|Manager)$|^concurrent\.futures\.\w*Executor$/,
    'pool of workers'
  ],
  [/^xgboost\.DMatrix$/, 'xgboost.DMatrix'],
  [/^subprocess\.Popen$/, 'running process']
];

/** Walks the tree of a cell once and notes what it does to the names of the module. */
export class CellWalker {
  /** @param around what other cells tell */
  constructor(
    private readonly source: string,
    private readonly around: Surroundings
  ) {
    this.known = new Map(around.imports);
    this.top = frame(undefined);
    this.frame = this.top;
  }

  walk(root: Node): WalkedFacts {
    this.block(root);
    const { top } = this;
    return {
      binds: top.binds,
      deletes: this.deletes,
      reads: firstReads(top.reads),
      changes: top.changes,
      aliases: this.aliases,
      madeFrom: Object.fromEntries([...this.madeFrom].map(([name, from]) => [name, [...from]])),
      later: this.later,
      calls: this.calls,
      effects: top.effects,
      unshippable: this.unshippable,
      starImports: this.starImports,
      dynamic: this.dynamic,
      imports: this.imports,
      topLevelAwait: this.topLevelAwait,
      needsIPython: this.needsIPython,
      interactive: this.interactive
    };
  }

  /** Notes reads from outside the code proper, such as `{name}` in a shell line. */
  readLoosely(name: string, at: NameUse['at']): void {
    this.top.reads.push({ name, at, conditional: true, guarded: true });
  }

  // --- statements -----------------------------------------------------------------------------

  private block(node: Node): void {
    for (const each of named(node)) {
      this.statement(each);
    }
  }

  private statement(node: Node): void {
    switch (node.type) {
      case 'expression_statement':
        named(node).forEach(each => this.expressionStatement(each));
        return;
      case 'import_statement':
      case 'import_from_statement':
      case 'future_import_statement':
        this.importStatement(node);
        return;
      case 'function_definition':
        this.functionDefinition(node, []);
        return;
      case 'class_definition':
        this.classDefinition(node, []);
        return;
      case 'decorated_definition':
        this.decorated(node);
        return;
      case 'if_statement':
        this.ifStatement(node);
        return;
      case 'for_statement':
        this.forStatement(node);
        return;
      case 'while_statement':
        this.expressionIn(child(node, 'condition'));
        this.maybe(() => this.blockIn(child(node, 'body')));
        this.maybe(() => this.blockIn(child(node, 'alternative')));
        return;
      case 'try_statement':
        this.tryStatement(node);
        return;
      case 'with_statement':
        this.withStatement(node);
        return;
      case 'match_statement':
        this.matchStatement(node);
        return;
      case 'delete_statement':
        named(node).forEach(each => this.deleteTarget(each));
        return;
      case 'return_statement':
        for (const each of named(node)) {
          this.expression(each);
          this.givesBack(each);
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
        this.block(node);
        return;
      case 'type_alias_statement':
        boundBy(node).forEach(name => this.bind(name, 'type-alias'));
        this.withTypeParameters(node, () => {
          const right = child(node, 'right');
          if (right) {
            this.annotation(right);
          }
        });
        return;
      default:
        // raise, assert, print and exec statements of Python 2, ERROR nodes: whatever they hold is looked at.
        named(node).forEach(each =>
          isStatement(each) ? this.statement(each) : this.expression(each)
        );
    }
  }

  /** A function gives back what may share objects with its arguments or with globals. */
  private givesBack(value: Node): void {
    for (const name of this.roots(value)) {
      if (this.isParameter(name)) {
        this.frame.returnsParameters = true;
      } else {
        this.frame.returnsGlobals.add(name);
      }
    }
  }

  private expressionStatement(node: Node): void {
    switch (node.type) {
      case 'assignment':
        this.assignment(node);
        return;
      case 'augmented_assignment':
        this.augmentedAssignment(node);
        return;
      default:
        this.expression(node);
    }
  }

  private assignment(node: Node): void {
    const left = child(node, 'left');
    const right = child(node, 'right');
    const type = child(node, 'type');
    if (type) {
      this.expression(type);
    }
    if (!left || !right) {
      return;
    }
    const targets = [left];
    let value = right;
    while (value.type === 'assignment') {
      const inner = child(value, 'left');
      const next = child(value, 'right');
      if (!inner || !next) {
        break;
      }
      targets.push(inner);
      value = next;
    }
    this.expression(value, targets);
    const roots = this.roots(value);
    for (const target of targets) {
      this.assignTo(target, type ? 'annotated' : 'assign', roots, value);
    }
    const names = targets.flatMap(each => targetNames(each).map(name => this.text(name)));
    for (const name of names.slice(1)) {
      if (targets.length > 1) {
        this.alias(names[0], name, targets[targets.length - 1]);
      }
    }
  }

  private augmentedAssignment(node: Node): void {
    const left = child(node, 'left');
    const right = child(node, 'right');
    if (!left || !right) {
      return;
    }
    this.expression(right);
    if (left.type === 'identifier') {
      this.read(left);
      this.change(left, 'augassign');
      this.bind(left, 'augassign');
      this.made(this.text(left), right);
      this.shareWith(this.text(left), this.roots(right), node);
    } else {
      this.storeInto(left, this.roots(right), right, 'augassign');
    }
  }

  /** Binds, or changes through attributes and items, a target that gets a value with these roots. */
  private assignTo(target: Node, kind: BindingKind, roots: readonly string[], value?: Node): void {
    switch (target.type) {
      case 'identifier': {
        const name = this.text(target);
        this.bind(target, kind);
        this.shareWith(name, roots, target);
        if (value) {
          this.made(name, value);
        }
        return;
      }
      case 'attribute':
      case 'subscript':
        this.storeInto(target, roots, value);
        return;
      default:
        named(target).forEach(each => this.assignTo(each, kind, roots, value));
    }
  }

  /** `a.b = v`, `a[i] = v`: changes the object behind `a` and shares `v` with it. */
  private storeInto(
    target: Node,
    roots: readonly string[],
    value?: Node,
    how?: Change['how']
  ): void {
    const object = child(target, 'object') ?? child(target, 'value');
    if (!object) {
      return;
    }
    this.expression(object);
    children(target, 'subscript').forEach(each => this.expression(each));
    const qualified = this.qualified(object);
    const channel =
      qualified === undefined
        ? undefined
        : channelOfTarget(`${qualified}.${this.lastWord(target)}`);
    const root = this.rootOf(object);
    if (channel !== undefined) {
      this.effect(channel, channel === 'sys.path' ? 'set' : 'change', target, this.text(target));
      return;
    }
    if (root !== undefined && this.isModule(root) && this.resolvesGlobal(root)) {
      this.effect('patch', 'change', target, this.text(target));
      this.rawChange(root, target, 'attribute', this.text(target));
      return;
    }
    if (
      object.type === 'call' &&
      qualified === undefined &&
      child(object, 'function')?.type === 'identifier' &&
      this.text(child(object, 'function') as Node) === 'globals'
    ) {
      this.dynamicCode('globals()[…] =', target, false, true);
    }
    this.changeRoots(object, target, how ?? (target.type === 'attribute' ? 'attribute' : 'item'));
    for (const name of this.roots(object)) {
      this.shareWith(name, roots, target);
      if (value) {
        this.made(name, value);
      }
    }
  }

  private deleteTarget(target: Node): void {
    switch (target.type) {
      case 'identifier': {
        const name = this.text(target);
        this.read(target);
        if (this.resolvesGlobal(name) && this.frame === this.top) {
          this.deletes.push({ name, at: rangeOf(target), certain: this.depth === 0 });
          this.bound.delete(name);
          this.unbound.add(name);
        }
        return;
      }
      case 'attribute':
      case 'subscript':
        this.storeInto(target, [], undefined, 'delete-item');
        return;
      default:
        named(target).forEach(each => this.deleteTarget(each));
    }
  }

  private importStatement(node: Node): void {
    const from = child(node, 'module_name');
    const module = from ? this.text(from) : undefined;
    const note = (name: string) =>
      this.imports.push({
        module: name,
        at: rangeOf(node),
        conditional: this.depth > 0,
        optional: this.guards.length > 0 || this.frame !== this.top
      });
    if (node.type === 'future_import_statement') {
      return;
    }
    if (module !== undefined) {
      note(module);
    }
    for (const each of named(node)) {
      if (each === from) {
        continue;
      }
      if (each.type === 'wildcard_import') {
        this.starImports.push({ module: module ?? '', at: rangeOf(node) });
        continue;
      }
      const alias = child(each, 'alias');
      const path = each.type === 'aliased_import' ? child(each, 'name') : each;
      if (!path) {
        continue;
      }
      const dotted = this.text(path);
      const target = alias ?? named(path)[0];
      if (module === undefined) {
        note(dotted);
      }
      const name = this.text(target);
      if (this.resolvesGlobal(name)) {
        this.known.set(name, module !== undefined ? `${module}.${dotted}` : alias ? dotted : name);
      }
      this.bind(target, module === undefined ? 'import' : 'from-import', {
        module: module ?? (alias ? dotted : dotted),
        attribute: module === undefined ? undefined : dotted
      });
    }
  }

  private decorated(node: Node): void {
    const definition = child(node, 'definition');
    const decorators = node.children.filter(each => each.type === 'decorator');
    for (const each of decorators) {
      named(each).forEach(inner => this.expression(inner));
    }
    if (definition?.type === 'class_definition') {
      this.classDefinition(definition, decorators);
    } else if (definition) {
      this.functionDefinition(definition, decorators);
    }
  }

  private functionDefinition(node: Node, decorators: readonly Node[], inClass?: string): void {
    const name = child(node, 'name');
    this.withTypeParameters(node, () => {
      this.defaults(node);
      const returns = child(node, 'return_type');
      if (returns) {
        this.annotation(returns);
      }
    });
    if (!name) {
      return;
    }
    const owner = inClass ?? this.text(name);
    const written = this.source.slice(name.start, name.end);
    this.laterCode(
      node,
      owner,
      inClass === undefined ? undefined : { class: inClass, name: written }
    );
    if (inClass === undefined) {
      this.bind(name, 'def');
      decorators.forEach(each => this.made(this.text(name), each));
    }
  }

  /** Bases and annotations may use the type parameters (`class C[T](B[T])`), which are names of no module. */
  private withTypeParameters(node: Node, action: () => void): void {
    const outer = this.frame;
    this.frame = { ...outer, scope: typeScopeOf(this.text, node, outer.scope) };
    action();
    this.frame = outer;
  }

  /** Defaults and annotations of parameters are evaluated where the function is defined. */
  private defaults(node: Node): void {
    const parameters = child(node, 'parameters');
    for (const each of parameters ? named(parameters) : []) {
      const value = child(each, 'value');
      if (value) {
        this.expression(value);
      }
      const type = child(each, 'type');
      if (type) {
        this.annotation(type);
      }
    }
  }

  /** Names in annotations are read loosely: later versions of Python, and `from __future__ import annotations`, read them later or never. */
  private annotation(node: Node): void {
    this.guards.push(true);
    this.expression(node);
    this.guards.pop();
  }

  private classDefinition(node: Node, decorators: readonly Node[]): void {
    const name = child(node, 'name');
    const bases = child(node, 'superclasses');
    if (bases) {
      this.withTypeParameters(node, () => this.arguments(bases));
    }
    const body = child(node, 'body');
    if (!name || !body) {
      return;
    }
    const owner = this.text(name);
    const outer = this.frame;
    const outerClass = this.className;
    this.className = owner;
    const inner: Frame = { ...outer, scope: scopeOf(this.text, node, outer.scope) };
    this.frame = inner;
    const classBound = this.classBound;
    this.classBound = new Set();
    for (const each of named(body)) {
      const definition = each.type === 'decorated_definition' ? child(each, 'definition') : each;
      if (definition?.type === 'function_definition' && outer.scope === undefined) {
        for (const decorator of each.children.filter(part => part.type === 'decorator')) {
          named(decorator).forEach(part => this.expression(part));
        }
        this.functionDefinition(definition, [], owner);
        const method = child(definition, 'name');
        if (method) {
          this.classBound.add(this.text(method));
        }
      } else {
        this.statement(each);
      }
    }
    this.classBound = classBound;
    this.className = outerClass;
    this.frame = outer;
    if (outer.scope === undefined) {
      // What the body reads as a global, it may read again through the class: `madeFrom` keeps bases and decorators alive.
      if (bases) {
        this.made(owner, bases);
      }
      decorators.forEach(each => this.made(owner, each));
    }
    this.bind(name, 'class');
  }

  private ifStatement(node: Node): void {
    this.expressionIn(child(node, 'condition'));
    const branches = [child(node, 'consequence'), ...children(node, 'alternative')];
    const complete = branches.some(each => each?.type === 'else_clause');
    const before = new Set(this.bound);
    const ends: ReadonlySet<string>[] = [];
    for (const branch of branches) {
      if (!branch) {
        continue;
      }
      this.bound = new Set(before);
      this.depth += 1;
      const condition = child(branch, 'condition');
      if (condition) {
        this.expression(condition);
      }
      if (branch.type === 'elif_clause') {
        this.blockIn(child(branch, 'consequence'));
      } else {
        this.block(branch);
      }
      this.depth -= 1;
      if (!leaves(branch)) {
        ends.push(this.bound);
      }
    }
    if (!complete) {
      ends.push(before);
    }
    this.certainAfter(before, intersection(ends));
  }

  private forStatement(node: Node): void {
    const left = child(node, 'left');
    const right = child(node, 'right');
    const iterable = right ? this.roots(right) : [];
    if (right) {
      this.expression(right);
    }
    if (node.children.some(each => each.type === 'async') && this.frame === this.top) {
      this.topLevelAwait = true;
    }
    this.maybe(() => {
      if (left) {
        this.assignTo(left, 'for', iterable, right);
      }
      this.blockIn(child(node, 'body'));
    });
    this.maybe(() => this.blockIn(child(node, 'alternative')));
  }

  private tryStatement(node: Node): void {
    const handlers = node.children.filter(each => /^except/.test(each.type));
    const catchesNames = handlers.some(each => this.catchesNameError(each));
    const before = new Set(this.bound);
    if (catchesNames) {
      this.guards.push(true);
    }
    this.depth += handlers.length > 0 ? 1 : 0;
    this.blockIn(child(node, 'body'));
    const orElse = node.children.find(each => each.type === 'else_clause');
    if (catchesNames) {
      this.guards.pop();
    }
    if (orElse) {
      this.block(orElse);
    }
    const ends: ReadonlySet<string>[] = [this.bound];
    for (const handler of handlers) {
      this.bound = new Set(before);
      const body = handler.children.find(each => each.type === 'block');
      const value = child(handler, 'value');
      const alias = value?.type === 'as_pattern' ? child(value, 'alias') : undefined;
      if (value) {
        this.expression(value.type === 'as_pattern' ? (named(value)[0] ?? value) : value);
      }
      if (alias) {
        targetNames(alias).forEach(each => this.bind(each, 'except'));
      }
      if (body) {
        this.block(body);
      }
      if (alias) {
        for (const each of targetNames(alias)) {
          const name = this.text(each);
          this.bound.delete(name);
          if (this.resolvesGlobal(name) && this.frame === this.top) {
            this.deletes.push({ name, at: rangeOf(each), certain: false });
          }
        }
      }
      if (!body || !leaves(body)) {
        ends.push(this.bound);
      }
    }
    this.depth -= handlers.length > 0 ? 1 : 0;
    this.certainAfter(before, intersection(ends));
    const last = node.children.find(each => each.type === 'finally_clause');
    if (last) {
      this.block(last);
    }
  }

  private catchesNameError(handler: Node): boolean {
    const value = child(handler, 'value');
    return (
      !value || /\b(NameError|Exception|BaseException|UnboundLocalError)\b/.test(this.text(value))
    );
  }

  private withStatement(node: Node): void {
    const clause = node.children.find(each => each.type === 'with_clause');
    for (const item of clause ? named(clause) : []) {
      let value = child(item, 'value') ?? item;
      while (value.type === 'parenthesized_expression' && named(value).length === 1) {
        value = named(value)[0];
      }
      if (value.type === 'as_pattern') {
        const [made] = named(value);
        const alias = child(value, 'alias');
        this.expression(made);
        if (alias) {
          named(alias).forEach(each => this.assignTo(each, 'with', this.roots(made), made));
        }
      } else {
        this.expression(value);
      }
    }
    if (node.children.some(each => each.type === 'async') && this.frame === this.top) {
      this.topLevelAwait = true;
    }
    this.blockIn(child(node, 'body'));
  }

  private matchStatement(node: Node): void {
    const subjects = children(node, 'subject');
    subjects.forEach(each => this.expression(each));
    const roots = subjects.flatMap(each => this.roots(each));
    const body = child(node, 'body');
    for (const clause of body ? named(body) : []) {
      this.maybe(() => {
        for (const pattern of clause.children.filter(each => each.type === 'case_pattern')) {
          const names = captures(pattern);
          this.patternReads(pattern, names);
          for (const each of names) {
            this.bind(each, 'match');
            this.shareWith(this.text(each), roots, each);
          }
        }
        const guard = child(clause, 'guard');
        if (guard) {
          this.expression(guard);
        }
        this.blockIn(child(clause, 'consequence'));
      });
    }
  }

  private patternReads(pattern: Node, bound: readonly Node[]): void {
    if (pattern.type === 'dotted_name') {
      const first = named(pattern)[0];
      if (first && !bound.includes(first)) {
        this.read(first);
      }
      return;
    }
    if (pattern.type === 'keyword_pattern') {
      named(pattern)
        .slice(1)
        .forEach(each => this.patternReads(each, bound));
      return;
    }
    named(pattern).forEach(each => this.patternReads(each, bound));
  }

  // --- expressions ----------------------------------------------------------------------------

  private expressionIn(node: Node | undefined): void {
    if (node) {
      this.expression(node);
    }
  }

  private blockIn(node: Node | undefined): void {
    if (node) {
      this.block(node);
    }
  }

  private expression(node: Node, targets: readonly Node[] = []): void {
    switch (node.type) {
      case 'identifier':
        this.read(node);
        return;
      case 'attribute':
        this.expressionIn(child(node, 'object'));
        this.noteAttribute(node);
        return;
      case 'call':
        this.call(node, targets);
        return;
      case 'keyword_argument':
        this.expressionIn(child(node, 'value'));
        return;
      case 'lambda':
        this.lambda(node, targets);
        return;
      case 'named_expression': {
        const [name, value] = named(node);
        if (value) {
          this.expression(value);
          this.assignTo(name, 'walrus', this.roots(value), value);
        }
        return;
      }
      case 'boolean_operator': {
        const [left, right] = named(node);
        this.expression(left);
        if (right) {
          this.maybe(() => this.expression(right));
        }
        return;
      }
      case 'conditional_expression': {
        const [first, condition, last] = named(node);
        this.expressionIn(condition);
        this.maybe(() => this.expressionIn(first));
        this.maybe(() => this.expressionIn(last));
        return;
      }
      case 'yield':
        for (const each of named(node)) {
          this.expression(each);
          this.givesBack(each);
        }
        return;
      case 'await':
        if (this.frame === this.top) {
          this.topLevelAwait = true;
        }
        named(node).forEach(each => this.expression(each));
        return;
      case 'interpolation':
      case 'format_expression':
        this.interpolation(node);
        return;
      case 'assignment':
      case 'augmented_assignment':
        this.expressionStatement(node);
        return;
      case 'generator_expression':
        this.generator(node, targets);
        return;
      default:
        if (isComprehension(node)) {
          this.comprehension(node);
        } else {
          named(node).forEach(each =>
            this.expression(each, PASSES_ON.has(node.type) ? targets : [])
          );
        }
    }
  }

  /** `f"{x:=5}"` parses as a walrus, but is a read of `x` with the format `=5`. */
  private interpolation(node: Node): void {
    const value = child(node, 'expression') ?? named(node)[0];
    if (value?.type === 'named_expression') {
      this.expressionIn(named(value)[0]);
    } else if (value) {
      this.expression(value);
    }
    const format = named(node).filter(each => each !== value);
    format.forEach(each => this.expression(each));
  }

  private generator(node: Node, targets: readonly Node[]): void {
    this.comprehension(node);
    for (const target of targets) {
      if (
        target.type === 'identifier' &&
        this.resolvesGlobal(this.text(target)) &&
        this.frame === this.top
      ) {
        this.unshippable.push({ name: this.text(target), type: 'generator', at: rangeOf(node) });
      }
    }
  }

  private comprehension(node: Node): void {
    const clauses = node.children.filter(each => each.type === 'for_in_clause');
    const first = clauses[0] ? child(clauses[0], 'right') : undefined;
    this.expressionIn(first);
    if (
      clauses.some(each => each.children.some(part => part.type === 'async')) &&
      this.frame === this.top
    ) {
      this.topLevelAwait = true;
    }
    const outer = this.frame;
    const locals = new Map(outer.localRoots);
    for (const clause of clauses) {
      const left = child(clause, 'left');
      const right = child(clause, 'right');
      const roots = new Set(right ? this.roots(right) : []);
      for (const name of left ? targetNames(left) : []) {
        locals.set(this.text(name), roots);
      }
    }
    // The body runs now, in the same frame, under a scope of its own.
    this.frame = { ...outer, scope: scopeOf(this.text, node, outer.scope), localRoots: locals };
    this.inComprehension.push(outer);
    this.maybe(() => {
      for (const each of named(node)) {
        if (each.type === 'for_in_clause') {
          const right = child(each, 'right');
          if (right && right !== first) {
            this.expression(right);
          }
          const left = child(each, 'left');
          if (left && left.type !== 'identifier') {
            named(left)
              .filter(part => part.type !== 'identifier')
              .forEach(part => this.expression(part));
          }
        } else {
          this.expression(each);
        }
      }
    });
    this.inComprehension.pop();
    outer.returnsParameters ||= this.frame.returnsParameters;
    this.frame = outer;
  }

  private lambda(node: Node, targets: readonly Node[]): void {
    this.defaults(node);
    const owners = targets.flatMap(each => targetNames(each).map(name => this.text(name)));
    const stored = targets
      .filter(each => each.type === 'attribute' || each.type === 'subscript')
      .flatMap(each => this.rootOf(each) ?? []);
    const all = [...owners, ...stored].filter(name => this.resolvesGlobal(name));
    if (all.length > 0 && this.frame === this.top) {
      all.forEach(owner => this.laterCode(node, owner));
      return;
    }
    // Handed to something that may call it at once: what it reads should be there, but need not.
    this.guards.push(true);
    this.depth += 1;
    const outer = this.frame;
    const scope = scopeOf(this.text, node, outer.scope);
    this.frame = { ...outer, scope };
    this.expressionIn(child(node, 'body'));
    this.frame = outer;
    this.depth -= 1;
    this.guards.pop();
  }

  private call(node: Node, targets: readonly Node[]): void {
    const callee = child(node, 'function');
    const list = child(node, 'arguments');
    if (!callee) {
      return;
    }
    this.expression(callee);
    if (list) {
      this.arguments(list, targets);
    }
    const arguments_ = list ? (list.type === 'generator_expression' ? [list] : named(list)) : [];
    const keywords = new Map(
      arguments_
        .filter(each => each.type === 'keyword_argument')
        .map(each => [this.text(child(each, 'name') as Node), child(each, 'value') as Node])
    );
    const root = this.rootOf(callee);
    const qualified = this.qualified(callee);
    const receiver = callee.type === 'attribute' ? child(callee, 'object') : undefined;
    const isMethod =
      receiver !== undefined &&
      !(root !== undefined && this.isModule(root) && this.qualified(receiver) !== undefined);
    const last = this.lastWord(callee);
    const spelled = qualified ?? (isMethod ? `${root ?? ''}.${last}` : last);

    if (isMethod && receiver) {
      this.methodCall(node, receiver, last, arguments_, keywords);
    } else if (callee.type === 'identifier') {
      const name = this.text(callee);
      if (this.resolvesGlobal(name)) {
        this.frame.calls.add(name);
        if (!this.known.has(name) && !BUILTIN_CALLS.has(name) && !FRESH_FUNCTIONS.has(name)) {
          this.rawChange(name, callee, 'call', name);
        }
      }
    } else if (callee.type === 'subscript' || callee.type === 'call') {
      this.changeRoots(callee, node, 'call');
    }
    const changed = ARGUMENT_CHANGERS[spelled];
    const positional = arguments_.filter(each => each.type !== 'keyword_argument');
    if (changed !== undefined && positional[changed]) {
      this.changeRoots(positional[changed], node, 'argument', spelled);
    }
    for (const [keyword, value] of keywords) {
      if (DRAWING_KEYWORDS.has(keyword)) {
        this.changeRoots(value, node, 'argument', spelled);
      }
    }
    if (this.text(keywords.get('inplace') ?? callee) === 'True' && !isMethod) {
      positional.slice(0, 1).forEach(each => this.changeRoots(each, node, 'argument', spelled));
    }
    this.callEffects(node, spelled, isMethod, arguments_, keywords);
    this.special(node, callee, spelled, arguments_, targets);
    this.noteCall(node, callee, root, arguments_, targets);
  }

  private arguments(list: Node, targets: readonly Node[] = []): void {
    if (list.type === 'generator_expression') {
      this.comprehension(list);
      return;
    }
    named(list).forEach(each =>
      this.expression(
        each,
        targets.length > 0 && each.type !== 'generator_expression' ? targets : []
      )
    );
  }

  private methodCall(
    node: Node,
    receiver: Node,
    method: string,
    values: readonly Node[],
    keywords: ReadonlyMap<string, Node>
  ): void {
    const inplace = keywords.get('inplace');
    const explicit = inplace !== undefined && this.text(inplace) !== 'False';
    if (READING_METHODS.has(method) && !explicit) {
      return;
    }
    this.changeRoots(receiver, node, 'method', method);
    if (ABSORBING_METHODS.has(method)) {
      for (const name of this.sharing(receiver)) {
        this.shareWith(
          name,
          values.flatMap(each => this.roots(each)),
          node
        );
      }
    }
  }

  private callEffects(
    node: Node,
    spelled: string,
    isMethod: boolean,
    arguments_: readonly Node[],
    keywords: ReadonlyMap<string, Node>
  ): void {
    if (
      /^(io\.|gzip\.|bz2\.|codecs\.)?open$/.test(spelled) ||
      (isMethod && spelled.endsWith('.open'))
    ) {
      const mode = keywords.get('mode') ?? (isMethod ? arguments_[0] : arguments_[1]);
      const text = mode ? this.text(mode) : "'r'";
      const writes = !/^[rbf]*['"][rbt]*['"]$/.test(text);
      this.effect(
        'files',
        writes ? 'change' : 'read',
        node,
        this.text(node),
        isMethod ? undefined : this.path(arguments_[0])
      );
      return;
    }
    const words = new Set(keywords.keys());
    for (const each of effectsOfCall(spelled, isMethod, words)) {
      const own =
        arguments_.find(argument => argument.type !== 'keyword_argument') ??
        [...keywords].find(([name]) => /path|file|fname/.test(name))?.[1];
      this.effect(
        each.channel,
        each.access,
        node,
        this.text(node),
        each.channel === 'files' ? this.path(own) : undefined
      );
    }
  }

  /** Calls with a meaning of their own: code in strings, namespaces, people, values of one process. */
  private special(
    node: Node,
    callee: Node,
    spelled: string,
    arguments_: readonly Node[],
    targets: readonly Node[]
  ): void {
    if (callee.type === 'identifier' && this.resolvesGlobal(spelled) && !this.bound.has(spelled)) {
      if (spelled === 'eval' || spelled === 'exec') {
        const literal =
          arguments_[0] && arguments_.length === 1
            ? plainString(this.text(arguments_[0]))
            : undefined;
        if (literal === undefined) {
          this.dynamicCode(`${spelled}()`, node, true, spelled === 'exec');
        } else {
          this.literals.push({ text: literal, at: rangeOf(node) });
        }
      } else if (
        spelled === 'globals' ||
        ((spelled === 'locals' || spelled === 'vars' || spelled === 'dir') &&
          arguments_.length === 0)
      ) {
        this.dynamicCode(`${spelled}()`, node, true, true);
      } else if (spelled === 'display' || spelled === 'get_ipython') {
        this.needsIPython ??= { what: `${spelled}()`, at: rangeOf(node) };
      }
    }
    if (INTERACTIVE.has(spelled) && !this.bound.has(spelled)) {
      this.interactive.push({ what: `${spelled}()`, at: rangeOf(node) });
    }
    const found = UNSHIPPABLE.find(([pattern]) => pattern.test(spelled));
    if (found && this.frame === this.top) {
      for (const target of targets) {
        if (target.type === 'identifier' && this.isDirectValue(node, target)) {
          this.unshippable.push({ name: this.text(target), type: found[1], at: rangeOf(node) });
        }
      }
    }
  }

  /** The call's value itself is assigned to the target, not something made from it. */
  private isDirectValue(node: Node, target: Node): boolean {
    return /^\s*(:[^=]*)?=\s*$/.test(this.source.slice(target.end, node.start));
  }

  private noteCall(
    node: Node,
    callee: Node,
    root: string | undefined,
    arguments_: readonly Node[],
    targets: readonly Node[]
  ): void {
    if (root === undefined || this.frame.scope?.kind === 'function' || !this.resolvesGlobal(root)) {
      if (root !== undefined && this.resolvesGlobal(root)) {
        this.frame.calls.add(root);
      }
      return;
    }
    const path = this.text(callee)
      .split('.')
      .slice(1)
      .map(each => each.replace(/[^\w].*$/s, ''));
    this.calls.push({
      root,
      path: callee.type === 'identifier' ? [] : path,
      arguments: arguments_.map(each => {
        const keyword = child(each, 'name');
        const value = each.type === 'keyword_argument' ? child(each, 'value') : each;
        return {
          ...(each.type === 'keyword_argument' && keyword ? { keyword: this.text(keyword) } : {}),
          names: value ? this.roots(value).filter(name => this.resolvesGlobal(name)) : []
        };
      }),
      at: rangeOf(node),
      conditional: this.depth > 0,
      targets: targets.filter(each => each.type === 'identifier').map(each => this.text(each))
    });
  }

  /** `os.environ["X"]` reads the environment even without a call. */
  private noteAttribute(node: Node): void {
    const qualified = this.qualified(node);
    if (qualified === 'os.environ') {
      this.effect('environ', 'read', node, this.text(node));
    }
  }

  // --- code that runs later -------------------------------------------------------------------

  private laterCode(node: Node, owner: string, method?: LaterCode['method']): void {
    const outer = this.frame;
    const { bound, unbound, depth, guards, classBound } = this;
    if (outer.scope?.kind === 'function') {
      // A function in a function: what it does is what calling the outer one may do.
      const scope = scopeOf(this.text, node, outer.scope);
      this.frame = { ...outer, scope, localRoots: new Map(outer.localRoots) };
      this.body(node);
      this.frame = outer;
      return;
    }
    const parameters = parametersOf(this.text, node);
    const inner = frame(scopeOf(this.text, node, outer.scope), parameters);
    this.frame = inner;
    this.bound = new Set();
    this.unbound = new Set();
    this.guards = [];
    this.depth = 0;
    this.classBound = new Set();
    this.body(node);
    this.frame = outer;
    this.bound = bound;
    this.unbound = unbound;
    this.depth = depth;
    this.guards = guards;
    this.classBound = classBound;
    if (outer.scope?.kind === 'class' && method === undefined) {
      outer.reads.push(...inner.reads.map(each => ({ ...each, conditional: true, guarded: true })));
      return;
    }
    this.later.push({
      owner,
      at: rangeOf(node),
      reads: firstReads(inner.reads),
      binds: inner.binds,
      changes: inner.changes,
      changesParameters: parameters.flatMap((name, index) =>
        inner.changedParameters.has(name) ? [{ index, name }] : []
      ),
      returnsParameters: inner.returnsParameters || node.type === 'lambda',
      returnsGlobals: [...inner.returnsGlobals],
      sharesParameters: inner.sharesParameters,
      sharesWithGlobals: [...inner.sharesWithGlobals],
      parameters,
      effects: inner.effects,
      calls: [...inner.calls],
      ...(method ? { method } : {})
    });
  }

  private body(node: Node): void {
    const body = child(node, 'body');
    if (!body) {
      return;
    }
    if (node.type === 'lambda') {
      this.expression(body);
    } else {
      this.block(body);
    }
  }

  // --- names ----------------------------------------------------------------------------------

  private read(node: Node): void {
    const name = this.text(node);
    const { frame: current } = this;
    if (!this.resolvesGlobal(name) || name === '__debug__') {
      return;
    }
    if (current.scope?.kind === 'class' && /^__(qualname|module|annotations)__$/.test(name)) {
      return;
    }
    if (
      current.scope?.kind === 'class' &&
      this.classBound.has(name) &&
      current.scope.locals.has(name)
    ) {
      return;
    }
    if (this.atModuleTime(current) && this.bound.has(name)) {
      return;
    }
    current.reads.push({
      name,
      at: rangeOf(node),
      conditional: this.depth > 0,
      guarded: this.guards.length > 0
    });
    if (name === 'In' || name === 'Out' || /^_(i*|\d+|__?)$/.test(name)) {
      this.historyReads.add(name);
    }
  }

  private bind(
    node: Node,
    kind: BindingKind,
    more: Pick<Binding, 'module' | 'attribute'> = {}
  ): void {
    const name = this.text(node);
    const { frame: current } = this;
    if (current.scope?.kind === 'class') {
      this.classBound.add(name);
    }
    if (!this.resolvesGlobal(name)) {
      return;
    }
    if (!this.atModuleTime(current)) {
      current.binds.push({ name, kind: 'global-in-call', at: rangeOf(node), certain: false });
      return;
    }
    if (kind !== 'import' && kind !== 'from-import') {
      this.known.delete(name);
    }
    this.top.binds.push({ name, kind, at: rangeOf(node), certain: this.depth === 0, ...more });
    this.bound.add(name);
    this.unbound.delete(name);
  }

  /** Module-level code, comprehension and class bodies included: it runs as the cell runs. */
  private atModuleTime(current: Frame): boolean {
    return current.reads === this.top.reads;
  }

  private resolvesGlobal(name: string): boolean {
    const { scope } = this.frame;
    if (scope?.kind === 'class' && scope.locals.has(name) && !this.classBound.has(name)) {
      // A class body sees the module's name until it binds its own.
      return isGlobal(name, scope.parent);
    }
    return isGlobal(name, scope);
  }

  private isParameter(name: string): boolean {
    return this.frame.parameters.includes(name);
  }

  private isModule(name: string): boolean {
    return this.known.has(name) && this.resolvesGlobal(name);
  }

  private change(node: Node, how: Change['how'], via?: string): void {
    this.rawChange(this.text(node), node, how, via);
  }

  /** Notes a change of the object behind a name: a global, a parameter, or what a local name stands for. */
  private rawChange(name: string, node: Node, how: Change['how'], via?: string): void {
    for (const root of this.expand(name)) {
      if (this.isParameter(root)) {
        this.frame.changedParameters.add(root);
      } else if (isGlobal(root, this.frame.scope) || this.inComprehension.length > 0) {
        this.frame.changes.push({
          name: root,
          at: rangeOf(node),
          how,
          ...(via === undefined ? {} : { via })
        });
      }
    }
  }

  private changeRoots(expression: Node, at: Node, how: Change['how'], via?: string): void {
    for (const name of this.sharing(expression)) {
      this.rawChange(name, at, how, via);
    }
  }

  /** A local name as the outer names that it may share objects with; others as they are. */
  private expand(name: string): readonly string[] {
    if (this.resolvesGlobal(name) || this.isParameter(name)) {
      return [name];
    }
    return [...(this.frame.localRoots.get(name) ?? [])];
  }

  private shareWith(name: string, roots: readonly string[], at: Node): void {
    const outer = roots.flatMap(each => this.expand(each));
    if (!this.resolvesGlobal(name) && !this.isParameter(name)) {
      const known = this.frame.localRoots.get(name) ?? new Set<string>();
      outer.forEach(each => known.add(each));
      this.frame.localRoots.set(name, known);
      return;
    }
    for (const each of outer) {
      this.alias(name, each, at);
    }
  }

  private alias(a: string, b: string, at: Node): void {
    if (this.isModule(a) || this.isModule(b)) {
      return;
    }
    // A name that shares with itself (`x = f(x)`) keeps what it shared before: told to the graph as a pair of its own.
    const [ofA, ofB] = [this.isParameter(a), this.isParameter(b)];
    if (!ofA && !ofB) {
      this.aliases.push({ names: [a, b], at: rangeOf(at) });
    } else if (ofA && ofB) {
      this.frame.sharesParameters = true;
    } else {
      this.frame.sharesWithGlobals.add(ofA ? b : a);
    }
  }

  /** Notes what a global's value was made from: every global that the expression mentions. */
  private made(name: string, value: Node): void {
    if (!this.resolvesGlobal(name)) {
      return;
    }
    const from = this.madeFrom.get(name) ?? new Set<string>();
    const visit = (node: Node): void => {
      if (node.type === 'identifier') {
        const word = this.text(node);
        if (this.resolvesGlobal(word) && word !== name) {
          from.add(word);
        }
        return;
      }
      if (node.type === 'call' && this.isPlainResult(node)) {
        return;
      }
      for (const each of node.children) {
        const isWord =
          (node.type === 'attribute' && each.field === 'attribute') ||
          (node.type === 'keyword_argument' && each.field === 'name');
        if (!isWord) {
          visit(each);
        }
      }
    };
    visit(value);
    this.madeFrom.set(name, from);
  }

  /** A call whose value is a number, a text or the like, or data without code: it carries nothing of what it was made from. */
  private isPlainResult(node: Node): boolean {
    const callee = child(node, 'function');
    const last = callee ? this.lastWord(callee) : '';
    return callee?.type === 'identifier' ? FRESH_FUNCTIONS.has(last) : FRESH_METHODS.has(last);
  }

  /** Names whose objects an expression's value may share: the careful answer. */
  private roots(node: Node): readonly string[] {
    return this.sharing(node)
      .flatMap(name => this.expand(name))
      .filter(name => !this.isModule(name));
  }

  private sharing(node: Node): readonly string[] {
    switch (node.type) {
      case 'identifier':
        return [this.text(node)];
      case 'attribute': {
        const object = child(node, 'object');
        return object && !FRESH_ATTRIBUTES.has(this.lastWord(node)) ? this.sharing(object) : [];
      }
      case 'subscript': {
        const value = child(node, 'value');
        return value ? this.sharing(value) : [];
      }
      case 'call':
        return this.sharingOfCall(node);
      case 'binary_operator':
        // Arithmetic makes new objects; joined displays keep their elements.
        return named(node)
          .filter(each => ['list', 'tuple', 'dictionary', 'set'].includes(each.type))
          .flatMap(each => this.sharing(each));
      case 'comparison_operator':
      case 'not_operator':
      case 'unary_operator':
      case 'string':
      case 'concatenated_string':
      case 'integer':
      case 'float':
      case 'true':
      case 'false':
      case 'none':
      case 'lambda':
      case 'type':
        return [];
      case 'keyword_argument': {
        const value = child(node, 'value');
        return value ? this.sharing(value) : [];
      }
      case 'named_expression':
        return named(node).flatMap(each => this.sharing(each));
      default:
        return isComprehension(node)
          ? this.sharingOfComprehension(node)
          : named(node).flatMap(each => this.sharing(each));
    }
  }

  private sharingOfCall(node: Node): readonly string[] {
    const callee = child(node, 'function');
    const list = child(node, 'arguments');
    if (!callee) {
      return [];
    }
    const last = this.lastWord(callee);
    const arguments_ = list ? (list.type === 'generator_expression' ? [list] : named(list)) : [];
    const passed = () => arguments_.flatMap(each => this.sharing(each));
    if (this.around.fresh.has(last)) {
      return [];
    }
    if (callee.type === 'identifier') {
      if (FRESH_FUNCTIONS.has(last) || (FRESH_METHODS.has(last) && this.known.has(last))) {
        return [];
      }
      return BUILTIN_CALLS.has(last) ? passed() : [last, ...passed()];
    }
    if (FRESH_METHODS.has(last)) {
      return [];
    }
    const receiver = child(callee, 'object') ?? callee;
    return [...this.sharing(receiver), ...passed()];
  }

  private sharingOfComprehension(node: Node): readonly string[] {
    const inner = new Set<string>();
    const outer: string[] = [];
    for (const clause of node.children.filter(each => each.type === 'for_in_clause')) {
      const left = child(clause, 'left');
      const right = child(clause, 'right');
      (left ? targetNames(left) : []).forEach(name => inner.add(this.text(name)));
      outer.push(...(right ? this.sharing(right) : []));
    }
    const body = child(node, 'body') ?? named(node)[0];
    const shared = body ? this.sharing(body) : [];
    return [
      ...shared.filter(name => !inner.has(name)),
      ...(shared.some(name => inner.has(name)) ? outer : [])
    ];
  }

  /** The first name of `a.b[c].d()`, if it starts with one. */
  private rootOf(node: Node): string | undefined {
    switch (node.type) {
      case 'identifier':
        return this.text(node);
      case 'attribute':
      case 'subscript':
      case 'call':
      case 'parenthesized_expression': {
        const first = named(node)[0];
        return first ? this.rootOf(first) : undefined;
      }
      default:
        return undefined;
    }
  }

  /** `np.random.seed` → `numpy.random.seed`; undefined if the expression is no plain dotted name of an import or of a builtin. */
  private qualified(node: Node): string | undefined {
    if (node.type === 'identifier') {
      const name = this.text(node);
      return this.resolvesGlobal(name)
        ? (this.known.get(name) ?? (this.bound.has(name) ? undefined : name))
        : undefined;
    }
    if (node.type !== 'attribute') {
      return undefined;
    }
    const object = child(node, 'object');
    const inner = object ? this.qualified(object) : undefined;
    const root = this.rootOf(node);
    return inner !== undefined && root !== undefined && this.known.has(root)
      ? `${inner}.${this.lastWord(node)}`
      : undefined;
  }

  private lastWord(node: Node): string {
    const attribute = child(node, 'attribute');
    return attribute ? this.text(attribute) : node.type === 'identifier' ? this.text(node) : '';
  }

  private effect(
    channel: Channel,
    access: Effect['access'],
    node: Node,
    what: string,
    path?: string
  ): void {
    this.frame.effects.push({
      channel,
      access,
      at: rangeOf(node),
      what: what.length > 60 ? `${what.slice(0, 57)}…` : what,
      ...(path === undefined ? {} : { path })
    });
  }

  /** A path that is a string literal, or a name bound to one in this cell. */
  private path(node: Node | undefined): string | undefined {
    if (!node) {
      return undefined;
    }
    const text = node.type === 'identifier' ? this.strings.get(this.text(node)) : this.text(node);
    return text === undefined ? undefined : plainString(text);
  }

  private dynamicCode(what: string, node: Node, reads: boolean, binds: boolean): void {
    this.dynamic.push({ what, reads, binds, at: rangeOf(node) });
  }

  // --- flow -----------------------------------------------------------------------------------

  /** Code that runs on some paths only. */
  private maybe(action: () => void): void {
    const before = new Set(this.bound);
    this.depth += 1;
    action();
    this.depth -= 1;
    this.certainAfter(before, before);
  }

  /** After branches: what all of them bound is certainly bound, though each binding alone was not. */
  private certainAfter(before: ReadonlySet<string>, after: ReadonlySet<string>): void {
    this.bound = new Set([...after].filter(name => !this.unbound.has(name) || before.has(name)));
    if (this.depth > 0 || !this.atModuleTime(this.frame)) {
      return;
    }
    const { binds } = this.top;
    for (const name of after) {
      if (!before.has(name)) {
        const index = binds.findLastIndex(each => each.name === name);
        if (index >= 0) {
          binds[index] = { ...binds[index], certain: true };
        }
      }
    }
  }

  private readonly text = (node: Node): string => {
    const raw = this.source.slice(node.start, node.end);
    // CPython folds identifiers to NFKC.
    return node.type === 'identifier'
      ? mangled(/[^\x20-\x7e]/.test(raw) ? raw.normalize('NFKC') : raw, this.className)
      : raw;
  };

  /** Code in literal strings of `eval` and `exec`, for the analyser. */
  readonly literals: { readonly text: string; readonly at: NameUse['at'] }[] = [];
  /** Names of IPython's history that are read. */
  readonly historyReads = new Set<string>();
  /** String constants of the cell, by name, as source text. */
  readonly strings = new Map<string, string>();

  private readonly known: Map<string, string>;
  private readonly top: Frame;
  private frame: Frame;
  private bound = new Set<string>();
  private unbound = new Set<string>();
  private classBound = new Set<string>();
  /** The class whose code is looked at: names such as `__x` are its own. */
  private className: string | undefined;
  private guards: boolean[] = [];
  private depth = 0;
  private readonly inComprehension: Frame[] = [];
  private readonly deletes: Mutable<Pick<CellFacts, 'deletes'>>['deletes'] = [];
  private readonly aliases: Alias[] = [];
  private readonly madeFrom = new Map<string, Set<string>>();
  private readonly later: LaterCode[] = [];
  private readonly calls: Call[] = [];
  private readonly unshippable: Unshippable[] = [];
  private readonly starImports: Mutable<Pick<CellFacts, 'starImports'>>['starImports'] = [];
  private readonly dynamic: Mutable<Pick<CellFacts, 'dynamic'>>['dynamic'] = [];
  private readonly imports: Mutable<Pick<CellFacts, 'imports'>>['imports'] = [];
  private readonly interactive: Mutable<Pick<CellFacts, 'interactive'>>['interactive'] = [];
  private needsIPython: CellFacts['needsIPython'];
  private topLevelAwait = false;
}

/** Expressions whose value is one of their parts, so that a target of theirs is a target of the part. */
const PASSES_ON = new Set([
  'parenthesized_expression',
  'dictionary',
  'pair',
  'list',
  'tuple',
  'expression_list',
  'set'
]);

function frame(scope: Scope | undefined, parameters: readonly string[] = []): Frame {
  return {
    scope,
    reads: [],
    binds: [],
    changes: [],
    effects: [],
    calls: new Set(),
    parameters,
    changedParameters: new Set(),
    returnsParameters: false,
    sharesParameters: false,
    returnsGlobals: new Set(),
    sharesWithGlobals: new Set(),
    localRoots: new Map()
  };
}

function isStatement(node: Node): boolean {
  return /_statement$|_definition$|_clause$|^block$/.test(node.type);
}

/** The block ends by leaving: what comes after it in its branch is never reached. */
function leaves(node: Node): boolean {
  const last = named(node).at(-1);
  return (
    last !== undefined &&
    (/^(raise|return|continue|break)_statement$/.test(last.type) ||
      (last.type === 'block' && leaves(last)))
  );
}

function intersection(sets: readonly ReadonlySet<string>[]): ReadonlySet<string> {
  const [first, ...rest] = sets;
  return new Set(first ? [...first].filter(each => rest.every(set => set.has(each))) : []);
}

/** For every name the first read, and besides it the first that is certain and unguarded. */
function firstReads(reads: readonly NameUse[]): NameUse[] {
  const found = new Map<string, NameUse>();
  for (const each of reads) {
    const known = found.get(each.name);
    if (
      !known ||
      (known.guarded && !each.guarded) ||
      (known.conditional && !known.guarded && !each.conditional && !each.guarded)
    ) {
      found.set(each.name, each);
    }
  }
  return [...found.values()];
}

/** The text of a string literal without prefix, escapes or placeholders; undefined for any other. */
export function plainString(literal: string): string | undefined {
  const match = /^[rRuU]?("""|'''|"|')(.*)\1$/s.exec(literal);
  return match &&
    !match[2].includes(match[1]) &&
    (!match[2].includes('\\') || /^[rR]/.test(literal))
    ? match[2]
    : undefined;
}
