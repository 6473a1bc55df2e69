import type { StepGraph } from '../dataflow/types';
import type { Notebook, StepOptions } from '../notebook/types';
import type { Parameter, Pipeline, PipelineStep } from './types';

/**
 * Joins what the code needs (the graph) with what the tags ask for (the options).
 * @param name the pipeline's name where the notebook's settings give none
 */
export function buildPipeline(
  notebook: Notebook,
  graph: StepGraph,
  parameters: readonly Parameter[],
  name: string
): Pipeline {
  const options = new Map(notebook.steps.map(step => [step.name, step.options]));
  const needs = directNeeds(graph);
  const ancestors = allAncestors(graph, needs);
  const steps = graph.steps.map((step): PipelineStep => {
    return {
      step,
      options: options.get(step.name) ?? NO_OPTIONS,
      needs: needs.get(step.name) ?? [],
      ancestors: ancestors.get(step.name) ?? []
    };
  });
  return { name: notebook.settings.name ?? name, steps, parameters };
}

const NO_OPTIONS: StepOptions = {
  requests: {},
  limits: {},
  nodeSelector: {},
  tolerations: [],
  env: {},
  secrets: [],
  volumes: [],
  labels: {},
  annotations: {},
  retry: 0
};

function directNeeds(graph: StepGraph): Map<string, string[]> {
  const order = new Map(graph.steps.map((step, index) => [step.name, index]));
  const needs = new Map<string, string[]>(graph.steps.map(step => [step.name, []]));
  for (const edge of graph.edges) {
    needs.get(edge.to)?.push(edge.from);
  }
  for (const list of needs.values()) {
    list.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
  }
  return needs;
}

/** Transitive closure; every step's needs come before it in `graph.steps` or the graph has an error diagnostic. */
function allAncestors(
  graph: StepGraph,
  needs: ReadonlyMap<string, readonly string[]>
): Map<string, readonly string[]> {
  const names = graph.steps.map(step => step.name);
  const found = new Map<string, ReadonlySet<string>>();
  const visit = (name: string): ReadonlySet<string> => {
    const known = found.get(name);
    if (known) {
      return known;
    }
    const all = new Set<string>();
    found.set(name, all);
    for (const need of needs.get(name) ?? []) {
      all.add(need);
      visit(need).forEach(each => all.add(each));
    }
    return all;
  };
  return new Map(
    names.map(name => {
      const all = visit(name);
      return [name, names.filter(each => all.has(each))];
    })
  );
}
