import { randomBytes } from 'node:crypto';
import { MANAGED } from '../compile/labels';
import { LATENCY_PREFIX } from '../pipeline/node-facts';
import type { Cluster } from './client';
import { ClusterError } from './errors';
import PROGRAM from './latency_probe.py';
import { MEASURED_AT } from './nodes';
import type { Kinds } from './objects';

/** Annotation of a node that tells where a place can be reached: `probe.notepod.dev/edge-a: "10.0.0.7:443"`; empty: at the node itself. */
export const PROBE_PREFIX = 'probe.notepod.dev/';
/** The kubelet's: something listens there on every node. */
const NODE_PORT = 10250;
const USUAL_PORT = 443;
const AT_ONCE = 8;

/** An address that stands for a place. */
export interface Probe {
  readonly host: string;
  readonly port: number;
}

/** What a node's pod measured to a place. Times are microseconds there and back. */
export type Measured =
  | {
      readonly method: 'icmp' | 'tcp';
      readonly min: number;
      readonly median: number;
      /** Probes of the count without an answer. */
      readonly lost: number;
    }
  | { readonly error: string };

export interface NodeMeasurement {
  readonly node: string;
  /** By place; absent if nothing could be measured from the node. */
  readonly places?: Readonly<Record<string, Measured>>;
  readonly error?: string;
}

export interface MeasureOptions {
  /** An image with Python 3; only its standard library is used. */
  readonly image: string;
  /** Probes to each place. */
  readonly count: number;
  /** How long a node's pod may take in all, ms. */
  readonly limitMs: number;
  readonly serviceAccount?: string;
  readonly signal?: AbortSignal;
  /** Told as soon as a node is done. */
  readonly onNode?: (measurement: NodeMeasurement) => void;
}

/** Reads `edge-a=10.0.0.7:443`; the port may be left away. Undefined if it is none. */
export function parseProbe(text: string): readonly [place: string, probe: Probe] | undefined {
  const match = /^([A-Za-z0-9][\w.-]*)=(\[[0-9a-fA-F:]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(match?.[3] ?? USUAL_PORT);
  return match && port > 0 && port < 65536
    ? [match[1], { host: match[2].replace(/^\[|\]$/g, ''), port }]
    : undefined;
}

/** The probe addresses that the nodes' annotations tell, by place. */
export function probesOf(nodes: readonly Kinds['Node'][]): ReadonlyMap<string, Probe> {
  const probes = new Map<string, Probe>();
  for (const { metadata, status } of nodes) {
    for (const [key, value] of Object.entries(metadata?.annotations ?? {})) {
      if (key.startsWith(PROBE_PREFIX)) {
        const place = key.slice(PROBE_PREFIX.length);
        const own = status?.addresses?.find(each => each.type === 'InternalIP')?.address;
        const probe =
          value === '' && own !== undefined
            ? { host: own, port: NODE_PORT }
            : parseProbe(`${place}=${value}`)?.[1];
        if (probe !== undefined) {
          probes.set(place, probe);
        }
      }
    }
  }
  return probes;
}

/** Measures from every ready node to every place, by one short-lived pod on each node, a few nodes at a time. */
export async function measureNodes(
  cluster: Cluster,
  nodes: readonly Kinds['Node'][],
  probes: ReadonlyMap<string, Probe>,
  options: MeasureOptions
): Promise<readonly NodeMeasurement[]> {
  const results: NodeMeasurement[] = [];
  const waiting = [...nodes];
  const work = async () => {
    for (let node = waiting.shift(); node !== undefined; node = waiting.shift()) {
      const measurement = await measureFrom(cluster, node, probes, options);
      results.push(measurement);
      options.onNode?.(measurement);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return results.sort((a, b) => (a.node < b.node ? -1 : 1));
}

/** The labels that a measurement comes to: the least of each, since all that comes on top of it is no distance. */
export function labelsOf({ places = {} }: NodeMeasurement): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(places).flatMap(([place, measured]) =>
      'error' in measured ? [] : [[LATENCY_PREFIX + place, String(measured.min)]]
    )
  );
}

/** Writes the labels of a measurement to its node, with the time. @param at RFC 3339 */
export async function writeLabels(
  cluster: Cluster,
  measurement: NodeMeasurement,
  at: string
): Promise<void> {
  const labels = labelsOf(measurement);
  if (Object.keys(labels).length > 0) {
    await cluster.patch('Node', measurement.node, {
      metadata: { labels, annotations: { [MEASURED_AT]: at } }
    });
  }
}

async function measureFrom(
  cluster: Cluster,
  node: Kinds['Node'],
  probes: ReadonlyMap<string, Probe>,
  options: MeasureOptions
): Promise<NodeMeasurement> {
  const name = node.metadata?.name ?? '';
  if (node.status?.conditions?.find(each => each.type === 'Ready')?.status !== 'True') {
    return { node: name, error: 'the node is not ready' };
  }
  const pod = podOf(name, probes, options);
  const podName = pod.metadata?.name ?? '';
  const limit = AbortSignal.timeout(options.limitMs);
  const signal = options.signal ? AbortSignal.any([options.signal, limit]) : limit;
  try {
    await cluster.create('Pod', pod, { signal });
    const waits = await untilEnded(cluster, podName, signal);
    options.signal?.throwIfAborted();
    if (waits !== undefined) {
      return {
        node: name,
        error: `its pod did not end within ${options.limitMs / 1000} s: ${waits}`
      };
    }
    const parts: Uint8Array[] = [];
    for await (const part of cluster.podLog(podName, 'main', {}, signal)) {
      parts.push(part);
    }
    return readResult(name, Buffer.concat(parts).toString('utf-8'));
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof ClusterError) {
      return { node: name, error: error.message };
    }
    throw error;
  } finally {
    await cluster.delete('Pod', podName, { graceSeconds: 0 }).catch(() => false);
  }
}

function readResult(node: string, log: string): NodeMeasurement {
  const last = log.trim().split('\n').pop() ?? '';
  try {
    return { node, places: JSON.parse(last) as Readonly<Record<string, Measured>> };
  } catch {
    return { node, error: `its pod failed: ${last.slice(0, 300) || 'it printed nothing'}` };
  }
}

/** Waits until a pod has ended. @returns what it waits for, if the time is up before */
async function untilEnded(
  cluster: Cluster,
  name: string,
  signal: AbortSignal
): Promise<string | undefined> {
  let waits: string | undefined = 'it was not seen';
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  for await (const event of cluster.watch(
    'Pod',
    { fieldSelector: `metadata.name=${name}` },
    either
  )) {
    if (event.type === 'SYNCED') {
      continue;
    }
    const { status } = event.object;
    if (event.type === 'DELETED') {
      waits = 'it was deleted';
      stop.abort();
    } else if (status?.phase === 'Succeeded' || status?.phase === 'Failed') {
      waits = status.reason === undefined ? undefined : `${status.reason}: ${status.message ?? ''}`;
      stop.abort();
    } else {
      const waiting = status?.containerStatuses?.[0]?.state?.waiting;
      const words = [waiting?.reason, waiting?.message].filter(Boolean).join(': ');
      waits = words || `it is ${status?.phase ?? 'unknown'}`;
    }
  }
  return waits;
}

/** On the node itself, without the scheduler, so that a full or tainted node is measured too. */
function podOf(
  node: string,
  probes: ReadonlyMap<string, Probe>,
  { image, count, limitMs, serviceAccount }: MeasureOptions
): Kinds['Pod'] {
  const places = Object.fromEntries(
    [...probes].map(([place, { host, port }]) => [place, [host, port]])
  );
  const timeout = 2;
  return {
    metadata: {
      name: `notepod-latency-${randomBytes(4).toString('hex')}`,
      labels: { ...MANAGED, 'notepod.dev/role': 'latency' }
    },
    spec: {
      nodeName: node,
      restartPolicy: 'Never',
      // Should nobody be left to delete it.
      activeDeadlineSeconds: Math.ceil(limitMs / 1000),
      tolerations: [{ operator: 'Exists' }],
      automountServiceAccountToken: false,
      ...(serviceAccount === undefined ? {} : { serviceAccountName: serviceAccount }),
      // The `restricted` profile; the program needs no user of its own.
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65534,
        seccompProfile: { type: 'RuntimeDefault' }
      },
      containers: [
        {
          name: 'main',
          image,
          command: ['python3', '-c', PROGRAM, JSON.stringify({ places, count, timeout })],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          resources: { requests: { cpu: '10m', memory: '32Mi' }, limits: { memory: '128Mi' } }
        }
      ]
    }
  };
}
