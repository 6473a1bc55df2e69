import { closest } from '../diagnostics/closest';
import type { Diagnostic, Span } from '../diagnostics/types';
import type { Notebook } from '../notebook/types';
import type { CellFacts, Channel, Definition, Range } from '../python/types';
import { AliasClasses } from './aliases';
import { orderAmbient } from './ambient';
import { BUILTINS, STAR_IMPORTS } from './builtins';
import { EdgeList } from './edges';
import { fileUses } from './files';
import { homes, type Homes } from './homes';
import { kindsOf } from './kinds';
import { metricsOf } from './metrics';
import { CodeIndex, sharedByCalls, summarise, type CellSummary, type Need } from './summary';
import type { Input, Replay, Step, StepGraph } from './types';
import { Writers, type Writer } from './writers';

/**
 * The steps of a notebook with what each needs from which (semantics §3): works cell by cell in reference order, and
 * contracts to steps at the end.
 * @param facts of every code cell that is not skipped, by cell index
 */
export function buildStepGraph(
  notebook: Notebook,
  facts: ReadonlyMap<number, CellFacts>
): StepGraph {
  return new GraphBuilder(notebook, facts).build();
}

/** What a step gathers while its cells are gone through. */
interface Draft {
  readonly name: string;
  readonly cells: readonly number[];
  readonly inputs: Map<string, { readonly from: Set<string>; optional: boolean }>;
  readonly writes: Set<string>;
  readonly replays: Map<string, Replay>;
  readonly parameters: Set<string>;
}

class GraphBuilder {
  constructor(
    private readonly notebook: Notebook,
    private readonly facts: ReadonlyMap<number, CellFacts>
  ) {
    this.cells = [...facts.keys()].sort((a, b) => a - b);
    const ordered = this.cells.map(cell => this.factsOf(cell));
    this.boundNames = new Set(ordered.flatMap(each => each.binds.map(bind => bind.name)));
    this.kinds = kindsOf(ordered);
    this.index = new CodeIndex(ordered, name => this.kinds.isModule(name));
    this.homes = homes(notebook, facts);
    this.drafts = this.homes.steps.map(({ name, cells }) => ({
      name,
      cells,
      inputs: new Map(),
      writes: new Set(),
      replays: new Map(),
      parameters: new Set()
    }));
    this.byName = new Map(this.drafts.map((draft, index) => [draft.name, index]));
    this.edges = new EdgeList(this.drafts.map(each => each.name));
  }

  build(): StepGraph {
    for (const cell of this.cells) {
      this.cell(cell);
    }
    this.takeRegrouped();
    this.declaredOrder();
    const ambient = orderAmbient(this.drafts, this.summaries, this.homes, this.edges);
    this.diagnostics.push(...ambient.diagnostics);
    this.orderOfWriters();
    const outputs = this.outputs();
    const steps = this.drafts.map((draft): Step => {
      const cells = draft.cells.map(cell => this.factsOf(cell));
      const replays = [...draft.replays.values()].sort(
        (a, b) => a.cell - b.cell || a.definition.line - b.definition.line
      );
      return {
        name: draft.name,
        cells: draft.cells,
        inputs: this.inputsOf(draft),
        outputs: [...(outputs.get(draft.name) ?? [])].sort(),
        replays,
        parameters: [...draft.parameters].sort(),
        ambientIn: ambient.into.get(draft.name) ?? [],
        ambientOut: ambient.outOf.get(draft.name) ?? [],
        ambientWatch: ambient.watch.get(draft.name) ?? [],
        modules: modulesOf(cells, replays),
        needsIPython: cells.some(each => each.needsIPython !== undefined)
      };
    });
    const edges = this.edges.all();
    this.diagnostics.push(...this.edges.cycles(this.drafts));
    this.unshippable();
    return {
      steps,
      edges,
      files: fileUses(this.cells, this.summaries),
      imports: [
        ...new Set(this.cells.flatMap(cell => this.factsOf(cell).imports.map(each => each.module)))
      ].sort(),
      parameters: this.parameters(),
      metrics: metricsOf(this.notebook, this.homes),
      diagnostics: this.diagnostics
    };
  }

  // --- one cell after the other ---------------------------------------------------------------

  private cell(cell: number): void {
    const facts = this.factsOf(cell);
    const summary = summarise(cell, facts, this.index, this.kinds);
    this.summaries.set(cell, summary);
    const step = this.homes.stepOf.get(cell);
    if (step !== undefined) {
      this.resolveNeeds(summary, step);
      this.interactive(summary);
    }
    this.writes(summary, step);
  }

  private resolveNeeds(summary: CellSummary, step: string): void {
    const draft = this.draft(step);
    for (const [name, need] of summary.needs) {
      this.resolve(name, need, summary.cell, draft);
    }
    for (const name of this.shared(summary)) {
      this.resolve(name, LOOSE, summary.cell, draft);
    }
    if (summary.facts.dynamic.some(each => each.reads)) {
      for (const name of this.writers.namesBefore(summary.cell)) {
        this.resolve(name, LOOSE, summary.cell, draft);
      }
    }
    for (const star of this.starImports) {
      if (this.homes.stepOf.get(star.cell) !== step) {
        this.replay(star, draft, summary.cell, '*');
      }
    }
  }

  /** Names that share objects with what the cell changes: they change with it, so the step takes and leaves them too. */
  private shared(summary: CellSummary): ReadonlySet<string> {
    const found = new Set<string>();
    const collect = (early: boolean) => {
      for (const name of summary.changes) {
        // Bound before it is read: what the cell changes is the new value.
        if (early && summary.binds.has(name) && !summary.needs.has(name)) {
          continue;
        }
        for (const each of this.aliases.sharing(name)) {
          if (!summary.mayWrite.has(each) && !summary.binds.has(each)) {
            found.add(each);
          }
        }
      }
    };
    collect(true);
    this.applyAliases(summary.facts);
    collect(false);
    this.regroup(summary);
    this.sharedWrites.set(summary.cell, found);
    return found;
  }

  /** Goes through a cell's bindings and aliases as they stand: a new value leaves its class, then joins what it is made from. */
  private applyAliases(facts: CellFacts): void {
    const own = new Set(
      facts.aliases
        .filter(each => each.names[0] === each.names[1])
        .map(each => `${each.names[0]}:${each.at.line}:${each.at.column}`)
    );
    const events = [
      ...facts.binds
        .filter(
          each =>
            each.certain &&
            each.kind !== 'augassign' &&
            !own.has(`${each.name}:${each.at.line}:${each.at.column}`)
        )
        .map(each => ({ at: each.at, order: 0, apply: () => this.aliases.leave(each.name) })),
      ...facts.aliases.map(each => ({
        at: each.at,
        order: 1,
        apply: () => this.joinIfShared(each.names)
      }))
    ];
    events
      .sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column || a.order - b.order)
      .forEach(each => each.apply());
    sharedByCalls(facts, this.index).forEach(each => this.joinIfShared(each));
  }

  /**
   * A cell that makes a name share objects with others writes all of them again, or they would come back apart: notes what
   * it has to take for that. Whether a later step wants them is known in the end.
   */
  private regroup(summary: CellSummary): void {
    const pairs = [
      ...summary.facts.aliases.map(each => each.names),
      ...sharedByCalls(summary.facts, this.index)
    ];
    for (const name of new Set(pairs.flat())) {
      for (const each of [name, ...this.aliases.sharing(name)]) {
        if (this.writers.first(each) !== undefined) {
          this.regrouped.push({ name: each, cell: summary.cell });
        }
      }
    }
  }

  private takeRegrouped(): void {
    const last = new Map<string, number>();
    for (const [ordinal, draft] of this.drafts.entries()) {
      [...draft.inputs.keys()].forEach(name => last.set(name, ordinal));
    }
    for (const { name, cell } of this.regrouped) {
      const step = this.homes.stepOf.get(cell);
      const ordinal = step === undefined ? undefined : this.byName.get(step);
      if (step !== undefined && ordinal !== undefined && (last.get(name) ?? -1) > ordinal) {
        this.resolve(name, LOOSE, cell, this.draft(step));
      }
    }
  }

  private joinIfShared([a, b]: readonly [string, string]): void {
    const plain = (name: string) =>
      this.kinds.isModule(name) ||
      this.kinds.isCode(name) ||
      this.kinds.isConstant(name) ||
      (BUILTINS.has(name) && !this.boundNames.has(name));
    if (a !== b && !plain(a) && !plain(b)) {
      this.aliases.join(a, b);
    }
  }

  private resolve(name: string, need: Need, cell: number, draft: Draft): void {
    const reaching = this.writers.reaching(name, cell);
    const parameter = this.notebook.cells[reaching.at(-1)?.cell ?? -1]?.kind === 'parameters';
    if (parameter) {
      draft.parameters.add(name);
    }
    if (reaching.length === 0) {
      this.missing(name, need, cell);
      return;
    }
    const last = reaching[reaching.length - 1];
    if (last.deleted && last.certain) {
      this.deleted(name, need, cell, last.cell);
      return;
    }
    const [only] = reaching;
    if (reaching.length === 1 && only.definition && this.isReplayable(only)) {
      if (this.homes.stepOf.get(only.cell) !== draft.name) {
        this.replay({ cell: only.cell, definition: only.definition }, draft, cell, name);
      }
      return;
    }
    const optional = need.guarded || need.conditional || reaching.every(each => !each.certain);
    for (const writer of reaching) {
      this.take(name, writer, optional, cell, draft);
    }
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
    const input = draft.inputs.get(name) ?? { from: new Set<string>(), optional: true };
    input.from.add(from);
    input.optional &&= optional;
    draft.inputs.set(name, input);
    const words = `\`${name}\` is ${writer.certain ? 'made' : 'made or changed'} in ${this.place(writer.cell)} and used in ${this.place(cell)}`;
    this.edges.add(from, draft.name, { kind: 'value', name, words }, writer.cell, cell);
  }

  /** A definition is run again in the step, with all that it needs to be defined and to be called. */
  private replay(replay: Replay, draft: Draft, cell: number, name: string): void {
    const from = this.homes.stepOf.get(replay.cell);
    if (from !== undefined && from !== draft.name && !this.homes.definitionCells.has(replay.cell)) {
      const words = `\`${name}\` is defined in ${this.place(replay.cell)} and used in ${this.place(cell)}`;
      this.edges.add(from, draft.name, { kind: 'definition', name, words }, replay.cell, cell);
    }
    const key = `${replay.cell}:${replay.definition.line}`;
    if (draft.replays.has(key) || from === draft.name) {
      return;
    }
    draft.replays.set(key, replay);
    for (const read of replay.definition.reads) {
      const reaching = this.reachingDefinition(read, replay);
      if (reaching?.definition && reaching.cell !== undefined) {
        this.replay({ cell: reaching.cell, definition: reaching.definition }, draft, cell, read);
      }
    }
    // What the definition's code mentions when it is called is needed where it is called.
    const { names } = this.index.reachable(replay.definition.names);
    for (const each of names) {
      if (!replay.definition.names.includes(each)) {
        this.resolve(each, LOOSE, cell, draft);
      }
    }
  }

  /** The definition that a definition reads when it is made: of its own cell before it, else what reaches the cell. */
  private reachingDefinition(name: string, replay: Replay): Writer | undefined {
    const own = this.factsOf(replay.cell)
      .definitions.filter(each => each.names.includes(name) && each.line < replay.definition.line)
      .at(-1);
    if (own) {
      return { cell: replay.cell, certain: true, deleted: false, definition: own };
    }
    const reaching = this.writers.reaching(name, replay.cell);
    return reaching.length === 1 ? reaching[0] : undefined;
  }

  /** Its definition has no state, and all that it reads when it is made is replayable too. */
  private isReplayable(writer: Writer, seen: ReadonlySet<string> = new Set()): boolean {
    const { definition } = writer;
    if (!definition || !this.kinds.isStateless(definition)) {
      return false;
    }
    const key = `${writer.cell}:${definition.line}`;
    if (seen.has(key)) {
      return true;
    }
    return definition.reads.every(read => {
      const reaching = this.reachingDefinition(read, { cell: writer.cell, definition });
      if (!reaching) {
        return (
          this.writers.reaching(read, writer.cell).length === 0 &&
          (BUILTINS.has(read) ||
            definition.names.includes(read) ||
            this.factsOf(writer.cell).binds.every(each => each.name !== read))
        );
      }
      return this.isReplayable(reaching, new Set([...seen, key]));
    });
  }

  private writes(summary: CellSummary, step: string | undefined): void {
    const { cell, facts } = summary;
    const draft = step === undefined ? undefined : this.draft(step);
    const shared = this.sharedWrites.get(cell) ?? new Set<string>();
    if (step === undefined) {
      this.applyAliases(facts);
    }
    for (const name of summary.binds) {
      this.writers.add(name, {
        cell,
        certain: true,
        deleted: false,
        definition: this.definitionOf(name, summary)
      });
      draft?.writes.add(name);
    }
    for (const name of [...summary.mayWrite.keys(), ...shared]) {
      if (!summary.binds.has(name)) {
        this.writers.add(name, { cell, certain: false, deleted: false });
        draft?.writes.add(name);
      }
    }
    for (const name of summary.deletes) {
      this.writers.add(name, { cell, certain: true, deleted: true });
      draft?.writes.add(name);
      this.aliases.leave(name);
    }
    for (const definition of facts.definitions) {
      if (definition.kind === 'import' && /\bimport\s*\*/.test(definition.source)) {
        this.starImports.push({ cell, definition });
        for (const name of STAR_IMPORTS[definition.modules[0] ?? ''] ?? []) {
          this.writers.add(name, { cell, certain: true, deleted: false, definition });
        }
      }
    }
    if (facts.dynamic.some(each => each.binds)) {
      this.writers.unknown.push(cell);
    }
  }

  /** The definition by which alone the cell binds the name. */
  private definitionOf(name: string, summary: CellSummary): Definition | undefined {
    const { facts } = summary;
    const found = facts.definitions.filter(each => each.names.includes(name));
    const binds = facts.binds.filter(each => each.name === name);
    const last = found.at(-1);
    return last && binds.length === found.length && !summary.mayWrite.has(name) ? last : undefined;
  }

  // --- steps ----------------------------------------------------------------------------------

  private declaredOrder(): void {
    for (const step of this.notebook.steps) {
      for (const { name, cell } of step.prev) {
        if (this.byName.has(name) && name !== step.name) {
          this.edges.add(
            name,
            step.name,
            { kind: 'prev', words: `\`prev:${name}\` says so in ${this.place(cell)}` },
            -1,
            cell
          );
        }
      }
    }
  }

  /** Steps that may both leave a name for the same later step are put in reference order. */
  private orderOfWriters(): void {
    for (const draft of this.drafts) {
      for (const [name, { from }] of draft.inputs) {
        const ordered = this.inOrder(from);
        for (const [index, earlier] of ordered.slice(0, -1).entries()) {
          const later = ordered[index + 1];
          if (!this.edges.has(earlier, later)) {
            const words = `both may bind or change \`${name}\`, which ${draft.name} uses`;
            this.edges.add(earlier, later, { kind: 'order', name, words }, -1, -1);
          }
        }
      }
    }
  }

  private outputs(): ReadonlyMap<string, ReadonlySet<string>> {
    const outputs = new Map<string, Set<string>>();
    for (const draft of this.drafts) {
      for (const [name, { from }] of draft.inputs) {
        for (const step of from) {
          const set = outputs.get(step) ?? new Set<string>();
          outputs.set(step, set.add(name));
        }
      }
    }
    return outputs;
  }

  private inputsOf(draft: Draft): readonly Input[] {
    return [...draft.inputs]
      .map(([name, { from, optional }]): Input => {
        const ordered = this.inOrder(from);
        return {
          name,
          from: ordered,
          optional,
          mayChange: draft.writes.has(name),
          alsoNeededBy: this.drafts
            .filter(
              other =>
                other !== draft && ordered.some(step => other.inputs.get(name)?.from.has(step))
            )
            .map(other => other.name)
        };
      })
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private inOrder(steps: Iterable<string>): readonly string[] {
    return [...steps].sort((a, b) => (this.byName.get(a) ?? 0) - (this.byName.get(b) ?? 0));
  }

  private parameters(): StepGraph['parameters'] {
    return this.notebook.cells
      .filter(cell => cell.kind === 'parameters')
      .flatMap(cell =>
        (this.facts.get(cell.index)?.constants ?? []).map(each => ({
          name: each.name,
          type: each.type,
          value: each.value,
          span: { cell: cell.index, ...each.at },
          ...(each.comment === undefined ? {} : { comment: each.comment })
        }))
      );
  }

  // --- problems -------------------------------------------------------------------------------

  private missing(name: string, need: Need, cell: number): void {
    const stars = this.starImports.some(each => !(each.definition.modules[0] in STAR_IMPORTS));
    if (
      BUILTINS.has(name) ||
      need.guarded ||
      !need.at ||
      stars ||
      this.factsOf(cell).dynamic.some(each => each.binds)
    ) {
      return;
    }
    if (this.factsOf(cell).starImports.length > 0) {
      return;
    }
    const later = this.cells.find(
      other => other > cell && this.factsOf(other).binds.some(each => each.name === name)
    );
    const { line, column } = need.at;
    const here = this.factsOf(cell).binds.some(
      each =>
        each.name === name &&
        (each.at.line < line || (each.at.line === line && each.at.column < column))
    );
    if (here) {
      // Bound on some paths of this very cell: as likely right as not.
      return;
    }
    const span: Span = { cell, ...need.at };
    const known = [...this.writers.names(), ...this.factsOf(cell).binds.map(each => each.name)];
    const near = closest(name, known) ?? closest(name, BUILTINS);
    const why = 'Run All would stop here with a NameError, and so would the step';
    if (need.conditional) {
      this.diagnostics.push({
        code: 'NP302',
        severity: 'warning',
        message: `\`${name}\` may have no value here: no earlier cell gives it one`,
        why: 'the line runs on some paths only; where it runs, it fails as in Run All',
        fix: near ? `did you mean \`${near}\`?` : `give \`${name}\` a value before`,
        span
      });
      return;
    }
    this.diagnostics.push({
      code: later === undefined ? 'NP301' : 'NP303',
      severity: 'error',
      message:
        later === undefined
          ? `no cell gives \`${name}\` a value` + (near ? `; did you mean \`${near}\`?` : '')
          : `\`${name}\` is used here, and first gets a value later, in ${this.place(later)}`,
      why,
      fix:
        later === undefined
          ? 'correct the name, or give it a value in an earlier cell'
          : 'move the cell that makes it up',
      span
    });
  }

  private deleted(name: string, need: Need, cell: number, by: number): void {
    if (need.guarded || need.later || need.conditional || !need.at || BUILTINS.has(name)) {
      return;
    }
    this.diagnostics.push({
      code: 'NP304',
      severity: 'error',
      message: `\`${name}\` was deleted in ${this.place(by)}`,
      why: 'Run All would stop here with a NameError, and so would the step',
      fix: `take out the \`del ${name}\`, or give \`${name}\` a new value`,
      span: { cell, ...need.at }
    });
  }

  private interactive({ cell, facts }: CellSummary): void {
    for (const each of facts.interactive) {
      this.diagnostics.push({
        code: 'NP341',
        severity: 'error',
        message: `${each.what} waits for somebody to type`,
        why: 'a step runs without anybody at its keyboard',
        fix: 'make the value a parameter: a constant in a cell tagged `parameters`',
        span: { cell, ...each.at }
      });
    }
  }

  private unshippable(): void {
    for (const cell of this.cells) {
      const step = this.homes.stepOf.get(cell);
      for (const each of this.factsOf(cell).unshippable) {
        const wanting = this.drafts.find(draft => {
          const input = draft.inputs.get(each.name);
          return (
            step !== undefined &&
            draft.name !== step &&
            input?.from.has(step) &&
            !input.optional &&
            this.lastMaker(each.name, draft, step) === cell
          );
        });
        if (wanting && step !== undefined) {
          this.diagnostics.push({
            code: 'NP321',
            severity: 'error',
            message: `\`${each.name}\` is ${article(each.type)}, which cannot leave its process, and step ${wanting.name} uses it`,
            why: 'every step is a process of its own; values travel between them through files',
            fix: `make it in step ${wanting.name}, put both cells into one step, or pass on what it gives (a list, the rows, the text)`,
            span: { cell, ...each.at }
          });
        }
      }
    }
  }

  /** The cell of `step` that gave the name the value that `draft` gets. */
  private lastMaker(name: string, draft: Draft, step: string): number | undefined {
    const first = draft.cells[0] ?? 0;
    return this.writers
      .reaching(name, first)
      .filter(each => this.homes.stepOf.get(each.cell) === step && each.certain)
      .at(-1)?.cell;
  }

  private place(cell: number): string {
    const step = this.homes.stepOf.get(cell);
    return step === undefined ? `cell ${cell + 1}` : `cell ${cell + 1} (step ${step})`;
  }

  private draft(step: string): Draft {
    const index = this.byName.get(step);
    if (index === undefined) {
      throw new Error(`no step ${step}`);
    }
    return this.drafts[index];
  }

  private factsOf(cell: number): CellFacts {
    const found = this.facts.get(cell);
    if (!found) {
      throw new Error(`no facts of cell ${cell}`);
    }
    return found;
  }

  private readonly cells: readonly number[];
  private readonly boundNames: ReadonlySet<string>;
  private readonly kinds: ReturnType<typeof kindsOf>;
  private readonly index: CodeIndex;
  private readonly homes: Homes;
  private readonly drafts: readonly Draft[];
  private readonly byName: ReadonlyMap<string, number>;
  private readonly edges: EdgeList;
  private readonly writers = new Writers();
  private readonly aliases = new AliasClasses();
  private readonly summaries = new Map<number, CellSummary>();
  private readonly sharedWrites = new Map<number, ReadonlySet<string>>();
  private readonly regrouped: { readonly name: string; readonly cell: number }[] = [];
  private readonly starImports: Replay[] = [];
  private readonly diagnostics: Diagnostic[] = [];
}

const LOOSE: Need = { at: undefined, conditional: true, guarded: true, later: true };

function article(type: string): string {
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`;
}

function modulesOf(cells: readonly CellFacts[], replays: readonly Replay[]): readonly string[] {
  const own = cells.flatMap(facts =>
    facts.imports
      .filter(each => !each.conditional && !each.optional)
      .map(each => each.module.split('.')[0])
  );
  const replayed = replays.flatMap(each => each.definition.modules);
  return [...new Set([...replayed, ...own])].filter(each => each !== '');
}

export type { Channel, Range };
