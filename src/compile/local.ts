import { givenLiterals, planSteps, type PlanSources } from './plan';
import type { LocalDocument, PlannedCell, StepPlan } from './types';

/** A hash of a text, as hexadecimal digits: SHA-256, handed in, since the rooms up to here have no platform. */
export type Hash = (text: string) => string;

/** The document of the local target: one plan per step, and what orders and limits them. Deterministic. */
export function compileLocal(
  sources: PlanSources,
  files: readonly string[],
  hash: Hash
): LocalDocument {
  const { notebook, pipeline } = sources;
  const hashes = new Map<string, string>();
  const plans = planSteps(sources);
  const steps = pipeline.steps.map((each, index) => {
    const plan = plans[index];
    const ownHash = hash(
      JSON.stringify([plan, each.ancestors.map(name => hashes.get(name) ?? ''), each.options.env])
    );
    hashes.set(each.step.name, ownHash);
    return {
      name: each.step.name,
      needs: each.needs,
      plan,
      retry: each.options.retry,
      timeoutSeconds: each.options.timeoutSeconds,
      env: each.options.env,
      hash: ownHash
    };
  });
  const content = notebook.cells
    .filter(cell => cell.type === 'code')
    .map(cell => [cell.source, cell.tags]);
  return {
    version: 1,
    name: pipeline.name,
    notebookHash: hash(JSON.stringify(content)),
    steps,
    files
  };
}

/** The name of the one step of {@link compileRunAll}. */
export const RUN_ALL = 'run-all';

/**
 * Run All as a document: every code cell that is not skipped, in notebook order, in one process.
 * It is the reference that the pipeline is compared with, so it takes nothing from the analysis but whether a cell needs IPython.
 */
export function compileRunAll(sources: Omit<PlanSources, 'graph'>, hash: Hash): LocalDocument {
  const { notebook, facts, pipeline, image } = sources;
  const cells = notebook.cells.filter(cell => cell.type === 'code' && cell.kind !== 'skip');
  const needsIPython = cells.some(cell => {
    const own = facts.get(cell.index);
    return own?.needsIPython !== undefined || own?.settings.some(each => each.ofDisplay);
  });
  const everywhere = envOfAll(pipeline);
  const plan: Omit<StepPlan, 'run'> = {
    version: 1,
    step: RUN_ALL,
    ordinal: 0,
    cells: cells.map(cell => ({
      index: cell.index,
      id: cell.id,
      source: cell.source,
      raisesException: cell.raisesException,
      parameters:
        cell.kind === 'parameters'
          ? (facts.get(cell.index)?.constants ?? []).map(constant => constant.name)
          : [],
      needsIPython,
      ...envOfCell(pipeline, cell.index, everywhere)
    })),
    replays: [],
    settings: [],
    inputs: [],
    outputs: [],
    outputAll: false,
    inputAll: false,
    ancestors: [],
    ambientIn: [],
    ambientOut: [],
    ambientWatch: [],
    replayable: [],
    elsewhere: {},
    laterDefinitions: [],
    parameters: Object.fromEntries(givenLiterals(pipeline)),
    modules: [],
    importedLater: {},
    needsIPython,
    image
  };
  return {
    version: 1,
    name: pipeline.name,
    notebookHash: hash(JSON.stringify(plan.cells)),
    steps: [
      {
        name: RUN_ALL,
        needs: [],
        plan,
        retry: 0,
        env: everywhere,
        hash: hash(JSON.stringify(plan))
      }
    ],
    files: []
  };
}

/** The variables that every step sets, to the same value: those a process may need from its start (`PYTHONHASHSEED`). */
function envOfAll({ steps }: PlanSources['pipeline']): Readonly<Record<string, string>> {
  const [first, ...others] = steps.map(each => each.options.env);
  return Object.fromEntries(
    Object.entries(first ?? {}).filter(([name, value]) =>
      others.every(each => each[name] === value)
    )
  );
}

/** What the tags of the cell's step set beyond that: Run All has one process for all, so they hold for its cells. */
function envOfCell(
  { steps }: PlanSources['pipeline'],
  cell: number,
  everywhere: Readonly<Record<string, string>>
): Pick<PlannedCell, 'env'> {
  const own = steps.find(each => each.step.cells.includes(cell))?.options.env ?? {};
  const env = Object.entries(own).filter(([name]) => !(name in everywhere));
  return env.length === 0 ? {} : { env: Object.fromEntries(env) };
}
