import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAllYaml } from '@kubernetes/client-node';
import { nodeOf, pipelineOf } from '../../pipeline/__tests__/pipeline-of';
import type { Cluster } from '../client';
import { canonical } from '../needs';
import { readNodes } from '../nodes';
import { RESOURCES } from '../objects';
import { podRequests } from '../pod-requests';
import { checkCluster, checkNotebook, isRefusedBy, type CheckState } from '../preflight';
import { RIGHTS } from '../rights';
import { readClaims, readStorageClasses } from '../storage';
import { FakeApiServer } from './fake-api-server';
import { serve, type World } from './world';

let server: FakeApiServer;
let cluster: Cluster;
beforeEach(async () => {
  server = new FakeApiServer();
  await server.start();
  cluster = await server.open();
});
afterEach(async () => {
  cluster.dispose();
  await server.stop();
});

const named = (name: string, more: object = {}, namespace?: string) => ({
  metadata: { name, uid: name, ...(namespace === undefined ? {} : { namespace }) },
  ...more
});
const node = (name: string, labels: object = {}, more: object = {}) => ({
  metadata: { name, uid: name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  status: {
    allocatable: { cpu: '8', memory: '32Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True' }],
    images: [{ names: ['docker.io/library/python:3.12'] }]
  },
  ...more
});
const controller = (more: object = {}, args: readonly string[] = [], env: readonly object[] = []) =>
  named(
    'workflow-controller',
    {
      spec: {
        template: {
          spec: {
            containers: [
              { name: 'c', image: 'quay.io/argoproj/workflow-controller:v3.7.18', args, env }
            ]
          }
        }
      },
      status: { readyReplicas: 1 },
      ...more
    },
    'argo'
  );
const REQUEUE = [{ name: 'DEFAULT_REQUEUE_TIME', value: '2s' }];
const standard = {
  metadata: {
    name: 'standard',
    annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' },
    creationTimestamp: '2026-01-01T00:00:00Z'
  },
  provisioner: 'rancher.io/local-path',
  volumeBindingMode: 'WaitForFirstConsumer'
};

/** A cluster on which all is in order. */
const GOOD: World = {
  objects: {
    Namespace: [named('ns', { status: { phase: 'Active' } })],
    Node: [node('cloud-1'), node('edge-1', { 'latency.notepod.dev/edge': '300' })],
    Deployment: [controller({}, [], REQUEUE)],
    ServiceAccount: [named('default')],
    StorageClass: [standard]
  }
};
const having = (objects: World['objects']): World => ({ objects: { ...GOOD.objects, ...objects } });

describe('a cluster', () => {
  test('all in order', async () => {
    serve(server, GOOD);
    const found = await checkCluster(cluster);
    expect(found.checks.filter(each => each.state !== 'ok')).toEqual([]);
    expect(found.checks.map(each => each.found)).toEqual(
      expect.arrayContaining([
        `${server.url} (context fake), Kubernetes v1.34.4`,
        'workflow-controller in namespace argo, v3.7.18, ready',
        '2 nodes, 2 ready'
      ])
    );
    expect(isRefusedBy(found)).toBe(false);
  });

  test.each<[string, World, string, CheckState, RegExp, RegExp]>([
    [
      'a right is missing',
      { ...GOOD, forbidden: ['create workflows', 'patch workflows'] },
      'right: workflows',
      'error',
      /missing: create, patch/,
      /docs\/kubernetes.md/
    ],
    [
      'the log may not be read',
      { ...GOOD, forbidden: ['get pods/log'] },
      'right: pods/log',
      'error',
      /missing: get/,
      /Role/
    ],
    [
      'a right that is not needed is missing',
      { ...GOOD, forbidden: ['list resourcequotas'] },
      'right: resourcequotas',
      'unknown',
      /missing: list/,
      /not needed to run/
    ],
    [
      'no Argo',
      { ...GOOD, unknown: ['Workflow'] },
      'Argo: kind',
      'error',
      /does not know this kind/,
      /have Argo Workflows installed/
    ],
    [
      'no controller',
      having({ Deployment: [] }),
      'Argo: controller',
      'warning',
      /no deployment workflow-controller/,
      /installed/
    ],
    [
      'the controller is down',
      having({ Deployment: [controller({ status: {} })] }),
      'Argo: controller',
      'error',
      /has no ready pod/,
      /describe deployment/
    ],
    [
      'the controller serves another namespace',
      having({ Deployment: [controller({}, ['--managed-namespace', 'other'])] }),
      'Argo: controller',
      'error',
      /serves only namespace other/,
      /-n other/
    ],
    [
      'the controller serves its own namespace',
      having({ Deployment: [controller({}, ['--namespaced'])] }),
      'Argo: controller',
      'error',
      /serves only namespace argo/,
      /-n argo/
    ],
    [
      'the controller’s clock is slow',
      having({ Deployment: [controller()] }),
      'Argo: wait',
      'warning',
      /up to 10 s/,
      /DEFAULT_REQUEUE_TIME=2s/
    ],
    [
      'the controller may not be looked at',
      { ...GOOD, forbidden: ['list deployments'] },
      'Argo: controller',
      'unknown',
      /cannot list/,
      /nothing, if/
    ],
    [
      'no such namespace',
      having({ Namespace: [] }),
      'namespace ns',
      'error',
      /no such namespace/,
      /-n/
    ],
    [
      'the namespace is going',
      having({ Namespace: [named('ns', { status: { phase: 'Terminating' } })] }),
      'namespace ns',
      'error',
      /being deleted/,
      /-n/
    ],
    [
      'no service account',
      having({ ServiceAccount: [] }),
      'service account default',
      'error',
      /none of this name/,
      /--service-account/
    ],
    [
      'the account may not report',
      { ...GOOD, accountLacks: ['patch'] },
      'service account default: rights',
      'error',
      /may not patch workflowtaskresults/,
      /notepod-steps/
    ],
    [
      'no node is ready',
      having({ Node: [node('a', {}, { status: {} })] }),
      'nodes',
      'error',
      /1 node, 0 ready/,
      /mended/
    ],
    [
      'nodes may not be seen',
      { ...GOOD, forbidden: ['list nodes'] },
      'nodes',
      'unknown',
      /may not be listed/,
      /ClusterRole/
    ],
    [
      'a latency in words',
      having({ Node: [node('a', { 'latency.notepod.dev/edge': '0.8ms' })] }),
      'node a: latency',
      'warning',
      /edge=0.8ms is no whole number/,
      /notepod nodes measure/
    ]
  ])('%s', async (_, world, name, state, text, fix) => {
    serve(server, world);
    const { checks } = await checkCluster(cluster);
    const check = checks.find(each => each.name.startsWith(name) && each.state === state);
    expect(checks.filter(each => each.name.startsWith(name))).toContain(check);
    expect(check?.found).toMatch(text);
    expect(check?.fix).toMatch(fix);
  });

  test('a controller is known by its image, whatever its release is called', async () => {
    const helm = controller(
      { metadata: { name: 'my-argo-workflows-workflow-controller', namespace: 'argo' } },
      [],
      REQUEUE
    );
    serve(server, having({ Deployment: [named('other', {}, 'argo'), helm] }));
    const { checks } = await checkCluster(cluster);
    expect(checks.find(each => each.name === 'Argo: controller')).toMatchObject({
      state: 'ok',
      found: 'my-argo-workflows-workflow-controller in namespace argo, v3.7.18, ready'
    });
  });

  test('a controller for this namespace comes before one for all', async () => {
    const own = controller(
      { metadata: { name: 'workflow-controller', namespace: 'ns' } },
      ['--namespaced'],
      REQUEUE
    );
    serve(server, having({ Deployment: [controller({ status: {} }), own] }));
    const { checks } = await checkCluster(cluster);
    expect(checks.find(each => each.name === 'Argo: controller')).toMatchObject({
      state: 'ok',
      found: 'workflow-controller in namespace ns, v3.7.18, ready'
    });
  });
});

describe('a notebook on a cluster', () => {
  const check = async (world: World, tags: readonly string[], settings: object = {}) => {
    serve(server, world);
    const { notebook, pipeline } = pipelineOf({ load: [], fit: ['prev:load', ...tags] }, settings);
    const images = new Map([
      ['load', 'python:3.12'],
      ['fit', 'python:3.12']
    ]);
    return checkNotebook(cluster, notebook, pipeline, { images });
  };

  test('all in order', async () => {
    const found = await check(GOOD, ['location:edge']);
    expect(found.checks.filter(each => each.state !== 'ok')).toEqual([]);
    expect(found.diagnostics).toEqual([]);
    expect(found.volume?.storageClass).toBe('standard');
    expect(found.checks.find(each => each.name === 'step fit')?.found).toBe(
      'fits on 2 of 2 nodes; best: edge-1 (0.3 ms)'
    );
    expect(found.checks.find(each => each.name === 'image python:3.12')?.found).toMatch(
      /seen on 2 of 2 nodes/
    );
  });

  const quota = (hard: object, used: object = {}) =>
    having({ ResourceQuota: [named('small', { spec: { hard }, status: { hard, used } })] });
  const range = (limits: object) =>
    having({
      LimitRange: [named('range', { spec: { limits: [{ type: 'Container', ...limits }] } })]
    });
  const claim = (accessModes: readonly string[], phase = 'Bound') =>
    named('home', { spec: { accessModes, volumeName: 'pv' }, status: { phase, accessModes } });

  test.each<[string, World, readonly string[], string, CheckState, RegExp]>([
    [
      'a quota of what a step does not say',
      quota({ 'requests.cpu': '2' }),
      ['request:cpu:4'],
      'quota small',
      'error',
      /says nothing of it/
    ],
    [
      'more than a quota of devices',
      quota({ 'requests.nvidia.com/gpu': '1' }),
      ['limit:nvidia.com/gpu:2'],
      'quota small',
      'error',
      /asks for 2 nvidia.com\/gpu; the namespace has 1 in all/
    ],
    [
      'pods that are left',
      quota({ pods: '10' }, { pods: '10' }),
      [],
      'quota small',
      'warning',
      /ask for 1 pods; 0 of 10 are left/
    ],
    [
      'below the least',
      range({ min: { memory: '64Mi' } }),
      ['request:memory:32Mi'],
      'limit ranges',
      'error',
      /step fit asks for 32Mi memory; the least is 64Mi/
    ],
    [
      'above the most',
      range({ max: { cpu: '1' }, default: { cpu: '500m' } }),
      ['limit:cpu:2'],
      'limit ranges',
      'error',
      /step fit asks for 2 CPU; the most is 1/
    ],
    [
      'within, with what the namespace fills in',
      range({ max: { cpu: '1' }, default: { cpu: '500m' } }),
      [],
      'limit ranges',
      'ok',
      /within/
    ],
    [
      'no such secret',
      GOOD,
      ['secret:db:password:DB'],
      'secret db',
      'error',
      /none of this name; step fit needs it/
    ],
    [
      'no such key',
      having({ Secret: [named('db', { data: { user: 'eA==' } })] }),
      ['secret:db:password:DB'],
      'secret db',
      'error',
      /no key password/
    ],
    [
      'a secret',
      having({ Secret: [named('db', { data: { password: 'eA==' } })] }),
      ['secret:db:password:DB'],
      'secret db',
      'ok',
      /has password/
    ],
    [
      'a secret that may not be seen',
      { ...GOOD, forbidden: ['get secrets'] },
      ['secret:db:password:DB'],
      'secret db',
      'unknown',
      /cannot get/
    ],
    [
      'no such claim',
      GOOD,
      ['volume:home:/home'],
      'claim home',
      'error',
      /none of this name; step fit mounts it/
    ],
    [
      'a claim for reading only',
      having({ PersistentVolumeClaim: [claim(['ReadOnlyMany'])] }),
      ['volume:home:/home'],
      'claim home',
      'error',
      /for reading only/
    ],
    [
      'the same for reading',
      having({ PersistentVolumeClaim: [claim(['ReadOnlyMany'])] }),
      ['volume:home:/home:ro'],
      'claim home',
      'ok',
      /Bound, ReadOnlyMany/
    ],
    [
      'a lost claim',
      having({ PersistentVolumeClaim: [claim(['ReadWriteOnce'], 'Lost')] }),
      ['volume:home:/home'],
      'claim home',
      'error',
      /lost/
    ],
    [
      'a PodDefault',
      having({
        PodDefault: [named('gcs', { spec: { selector: { matchLabels: { gcs: 'true' } } } })]
      }),
      ['label:gcs:true'],
      'PodDefault gcs',
      'ok',
      /changes the pods of step fit/
    ],
    ['no storage', having({ StorageClass: [] }), [], 'storage classes', 'error', /none/]
  ])('%s', async (_, world, tags, name, state, text) => {
    const { checks } = await check(world, tags);
    const found = checks.filter(each => each.name === name);
    expect(found.map(each => each.state)).toContain(state);
    expect(found.map(each => each.found).join('\n')).toMatch(text);
  });

  test('a step that fits nowhere is told with its cell', async () => {
    const { diagnostics, checks } = await check(GOOD, ['request:cpu:16']);
    expect(diagnostics).toMatchObject([
      { code: 'NP633', span: { cell: 1, tag: 'request:cpu:16' } }
    ]);
    expect(checks.some(each => each.name === 'step fit')).toBe(false);
    expect(checks.some(each => each.name === 'step load')).toBe(true);
  });

  test('what the namespace fills in counts, for Argo’s container too', async () => {
    const world = range({ defaultRequest: { cpu: '5' } });
    const { diagnostics } = await check(world, []);
    expect(diagnostics.map(each => each.message)).toEqual([
      'step load fits on no node; nearest to it, cloud-1 has 8 in all; needs 10 CPU',
      'step fit fits on no node; nearest to it, cloud-1 has 8 in all; needs 10 CPU'
    ]);
  });

  test('with no more than the rights that are needed', async () => {
    const optional = RIGHTS.filter(each => !each.isRequired).flatMap(({ kind, verbs }) =>
      verbs.map(verb => `${verb} ${RESOURCES[kind].plural}`)
    );
    const forbidden = [
      ...optional.filter(each => each !== 'list pods'),
      'list deployments',
      'get namespaces',
      'create localsubjectaccessreviews'
    ];
    const found = await check({ ...GOOD, forbidden }, ['location:edge', 'secret:db:password:DB']);
    expect(found.checks.filter(each => each.state === 'error')).toEqual([]);
    expect(isRefusedBy(found)).toBe(false);
    expect(found.volume?.accessMode).toBe('ReadWriteOnce');
  });
});

describe('facts', () => {
  const pod = (name: string, spec: object, more: object = {}) =>
    named(name, { spec: { nodeName: 'cloud-1', ...spec }, status: { phase: 'Running' }, ...more });
  const asks = (cpu: string, more: object = {}) => ({
    name: 'c',
    resources: { requests: { cpu } },
    ...more
  });

  test.each<[string, object, number]>([
    ['containers add up', { containers: [asks('1'), asks('500m')] }, 1500],
    [
      'an init container that asks for more',
      { containers: [asks('1')], initContainers: [asks('3')] },
      3000
    ],
    [
      'an init container that asks for less',
      { containers: [asks('1')], initContainers: [asks('500m')] },
      1000
    ],
    [
      'a sidecar adds up',
      { containers: [asks('1')], initContainers: [asks('1', { restartPolicy: 'Always' })] },
      2000
    ],
    [
      'an init container after a sidecar',
      {
        containers: [asks('1')],
        initContainers: [asks('1', { restartPolicy: 'Always' }), asks('4')]
      },
      5000
    ],
    ['overhead', { containers: [asks('1')], overhead: { cpu: '250m' } }, 1250],
    [
      'amounts of the pod as a whole',
      { containers: [asks('1')], resources: { requests: { cpu: '3' } } },
      3000
    ]
  ])('%s', (_, spec, cpu) => {
    expect(podRequests(pod('p', spec) as Parameters<typeof podRequests>[0]).cpu).toBe(cpu);
  });

  test('room: ended pods and those without a node hold none', async () => {
    serve(
      server,
      having({
        Pod: [
          pod('a', { containers: [asks('1')] }),
          pod(
            'elsewhere',
            { containers: [asks('2')] },
            { metadata: { name: 'elsewhere', namespace: 'other' } }
          ),
          pod('ended', { containers: [asks('1')] }, { status: { phase: 'Succeeded' } }),
          named('waiting', { spec: { containers: [asks('1')] }, status: { phase: 'Pending' } })
        ]
      })
    );
    const { nodes, seesAllPods } = await readNodes(cluster);
    expect(nodes.map(each => each.free)).toEqual([
      { cpu: 5000, memory: 32 * 2 ** 30, pods: 108 },
      { cpu: 8000, memory: 32 * 2 ** 30, pods: 110 }
    ]);
    expect(seesAllPods).toBe(true);
  });

  test('a node as plain data', async () => {
    const taint = { key: 'k', value: 'v', effect: 'NoSchedule' };
    serve(
      server,
      having({
        Node: [
          node(
            'n',
            { 'latency.notepod.dev/edge': '300' },
            {
              metadata: {
                name: 'n',
                labels: { 'kubernetes.io/hostname': 'n', 'latency.notepod.dev/edge': '300' },
                annotations: { 'latency.notepod.dev/measured-at': '2026-11-25T09:00:00Z' }
              },
              spec: { taints: [taint] }
            }
          )
        ]
      })
    );
    const { nodes } = await readNodes(cluster);
    expect(nodes).toEqual([
      { ...nodeOf('n', { ms: { edge: 0.3 }, taints: [taint] }), measuredAt: '2026-11-25T09:00:00Z' }
    ]);
  });

  test.each<[string, World, string | undefined]>([
    ['no sign', GOOD, undefined],
    [
      'the status of the cluster autoscaler',
      having({ ConfigMap: [named('cluster-autoscaler-status', {}, 'kube-system')] }),
      'the cluster autoscaler'
    ],
    [
      'a node of Karpenter',
      having({ Node: [node('n', { 'karpenter.sh/nodepool': 'default' })] }),
      'Karpenter'
    ]
  ])('nodes that come by themselves: %s', async (_, world, expected) => {
    serve(server, world);
    expect((await readNodes(cluster)).autoscaler).toBe(expected);
  });

  test('storage classes: of two defaults the newest, and topologies', async () => {
    const newer = {
      ...standard,
      metadata: { ...standard.metadata, name: 'newer', creationTimestamp: '2026-02-01T00:00:00Z' },
      provisioner: 'nfs.csi.k8s.io',
      volumeBindingMode: 'Immediate',
      allowedTopologies: [{ matchLabelExpressions: [{ key: 'zone', values: ['a', 'b'] }] }]
    };
    serve(server, having({ StorageClass: [standard, newer] }));
    expect(await readStorageClasses(cluster)).toEqual([
      {
        name: 'standard',
        isDefault: false,
        provisioner: 'rancher.io/local-path',
        binding: 'WaitForFirstConsumer',
        sharing: 'one',
        reach: []
      },
      {
        name: 'newer',
        isDefault: true,
        provisioner: 'nfs.csi.k8s.io',
        binding: 'Immediate',
        sharing: 'many',
        reach: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a', 'b'] }] }]
      }
    ]);
  });

  test('a claim: where its volume is, and who has it', async () => {
    const terms = [
      { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['edge-1'] }] }
    ];
    const mounts = { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'home' } }] };
    serve(
      server,
      having({
        PersistentVolumeClaim: [
          named('home', { spec: { volumeName: 'pv', accessModes: ['ReadWriteOnce'] } })
        ],
        PersistentVolume: [
          named('pv', { spec: { nodeAffinity: { required: { nodeSelectorTerms: terms } } } })
        ],
        Pod: [pod('jupyter', { containers: [], nodeName: 'edge-1', ...mounts })]
      })
    );
    const [home, gone] = await readClaims(cluster, ['home', 'gone', 'home']);
    expect(home.facts).toEqual({ name: 'home', reach: terms, heldBy: ['edge-1'] });
    expect(gone).toEqual({ name: 'gone' });
  });
});

test.each([
  ['python', 'docker.io/library/python:latest'],
  ['python:3.12', 'docker.io/library/python:3.12'],
  ['notepod/python:3.11', 'docker.io/notepod/python:3.11'],
  ['quay.io/a/b', 'quay.io/a/b:latest'],
  ['localhost:5000/a:1', 'localhost:5000/a:1'],
  ['localhost:5000/a', 'localhost:5000/a:latest'],
  ['a@sha256:0f', 'docker.io/library/a@sha256:0f']
])('image %s is %s', (image, full) => {
  expect(canonical(image)).toBe(full);
});

test('the rights that are asked for are those of the Roles in docs/kubernetes.md', () => {
  const text = readFileSync(join(__dirname, '../../../docs/kubernetes.md'), 'utf-8');
  interface Role {
    readonly kind: string;
    readonly metadata: { readonly name: string };
    readonly rules: readonly { apiGroups: string[]; resources: string[]; verbs: string[] }[];
  }
  const roles = [...text.matchAll(/```yaml\n([^`]*)```/g)].flatMap(
    ([, yaml]) => loadAllYaml(yaml) as Role[]
  );
  const granted = (name: string) =>
    roles
      .filter(each => each.metadata.name === name)
      .flatMap(each => each.rules)
      .flatMap(({ apiGroups, resources, verbs }) =>
        resources.flatMap(resource => verbs.map(verb => `${apiGroups[0]}/${resource} ${verb}`))
      )
      .sort();
  const asked = (isRequired: boolean, scope: string) =>
    RIGHTS.filter(each => each.isRequired === isRequired && each.scope === scope)
      .flatMap(({ kind, subresource, verbs }) => {
        const { group, plural } = RESOURCES[kind];
        const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
        return verbs.map(verb => `${group}/${resource} ${verb}`);
      })
      .sort();
  expect(granted('notepod')).toEqual(asked(true, 'namespace'));
  expect(granted('notepod-checks')).toEqual(asked(false, 'namespace'));
  expect(granted('notepod-nodes')).toEqual(asked(false, 'cluster'));
});
