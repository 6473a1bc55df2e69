import fc from 'fast-check';
import { meetsTerm, preferenceOf, preferNear } from '../affinity';
import { LATENCY_PREFIX, readLatencies } from '../node-facts';
import { placeSteps, possibleNodes, type PlacementOptions } from '../placement';
import { nodeOf, pipelineOf } from './pipeline-of';

const cloud = nodeOf('cloud-1', { ms: { cloud: 0.289, 'edge-a': 20, 'edge-b': 60 } });
const edgeA = nodeOf('edge-a', {
  ms: { cloud: 20, 'edge-a': 0.3, 'edge-b': 80 },
  allocatable: { cpu: '2' }
});
const edgeB = nodeOf('edge-b', {
  ms: { cloud: 60, 'edge-a': 80, 'edge-b': 0.3 },
  allocatable: { cpu: '2' }
});
const gpu = nodeOf('gpu-1', {
  allocatable: { 'nvidia.com/gpu': '1' },
  labels: { disk: 'ssd' },
  taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }]
});
const NODES = [cloud, edgeA, edgeB, gpu];

function place(tags: readonly string[], nodes = NODES, options: PlacementOptions = {}) {
  const { notebook, pipeline } = pipelineOf({ first: [], step: tags });
  const { placements, diagnostics } = placeSteps(notebook, pipeline, nodes, options);
  return { placement: placements[1], diagnostics };
}

/** Where a step can go, best first, and what is said of it. */
test.each<[string, readonly string[], readonly string[], string]>([
  ['no tags: anywhere but where a taint is', [], ['cloud-1', 'edge-a', 'edge-b'], ''],
  ['the nearest first', ['location:edge-b'], ['edge-b', 'cloud-1', 'edge-a'], ''],
  ['a ceiling', ['location:edge-a:20'], ['edge-a', 'cloud-1'], ''],
  ['a ceiling with digits after the point', ['location:cloud:0.289'], ['cloud-1'], ''],
  ['room', ['request:cpu:4'], ['cloud-1'], ''],
  ['a limit counts as a request', ['limit:cpu:4'], ['cloud-1'], ''],
  ['a toleration', ['toleration:nvidia.com/gpu', 'limit:nvidia.com/gpu:1'], ['gpu-1'], ''],
  [
    'a toleration of another value',
    ['toleration:nvidia.com/gpu=absent', 'limit:nvidia.com/gpu:1'],
    [],
    'NP633'
  ],
  [
    'a toleration of another effect',
    ['toleration:nvidia.com/gpu:NoExecute', 'limit:nvidia.com/gpu:1'],
    [],
    'NP633'
  ],
  [
    'a node label',
    ['node:disk=ssd', 'toleration:nvidia.com/gpu=present:NoSchedule'],
    ['gpu-1'],
    ''
  ],
  ['an unknown place', ['location:egde-a'], ['cloud-1', 'edge-a', 'edge-b'], 'NP631'],
  ['a ceiling that no node meets', ['location:cloud:0.1'], [], 'NP632'],
  [
    'a ceiling that only a node without room meets',
    ['location:edge-a:5', 'request:cpu:4'],
    [],
    'NP632'
  ],
  ['too large', ['request:cpu:16'], [], 'NP633']
])('%s', (_, tags, names, code) => {
  const { placement, diagnostics } = place(tags);
  expect(possibleNodes(placement).map(each => each.name)).toEqual(names);
  expect(diagnostics.map(each => each.code)).toEqual(code === '' ? [] : [code]);
  for (const each of diagnostics) {
    expect(each).toMatchObject({ severity: 'error', span: { cell: 1 } });
    expect(each.message).toContain('step step');
  }
});

test.each<[readonly string[], RegExp, RegExp, string | undefined]>([
  [
    ['location:egde-a'],
    /no node has a latency to it; did you mean edge-a\?/,
    /location:edge-a/,
    'location:egde-a'
  ],
  [
    ['location:cloud:0.1'],
    /within 0.1 ms of cloud; the nearest, cloud-1, is 0.289 ms away/,
    /location:cloud:1/,
    'location:cloud:0.1'
  ],
  // The nearest of those that it fits on otherwise.
  [
    ['location:edge-a:5', 'request:cpu:4'],
    /the nearest, cloud-1, is 20 ms away/,
    /location:edge-a:20/,
    'location:edge-a:5'
  ],
  // Equal shortfalls: by name.
  [
    ['request:cpu:16'],
    /nearest to it, cloud-1 has 8 in all; needs 16 CPU/,
    /ask for less CPU/,
    'request:cpu:16'
  ],
  [
    ['node:disk=ssd'],
    /gpu-1 has the taint nvidia.com\/gpu=present:NoSchedule/,
    /toleration:nvidia.com\/gpu=present:NoSchedule/,
    undefined
  ],
  [['node:disk=hdd'], /cloud-1 has no label disk/, /node:disk/, 'node:disk=hdd'],
  [
    ['limit:nvidia.com/gpu:2'],
    /cloud-1 has no nvidia.com\/gpu; needs 2 nvidia.com\/gpu/,
    /ask for less/,
    'limit:nvidia.com/gpu:2'
  ]
])('%j says what the nearest node lacks', (tags, message, fix, tag) => {
  const [problem] = place(tags).diagnostics;
  expect(problem.message).toMatch(message);
  expect(problem.fix).toMatch(fix);
  expect(problem.span?.tag).toBe(tag);
});

test('room that others have is a warning, and says how much there is', () => {
  const busy = nodeOf('cloud-1', { used: { cpu: '1.8' } });
  const { placement, diagnostics } = place(['request:cpu:8'], [busy]);
  expect(placement.verdicts?.map(each => each.fits)).toEqual(['later']);
  expect(diagnostics).toMatchObject([
    {
      code: 'NP634',
      severity: 'warning',
      message: 'step step fits on no node now: cloud-1 has 6.2 free of 8; needs 8 CPU',
      span: { tag: 'request:cpu:8' }
    }
  ]);
});

test('what each pod has besides counts, and so does the number of pods', () => {
  expect(place(['request:cpu:8'], [cloud], { more: { cpu: 100 } }).diagnostics).toMatchObject([
    { code: 'NP633' }
  ]);
  const full = nodeOf('full', { used: { pods: '110' } });
  expect(place([], [full]).placement.verdicts?.[0].reasons).toMatchObject([
    { kind: 'full', about: 'pods' }
  ]);
});

test('where new nodes come by themselves, what fits nowhere is a warning', () => {
  expect(
    place(['request:cpu:16'], NODES, { autoscaler: 'cluster-autoscaler' }).diagnostics
  ).toMatchObject([
    {
      code: 'NP633',
      severity: 'warning',
      why: expect.stringContaining('cluster-autoscaler') as string
    }
  ]);
});

test.each<[string, Parameters<typeof nodeOf>[1], string]>([
  ['not ready', { ready: false }, 'is not ready'],
  [
    'cordoned',
    { taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] },
    'is cordoned'
  ],
  ['Windows', { labels: { 'kubernetes.io/os': 'windows' } }, 'runs windows, and steps need Linux']
])('a node that is %s', (_, options, text) => {
  const { placement } = place([], [nodeOf('n', options)]);
  expect(placement.verdicts).toMatchObject([{ fits: 'never', reasons: [{ text }] }]);
});

test('a preference against a taint keeps nobody away', () => {
  const { diagnostics } = place(
    [],
    [nodeOf('n', { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] })]
  );
  expect(diagnostics).toEqual([]);
});

describe('existing claims', () => {
  const on = (node: string) => ({
    matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In' as const, values: [node] }]
  });
  test('a volume that only some nodes reach', () => {
    const claims = [{ name: 'home', reach: [on('edge-a'), on('edge-b')], heldBy: [] }];
    const { placement } = place(['volume:home:/home'], NODES, { claims });
    expect(possibleNodes(placement).map(each => each.name)).toEqual(['edge-a', 'edge-b']);
    expect(placement.affinity).toBeUndefined();
  });
  test('a volume for one node that a pod has: the scheduler does not know, so it is required', () => {
    const claims = [{ name: 'home', reach: [], heldBy: ['cloud-1'] }];
    const { placement } = place(['volume:home:/home'], NODES, { claims });
    expect(possibleNodes(placement).map(each => each.name)).toEqual(['cloud-1']);
    expect(placement.affinity).toEqual({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [on('cloud-1')] }
      }
    });
  });
});

describe('what a pod says', () => {
  test('a location: terms over the latencies that there are; a ceiling: a requirement', () => {
    const { placement } = place(['location:edge-a:50']);
    const term = (micros: number) => ({
      matchExpressions: [
        { key: `${LATENCY_PREFIX}edge-a`, operator: 'Lt', values: [String(micros + 1)] }
      ]
    });
    expect(placement.affinity).toEqual({
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term(50_000)] },
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 3, preference: term(300) },
          { weight: 1, preference: term(20_000) }
        ]
      }
    });
  });

  test('without a cluster: the usual latencies, and the ceiling', () => {
    const { notebook, pipeline } = pipelineOf({ step: ['location:edge-a:50'] });
    const { placements, diagnostics } = placeSteps(notebook, pipeline, undefined);
    expect(diagnostics).toEqual([]);
    const affinity = placements[0].affinity?.nodeAffinity;
    expect(affinity?.requiredDuringSchedulingIgnoredDuringExecution).toBeDefined();
    expect(affinity?.preferredDuringSchedulingIgnoredDuringExecution?.length).toBeGreaterThan(3);
  });

  test.each<[readonly string[], boolean, object]>([
    [['role:training'], false, { 'notepod.dev/role': 'training' }],
    [
      ['role:prediction', 'location:edge-a'],
      true,
      { 'notepod.dev/role': 'prediction', typeOfComponent: 'Predict', OurLocation: 'edge-a' }
    ],
    [['role:training'], true, { 'notepod.dev/role': 'training', typeOfComponent: 'Training' }],
    [['role:cleaning'], true, { 'notepod.dev/role': 'cleaning' }],
    [['location:edge-a'], false, {}]
  ])('%j, extender %s', (tags, extender, labels) => {
    expect(place(tags, NODES, { extender }).placement.labels).toEqual(labels);
  });
});

test.each([
  [{ 'latency.notepod.dev/edge': '289' }, false, { edge: { micros: 289, comparable: true } }],
  [{ 'latency.notepod.dev/edge': '0.8ms' }, false, {}],
  [{ edge: '0.8ms' }, false, {}],
  [{ edge: '0.8ms' }, true, { edge: { micros: 800, comparable: false } }],
  [{ edge: '12' }, true, { edge: { micros: 12_000, comparable: false } }],
  [{ edge: '89.667' }, true, { edge: { micros: 89_667, comparable: false } }],
  [{ edge: 'no' }, true, {}],
  // Our own label is the better one.
  [{ edge: '12', 'latency.notepod.dev/edge': '1' }, true, { edge: { micros: 1, comparable: true } }]
])('labels %j, bare ones %s', (labels, bare, expected) => {
  expect(readLatencies('n', labels, bare).latencies).toEqual(expected);
});

test('a label that is no whole number is told', () => {
  expect(readLatencies('n', { 'latency.notepod.dev/edge': '0.8ms' }, false).bad).toEqual([
    { node: 'n', key: 'latency.notepod.dev/edge', value: '0.8ms' }
  ]);
});

test('labels that affinity cannot compare become the names of the nodes', () => {
  const nodes = [
    nodeOf('a', { labels: { edge: '0.306' }, bare: true }),
    nodeOf('b', { labels: { edge: '2.669ms' }, bare: true }),
    nodeOf('c', { labels: { edge: '42.551' }, bare: true })
  ];
  const { placement } = place(['location:edge:10'], nodes);
  expect(possibleNodes(placement).map(each => each.name)).toEqual(['a', 'b']);
  expect(placement.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution).toEqual({
    nodeSelectorTerms: [
      { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['a', 'b'] }] }
    ]
  });
});

describe('for any nodes', () => {
  const nodes = fc
    .array(
      fc.record({
        ms: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
        bare: fc.boolean(),
        cpu: fc.integer({ min: 1, max: 8 }),
        tainted: fc.boolean()
      }),
      { minLength: 1, maxLength: 12 }
    )
    .map(all =>
      all.map(({ ms, bare, cpu, tainted }, at) =>
        nodeOf(`n${at}`, {
          ...(ms === undefined ? {} : bare ? { labels: { p: String(ms) } } : { ms: { p: ms } }),
          bare: true,
          allocatable: { cpu: String(cpu) },
          taints: tainted ? [{ key: 'k', effect: 'NoSchedule' }] : []
        })
      )
    );

  test('a nearer node is never preferred less, and the nearest more than all that are farther', () => {
    fc.assert(
      fc.property(nodes, all => {
        const terms = preferNear('p', all);
        expect(
          terms.every(({ weight }) => Number.isInteger(weight) && weight >= 1 && weight <= 100)
        ).toBe(true);
        expect(terms.length).toBeLessThanOrEqual(10);
        const known = all.filter(each => each.latencies.p !== undefined);
        for (const a of known) {
          for (const b of known) {
            if (a.latencies.p.micros < b.latencies.p.micros) {
              expect(preferenceOf(terms, a)).toBeGreaterThanOrEqual(preferenceOf(terms, b));
            }
          }
        }
        const nearest = Math.min(...known.map(each => each.latencies.p.micros));
        const score = (isNearest: boolean) =>
          known
            .filter(each => (each.latencies.p.micros === nearest) === isNearest)
            .map(each => preferenceOf(terms, each));
        // Three quarters of what NodeAffinity gives.
        expect(4 * Math.max(0, ...score(false))).toBeLessThanOrEqual(
          Math.min(Infinity, ...score(true))
        );
        for (const unknown of all.filter(each => each.latencies.p === undefined)) {
          expect(preferenceOf(terms, unknown)).toBe(0);
        }
      })
    );
  });

  test('the requirement of a pod holds for the nodes that are near enough and for no others', () => {
    fc.assert(
      fc.property(nodes, fc.integer({ min: 1, max: 300 }), (all, ceiling) => {
        const { placement, diagnostics } = place([`location:p:${ceiling}`], all);
        const terms =
          placement.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
            ?.nodeSelectorTerms;
        for (const { node, fits, reasons } of placement.verdicts ?? []) {
          const near = (node.latencies.p?.micros ?? Infinity) <= ceiling * 1000;
          expect(reasons.some(each => ['too-far', 'latency-unknown'].includes(each.kind))).toBe(
            !near
          );
          // A label in words is never compared, so that there a ceiling that nobody meets admits nobody either.
          expect(terms?.some(term => meetsTerm(term, node))).toBe(near);
          if (fits === 'now') {
            expect(node.taints).toEqual([]);
          }
        }
        // Nothing hangs: either some node takes it, or it is refused.
        const refused = diagnostics.some(
          each => each.code !== 'NP634' && each.severity === 'error'
        );
        expect(possibleNodes(placement).length > 0).toBe(!refused);
      })
    );
  });
});
