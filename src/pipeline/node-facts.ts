import type { Amounts } from './amounts';

/** Key of the label that tells a node's latency to a place, in whole microseconds: `latency.notepod.dev/edge-a: "289"`. */
export const LATENCY_PREFIX = 'latency.notepod.dev/';

export interface Taint {
  readonly key: string;
  readonly value?: string;
  readonly effect: string;
}

/** How far a node is from a place. */
export interface Latency {
  readonly micros: number;
  /** True if a label of {@link LATENCY_PREFIX} says it: affinity can compare it. */
  readonly comparable: boolean;
}

/** A node of a cluster as plain data. */
export interface NodeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly Taint[];
  readonly ready: boolean;
  /** What pods may ask for in all. */
  readonly allocatable: Amounts;
  /** What is left of it, less what the pods there ask for. */
  readonly free: Amounts;
  /** By place. */
  readonly latencies: Readonly<Record<string, Latency>>;
  /** When latencies were last measured from it, as a time of RFC 3339, if known. */
  readonly measuredAt?: string;
}

/** Labels with a node's latencies that cannot be read, for a warning. */
export interface BadLatency {
  readonly node: string;
  readonly key: string;
  readonly value: string;
}

/**
 * The latencies that a node's labels tell.
 * @param bare also labels that are named after the place alone, in milliseconds (`12`, `0.8ms`, `89.667`), as the location-aware
 *   scheduler extender has them; affinity cannot compare these
 */
export function readLatencies(
  node: string,
  labels: Readonly<Record<string, string>>,
  bare: boolean
): { readonly latencies: Readonly<Record<string, Latency>>; readonly bad: readonly BadLatency[] } {
  const latencies: Record<string, Latency> = {};
  const bad: BadLatency[] = [];
  for (const [label, value] of Object.entries(labels)) {
    if (bare && /^[^/]+$/.test(label) && /^\d+(\.\d+)?(ms)?$/.test(value)) {
      latencies[label] ??= { micros: Math.round(parseFloat(value) * 1000), comparable: false };
    }
  }
  for (const [label, value] of Object.entries(labels)) {
    if (label.startsWith(LATENCY_PREFIX)) {
      if (/^\d{1,15}$/.test(value)) {
        const place = label.slice(LATENCY_PREFIX.length);
        latencies[place] = { micros: Number(value), comparable: true };
      } else {
        bad.push({ node, key: label, value });
      }
    }
  }
  return { latencies, bad };
}

/** The places that any node has a latency to, sorted. */
export function knownPlaces(nodes: readonly NodeFacts[]): readonly string[] {
  return [...new Set(nodes.flatMap(node => Object.keys(node.latencies)))].sort();
}

/** `0.289 ms`, `20 ms`. */
export function latencyText(micros: number): string {
  return `${String(micros / 1000)} ms`;
}
