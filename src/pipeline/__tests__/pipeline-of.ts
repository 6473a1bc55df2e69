import type { StepGraph } from '../../dataflow/types';
import { parseNotebook } from '../../notebook/read';
import { cutIntoSteps } from '../../notebook/steps';
import type { Notebook } from '../../notebook/types';
import { amountsOf } from '../amounts';
import { readLatencies, type NodeFacts, type Taint } from '../node-facts';
import { buildPipeline } from '../pipeline';
import type { StorageClassFacts } from '../storage-class';
import type { Pipeline } from '../types';

/** A notebook whose cells are steps, with these tags, and its pipeline; `prev:` tags are all that orders them. */
export function pipelineOf(
  steps: Readonly<Record<string, readonly string[]>>,
  settings: object = {}
): { readonly notebook: Notebook; readonly pipeline: Pipeline } {
  const cells = Object.entries(steps).map(([name, tags]) => ({
    cell_type: 'code',
    source: `print("${name}")`,
    metadata: { tags: [`step:${name}`, ...tags] },
    outputs: []
  }));
  const text = JSON.stringify({
    nbformat: 4,
    nbformat_minor: 5,
    metadata: { notepod: settings },
    cells
  });
  const notebook = cutIntoSteps(parseNotebook(text), () => false);
  const graph = {
    steps: notebook.steps.map(({ name, cells }) => ({ name, cells })),
    edges: notebook.steps.flatMap(({ name, prev }) =>
      prev.map(each => ({ from: each.name, to: name, names: [], reasons: [] }))
    ),
    parameters: []
  } as unknown as StepGraph;
  return { notebook, pipeline: buildPipeline(notebook, graph, [], 'test') };
}

/** A node with 8 CPUs, 32 GiB and 110 pods, all free unless `used`. */
export function nodeOf(
  name: string,
  options: {
    readonly labels?: Readonly<Record<string, string>>;
    /** Milliseconds by place. */
    readonly ms?: Readonly<Record<string, number>>;
    readonly taints?: readonly Taint[];
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly used?: Readonly<Record<string, string>>;
    readonly ready?: boolean;
    readonly bare?: boolean;
  } = {}
): NodeFacts {
  const labels = {
    'kubernetes.io/hostname': name,
    ...Object.fromEntries(
      Object.entries(options.ms ?? {}).map(([place, ms]) => [
        `latency.notepod.dev/${place}`,
        String(Math.round(ms * 1000))
      ])
    ),
    ...options.labels
  };
  const allocatable = amountsOf({ cpu: '8', memory: '32Gi', pods: '110', ...options.allocatable });
  const used = amountsOf(options.used ?? {});
  return {
    name,
    labels,
    taints: options.taints ?? [],
    ready: options.ready ?? true,
    allocatable,
    free: Object.fromEntries(
      Object.entries(allocatable).map(([key, value]) => [key, value - (used[key] ?? 0)])
    ),
    latencies: readLatencies(name, labels, options.bare ?? false).latencies
  };
}

export function classOf(name: string, more: Partial<StorageClassFacts> = {}): StorageClassFacts {
  return {
    name,
    isDefault: false,
    provisioner: 'example.com/x',
    binding: 'WaitForFirstConsumer',
    sharing: 'unknown',
    reach: [],
    ...more
  };
}
