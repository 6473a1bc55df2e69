import type { Diagnostic } from '../diagnostics/types';

/** Position in a cell: 1-based line, 0-based UTF-16 column; end exclusive. */
export interface Range {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

/** How a name gets its value in a statement. */
export type BindingKind =
  | 'assign'
  | 'augassign'
  | 'annotated'
  | 'for'
  | 'with'
  | 'except'
  | 'import'
  | 'from-import'
  | 'def'
  | 'class'
  | 'match'
  | 'walrus'
  | 'global-in-call'
  | 'magic'
  | 'dynamic'
  | 'type-alias';

/**
 * The kinds of process or machine state that are not names (semantics §2, "ambient effects").
 * Channels `random` … `locale` are carried by the step program like values; `files`, `figures`, `threads`, `patch`,
 * `process` and `unknown` only order steps (or are refused by `dataflow/`).
 */
export type Channel =
  | 'random'
  | 'numpy.random'
  | 'torch.random'
  | 'tensorflow.random'
  | 'environ'
  | 'cwd'
  | 'sys.path'
  | 'warnings'
  | 'rcParams'
  | 'pandas.options'
  | 'numpy.options'
  | 'decimal'
  | 'locale'
  | 'logging'
  | 'files'
  | 'figures'
  | 'threads'
  | 'patch'
  | 'packages';

/** A use of a name. */
export interface NameUse {
  readonly name: string;
  readonly at: Range;
  /** True if the read only happens on some paths (in a branch, a loop body, an `except`, a short circuit), or is guarded by `try … except NameError`. */
  readonly conditional: boolean;
  /** True if a NameError here is caught (`try … except NameError/Exception/bare`), so that a missing name is no error. */
  readonly guarded: boolean;
}

/** A binding of a module-level name. */
export interface Binding {
  readonly name: string;
  readonly kind: BindingKind;
  readonly at: Range;
  /** False: only some paths bind it ("may bind"). */
  readonly certain: boolean;
  /** For imports: the module as written (`os.path`, `.helper`), and the attribute for `from m import a`. */
  readonly module?: string;
  readonly attribute?: string;
  /** For `draw = random.random` and `context = decimal.getcontext()`: the dotted name as written. */
  readonly standsFor?: string;
}

/** An in-place change of the object behind a name. */
export interface Change {
  readonly name: string;
  readonly at: Range;
  readonly how:
    | 'attribute'
    | 'item'
    | 'delete-item'
    | 'augassign'
    | 'method'
    | 'argument'
    | 'call'
    | 'loop-element';
  /** The method, function or attribute involved, for messages: `append`, `random.shuffle`; `__class__` if the change is one of the object's class. */
  readonly via?: string;
}

/**
 * Objects may be shared: after this, a change through one of the names may show through the others.
 * `b = a`, `x = [a, b]`, `a.attr = b`, `v = df['A']`, `for t in frames`, `y = f(a)` where `f` may return its argument.
 */
export interface Alias {
  readonly names: readonly [string, string];
  /** The first is a new object that may hold what the second holds: `x = y + [1]`, `x = y.copy()`. */
  readonly elements?: boolean;
  readonly at: Range;
}

/** A statement at the top level of a cell that is a definition (import, def, class) free of effects: it can be replayed. */
export interface Definition {
  readonly names: readonly string[];
  readonly kind: 'import' | 'def' | 'class' | 'constant';
  /** Lines of the statement with its decorators: the text that is replayed. 1-based, inclusive. */
  readonly line: number;
  readonly endLine: number;
  readonly source: string;
  /** Imported modules (top-level package name) if an import. */
  readonly modules: readonly string[];
  /** Names needed at the time of definition: decorators, defaults, bases, annotations. */
  readonly reads: readonly string[];
  /** Of these, the names in the bases of a class. */
  readonly bases?: readonly string[];
}

/**
 * Code that runs later: the body of a function, lambda, method, comprehension or class, keyed by the module-level name(s) it is reachable from.
 * `owner` is the bound name (`f`, class name `C`, or a name assigned from an expression that contains a lambda or a comprehension body closure).
 */
export interface LaterCode {
  readonly owner: string;
  readonly at: Range;
  /** Global names the code refers to, needed when it is called. */
  readonly reads: readonly NameUse[];
  /** Names bound by `global x` inside. */
  readonly binds: readonly Binding[];
  /** Globals whose object the code changes. */
  readonly changes: readonly Change[];
  /** 0-based positions and names of parameters whose object the code changes (`def add(z): z.append(1)`); `*args`/`**kwargs` by their name. */
  readonly changesParameters: readonly { readonly index: number; readonly name: string }[];
  /** Parameters that the return value may share objects with; `true` if unknown. */
  readonly returnsParameters: boolean;
  /** Globals that what it returns may share objects with. */
  readonly returnsGlobals: readonly string[];
  /** A call may make its arguments share objects, with each other and with the receiver of a method. */
  readonly sharesParameters: boolean;
  /** Globals that may come to share objects with its arguments. */
  readonly sharesWithGlobals: readonly string[];
  /** Parameters in order, as written (`self` included for methods). */
  readonly parameters: readonly string[];
  readonly effects: readonly Effect[];
  /** It reads or binds names that the text does not show (`eval(text)`, `globals()`), in this module's namespace. */
  readonly dynamic: { readonly reads: boolean; readonly binds: boolean };
  /** Global names that it calls, so that the closure is transitive. */
  readonly calls: readonly string[];
  /** Set for methods: the class. */
  readonly method?: { readonly class: string; readonly name: string };
}

/** State that lives in the process or the machine. */
export interface Effect {
  readonly channel: Channel;
  /** `read` notices the state, `change` sets it relative to what it was, `set` replaces it whatever it was (a seed). */
  readonly access: 'read' | 'change' | 'set';
  readonly at: Range;
  /** For messages: `random.seed`, `os.environ[...]`, `open("f.txt", "w")`. */
  readonly what: string;
  /** `files`: literal path if known, else undefined (unknown path). */
  readonly path?: string;
  /** `files`: nothing is known of the function of this name but how the call looks; it may have nothing to do with files. */
  readonly byLookOf?: string;
}

/**
 * A statement that sets how a library behaves from then on, in the process that it runs in: it is made again in every later
 * step that has the library.
 */
export interface LibrarySetting {
  readonly at: Range;
  /** The statement, without what stands beside it in its lines. */
  readonly source: string;
  /** Top-level package of the library. */
  readonly package: string;
  /** For messages: `torch.set_default_dtype`, `pd.DataFrame.shout`. */
  readonly what: string;
  /** Names that it reads: imports, and others that may be definitions. */
  readonly reads: readonly string[];
  /** It sets what the notebook shows, through IPython. */
  readonly ofDisplay: boolean;
}

/** A magic, shell line or help line, with its text. */
export interface Magic {
  readonly kind: 'line' | 'cell' | 'shell' | 'help' | 'autocall';
  readonly name: string;
  readonly text: string;
  readonly at: Range;
  /** What the analysis knows about it: configuration magics are replayed. */
  readonly effect: 'none' | 'configuration' | 'runs-code' | 'shell' | 'packages' | 'unknown';
  /** Names that the magic assigns (`x = %magic`, `x = !cmd`, `%time x = f()`). */
  readonly binds: readonly string[];
}

/** Something in the cell that yields a value that no snapshot can hold; the name it is bound to. */
export interface Unshippable {
  readonly name: string;
  /** `generator`, `open file`, `database connection`, `socket`, `thread`, … */
  readonly type: string;
  readonly at: Range;
}

/** A call made at module level, for closures through notebook functions. */
export interface Call {
  /** Root name called: `f` of `f(x)`, `m` of `m.g(x)`; `undefined` for calls on other expressions. */
  readonly root: string;
  /** Attribute path after the root: `['g']` of `m.g(x)`, `[]` of `f(x)`. */
  readonly path: readonly string[];
  /** For each positional argument the root names whose object it passes (`f(a, [b])` → [['a'], ['b']]); keyword arguments by name. */
  readonly arguments: readonly { readonly keyword?: string; readonly names: readonly string[] }[];
  readonly at: Range;
  readonly conditional: boolean;
  /** Names assigned from the call's value, directly. */
  readonly targets: readonly string[];
}

/** What the other cells of a notebook tell about the names of a cell. */
export interface Surroundings {
  /** What imported names stand for: `np` → `numpy`, `shuffle` → `random.shuffle`. */
  readonly imports: ReadonlyMap<string, string>;
  /** The notebook's functions and methods whose value shares no objects with their arguments. */
  readonly fresh: ReadonlySet<string>;
  /** Names that are given figures or axes: what draws on them changes them. */
  readonly figures: ReadonlySet<string>;
  /** Names that are given what looks like the path of a file. */
  readonly paths: ReadonlySet<string>;
}

/** Everything the analysis knows about one cell (semantics §2). Pure data; a function of the cell's source alone. */
export interface CellFacts {
  /** The source that was analysed. */
  readonly source: string;
  readonly syntaxError?: Diagnostic;
  readonly binds: readonly Binding[];
  readonly deletes: readonly {
    readonly name: string;
    readonly at: Range;
    readonly certain: boolean;
  }[];
  /** Module-level reads before the cell certainly bound the name, each name's first read first; builtins included (`dataflow/` knows them). */
  readonly reads: readonly NameUse[];
  readonly changes: readonly Change[];
  readonly aliases: readonly Alias[];
  /** For every name bound here: the names that its value was made from (and may call or hold), e.g. `m = M(k)` → M, k. */
  readonly madeFrom: Readonly<Record<string, readonly string[]>>;
  readonly definitions: readonly Definition[];
  readonly settings: readonly LibrarySetting[];
  readonly later: readonly LaterCode[];
  readonly calls: readonly Call[];
  readonly effects: readonly Effect[];
  readonly magics: readonly Magic[];
  readonly unshippable: readonly Unshippable[];
  /** Names that are bound here to a figure or to axes, as far as the call shows it (`fig, ax = plt.subplots()`). */
  readonly figures: readonly string[];
  /** Names that are bound here to what looks like the path of a file. */
  readonly paths: readonly string[];
  /** `from m import *`. */
  readonly starImports: readonly {
    readonly module: string;
    readonly at: Range;
    /** False: nobody could say which names it binds. Else they are among `binds`. */
    readonly isResolved: boolean;
  }[];
  /** `exec`, `eval` of a computed string, `globals()[…]`, `locals()`, `vars()`, `%run`, `get_ipython().run_cell`: unknown names are read or bound. */
  readonly dynamic: readonly {
    readonly what: string;
    readonly reads: boolean;
    readonly binds: boolean;
    readonly at: Range;
  }[];
  /** Imported modules, anywhere in the cell, top-level package names and full dotted names. */
  readonly imports: readonly {
    readonly module: string;
    readonly at: Range;
    readonly conditional: boolean;
    readonly optional: boolean;
  }[];
  readonly topLevelAwait: boolean;
  /** Magics, shell, help, `get_ipython`, `display`, `_`, `In`, `Out`: the cell needs IPython. The first reason, with its place. */
  readonly needsIPython?: { readonly what: string; readonly at: Range };
  /** Names of IPython's history that the cell reads and does not bind: `_`, `Out`, `_3`, `In`. */
  readonly history: readonly { readonly name: string; readonly at: Range }[];
  /** Every top-level statement is a `Definition` (comments and docstrings aside): the cell only defines. */
  readonly onlyDefines: boolean;
  /** `input()`, `breakpoint()`, `getpass()` that wait for a person. */
  readonly interactive: readonly { readonly what: string; readonly at: Range }[];
  /** The last expression statement shows a value (no trailing semicolon). */
  readonly showsValue: boolean;
  /** Simple constants bound here: `epochs = 5`, with the literal's JSON value and Python type; for parameters cells. */
  readonly constants: readonly {
    readonly name: string;
    readonly type: 'int' | 'float' | 'str' | 'bool' | 'None' | 'list' | 'dict';
    readonly value: unknown;
    readonly source: string;
    readonly at: Range;
    readonly comment?: string;
  }[];
}
