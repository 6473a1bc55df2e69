import type { StepOptions } from '../notebook/types';
import { meetsTerm, type NodeTerm } from './affinity';
import { addAmounts, amountText, amountWithName, type Amounts } from './amounts';
import { latencyText, type NodeFacts, type Taint } from './node-facts';
import { requestsOf } from './resources';

/** An existing volume claim that a step mounts. */
export interface ClaimFacts {
  readonly name: string;
  /** Where its volume can be reached (one of the terms); empty: everywhere, or not bound yet. */
  readonly reach: readonly NodeTerm[];
  /** Nodes whose pods have it mounted, if only one node at a time may (ReadWriteOnce). */
  readonly heldBy: readonly string[];
}

/** What the cluster has besides its nodes, as far as it limits where steps go. */
export interface Surroundings {
  readonly claims?: readonly ClaimFacts[];
  /** What each pod asks for besides the step itself, e.g. for Argo's own containers. */
  readonly more?: Amounts;
}

/** Why a node cannot take a step. `full` passes when other pods end; the others do not. */
export interface Reason {
  readonly kind:
    | 'os'
    | 'not-ready'
    | 'taint'
    | 'label'
    | 'too-far'
    | 'latency-unknown'
    | 'volume'
    | 'too-small'
    | 'full';
  /** For a person, with the node as its subject: `has 6.2 CPU free of 8; 8 are needed`. */
  readonly text: string;
  /** The resource, label or taint that it is about. */
  readonly about: string;
  /** How much of what is needed is missing, 0–1; for comparing near misses. */
  readonly missing: number;
}

export interface NodeVerdict {
  readonly node: NodeFacts;
  readonly fits: 'now' | 'later' | 'never';
  readonly reasons: readonly Reason[];
  /** To the step's place, if it has one and the node's latency to it is known. */
  readonly micros?: number;
}

/** What each node says to a step, the best first: by whether it fits, then by latency, then by name. */
export function verdictsOf(
  options: StepOptions,
  nodes: readonly NodeFacts[],
  surroundings: Surroundings = {}
): readonly NodeVerdict[] {
  const requests = addAmounts({ pods: 1, ...requestsOf(options) }, surroundings.more ?? {});
  const place = options.location?.place;
  return nodes
    .map((node): NodeVerdict => {
      const reasons = [
        ...platformReasons(node),
        ...taintReasons(options, node),
        ...labelReasons(options, node),
        ...latencyReasons(options, node),
        ...claimReasons(options, node, surroundings.claims ?? []),
        ...roomReasons(requests, node)
      ];
      const latency = place === undefined ? undefined : node.latencies[place];
      return {
        node,
        fits:
          reasons.length === 0
            ? 'now'
            : reasons.every(each => each.kind === 'full')
              ? 'later'
              : 'never',
        reasons,
        ...(latency === undefined ? {} : { micros: latency.micros })
      };
    })
    .sort(
      (a, b) =>
        ORDER[a.fits] - ORDER[b.fits] ||
        // Both unknown would be no number.
        compare(a.micros ?? Infinity, b.micros ?? Infinity) ||
        compare(a.node.name, b.node.name)
    );
}

const ORDER = { now: 0, later: 1, never: 2 } as const;

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function platformReasons(node: NodeFacts): readonly Reason[] {
  const os = node.labels['kubernetes.io/os'] ?? 'linux';
  return os === 'linux'
    ? []
    : [
        {
          kind: 'os',
          text: `runs ${os}, and steps need Linux`,
          about: 'kubernetes.io/os',
          missing: 1
        }
      ];
}

/** Taints that Kubernetes sets by itself (https://kubernetes.io/docs/reference/labels-annotations-taints/), in words. */
const CONDITIONS: Readonly<Record<string, string>> = {
  'node.kubernetes.io/not-ready': 'is not ready',
  'node.kubernetes.io/unreachable': 'cannot be reached by the cluster',
  'node.kubernetes.io/unschedulable': 'is cordoned',
  'node.kubernetes.io/memory-pressure': 'is short of memory',
  'node.kubernetes.io/disk-pressure': 'is short of disk',
  'node.kubernetes.io/pid-pressure': 'is short of process numbers',
  'node.kubernetes.io/network-unavailable': 'has no network',
  'node.cloudprovider.kubernetes.io/uninitialized': 'is not set up yet'
};

function taintReasons(options: StepOptions, node: NodeFacts): readonly Reason[] {
  const found = node.taints
    .filter(taint => taint.effect !== 'PreferNoSchedule')
    .filter(taint => !options.tolerations.some(each => tolerates(each, taint)))
    .map((taint): Reason => {
      const words = CONDITIONS[taint.key];
      return words === undefined
        ? {
            kind: 'taint',
            text: `has the taint ${taintText(taint)}, which the step does not tolerate`,
            about: taintText(taint),
            missing: 1
          }
        : { kind: 'not-ready', text: words, about: taint.key, missing: 1 };
    });
  const unique = found.filter(
    (each, at) => found.findIndex(other => other.text === each.text) === at
  );
  return node.ready || unique.some(each => each.kind === 'not-ready')
    ? unique
    : [...unique, { kind: 'not-ready', text: 'is not ready', about: 'Ready', missing: 1 }];
}

/** `key=value:NoSchedule`, as a toleration tag has it. */
export function taintText({ key, value, effect }: Taint): string {
  return `${key}${value === undefined || value === '' ? '' : `=${value}`}:${effect}`;
}

/** https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/: no value means any, no effect means all. */
function tolerates(toleration: StepOptions['tolerations'][number], taint: Taint): boolean {
  return (
    toleration.key === taint.key &&
    (toleration.value === undefined || toleration.value === (taint.value ?? '')) &&
    (toleration.effect === undefined || toleration.effect === taint.effect)
  );
}

function labelReasons(options: StepOptions, node: NodeFacts): readonly Reason[] {
  return Object.entries(options.nodeSelector).flatMap(([label, value]): Reason[] => {
    const own = node.labels[label];
    return own === value
      ? []
      : [
          {
            kind: 'label',
            text: own === undefined ? `has no label ${label}` : `has ${label}=${own}, not ${value}`,
            about: label,
            missing: 1
          }
        ];
  });
}

function latencyReasons({ location }: StepOptions, node: NodeFacts): readonly Reason[] {
  if (location?.maxMs === undefined) {
    return [];
  }
  const latency = node.latencies[location.place];
  const most = ceilingMicros(location.maxMs);
  if (latency === undefined) {
    return [
      {
        kind: 'latency-unknown',
        text: `has no known latency to ${location.place}`,
        about: location.place,
        missing: 1
      }
    ];
  }
  return latency.micros <= most
    ? []
    : [
        {
          kind: 'too-far',
          text: `is ${latencyText(latency.micros)} from ${location.place}; at most ${latencyText(most)} are allowed`,
          about: location.place,
          missing: 1 - most / latency.micros
        }
      ];
}

/** A ceiling of a tag, in milliseconds with up to any number of digits, as whole microseconds. */
export function ceilingMicros(ms: number): number {
  // 0.289 × 1000 is a little less than 289 in binary.
  return Math.floor(ms * 1000 + 1e-6);
}

function claimReasons(
  options: StepOptions,
  node: NodeFacts,
  claims: readonly ClaimFacts[]
): readonly Reason[] {
  return options.volumes.flatMap(({ claim }): Reason[] => {
    const facts = claims.find(each => each.name === claim);
    if (facts === undefined) {
      return [];
    }
    if (facts.reach.length > 0 && !facts.reach.some(term => meetsTerm(term, node))) {
      return [
        {
          kind: 'volume',
          text: `cannot reach the volume of claim ${claim}`,
          about: claim,
          missing: 1
        }
      ];
    }
    return facts.heldBy.length === 0 || facts.heldBy.includes(node.name)
      ? []
      : [
          {
            kind: 'volume',
            text: `cannot mount claim ${claim} while ${facts.heldBy.join(', ')} has it (ReadWriteOnce)`,
            about: claim,
            missing: 1
          }
        ];
  });
}

function roomReasons(requests: Amounts, node: NodeFacts): readonly Reason[] {
  return Object.entries(requests).flatMap(([resource, amount]): Reason[] => {
    const all = node.allocatable[resource] ?? 0;
    const free = node.free[resource] ?? 0;
    if (amount <= free || amount === 0) {
      return [];
    }
    const needed = amountWithName(resource, amount);
    return amount > all
      ? [
          {
            kind: 'too-small',
            text: `has ${all === 0 ? `no ${resource === 'cpu' ? 'CPU' : resource}` : `${amountText(resource, all)} in all`}; needs ${needed}`,
            about: resource,
            missing: 1 - all / amount
          }
        ]
      : [
          {
            kind: 'full',
            text: `has ${amountText(resource, Math.max(free, 0))} free of ${amountText(resource, all)}; needs ${needed}`,
            about: resource,
            missing: 1 - Math.max(free, 0) / amount
          }
        ];
  });
}

/** What is mended with the least ado first: room, a tag of the step, the node itself. */
const EASE: readonly Reason['kind'][] = [
  'full',
  'too-small',
  'too-far',
  'taint',
  'latency-unknown',
  'volume',
  'label',
  'not-ready',
  'os'
];

/** The node that is nearest to taking the step: with the fewest reasons against it, then those mended most easily, then the least lack. */
export function nearestMiss(verdicts: readonly NodeVerdict[]): NodeVerdict | undefined {
  const ease = ({ reasons }: NodeVerdict) =>
    Math.max(0, ...reasons.map(each => EASE.indexOf(each.kind)));
  return [...verdicts].sort(
    (a, b) =>
      a.reasons.length - b.reasons.length ||
      ease(a) - ease(b) ||
      lackOf(a) - lackOf(b) ||
      compare(a.node.name, b.node.name)
  )[0];
}

/** The largest part of what is needed that the node lacks, 0–1. */
export function lackOf({ reasons }: NodeVerdict): number {
  return Math.max(0, ...reasons.map(each => each.missing));
}
