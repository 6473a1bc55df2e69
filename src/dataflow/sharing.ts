import type { Alias, CellFacts } from '../python/types';
import { AliasClasses } from './aliases';
import type { CodeIndex } from './code-index';
import type { NotebookNames } from './names';
import type { CellSummary } from './summary';

/** Which names may share objects, cell after cell, and what a change of one does to the others. */
export class Sharing {
  constructor(private readonly names: NotebookNames) {}

  /** A cell that belongs to no step: only its bindings and aliases count. */
  pass(facts: CellFacts): void {
    for (const event of this.events(facts)) {
      event();
    }
  }

  /**
   * Goes through a cell of a step.
   * @param isWritten an earlier cell gives the name a value
   * @returns names that share objects with what the cell changes: they change with it, so the step takes and leaves them too
   */
  enter(summary: CellSummary, isWritten: (name: string) => boolean): ReadonlySet<string> {
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
    this.pass(summary.facts);
    collect(false);
    this.regroup(summary, isWritten);
    return found;
  }

  /** The name was deleted. */
  leave(name: string): void {
    this.aliases.leave(name);
  }

  /** A cell's bindings and aliases as they stand: a new value leaves its class, then joins what it is made from. */
  private events(facts: CellFacts): readonly (() => void)[] {
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
      ...facts.aliases.map(each => ({ at: each.at, order: 1, apply: () => this.apply(each) }))
    ].sort((a, b) => a.at.line - b.at.line || a.at.column - b.at.column || a.order - b.order);
    const calls = sharedByCalls(facts, this.names.code);
    return [...events.map(each => each.apply), ...calls.map(each => () => this.join(each))];
  }

  /**
   * A cell that makes a name share objects with others writes all of them again, or they would come back apart: notes what
   * it has to take for that. Whether a later step wants them is known in the end.
   */
  private regroup(summary: CellSummary, isWritten: (name: string) => boolean): void {
    const pairs = [
      ...summary.facts.aliases
        .filter(({ names: [a, b], elements }) => !elements || this.aliases.sharing(a).includes(b))
        .map(each => each.names),
      ...sharedByCalls(summary.facts, this.names.code)
    ];
    for (const name of new Set(pairs.flat())) {
      for (const each of [name, ...this.aliases.sharing(name)]) {
        if (isWritten(each)) {
          this.regrouped.push({ name: each, cell: summary.cell });
        }
      }
    }
  }

  private apply({ names, elements }: Alias): void {
    // A container of numbers shares nothing with its copy; one that holds what other names hold does.
    if (!elements || this.aliases.sharing(names[1]).length > 0) {
      this.join(names);
    }
  }

  private join([a, b]: readonly [string, string]): void {
    if (a !== b && !this.names.isPlain(a) && !this.names.isPlain(b)) {
      this.aliases.join(a, b);
    }
  }

  /** Names of earlier cells whose objects a cell groups anew, with that cell. */
  readonly regrouped: { readonly name: string; readonly cell: number }[] = [];
  private readonly aliases = new AliasClasses();
}

/** Pairs of names that share objects after the cell's calls of the notebook's own functions. */
function sharedByCalls(facts: CellFacts, index: CodeIndex): readonly (readonly [string, string])[] {
  return facts.calls.flatMap(call => {
    const method = call.path.at(-1);
    const codes =
      method === undefined ? (index.code.get(call.root) ?? []) : (index.methods.get(method) ?? []);
    const passed = call.arguments.flatMap(each => each.names);
    const pairs: [string, string][] = [];
    for (const code of codes) {
      const all = [...passed, ...(method === undefined ? call.targets : [call.root])];
      for (const global of [...code.sharesWithGlobals]) {
        passed.forEach(name => pairs.push([name, global]));
      }
      for (const global of code.returnsGlobals) {
        call.targets.forEach(name => pairs.push([name, global]));
      }
      if (code.sharesParameters && all.length > 1) {
        all.slice(1).forEach(name => pairs.push([all[0], name]));
      }
    }
    return pairs;
  });
}
