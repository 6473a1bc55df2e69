import { addAmounts, amountsOf, lessAmounts, type Amounts } from '../pipeline/amounts';
import { readLatencies, type BadLatency, type NodeFacts } from '../pipeline/node-facts';
import type { Cluster } from './client';
import { ClusterError } from './errors';
import type { Kinds } from './objects';
import { isHolding, podRequests } from './pod-requests';

/** When a node's latencies were measured, RFC 3339; written by `notepod nodes measure`. */
export const MEASURED_AT = 'latency.notepod.dev/measured-at';

/** The nodes of a cluster, as far as one may see them. */
export interface ClusterNodes {
  readonly nodes: readonly NodeFacts[];
  /** Labels of latencies that cannot be read. */
  readonly bad: readonly BadLatency[];
  /** False if the pods of other namespaces may not be seen: then `free` is only less what can be seen. */
  readonly seesAllPods: boolean;
  /** What shows that nodes are added when pods do not fit. */
  readonly autoscaler?: string;
  /** Image names by node, as the kubelets report them (the 50 largest of each node by default). */
  readonly images: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads the nodes, and what the pods on them hold.
 * @param extender also labels named after a place alone; see {@link readLatencies}
 * @throws ClusterError if the nodes may not be listed
 */
export async function readNodes(
  cluster: Cluster,
  extender = false,
  signal?: AbortSignal
): Promise<ClusterNodes> {
  const nodes = await cluster.list('Node', {}, signal);
  const [pods, seesAllPods] = await podsOf(cluster, signal);
  const held = new Map<string, Amounts>();
  for (const pod of pods.filter(isHolding)) {
    const node = pod.spec?.nodeName ?? '';
    held.set(node, addAmounts(held.get(node) ?? {}, podRequests(pod)));
  }
  const bad: BadLatency[] = [];
  const facts = nodes.map((node): NodeFacts => {
    const name = node.metadata?.name ?? '';
    const labels = node.metadata?.labels ?? {};
    const read = readLatencies(name, labels, extender);
    bad.push(...read.bad);
    const allocatable = amountsOf(node.status?.allocatable ?? {});
    const measuredAt = node.metadata?.annotations?.[MEASURED_AT];
    return {
      name,
      labels,
      taints: (node.spec?.taints ?? []).map(({ key, value, effect }) => ({
        key,
        effect,
        ...(value === undefined ? {} : { value })
      })),
      ready: node.status?.conditions?.find(each => each.type === 'Ready')?.status === 'True',
      allocatable,
      free: lessAmounts(allocatable, held.get(name) ?? {}),
      latencies: read.latencies,
      ...(measuredAt === undefined ? {} : { measuredAt })
    };
  });
  const autoscaler = await autoscalerOf(cluster, nodes, signal);
  return {
    nodes: facts.sort((a, b) => (a.name < b.name ? -1 : 1)),
    bad,
    seesAllPods,
    images: new Map(
      nodes.map(node => [
        node.metadata?.name ?? '',
        (node.status?.images ?? []).flatMap(each => each.names ?? [])
      ])
    ),
    ...(autoscaler === undefined ? {} : { autoscaler })
  };
}

async function podsOf(
  cluster: Cluster,
  signal: AbortSignal | undefined
): Promise<readonly [readonly Kinds['Pod'][], boolean]> {
  try {
    return [await cluster.list('Pod', { namespace: '*' }, signal), true];
  } catch (error) {
    if (!isRefused(error)) {
      throw error;
    }
    return [(await ifAllowed(cluster.list('Pod', {}, signal))) ?? [], false];
  }
}

/**
 * What shows that nodes are added by themselves: the status that the cluster autoscaler writes
 * (https://github.com/kubernetes/autoscaler, FAQ), the labels of Karpenter's nodes, or an event of either.
 */
async function autoscalerOf(
  cluster: Cluster,
  nodes: readonly Kinds['Node'][],
  signal: AbortSignal | undefined
): Promise<string | undefined> {
  const labels = nodes.flatMap(node => Object.keys(node.metadata?.labels ?? {}));
  if (labels.some(label => label.startsWith('karpenter.sh/'))) {
    return 'Karpenter';
  }
  const kubeSystem = { namespace: 'kube-system', signal };
  if (await ifAllowed(cluster.find('ConfigMap', 'cluster-autoscaler-status', kubeSystem))) {
    return 'the cluster autoscaler';
  }
  const events = await ifAllowed(
    cluster.list('Event', { fieldSelector: 'reason=TriggeredScaleUp' }, signal)
  );
  return events !== undefined && events.length > 0 ? 'the cluster autoscaler' : undefined;
}

/** True of an error that says that one may not. */
export function isRefused(error: unknown): error is ClusterError {
  return error instanceof ClusterError && error.kind === 'forbidden';
}

/** The value, or undefined if one may not see it. */
export async function ifAllowed<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (isRefused(error)) {
      return undefined;
    }
    throw error;
  }
}
