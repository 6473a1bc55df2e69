import { openCluster, type Cluster } from '../../src/cluster/client';
import { readNodes } from '../../src/cluster/nodes';
import type { Kinds } from '../../src/cluster/objects';
import { pipelineOf } from '../../src/pipeline/__tests__/pipeline-of';
import { LATENCY_PREFIX } from '../../src/pipeline/node-facts';
import { placeSteps, type StepPlacement } from '../../src/pipeline/placement';
import { containerResources } from '../../src/pipeline/resources';
import type { StepOptions } from '../../src/notebook/types';
import { objectName } from './cluster';

/** Nodes that nothing runs on: only the scheduler takes them for nodes. Tainted, so that no other pod gets there. */
const NODES = 50;
const TAINT = 'notepod.dev/test';
const run = objectName('nodes');
const nameOf = (at: number) => `${run}-${String(at).padStart(2, '0')}`;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await openCluster();
  await Promise.all(Array.from({ length: NODES }, (_, at) => cluster.create('Node', fakeNode(at))));
  await untilReady();
});
afterAll(async () => {
  await Promise.all(Array.from({ length: NODES }, (_, at) => cluster.delete('Node', nameOf(at))));
  cluster.dispose();
});

/** Every node differs: latencies to two places (the last ten nodes know none), room, zone, devices, a further taint. */
function fakeNode(at: number): Kinds['Node'] {
  const size = {
    cpu: ['2', '4', '8'][at % 3],
    memory: '16Gi',
    pods: '110',
    ...(at % 8 === 0 ? { 'example.com/gpu': '2' } : {})
  };
  const latencies = {
    [`${LATENCY_PREFIX}a`]: String(1000 + (at % 10) * 7000),
    [`${LATENCY_PREFIX}b`]: String(500 + ((at * 7) % 25) * 3000)
  };
  return {
    metadata: {
      name: nameOf(at),
      // Kept alive by kwok where it runs; without, a node counts as lost after 40 s.
      labels: {
        type: 'kwok',
        'kubernetes.io/hostname': nameOf(at),
        'kubernetes.io/os': 'linux',
        [TAINT]: run,
        zone: `z${at % 5}`,
        ...(at < 40 ? latencies : {})
      }
    },
    spec: {
      taints: [
        { key: TAINT, value: 'fake', effect: 'NoSchedule' },
        ...(at % 6 === 0 ? [{ key: 'special', value: 'yes', effect: 'NoSchedule' }] : [])
      ]
    },
    status: {
      allocatable: size,
      capacity: size,
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'Test',
          message: '',
          lastHeartbeatTime: new Date().toISOString(),
          lastTransitionTime: new Date().toISOString()
        }
      ]
    }
  };
}

/** New nodes have a taint until the controller has seen that they are ready. */
async function untilReady(): Promise<void> {
  const stop = new AbortController();
  const waiting = new Set<string>();
  let synced = false;
  for await (const event of cluster.watch(
    'Node',
    { labelSelector: `${TAINT}=${run}` },
    stop.signal
  )) {
    if (event.type === 'SYNCED') {
      synced = true;
    } else {
      const name = event.object.metadata?.name ?? '';
      const isNew = event.object.spec?.taints?.some(
        each => each.key === 'node.kubernetes.io/not-ready'
      );
      if (isNew === true) {
        waiting.add(name);
      } else {
        waiting.delete(name);
      }
    }
    if (synced && waiting.size === 0) {
      stop.abort();
    }
  }
}

/** Tags of a step; each is held against the real scheduler. */
const CASES: readonly (readonly string[])[] = [
  [],
  ['location:a'],
  ['location:b'],
  ['location:a:1'],
  ['location:a:8'],
  ['location:b:0.5'],
  ['location:b:0.4'],
  ['location:a:500'],
  ['location:a', 'request:cpu:8'],
  ['location:b', 'request:cpu:8'],
  ['location:b:20', 'request:cpu:8'],
  ['location:a', 'request:cpu:3'],
  ['location:a', 'limit:cpu:4', 'request:memory:12Gi'],
  ['request:cpu:9'],
  ['request:memory:17Gi'],
  ['limit:example.com/gpu:1'],
  ['limit:example.com/gpu:2', 'location:a'],
  ['limit:example.com/gpu:2', 'location:b'],
  ['limit:example.com/gpu:3'],
  ['limit:example.com/gpu:1', 'toleration:special', 'location:b'],
  ['node:zone=z3'],
  ['node:zone=z3', 'location:a'],
  ['node:zone=z0', 'location:b', 'request:cpu:8'],
  ['node:zone=z9'],
  ['toleration:special', 'location:a'],
  ['toleration:special=yes', 'location:b'],
  ['toleration:special=no', 'location:a:1'],
  ['toleration:special=yes:NoExecute', 'location:a:1'],
  ['location:a:1', 'request:cpu:8'],
  ['location:b:2', 'limit:example.com/gpu:1']
];

test.each(CASES.map(tags => ({ tags })))(
  '$tags: the scheduler does what was said',
  async ({ tags }) => {
    const only = [`node:${TAINT}=${run}`, `toleration:${TAINT}`];
    const { notebook, pipeline } = pipelineOf({ step: [...tags, ...only] });
    const { nodes } = await readNodes(cluster);
    const { placements, diagnostics } = placeSteps(notebook, pipeline, nodes);
    const expected = bestNodes(placements[0]);
    const name = objectName('placed');
    try {
      await cluster.create('Pod', podOf(name, pipeline.steps[0].options, placements[0]));
      const { node, message } = await decisionOf(name);
      if (expected.length === 0) {
        expect({ node, message }).toEqual({
          node: undefined,
          message: expect.stringMatching(/nodes are available/) as string
        });
        expect(diagnostics.some(each => each.severity === 'error')).toBe(true);
      } else {
        expect(expected).toContain(node);
        expect(diagnostics).toEqual([]);
      }
    } finally {
      await cluster.delete('Pod', name, { graceSeconds: 0 });
    }
  }
);

/** Those that fit now and are nearest. */
function bestNodes({ verdicts = [] }: StepPlacement): readonly string[] {
  const now = verdicts.filter(each => each.fits === 'now');
  return now.filter(each => each.micros === now[0].micros).map(each => each.node.name);
}

function podOf(name: string, options: StepOptions, { affinity }: StepPlacement): Kinds['Pod'] {
  return {
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      nodeSelector: options.nodeSelector,
      tolerations: options.tolerations.map(({ key, value, effect }) => ({
        key,
        operator: value === undefined ? 'Exists' : 'Equal',
        ...(value === undefined ? {} : { value }),
        ...(effect === undefined ? {} : { effect })
      })),
      affinity: affinity as NonNullable<Kinds['Pod']['spec']>['affinity'],
      containers: [{ name: 'main', image: 'notepod/none', resources: containerResources(options) }]
    }
  };
}

/** What the scheduler says of a pod, as soon as it says something. */
async function decisionOf(
  name: string
): Promise<{ readonly node?: string; readonly message?: string }> {
  const stop = new AbortController();
  let decision = {};
  for await (const event of cluster.watch(
    'Pod',
    { fieldSelector: `metadata.name=${name}` },
    stop.signal
  )) {
    if (event.type !== 'SYNCED') {
      const { spec, status } = event.object;
      const scheduled = status?.conditions?.find(each => each.type === 'PodScheduled');
      if (spec?.nodeName !== undefined || scheduled?.status === 'False') {
        decision = { node: spec?.nodeName, message: scheduled?.message };
        stop.abort();
      }
    }
  }
  return decision;
}
