import type { Diagnostic } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import { BUILTINS } from './builtins';
import type { Draft, Drafts } from './drafts';
import type { EdgeList } from './edges';
import type { Homes } from './homes';
import { NameProblems } from './name-problems';
import type { NotebookNames } from './names';
import { Replayable } from './replayable';
import { LOOSE, type CellSummary, type Need } from './summary';
import type { Replay } from './types';
import type { Writer, Writers } from './writers';

/** Finds where the names that cells need come from (semantics §3.1): inputs and replays of steps, and the edges for them. */
export class Needs {
  constructor(
    private readonly notebook: Notebook,
    private readonly homes: Homes,
    private readonly drafts: Drafts,
    private readonly edges: EdgeList,
    private readonly writers: Writers,
    private readonly diagnostics: Diagnostic[],
    private readonly names: NotebookNames
  ) {
    this.problems = new NameProblems(names, writers, drafts);
    this.replayable = new Replayable(names, writers);
  }

  /** All that a cell of a step needs. @param shared names that share objects with what the cell changes */
  ofCell(summary: CellSummary, shared: ReadonlySet<string>, step: string): void {
    const draft = this.drafts.named(step);
    for (const [name, need] of summary.needs) {
      this.resolve(name, need, summary.cell, draft);
    }
    for (const name of [...shared, ...this.names.subclassesOf(summary.needs.keys())]) {
      this.loosely(name, summary.cell, draft);
    }
    this.touch(summary, shared, draft);
    const isUnseen = [...summary.needs.keys()].some(
      name => !BUILTINS.has(name) && this.writers.isUnseen(name, summary.cell)
    );
    if (summary.dynamic.reads || isUnseen) {
      for (const name of this.writers.namesBefore(summary.cell)) {
        this.loosely(name, summary.cell, draft);
      }
      for (const name of this.spelledBefore(summary.cell)) {
        if (this.writers.isUnseen(name, summary.cell)) {
          this.loosely(name, summary.cell, draft);
        }
      }
    }
    if (summary.dynamic.reads) {
      this.takeAll(summary.cell, draft);
    }
    for (const each of [...this.writers.futures, ...this.writers.stars]) {
      if (this.homes.stepOf.get(each.cell) !== step) {
        this.replay(each, draft, summary.cell, '*');
      }
    }
  }

  /**
   * Names that are put together while a cell runs may be read by another that does so: nobody can say which, so all are passed
   * on. What reads them may change what it gets.
   */
  private takeAll(cell: number, draft: Draft): void {
    const makers = this.writers.unknownBefore(cell);
    const before = [...new Set([...makers, ...this.takers])].sort((a, b) => a - b);
    this.takers.push(cell);
    const steps = before.flatMap(each => {
      const from = this.homes.stepOf.get(each);
      return from === undefined || from === draft.name ? [] : [{ from, each }];
    });
    if (makers.length === 0) {
      return;
    }
    let previous: string | undefined;
    for (const { from, each } of steps) {
      draft.takesAll = true;
      this.drafts.named(from).leavesAll = true;
      const words = `${this.drafts.place(each)} makes or changes names that only its run tells, and ${this.drafts.place(cell)} may read them`;
      const reason = { kind: 'ambient', channel: 'dynamic', words } as const;
      this.edges.add(from, draft.name, reason, each, cell);
      if (previous !== undefined && previous !== from) {
        // Of two that may make the same name the last one counts.
        this.edges.add(previous, from, reason, each, cell);
      }
      previous = from;
    }
  }

  /** Names that stand as texts in the cells so far: `globals()["x"] = 1` binds one of them, and who knows which. */
  private spelledBefore(cell: number): ReadonlySet<string> {
    const texts = this.names.cells
      .filter(each => each <= cell)
      .flatMap(each => [
        ...this.notebook.cells[each].source.matchAll(/(["'])([\p{L}_][\p{L}\p{N}_]*)\1/gu)
      ]);
    return new Set(texts.map(([, , name]) => name));
  }

  /** A cell that only defines belongs to no step: what it needs to be run at all has to be there. */
  ofDefinitions({ needs, cell }: CellSummary): void {
    for (const [name, need] of needs) {
      if (this.writers.reaching(name, cell).length === 0) {
        this.report(this.problems.missing(name, need, cell));
      }
    }
  }

  /** After all cells: a step that stands between two parts of another gets what the last part leaves, not the first. */
  reportTakenEarly(): void {
    for (const { name, from, cell, step } of this.takenEarly) {
      const own = new Set(this.drafts.named(from).cells);
      const later = this.writers.cellsOf(name).find(each => each > cell && own.has(each));
      if (later !== undefined) {
        this.report(this.problems.tooLate(name, cell, step, later));
      }
    }
  }

  /** Notes which names a cell of the step has looked at or written. */
  private touch(summary: CellSummary, shared: ReadonlySet<string>, draft: Draft): void {
    const { needs, binds, mayWrite, deletes, cell } = summary;
    let own = this.touched.get(draft);
    if (!own) {
      own = new Map();
      this.touched.set(draft, own);
    }
    for (const name of [...needs.keys(), ...binds, ...mayWrite.keys(), ...deletes, ...shared]) {
      if (!own.has(name)) {
        own.set(name, cell);
      }
    }
  }

  /** A step runs in one go: what its first part has looked at cannot get another value before its last part. */
  private isBetween(name: string, writer: Writer, draft: Draft): boolean {
    const first = this.touched.get(draft)?.get(name);
    return first !== undefined && first < writer.cell && !draft.cells.includes(writer.cell);
  }

  /** A name that the step takes if an earlier one has it, and whose absence is no error. */
  loosely(name: string, cell: number, draft: Draft): void {
    this.resolve(name, LOOSE, cell, draft);
  }

  /**
   * The import statements that give the names of a statement in `cell`; names of other definitions that can be run again are
   * left out. Undefined if one of the names is neither.
   */
  importsFor(reads: readonly string[], cell: number, line: number): readonly string[] | undefined {
    const found: string[] = [];
    for (const name of reads) {
      const writer = this.replayable.before(name, cell, line);
      if (writer?.definition?.kind === 'import') {
        found.push(writer.definition.source.trim());
      } else if (writer ? !this.replayable.has(writer) : !BUILTINS.has(name)) {
        return undefined;
      }
    }
    return [...new Set(found)];
  }

  /** The definitions that a statement of `cell` reads, imports left out, are run again in the step. */
  definitionsFor(reads: readonly string[], cell: number, line: number, draft: Draft): void {
    for (const name of reads) {
      const writer = this.replayable.before(name, cell, line);
      if (writer?.definition && writer.definition.kind !== 'import') {
        this.replay({ cell: writer.cell, definition: writer.definition }, draft, cell, name);
      }
    }
  }

  private resolve(name: string, need: Need, cell: number, draft: Draft): void {
    const reaching = this.writers.reaching(name, cell);
    if (this.notebook.cells[reaching.at(-1)?.cell ?? -1]?.kind === 'parameters') {
      draft.parameters.add(name);
    }
    if (reaching.length === 0) {
      this.report(this.problems.missing(name, need, cell));
      return;
    }
    const last = reaching[reaching.length - 1];
    if (last.deleted && last.certain) {
      this.report(this.problems.deleted(name, need, cell, last.cell));
      return;
    }
    const optional = need.guarded || need.conditional || reaching.every(each => !each.certain);
    if (this.isResolved(name, reaching, optional, draft)) {
      return;
    }
    const between = reaching.find(writer => this.isBetween(name, writer, draft));
    if (between) {
      this.report(this.problems.between(name, cell, draft.name, between.cell));
    }
    const [only] = reaching;
    if (reaching.length === 1 && only.definition && this.replayable.has(only)) {
      if (this.homes.stepOf.get(only.cell) !== draft.name) {
        this.replay({ cell: only.cell, definition: only.definition }, draft, cell, name);
      }
      return;
    }
    for (const writer of reaching) {
      this.take(name, writer, optional, cell, draft);
    }
  }

  /** The step has the name from these writers already: another cell of it, or another definition, needed it before. */
  private isResolved(
    name: string,
    reaching: readonly Writer[],
    optional: boolean,
    draft: Draft
  ): boolean {
    let own = this.resolved.get(draft);
    if (!own) {
      own = new Map();
      this.resolved.set(draft, own);
    }
    const before = own.get(name);
    const isSame =
      before !== undefined &&
      before.count === reaching.length &&
      before.first === reaching[0] &&
      before.last === reaching[reaching.length - 1];
    if (isSame && (optional || !before.optional)) {
      return true;
    }
    own.set(name, {
      count: reaching.length,
      first: reaching[0],
      last: reaching[reaching.length - 1],
      optional: optional && (!isSame || before.optional)
    });
    return false;
  }

  private take(name: string, writer: Writer, optional: boolean, cell: number, draft: Draft): void {
    const from = this.homes.stepOf.get(writer.cell);
    if (from === undefined) {
      // A pure definition cell belongs to no step: among several writers its definition is the one to fall back on.
      if (writer.definition) {
        this.replay({ cell: writer.cell, definition: writer.definition }, draft, cell, name);
      }
      return;
    }
    if (from === draft.name) {
      return;
    }
    if ((this.drafts.named(from).cells.at(-1) ?? -1) > cell) {
      this.takenEarly.push({ name, from, cell, step: draft.name });
    }
    const input = draft.inputs.get(name) ?? {
      from: new Map<string, number>(),
      firstUse: Infinity,
      optional: true
    };
    if (draft.cells.includes(cell)) {
      input.firstUse = Math.min(input.firstUse, cell);
    }
    input.optional &&= optional;
    draft.inputs.set(name, input);
    const known = input.from.get(from);
    input.from.set(from, Math.max(known ?? -1, writer.cell));
    if (known !== undefined) {
      return;
    }
    const words = `\`${name}\` is ${writer.certain ? 'made' : 'made or changed'} in ${this.drafts.place(writer.cell)} and used in ${this.drafts.place(cell)}`;
    this.edges.add(from, draft.name, { kind: 'value', name, words }, writer.cell, cell);
  }

  /** A definition is run again in the step, with all that it needs to be defined and to be called. */
  private replay(replay: Replay, draft: Draft, cell: number, name: string): void {
    const from = this.homes.stepOf.get(replay.cell);
    if (from !== undefined && from !== draft.name && !this.homes.definitionCells.has(replay.cell)) {
      const words = `\`${name}\` is defined in ${this.drafts.place(replay.cell)} and used in ${this.drafts.place(cell)}`;
      this.edges.add(from, draft.name, { kind: 'definition', name, words }, replay.cell, cell);
    }
    const key = `${replay.cell}:${replay.definition.line}`;
    if (draft.replays.has(key) || from === draft.name) {
      return;
    }
    draft.replays.set(key, replay);
    for (const read of replay.definition.reads) {
      const reaching = this.replayable.readBy(replay, read);
      if (reaching?.definition) {
        this.replay({ cell: reaching.cell, definition: reaching.definition }, draft, cell, read);
      } else {
        this.loosely(read, replay.cell, draft);
      }
    }
    // What the definition's code mentions when it is called is needed where it is called.
    for (const each of this.names.code.reachable(replay.definition.names).names) {
      if (!replay.definition.names.includes(each)) {
        this.loosely(each, cell, draft);
      }
    }
  }

  private report(problem: Diagnostic | undefined): void {
    if (problem) {
      this.diagnostics.push(problem);
    }
  }

  /** Cells so far that read names which only their run tells, ascending. */
  private readonly takers: number[] = [];
  /** By step and name the first cell that looks at it or writes it. */
  private readonly touched = new Map<Draft, Map<string, number>>();
  /** By step and name the writers that it was resolved to last; more cells bring more writers, never others between. */
  private readonly resolved = new Map<
    Draft,
    Map<
      string,
      {
        readonly count: number;
        readonly first: Writer;
        readonly last: Writer;
        readonly optional: boolean;
      }
    >
  >();
  /** Names that a step takes from one with a cell further down. */
  private readonly takenEarly: {
    readonly name: string;
    readonly from: string;
    readonly cell: number;
    readonly step: string;
  }[] = [];
  private readonly problems: NameProblems;
  private readonly replayable: Replayable;
}
