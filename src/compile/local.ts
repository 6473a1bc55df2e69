import { givenLiterals, planSteps, type PlanSources } from './plan';
import type { LocalDocument, StepPlan } from './types';

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
      needsIPython
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
  const env = Object.assign({}, ...pipeline.steps.map(each => each.options.env)) as Record<
    string,
    string
  >;
  return {
    version: 1,
    name: pipeline.name,
    notebookHash: hash(JSON.stringify(plan.cells)),
    steps: [{ name: RUN_ALL, needs: [], plan, retry: 0, env, hash: hash(JSON.stringify(plan)) }],
    files: []
  };
}
