import { closest } from '../diagnostics/closest';
import type { Diagnostic, Span } from '../diagnostics/types';
import type { Notebook, StepOptions } from '../notebook/types';
import {
  allOf,
  preferNear,
  requireOneOf,
  requireWithin,
  type Affinity,
  type NodeTerm
} from './affinity';
import { knownPlaces, LATENCY_PREFIX, latencyText, type NodeFacts } from './node-facts';
import { tagPlace } from './tag-place';
import type { Pipeline, PipelineStep } from './types';
import {
  ceilingMicros,
  lackOf,
  nearestMiss,
  verdictsOf,
  type NodeVerdict,
  type Reason,
  type Surroundings
} from './verdict';

/** Where a step can go. */
export interface StepPlacement {
  readonly step: string;
  /** One of each node, the best first; undefined if the nodes are not known. */
  readonly verdicts?: readonly NodeVerdict[];
  readonly affinity?: Affinity;
  /** Labels of the pod by which schedulers and people know what it is. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface PlacementOptions extends Surroundings {
  /** The cluster's scheduler has the location-aware extender: its pod labels are written too. */
  readonly extender?: boolean;
  /** What shows that new nodes come when pods do not fit, e.g. `cluster-autoscaler`; then what fits nowhere is a warning. */
  readonly autoscaler?: string;
}

/**
 * Finds where each step of a pipeline can go, with what its pod must say so that the scheduler does the same.
 * @param nodes undefined: not known, because nobody asked or the right is missing; then nothing is refused
 */
export function placeSteps(
  notebook: Notebook,
  pipeline: Pipeline,
  nodes: readonly NodeFacts[] | undefined,
  options: PlacementOptions = {}
): { readonly placements: readonly StepPlacement[]; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const placements = pipeline.steps.map((step): StepPlacement => {
    const verdicts = nodes && verdictsOf(step.options, nodes, options);
    const affinity = affinityOf(step.options, verdicts, options);
    if (nodes && verdicts) {
      diagnostics.push(...problemsOf(notebook, step, nodes, verdicts, options));
    }
    return {
      step: step.step.name,
      ...(verdicts === undefined ? {} : { verdicts }),
      ...(affinity === undefined ? {} : { affinity }),
      labels: roleLabels(step.options, options.extender ?? false)
    };
  });
  return { placements, diagnostics };
}

/** The nodes that a step can go to, now or later. */
export function possibleNodes(placement: StepPlacement): readonly NodeFacts[] {
  return (placement.verdicts ?? []).filter(each => each.fits !== 'never').map(each => each.node);
}

function affinityOf(
  { location, volumes }: StepOptions,
  verdicts: readonly NodeVerdict[] | undefined,
  { claims = [] }: Surroundings
): Affinity | undefined {
  const nodes = verdicts?.map(each => each.node);
  // Only nodes that may take it count: the nearest of all would be a class of its own that no pod ever gets.
  const possible = verdicts?.filter(each => each.fits !== 'never').map(each => each.node);
  const required: (NodeTerm | undefined)[] = [];
  if (location?.maxMs !== undefined) {
    required.push(requireWithin(location.place, ceilingMicros(location.maxMs), nodes));
  }
  // The scheduler does not know that a volume for one node is mounted elsewhere: the pod would wait for it without end.
  const held = volumes.flatMap(
    ({ claim }) => claims.find(each => each.name === claim && each.heldBy.length > 0)?.heldBy ?? []
  );
  if (held.length > 0 && nodes) {
    required.push(requireOneOf(nodes.filter(node => held.includes(node.name))));
  }
  return nodeAffinity(allOf(required), location && preferNear(location.place, possible));
}

/** An affinity of what there is of a required and preferred terms; undefined if there is nothing. */
export function nodeAffinity(
  required: NodeTerm | undefined,
  preferred: ReturnType<typeof preferNear> | undefined
): Affinity | undefined {
  if (required === undefined && (preferred ?? []).length === 0) {
    return undefined;
  }
  return {
    nodeAffinity: {
      ...(required === undefined
        ? {}
        : { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [required] } }),
      ...(preferred === undefined || preferred.length === 0
        ? {}
        : { preferredDuringSchedulingIgnoredDuringExecution: preferred })
    }
  };
}

/** Labels of the location-aware scheduler extender: the kinds of work that it knows. */
const COMPONENTS: Readonly<Record<string, string>> = {
  training: 'Training',
  prediction: 'Predict'
};

function roleLabels(
  { role, location }: StepOptions,
  extender: boolean
): Readonly<Record<string, string>> {
  const component = role === undefined ? undefined : COMPONENTS[role];
  return {
    ...(role === undefined ? {} : { 'notepod.dev/role': role }),
    ...(extender && component !== undefined ? { typeOfComponent: component } : {}),
    ...(extender && location !== undefined ? { OurLocation: location.place } : {})
  };
}

function problemsOf(
  notebook: Notebook,
  { step: { name }, options }: PipelineStep,
  nodes: readonly NodeFacts[],
  verdicts: readonly NodeVerdict[],
  { autoscaler }: PlacementOptions
): readonly Diagnostic[] {
  const { location } = options;
  const locationPlace = () => placeOf(notebook, name, tag => tag.type === 'location');
  if (location !== undefined && !nodes.some(node => node.latencies[location.place] !== undefined)) {
    return [unknownPlace(name, location.place, knownPlaces(nodes), locationPlace())];
  }
  if (verdicts.some(each => each.fits === 'now')) {
    return [];
  }
  const later = verdicts.filter(each => each.fits === 'later');
  if (later.length > 0) {
    const [{ node, reasons }] = [...later].sort((a, b) => lackOf(a) - lackOf(b));
    return [
      {
        code: 'NP634',
        severity: 'warning',
        message: `step ${name} fits on no node now: ${node.name} ${textsOf(reasons)}`,
        why: 'it would wait until other pods end',
        fix: 'lower the request, or wait until there is room',
        ...reasonPlace(notebook, name, reasons[0])
      }
    ];
  }
  const farOnly = verdicts.filter(each =>
    each.reasons.every(({ kind }) => ['too-far', 'latency-unknown', 'full'].includes(kind))
  );
  if (location?.maxMs !== undefined && farOnly.length > 0) {
    return [
      tooFar(name, { place: location.place, maxMs: location.maxMs }, farOnly, locationPlace())
    ];
  }
  const miss = nearestMiss(verdicts);
  if (miss === undefined) {
    return [
      {
        code: 'NP633',
        severity: autoscaler === undefined ? 'error' : 'warning',
        message: `step ${name} fits on no node: the cluster has none`,
        why: 'its pod would wait without end',
        fix: 'add a node to the cluster'
      }
    ];
  }
  const [first] = miss.reasons;
  return [
    {
      code: 'NP633',
      severity: autoscaler === undefined ? 'error' : 'warning',
      message: `step ${name} fits on no node; nearest to it, ${miss.node.name} ${textsOf(miss.reasons)}`,
      why:
        autoscaler === undefined
          ? 'its pod would wait without end'
          : `its pod waits until ${autoscaler} adds a node that it fits on, if there is such a kind`,
      fix: fixOf(first),
      ...reasonPlace(notebook, name, first)
    }
  ];
}

function textsOf(reasons: readonly Reason[]): string {
  return reasons.map(each => each.text).join(', and ');
}

function unknownPlace(
  step: string,
  place: string,
  known: readonly string[],
  at: { readonly span?: Span }
): Diagnostic {
  const near = closest(place, known);
  return {
    code: 'NP631',
    severity: 'error',
    message:
      `step ${step} wants to be near ${place}, and no node has a latency to it` +
      (near === undefined ? '' : `; did you mean ${near}?`),
    why:
      known.length === 0
        ? `no node has a label ${LATENCY_PREFIX}<place>`
        : `the places that nodes have latencies to are ${known.join(', ')}`,
    fix:
      near === undefined
        ? `measure the latencies with \`notepod nodes measure\`, or label the nodes with ${LATENCY_PREFIX}${place}=<microseconds>`
        : `write location:${near}`,
    ...at
  };
}

function tooFar(
  step: string,
  { place, maxMs }: { readonly place: string; readonly maxMs: number },
  verdicts: readonly NodeVerdict[],
  at: { readonly span?: Span }
): Diagnostic {
  const known = verdicts.filter(each => each.micros !== undefined);
  const best = [...known].sort((a, b) => (a.micros ?? 0) - (b.micros ?? 0))[0] as
    NodeVerdict | undefined;
  const micros = best?.micros;
  return {
    code: 'NP632',
    severity: 'error',
    message:
      `no node that step ${step} fits on is within ${maxMs} ms of ${place}` +
      (best === undefined || micros === undefined
        ? ': their latencies to it are not known'
        : `; the nearest, ${best.node.name}, is ${latencyText(micros)} away`),
    why: 'its pod would wait without end',
    fix:
      micros === undefined
        ? 'measure the latencies with `notepod nodes measure`'
        : `write location:${place}:${String(Math.ceil(micros / 1000))}, or location:${place} to be as near as can be`,
    ...at
  };
}

function fixOf({ kind, about }: Reason): string {
  switch (kind) {
    case 'taint':
      return `tag the step toleration:${about}, if it may run there`;
    case 'label':
      return `correct the tag node:${about}=…, or label a node`;
    case 'too-far':
    case 'latency-unknown':
      return `raise the ceiling of location:${about}`;
    case 'volume':
      return `mount another claim than ${about}, or one that many nodes can mount (ReadWriteMany)`;
    case 'too-small':
    case 'full':
      return about === 'pods'
        ? 'wait until there is room'
        : `ask for less ${about === 'cpu' ? 'CPU' : about}, or add a larger node`;
    case 'os':
    case 'not-ready':
      return 'have the node mended, or add another';
  }
}

/** The tag that a reason comes from. */
function reasonPlace(
  notebook: Notebook,
  step: string,
  { kind, about }: Reason
): { readonly span?: Span } {
  return placeOf(notebook, step, tag => {
    switch (kind) {
      case 'label':
        return tag.type === 'node' && tag.label === about;
      case 'too-far':
      case 'latency-unknown':
        return tag.type === 'location';
      case 'volume':
        return tag.type === 'volume' && tag.claim === about;
      case 'too-small':
      case 'full':
        return (tag.type === 'request' || tag.type === 'limit') && tag.resource === about;
      case 'os':
      case 'not-ready':
      case 'taint':
        return false;
    }
  });
}

/** The tag, or the first cell of the step where no tag of it is to blame. */
function placeOf(...[notebook, step, is]: Parameters<typeof tagPlace>): { readonly span?: Span } {
  const found = tagPlace(notebook, step, is);
  const cell = notebook.steps.find(each => each.name === step)?.cells[0];
  if (found.span !== undefined || cell === undefined) {
    return found;
  }
  const endColumn = notebook.cells[cell].source.split('\n')[0].length;
  return { span: { cell, line: 1, column: 0, endLine: 1, endColumn } };
}
