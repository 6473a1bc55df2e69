import type { Input, Step, StepGraph } from '../dataflow/types';
import type { Notebook } from '../notebook/types';
import type { CellFacts } from '../python/types';
import type { Pipeline, PipelineStep } from '../pipeline/types';
import type { PlannedCell, StepPlan } from './types';

/** A plan that does not yet know which run it belongs to. */
export type UnboundPlan = Omit<StepPlan, 'run'>;

/** What the plans of a pipeline are made from. `facts` are keyed by cell index. */
export interface PlanSources {
  readonly notebook: Notebook;
  readonly facts: ReadonlyMap<number, CellFacts>;
  readonly graph: StepGraph;
  readonly pipeline: Pipeline;
  /** Where the Python comes from, for messages of the step program: a path or an image. */
  readonly image: string;
}

/** The plans of all steps, in reference order. */
export function planSteps(sources: PlanSources): readonly UnboundPlan[] {
  const { graph, pipeline } = sources;
  const ordinals = new Map(graph.steps.map((step, index) => [step.name, index]));
  const descendants = descendantsOf(pipeline);
  const replayable = replayableNames(sources);
  const shared: Shared = {
    ordinals,
    descendants,
    replayable,
    definitionUsers: usersOfDefinitions(graph),
    byName: new Map(graph.steps.map(step => [step.name, step])),
    inputsByName: inputsByName(graph)
  };
  return pipeline.steps.map((each, ordinal) => planStep(sources, each, ordinal, shared));
}

interface Shared {
  readonly ordinals: ReadonlyMap<string, number>;
  readonly descendants: ReadonlyMap<string, ReadonlySet<string>>;
  readonly replayable: readonly string[];
  readonly definitionUsers: ReadonlyMap<string, readonly string[]>;
  readonly byName: ReadonlyMap<string, Step>;
  /** Of every name, the steps that take it, in reference order. */
  readonly inputsByName: ReadonlyMap<
    string,
    readonly { readonly step: string; readonly input: Input }[]
  >;
}

function planStep(
  sources: PlanSources,
  each: PipelineStep,
  ordinal: number,
  shared: Shared
): UnboundPlan {
  const { step, ancestors } = each;
  const { graph, pipeline } = sources;
  const after = shared.descendants.get(step.name) ?? new Set<string>();
  const cells = step.cells.map(index => planCell(sources, index, step.needsIPython));
  // A step in several parts is earlier with one and later with another.
  const { byName } = shared;
  const later = (names: readonly string[]) =>
    names.filter(name => (byName.get(name)?.cells.at(-1) ?? -1) > (step.cells[0] ?? 0));
  // Nearly always none: only steps in several parts lie around others.
  const around = later(ancestors);
  // An ancestor that writes it in a cell after the use: what it leaves is a later value, unless it is known to make it before. One
  // that only makes others share its objects leaves the value that it took.
  const isLater = (name: string, input: Input) => {
    const other = byName.get(name);
    return (
      (other?.cells.at(-1) ?? -1) > input.firstUse &&
      !input.from.includes(name) &&
      other?.writes.includes(input.name) === true
    );
  };
  return {
    version: 1,
    step: step.name,
    ordinal,
    cells,
    replays: planReplays(sources, step),
    settings: step.settings,
    inputs: step.inputs.map(input => ({
      name: input.name,
      from: input.from,
      notFrom: around.filter(name => isLater(name, input)),
      optional: input.optional,
      mayChange: input.mayChange,
      guardedFor: later(input.alsoNeededBy).filter(name => !after.has(name)),
      neededAfter: later(input.alsoNeededBy).filter(name => after.has(name))
    })),
    outputs: step.outputs.map(name => {
      const wanting = (shared.inputsByName.get(name) ?? []).filter(({ input }) =>
        input.from.includes(step.name)
      );
      return {
        name,
        cell: lastCellThatWrites(sources, step, name),
        neededBy: wanting.map(other => other.step),
        required: wanting.some(other => other.input.from[0] === step.name),
        optional: wanting.every(other => other.input.optional)
      };
    }),
    outputAll: step.outputAll ?? false,
    inputAll: step.inputAll ?? false,
    ancestors,
    ambientIn: step.ambientIn,
    ambientOut: step.ambientOut,
    ambientWatch: step.ambientWatch.map(channel => ({
      channel,
      steps: graph.steps
        .slice(ordinal + 1)
        .filter(other => other.ambientIn.some(each => each.channel === channel))
        .map(other => other.name)
    })),
    replayable: shared.replayable,
    elsewhere: neededElsewhere(graph, step, ordinal, after, shared.ordinals),
    laterDefinitions: step.replays.flatMap(replay =>
      replay.definition.kind === 'def' || replay.definition.kind === 'class'
        ? replay.definition.names.map(name => {
            const users = later(shared.definitionUsers.get(name) ?? []);
            return {
              name,
              guardedFor: users.filter(user => !after.has(user)),
              neededAfter: users.filter(user => after.has(user))
            };
          })
        : []
    ),
    parameters: Object.fromEntries(
      [...givenLiterals(pipeline)].filter(([name]) =>
        cells.some(cell => cell.parameters.includes(name))
      )
    ),
    modules: step.modules,
    importedLater: importedAfter(sources, step),
    needsIPython: step.needsIPython,
    image: sources.image
  };
}

function importedAfter(
  { graph, facts }: PlanSources,
  step: Step
): Readonly<Record<string, readonly string[]>> {
  const found: Record<string, string[]> = {};
  for (const other of graph.steps) {
    if (other === step || (other.cells.at(-1) ?? -1) < (step.cells[0] ?? 0)) {
      continue;
    }
    const imported = [
      ...other.cells.flatMap(cell => facts.get(cell)?.imports.map(each => each.module) ?? []),
      ...other.replays.flatMap(each => each.definition.modules)
    ].map(each => each.split('.')[0]);
    for (const name of new Set(imported.filter(each => each !== ''))) {
      (found[name] ??= []).push(other.name);
    }
  }
  return found;
}

function neededElsewhere(
  graph: StepGraph,
  step: Step,
  ordinal: number,
  after: ReadonlySet<string>,
  ordinals: ReadonlyMap<string, number>
): Readonly<Record<string, readonly string[]>> {
  const own = new Set(step.inputs.map(each => each.name));
  const found: Record<string, string[]> = {};
  for (const other of graph.steps.slice(ordinal + 1).filter(each => !after.has(each.name))) {
    for (const { name, from } of other.inputs) {
      if (!own.has(name) && from.some(each => (ordinals.get(each) ?? 0) < ordinal)) {
        (found[name] ??= []).push(other.name);
      }
    }
  }
  return found;
}

function planCell(sources: PlanSources, index: number, stepNeedsIPython: boolean): PlannedCell {
  const cell = sources.notebook.cells[index];
  const facts = sources.facts.get(index);
  return {
    index,
    id: cell.id,
    source: cell.source,
    raisesException: cell.raisesException,
    parameters:
      cell.kind === 'parameters' ? (facts?.constants ?? []).map(constant => constant.name) : [],
    // Once IPython is in the process, its display and its magics hold for every cell, as they do in a kernel.
    needsIPython: stepNeedsIPython
  };
}

/** The parameters whose values were given for this run, as Python literals by name. */
export function givenLiterals(pipeline: Pipeline): ReadonlyMap<string, string> {
  return new Map(
    pipeline.parameters.flatMap(({ name, literal }) =>
      literal === undefined ? [] : [[name, literal] as const]
    )
  );
}

/**
 * The definitions to run again, in notebook order; a parameter's constant takes the value of this run. Steps with
 * IPython also repeat the configuration magics (`%matplotlib`, `%config`, `%load_ext`) of earlier cells.
 */
function planReplays(sources: PlanSources, step: Step): StepPlan['replays'] {
  const { notebook, facts, pipeline } = sources;
  const given = givenLiterals(pipeline);
  const definitions = step.replays.map(({ cell, definition }) => ({
    cell,
    line: definition.line,
    source:
      definition.kind === 'constant' && notebook.cells[cell]?.kind === 'parameters'
        ? overridden(definition.names, definition.source, given)
        : definition.source,
    names: definition.names,
    kind: definition.kind
  }));
  if (!step.needsIPython) {
    return definitions;
  }
  const first = step.cells[0] ?? 0;
  const magics = [...facts]
    .filter(([cell]) => cell < first && !step.cells.includes(cell))
    .flatMap(([cell, each]) =>
      each.magics
        .filter(magic => magic.effect === 'configuration' && magic.kind === 'line')
        .map(magic => ({
          cell,
          line: magic.at.line,
          source: magic.text,
          names: [],
          kind: 'magic' as const
        }))
    );
  return [...definitions, ...magics].sort((a, b) => a.cell - b.cell || a.line - b.line);
}

function overridden(
  names: readonly string[],
  source: string,
  given: ReadonlyMap<string, string>
): string {
  const changed = names.flatMap(name => {
    const literal = given.get(name);
    return literal === undefined ? [] : [`${name} = ${literal}`];
  });
  return changed.length > 0 ? changed.join('\n') : source;
}

/** The cell to name when a value cannot be written: the last of the step that binds or changes the name. */
function lastCellThatWrites(sources: PlanSources, step: Step, name: string): number {
  for (const index of [...step.cells].reverse()) {
    const facts = sources.facts.get(index);
    const writes =
      facts !== undefined &&
      (facts.binds.some(each => each.name === name) ||
        facts.changes.some(each => each.name === name) ||
        facts.deletes.some(each => each.name === name));
    if (writes) {
      return index;
    }
  }
  return step.cells[step.cells.length - 1] ?? 0;
}

function replayableNames(sources: PlanSources): readonly string[] {
  const names = new Set<string>();
  for (const step of sources.graph.steps) {
    for (const replay of step.replays) {
      replay.definition.names.forEach(name => names.add(name));
    }
  }
  return [...names].sort();
}

function inputsByName(graph: StepGraph): Map<string, { step: string; input: Input }[]> {
  const found = new Map<string, { step: string; input: Input }[]>();
  for (const step of graph.steps) {
    for (const input of step.inputs) {
      const list = found.get(input.name) ?? [];
      list.push({ step: step.name, input });
      found.set(input.name, list);
    }
  }
  return found;
}

function usersOfDefinitions(graph: StepGraph): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const step of graph.steps) {
    for (const replay of step.replays) {
      for (const name of replay.definition.names) {
        users.set(name, [...(users.get(name) ?? []), step.name]);
      }
    }
  }
  return users;
}

function descendantsOf(pipeline: Pipeline): Map<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>(
    pipeline.steps.map(each => [each.step.name, new Set<string>()])
  );
  for (const each of pipeline.steps) {
    for (const ancestor of each.ancestors) {
      found.get(ancestor)?.add(each.step.name);
    }
  }
  return found;
}
