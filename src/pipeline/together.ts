import type { Diagnostic } from '../diagnostics/types';
import { allOf, preferNear, requireOneOf, type Affinity } from './affinity';
import { latencyText, type NodeFacts } from './node-facts';
import { nodeAffinity, possibleNodes, type StepPlacement } from './placement';
import type { Pipeline } from './types';

/** The step whose location counts, where one volume for one node ties all steps to each other. */
export interface Deciding {
  readonly step: string;
  readonly place: string;
  /** The nearest to it of the nodes that all steps can run on. */
  readonly node: NodeFacts;
  readonly micros: number;
}

/** The nodes that all steps can run on, now or later. */
export function nodesForAll(placements: readonly StepPlacement[]): readonly NodeFacts[] {
  const [first, ...rest] = placements.map(possibleNodes);
  return (first ?? []).filter(node =>
    rest.every(nodes => nodes.some(other => other.name === node.name))
  );
}

/**
 * The first step that has a location decides for all that share its node.
 * @returns besides, a warning of each step that will be farther from its place than it could be
 */
export function whoDecides(
  pipeline: Pipeline,
  placements: readonly StepPlacement[],
  nodes: readonly NodeFacts[]
): { readonly deciding?: Deciding; readonly losing: readonly Diagnostic[] } {
  const wishes = pipeline.steps.flatMap(({ step, options }, at) =>
    options.location === undefined
      ? []
      : [
          {
            step: step.name,
            place: options.location.place,
            possible: possibleNodes(placements[at])
          }
        ]
  );
  const first = wishes.find(each => nearest(each.place, nodes) !== undefined);
  const node = first && nearest(first.place, nodes);
  if (first === undefined || node === undefined) {
    return { losing: [] };
  }
  const losing = wishes.flatMap(({ step, place, possible }): Diagnostic[] => {
    const best = nearest(place, possible);
    const own = node.latencies[place]?.micros;
    if (best === undefined || best.latencies[place].micros >= (own ?? Infinity)) {
      return [];
    }
    return [
      {
        code: 'NP635',
        severity: 'warning',
        message:
          `step ${step} will run on ${node.name}, ${own === undefined ? 'at an unknown distance' : latencyText(own)} from ${place}; ` +
          `${best.name} is ${latencyText(best.latencies[place].micros)} from it`,
        why:
          'the volume is for one node at a time, and ' +
          (step === first.step
            ? 'not all steps can run nearer'
            : `the location of step ${first.step} decides which`),
        fix: 'name a storage class that many nodes can mount (settings `volume`: `storageClass`, `accessMode: ReadWriteMany`), or take the location away'
      }
    ];
  });
  const { micros } = node.latencies[first.place];
  return { deciding: { step: first.step, place: first.place, node, micros }, losing };
}

function nearest(place: string, nodes: readonly NodeFacts[]): NodeFacts | undefined {
  return nodes
    .filter(node => node.latencies[place] !== undefined)
    .sort(
      (a, b) => a.latencies[place].micros - b.latencies[place].micros || (a.name < b.name ? -1 : 1)
    )[0];
}

/**
 * Placements of steps that share a volume for one node: only nodes that all can use, and for those that may come first the
 * deciding step's preference; the others follow the volume.
 * @param runLabels labels that all pods of the run have and no others
 */
export function keepTogether(
  pipeline: Pipeline,
  placements: readonly StepPlacement[],
  nodes: readonly NodeFacts[],
  deciding: Deciding | undefined,
  runLabels: Readonly<Record<string, string>> | undefined
): readonly StepPlacement[] {
  return pipeline.steps.map(({ needs }, at) => {
    const placement = placements[at];
    const before = placement.affinity?.nodeAffinity;
    const own = before?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0];
    const isNarrower = possibleNodes(placement).length > nodes.length;
    const node = nodeAffinity(
      allOf([own, isNarrower ? requireOneOf(nodes) : undefined]),
      deciding !== undefined && needs.length === 0 ? preferNear(deciding.place, nodes) : undefined
    );
    // A volume in a zone can be mounted by any node there, one at a time: pods at the same time must share the node.
    const pods: Affinity =
      runLabels === undefined || nodes.length < 2
        ? {}
        : {
            podAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: [
                { labelSelector: { matchLabels: runLabels }, topologyKey: 'kubernetes.io/hostname' }
              ]
            }
          };
    const { step, verdicts, labels } = placement;
    const affinity: Affinity = { ...node, ...pods };
    return {
      step,
      ...(verdicts === undefined ? {} : { verdicts }),
      ...(Object.keys(affinity).length === 0 ? {} : { affinity }),
      labels
    };
  });
}
