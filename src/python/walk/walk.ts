import { mangled, type Scope } from '../scope';
import type { StarNames } from '../star-names';
import { named, rangeOf, type Node, type Tree } from '../tree';
import type {
  Alias,
  Call,
  CellFacts,
  LaterCode,
  NameUse,
  Range,
  Surroundings,
  Unshippable
} from '../types';
import { firstReads, newCode, newFlow, type Flow, type Frame } from './frame';

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
  | 'figures'
  | 'paths'
  | 'starImports'
  | 'dynamic'
  | 'imports'
  | 'topLevelAwait'
  | 'needsIPython'
  | 'interactive'
>;

/** What a walk is told from outside the cell. */
export interface Outside {
  /** What other cells tell. */
  readonly around: Surroundings;
  /** What star imports bind. */
  readonly stars: StarNames;
  /** Gives the tree of code in a string. */
  readonly parse: (source: string) => Tree;
}

/** What is done at a statement and at an expression; handed in, because both go down into each other. */
export interface Visitor {
  statement(walk: Walk, node: Node): void;
  /** @param targets what the expression's value is assigned to */
  expression(walk: Walk, node: Node, targets: readonly Node[]): void;
}

/** Code in a string in a string is looked at, no deeper. */
const DEEPEST_STRING = 2;

/**
 * One walk over the tree of a cell: where it is ({@link frame}, {@link flow}, {@link className}) and what it has collected.
 * What each construct of the language does is said in the modules beside this one.
 */
export class Walk {
  constructor(
    tree: Pick<Tree, 'source'>,
    private readonly outside: Outside,
    private readonly visitor: Visitor
  ) {
    this.around = outside.around;
    this.stars = outside.stars;
    this.source = tree.source;
    this.known = new Map(outside.around.imports);
    this.top = { scope: undefined, code: newCode(), localRoots: new Map() };
    this.frame = this.top;
  }

  readonly around: Surroundings;
  readonly stars: StarNames;
  /** The frame of the cell itself. */
  readonly top: Frame;
  /** The frame of the code that is looked at. */
  frame: Frame;
  flow: Flow = newFlow();
  /** The class whose code is looked at: names such as `__x` are its own. */
  className: string | undefined;
  /** The module's class in whose body the walk is, however deep: what its functions do is reachable through it. */
  owner: string | undefined;

  /** What names stand for that are imports here: `np` → `numpy`. */
  readonly known: Map<string, string>;
  /** String constants of the cell, by name, as source text. */
  readonly strings = new Map<string, string>();

  readonly deletes: CellFacts['deletes'][number][] = [];
  readonly aliases: Alias[] = [];
  readonly madeFrom = new Map<string, Set<string>>();
  readonly later: LaterCode[] = [];
  readonly calls: Call[] = [];
  readonly unshippable: Unshippable[] = [];
  readonly figures = new Set<string>();
  /** Names, local ones too, that are given what looks like a path. */
  readonly paths = new Set<string>();
  readonly starImports: CellFacts['starImports'][number][] = [];
  readonly dynamic: CellFacts['dynamic'][number][] = [];
  readonly imports: CellFacts['imports'][number][] = [];
  readonly interactive: CellFacts['interactive'][number][] = [];
  needsIPython: CellFacts['needsIPython'];
  topLevelAwait = false;
  /** Calls whose arguments are being walked: code in them may be called at once. */
  argumentDepth = 0;
  /** Names whose objects the lambdas among those arguments may be called with. */
  besideLambdas: ReadonlySet<string> = new Set();
  /** Names of IPython's history that are read, with a place. */
  readonly historyReads = new Map<string, Range>();

  statement(node: Node): void {
    this.visitor.statement(this, node);
  }

  /** All statements of a block, or of a clause around one. */
  block(node: Node | undefined): void {
    for (const each of node ? named(node) : []) {
      this.statement(each);
    }
  }

  /** Notes a name that is read outside the code proper, such as `{name}` in a shell line; if it is missing, no harm is done. */
  readLoosely(name: string, at: NameUse['at']): void {
    const { binds, reads } = this.top.code;
    const isOwn = binds.some(each => each.name === name && each.certain && each.at.line < at.line);
    if (!isOwn) {
      reads.push({ name, at, conditional: true, guarded: true });
    }
  }

  /** @param targets what the expression's value is assigned to */
  expression(node: Node | undefined, targets: readonly Node[] = []): void {
    if (node) {
      this.visitor.expression(this, node, targets);
    }
  }

  /** Does something inside another scope of the same code. */
  inScope(scope: Scope | undefined, action: () => void, localRoots = this.frame.localRoots): void {
    const outer = this.frame;
    this.frame = { scope, code: outer.code, localRoots };
    action();
    this.frame = outer;
  }

  /** The code runs as the cell runs and is the cell's own: no body of a function, class or comprehension. */
  get isAtTop(): boolean {
    return this.frame === this.top;
  }

  /** Module-level code, comprehension and class bodies included: it runs as the cell runs. */
  get isModuleTime(): boolean {
    return this.frame.code === this.top.code;
  }

  /**
   * Walks code that stands in a string, as if it stood where the string does; strings in strings in strings are left alone.
   * @param scopeIn the scope that the code runs in
   * @returns whether it was walked
   */
  codeInString(source: string, place: Node, scopeIn: (root: Node) => Scope | undefined): boolean {
    if (this.stringDepth === DEEPEST_STRING) {
      return false;
    }
    const { source: outer, place: around } = this;
    const tree = this.outside.parse(source);
    if (tree.hasError) {
      // A SyntaxError, before any of it runs.
      return true;
    }
    this.place = this.at(place);
    this.source = tree.source;
    this.stringDepth += 1;
    const inner = scopeIn(tree.root);
    if (inner === this.frame.scope) {
      this.block(tree.root);
    } else {
      this.inScope(inner, () => this.block(tree.root));
    }
    this.stringDepth -= 1;
    this.source = outer;
    this.place = around;
    return true;
  }

  /** The place of a node in the cell. */
  at(node: Node): Range {
    return this.place ?? rangeOf(node);
  }

  /** The text of a node; of an identifier the name that CPython takes it for. */
  readonly text = (node: Node): string => {
    const raw = this.source.slice(node.start, node.end);
    // CPython folds identifiers to NFKC.
    return node.type === 'identifier'
      ? mangled(/[^\x20-\x7e]/.test(raw) ? raw.normalize('NFKC') : raw, this.className)
      : raw;
  };

  /** The source whose tree is walked: the cell's, or a string's. */
  source: string;
  /** Where the string stands whose code is walked. */
  private place: Range | undefined;
  private stringDepth = 0;

  facts(): WalkedFacts {
    const { code } = this.top;
    return {
      binds: code.binds,
      deletes: this.deletes,
      reads: firstReads(code.reads),
      changes: code.changes,
      aliases: this.aliases,
      madeFrom: Object.fromEntries([...this.madeFrom].map(([name, from]) => [name, [...from]])),
      later: this.later,
      calls: this.calls,
      effects: code.effects,
      figures: [...this.figures],
      paths: [...this.paths],
      unshippable: this.unshippable.filter(each => !this.isClosed(each)),
      starImports: this.starImports,
      dynamic: this.dynamic,
      imports: this.imports,
      topLevelAwait: this.topLevelAwait,
      needsIPython: this.needsIPython,
      interactive: this.interactive
    };
  }

  /** The cell itself closes the file for certain: a closed file can be passed on. */
  private isClosed({ name, type }: Unshippable): boolean {
    return (
      type === 'open file' &&
      this.calls.some(
        each => each.root === name && each.path.join('.') === 'close' && !each.conditional
      )
    );
  }
}
