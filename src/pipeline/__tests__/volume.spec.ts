import fc from 'fast-check';
import { meetsTerm, preferenceOf } from '../affinity';
import { placeSteps, possibleNodes } from '../placement';
import { sharingOf, type StorageClassFacts } from '../storage-class';
import { decideVolume, type VolumeOptions } from '../volume';
import { classOf, nodeOf, pipelineOf } from './pipeline-of';

const NODES = [
  nodeOf('cloud-1', { ms: { cloud: 0.3, edge: 20 } }),
  nodeOf('edge-1', { ms: { cloud: 20, edge: 0.3 }, allocatable: { cpu: '2' } })
];
const standard = classOf('standard', {
  isDefault: true,
  provisioner: 'rancher.io/local-path',
  sharing: 'one'
});
const nfs = classOf('nfs', {
  provisioner: 'nfs.csi.k8s.io',
  sharing: 'many',
  binding: 'Immediate'
});
const other = classOf('other');

function decide(
  steps: Readonly<Record<string, readonly string[]>>,
  classes: readonly StorageClassFacts[] | undefined,
  volume: object = {},
  options: VolumeOptions = {},
  nodes: typeof NODES | undefined = NODES
) {
  const { notebook, pipeline } = pipelineOf(steps, { volume });
  const { placements, diagnostics } = placeSteps(notebook, pipeline, nodes);
  const placed = decideVolume(notebook, pipeline, placements, classes, options);
  return { ...placed, pipeline, before: diagnostics };
}

const FREE = { a: [], b: ['prev:a'] };
/** One must be at the cloud for its size, one near the edge. */
const APART = { train: ['request:cpu:4'], predict: ['prev:train', 'location:edge:1'] };
/** Both could be anywhere, and would rather be apart. */
const RATHER = { train: ['location:cloud'], predict: ['prev:train', 'location:edge'] };

test.each<[string, object, readonly StorageClassFacts[], object, string, readonly string[]]>([
  ['one node for all', FREE, [standard, nfs], {}, 'ReadWriteOnce standard', []],
  ['apart, and a class that can', APART, [standard, nfs], {}, 'ReadWriteMany nfs', []],
  ['apart, and none that can', APART, [standard], {}, 'none', ['NP637']],
  ['apart, and one that may', APART, [standard, other], {}, 'none', ['NP637']],
  [
    'apart, and the user says that it can',
    APART,
    [standard, other],
    { storageClass: 'other', accessMode: 'ReadWriteMany' },
    'ReadWriteMany other',
    []
  ],
  [
    'apart, and the user wants one for one node',
    APART,
    [standard, nfs],
    { accessMode: 'ReadWriteOnce' },
    'none',
    ['NP637']
  ],
  [
    'would rather be apart, and a class that can',
    RATHER,
    [standard, nfs],
    {},
    'ReadWriteMany nfs',
    []
  ],
  [
    'would rather be apart, and none that can',
    RATHER,
    [standard],
    {},
    'ReadWriteOnce standard',
    ['NP635']
  ],
  [
    'the named class',
    FREE,
    [standard, other],
    { storageClass: 'other' },
    'ReadWriteOnce other',
    []
  ],
  ['a class that is not there', FREE, [standard], { storageClass: 'gone' }, 'none', ['NP636']],
  ['no default class', FREE, [other], {}, 'none', ['NP636']],
  ['no default class, but one for many', FREE, [nfs], {}, 'ReadWriteOnce', []],
  ['no class at all', FREE, [], {}, 'none', ['NP636']],
  [
    'for many nodes of a class that cannot',
    FREE,
    [standard],
    { accessMode: 'ReadWriteMany' },
    'none',
    ['NP636']
  ],
  [
    'for many nodes, if the user says so',
    FREE,
    [standard, nfs],
    { accessMode: 'ReadWriteMany' },
    'ReadWriteMany nfs',
    []
  ],
  [
    'a mode that steps cannot use',
    FREE,
    [standard],
    { accessMode: 'ReadOnlyMany' },
    'none',
    ['NP636']
  ]
])('%s', (_, steps, classes, setting, expected, codes) => {
  const { volume, diagnostics } = decide(steps as Record<string, string[]>, classes, setting);
  const found = volume
    ? [volume.accessMode, ...(volume.storageClass ? [volume.storageClass] : [])].join(' ')
    : 'none';
  expect(found).toBe(expected);
  expect(diagnostics.map(each => each.code)).toEqual(codes);
});

test('who decides is said, and who loses', () => {
  const { volume, diagnostics } = decide(RATHER, [standard]);
  expect(volume?.decides).toBe('train');
  expect(volume?.words).toBe(
    '2Gi of class standard (ReadWriteOnce), for one node, since all steps can run on one; step train decides which, the nearest to cloud: cloud-1 (0.3 ms)'
  );
  expect(diagnostics[0].message).toBe(
    'step predict will run on cloud-1, 20 ms from edge; edge-1 is 0.3 ms from it'
  );
});

test('steps that no node can take all are told with the nodes of each', () => {
  const [problem] = decide(APART, [standard, other]).diagnostics;
  expect(problem.message).toBe('no node can take all steps: train on cloud-1; predict on edge-1');
  expect(problem.fix).toMatch(/if other can: `storageClass`/);
});

test('the first step goes only where all can, and as the deciding step prefers', () => {
  const steps = {
    load: [],
    train: ['prev:load', 'request:cpu:4'],
    predict: ['prev:train', 'location:cloud']
  };
  const { placements, volume } = decide(steps, [standard]);
  expect(volume?.decides).toBe('predict');
  const [load, train, predict] = placements.map(each => each.affinity?.nodeAffinity);
  const onlyCloud = load?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms[0];
  expect(NODES.map(node => onlyCloud && meetsTerm(onlyCloud, node))).toEqual([true, false]);
  const preferred = load?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  expect(preferenceOf(preferred, NODES[0])).toBeGreaterThan(preferenceOf(preferred, NODES[1]));
  expect(train).toBeUndefined();
  expect(predict?.preferredDuringSchedulingIgnoredDuringExecution).toBeUndefined();
});

test('pods of a run are kept on one node where there is a choice', () => {
  const runLabels = { 'notepod.dev/run': 'r1' };
  const { placements } = decide(FREE, [standard], {}, { runLabels });
  for (const { affinity } of placements) {
    expect(affinity?.podAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toEqual([
      { labelSelector: { matchLabels: runLabels }, topologyKey: 'kubernetes.io/hostname' }
    ]);
  }
  expect(decide(APART, [standard, nfs], {}, { runLabels }).placements[0].affinity).toBeUndefined();
});

test('a class with volumes in some parts of the cluster only', () => {
  const zone = (name: string) => ({
    matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values: [name] }]
  });
  const local = { ...standard, reach: [zone('edge-1')] };
  expect(decide({ a: ['request:cpu:4'] }, [local]).diagnostics).toMatchObject([{ code: 'NP637' }]);
  const shared = { ...nfs, reach: [zone('edge-1')] };
  const { diagnostics } = decide(APART, [standard, shared]);
  expect(diagnostics).toMatchObject([
    { code: 'NP637', message: expect.stringContaining('step train') as string }
  ]);
});

test('a volume that is made before the first step has a node', () => {
  const early = { ...standard, binding: 'Immediate' as const };
  expect(decide({ a: ['request:cpu:4'] }, [early]).diagnostics.map(each => each.code)).toEqual([
    'NP638'
  ]);
  expect(decide(FREE, [early]).diagnostics).toEqual([]);
});

test('without knowledge of nodes or classes, what most clusters have', () => {
  const { notebook, pipeline } = pipelineOf(RATHER);
  const { placements } = placeSteps(notebook, pipeline, undefined);
  for (const classes of [undefined, [standard, nfs]]) {
    const { volume, diagnostics } = decideVolume(notebook, pipeline, placements, classes);
    expect(volume?.accessMode).toBe('ReadWriteOnce');
    expect(diagnostics).toEqual([]);
  }
});

test.each([
  [0, '2Gi'],
  [100 * 1024 ** 2, '2Gi'],
  [1024 ** 3, '4Gi'],
  [1.1 * 1024 ** 3, '5Gi']
])('%i bytes expected: %s', (estimate, size) => {
  expect(decide(FREE, [standard], {}, { estimate }).volume?.size).toBe(size);
  expect(decide(FREE, [standard], { size: '7Gi' }, { estimate }).volume?.size).toBe('7Gi');
});

test.each([
  ['nfs.csi.k8s.io', 'many'],
  ['rook-ceph.cephfs.csi.ceph.com', 'many'],
  ['cluster.local/nfs-subdir-external-provisioner', 'many'],
  ['efs.csi.aws.com', 'many'],
  ['filestore.csi.storage.gke.io', 'many'],
  ['file.csi.azure.com', 'many'],
  ['kubernetes.io/azure-file', 'many'],
  ['driver.longhorn.io', 'many'],
  ['ebs.csi.aws.com', 'one'],
  ['pd.csi.storage.gke.io', 'one'],
  ['disk.csi.azure.com', 'one'],
  ['rook-ceph.rbd.csi.ceph.com', 'one'],
  ['rancher.io/local-path', 'one'],
  ['kubernetes.io/no-provisioner', 'one'],
  ['csi.hetzner.cloud', 'one'],
  ['notepod/host-path', 'unknown'],
  ['csi.trident.netapp.io', 'unknown']
])('%s: %s', (provisioner, sharing) => {
  expect(sharingOf(provisioner)).toBe(sharing);
});

test('for any steps: a volume for one node leaves each of them one, and nothing is refused without a word', () => {
  const tag = fc.constantFrom(
    'location:cloud',
    'location:edge',
    'location:edge:1',
    'location:cloud:25',
    'request:cpu:4',
    'request:cpu:9',
    'role:training'
  );
  const steps = fc.array(
    fc.uniqueArray(tag, { maxLength: 2, selector: each => each.split(':')[0] }),
    { minLength: 1, maxLength: 5 }
  );
  fc.assert(
    fc.property(steps, fc.subarray([standard, nfs, other]), (all, classes) => {
      const named = Object.fromEntries(
        all.map((tags, at) => [`s${at}`, at === 0 ? tags : [...tags, `prev:s${at - 1}`]])
      );
      const { volume, placements, diagnostics, before } = decide(named, classes);
      if (volume === undefined) {
        expect([...before, ...diagnostics].some(each => each.severity === 'error')).toBe(true);
        return;
      }
      const allowed = placements.map(placement => {
        const terms =
          placement.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
            ?.nodeSelectorTerms;
        return possibleNodes(placement)
          .filter(node => terms === undefined || terms.some(term => meetsTerm(term, node)))
          .map(node => node.name);
      });
      expect(allowed.every(nodes => nodes.length > 0)).toBe(true);
      if (volume.accessMode === 'ReadWriteOnce') {
        // Wherever the scheduler puts the first step, all others can follow.
        for (const node of allowed[0]) {
          expect(allowed.every(nodes => nodes.includes(node))).toBe(true);
        }
      } else {
        expect(volume.storageClass).toBe('nfs');
      }
    }),
    { numRuns: 300 }
  );
});
