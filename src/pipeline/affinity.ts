import { LATENCY_PREFIX, type NodeFacts } from './node-facts';

/** https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/#NodeSelector */
export interface NodeRequirement {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
  readonly values?: readonly string[];
}

/** All of its requirements must hold. */
export interface NodeTerm {
  readonly matchExpressions?: readonly NodeRequirement[];
  readonly matchFields?: readonly NodeRequirement[];
}

export interface PreferredTerm {
  /** 1–100; the weights of all terms that a node meets add up. */
  readonly weight: number;
  readonly preference: NodeTerm;
}

/** The part of a pod's `affinity` that placement uses. */
export interface Affinity {
  readonly nodeAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution?: {
      /** One of them must hold. */
      readonly nodeSelectorTerms: readonly NodeTerm[];
    };
    readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly PreferredTerm[];
  };
  readonly podAffinity?: {
    readonly requiredDuringSchedulingIgnoredDuringExecution: readonly {
      readonly labelSelector: { readonly matchLabels: Readonly<Record<string, string>> };
      readonly topologyKey: string;
    }[];
  };
}

const HOST = 'kubernetes.io/hostname';

/**
 * How many latencies are told apart. A class of latencies scores `RATIO` times as much as the next farther one (the three nearest),
 * then twice as much, so that the nearest of the nodes that are left leads by 150 of the 200 points that NodeAffinity gives with its
 * default weight of 2: more than an image that is there already (100) and most differences in load can outweigh, and still no rule.
 */
const LEVELS = 6;
const RATIO = 4;
const SHARP = 3;

/** Latencies, in microseconds, where nothing is known of the nodes: a document that is compiled without a cluster. */
const USUAL_MICROS = [1_000, 5_000, 20_000, 50_000, 100_000];

/**
 * Terms by which the stock scheduler prefers the nearer of the nodes.
 * @param nodes those that could take the step; undefined: not known
 */
export function preferNear(
  place: string,
  nodes: readonly NodeFacts[] | undefined
): readonly PreferredTerm[] {
  const near = nodes?.filter(node => node.latencies[place] !== undefined);
  const distinct = [...new Set(near?.map(node => node.latencies[place].micros))].sort(
    (a, b) => a - b
  );
  const levels = near === undefined ? USUAL_MICROS : coarse(distinct);
  const scores = scoresOf(levels.length);
  return levels.flatMap((micros, at) => {
    // The weights of all levels that a node is within add up to its score.
    const weight = scores[at] - (scores[at + 1] ?? 0);
    const preference = requireWithin(place, micros, near);
    return pieces(weight).map(each => ({ weight: each, preference }));
  });
}

/** A requirement that a node is no farther than `micros`. Where none of `nodes` is, it is kept all the same: none may take the pod. */
export function requireWithin(
  place: string,
  micros: number,
  nodes: readonly NodeFacts[] | undefined
): NodeTerm {
  return withinTerm(place, micros, nodes ?? []) ?? { matchExpressions: [atMost(place, micros)] };
}

/** The requirement of being one of these nodes. */
export function requireOneOf(nodes: readonly NodeFacts[]): NodeTerm {
  return { matchExpressions: [{ key: HOST, operator: 'In', values: hostsOf(nodes) }] };
}

/** Terms that all must hold as one; undefined for none. */
export function allOf(terms: readonly (NodeTerm | undefined)[]): NodeTerm | undefined {
  const expressions = terms.flatMap(term => term?.matchExpressions ?? []);
  return expressions.length === 0 ? undefined : { matchExpressions: expressions };
}

/** Affinity compares whole numbers only: latencies of other labels become the names of the nodes that are near enough. */
function withinTerm(
  place: string,
  micros: number,
  nodes: readonly NodeFacts[]
): NodeTerm | undefined {
  const within = nodes.filter(node => (node.latencies[place]?.micros ?? Infinity) <= micros);
  if (within.length === 0) {
    return undefined;
  }
  return within.every(node => node.latencies[place].comparable)
    ? { matchExpressions: [atMost(place, micros)] }
    : requireOneOf(within);
}

function atMost(place: string, micros: number): NodeRequirement {
  return { key: LATENCY_PREFIX + place, operator: 'Lt', values: [String(micros + 1)] };
}

function hostsOf(nodes: readonly NodeFacts[]): readonly string[] {
  return nodes.map(node => node.labels[HOST] ?? node.name).sort();
}

/** At most {@link LEVELS} of the latencies: the nearest ones, and of the rest some at equal distances by rank, the farthest among them. */
function coarse(sorted: readonly number[]): readonly number[] {
  if (sorted.length <= LEVELS) {
    return sorted;
  }
  const far = sorted.slice(SHARP);
  const count = LEVELS - SHARP;
  return [
    ...sorted.slice(0, SHARP),
    ...Array.from({ length: count }, (_, at) => far[Math.ceil(((at + 1) * far.length) / count) - 1])
  ];
}

/** Scores of `count` levels, the nearest first. */
function scoresOf(count: number): readonly number[] {
  const scores: number[] = [];
  let score = 1;
  for (let at = count - 1; at >= 0; at--) {
    scores.unshift(score);
    score *= at <= SHARP ? RATIO : 2;
  }
  return scores;
}

/** A weight as weights of at most 100 each. */
function pieces(weight: number): readonly number[] {
  const whole = Math.floor(weight / 100);
  const rest = weight % 100;
  return [...Array<number>(whole).fill(100), ...(rest === 0 ? [] : [rest])];
}

/** True if a node meets all of a term's requirements, by the scheduler's own rules. */
export function meetsTerm(term: NodeTerm, node: Pick<NodeFacts, 'name' | 'labels'>): boolean {
  const expressions = term.matchExpressions ?? [];
  const fields = term.matchFields ?? [];
  return (
    expressions.length + fields.length > 0 &&
    expressions.every(each => meets(each, node.labels[each.key])) &&
    fields.every(each => each.key === 'metadata.name' && meets(each, node.name))
  );
}

function meets({ operator, values = [] }: NodeRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
    case 'Lt': {
      if (value === undefined || !/^[+-]?\d+$/.test(value)) {
        return false;
      }
      return operator === 'Gt'
        ? Number(value) > Number(values[0])
        : Number(value) < Number(values[0]);
    }
  }
}

/** The sum of the weights that a node gets. */
export function preferenceOf(
  terms: readonly PreferredTerm[],
  node: Pick<NodeFacts, 'name' | 'labels'>
): number {
  return terms.reduce((sum, term) => sum + (meetsTerm(term.preference, node) ? term.weight : 0), 0);
}
