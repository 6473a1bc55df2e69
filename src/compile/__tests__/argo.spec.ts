import type { Parameter } from '../../pipeline/types';
import { compileDocument, compileRun } from '../argo';
import { sourcesOf } from './sources-of';

interface Template {
  readonly name: string;
  readonly dag?: { readonly tasks: readonly Readonly<Record<string, unknown>>[] };
  readonly container?: Readonly<Record<string, unknown>> & {
    readonly env: readonly { readonly name: string; readonly value?: string }[];
  };
}
interface Spec {
  readonly templates: readonly Template[];
  readonly arguments: { readonly parameters: readonly { name: string; value: string }[] };
  readonly [key: string]: unknown;
}

const specOf = (sources: ReturnType<typeof sourcesOf>) =>
  compileDocument(sources, { as: 'workflow' }).spec as unknown as Spec;
const templateOf = (sources: ReturnType<typeof sourcesOf>, name: string) =>
  specOf(sources).templates.find(each => each.name === name);

test.each<[string, readonly string[], object]>([
  [
    'resources',
    ['request:cpu:500m', 'limit:memory:2Gi', 'limit:nvidia.com/gpu:1'],
    {
      container: {
        resources: { requests: { cpu: '500m' }, limits: { memory: '2Gi', 'nvidia.com/gpu': '1' } }
      }
    }
  ],
  ['a node selector', ['node:disk=ssd'], { nodeSelector: { disk: 'ssd' } }],
  [
    'tolerations',
    ['toleration:gpu', 'toleration:team=ml:NoSchedule'],
    {
      tolerations: [
        { key: 'gpu', operator: 'Exists' },
        { key: 'team', operator: 'Equal', value: 'ml', effect: 'NoSchedule' }
      ]
    }
  ],
  [
    'a secret by reference',
    ['secret:warehouse:password:DB_PASSWORD'],
    {
      container: {
        env: expect.arrayContaining([
          {
            name: 'DB_PASSWORD',
            valueFrom: { secretKeyRef: { name: 'warehouse', key: 'password' } }
          }
        ]) as unknown
      }
    }
  ],
  [
    'claims, each once',
    ['volume:data:/data:ro', 'volume:data:/more'],
    {
      volumes: [{ name: 'claim-0', persistentVolumeClaim: { claimName: 'data' } }],
      container: {
        volumeMounts: [
          { name: 'marshal', mountPath: '/marshal' },
          { name: 'claim-0', mountPath: '/data', readOnly: true },
          { name: 'claim-0', mountPath: '/more' }
        ]
      }
    }
  ],
  [
    'labels and annotations',
    ['label:team:ml', 'annotation:sidecar.istio.io/inject:false'],
    {
      metadata: { labels: { team: 'ml' }, annotations: { 'sidecar.istio.io/inject': 'false' } }
    }
  ],
  [
    'retry and its attempt',
    ['retry:3'],
    {
      retryStrategy: { limit: '3', backoff: { factor: '2' } },
      container: {
        env: expect.arrayContaining([{ name: 'NOTEPOD_ATTEMPT', value: '{{retries}}' }]) as unknown
      }
    }
  ],
  ['a timeout', ['timeout:2m'], { activeDeadlineSeconds: '120' }]
])('the pod of a step has %s', (_, tags, expected) => {
  expect(templateOf(sourcesOf({ a: tags }), 'a')).toMatchObject(expected);
});

test('values of env: are not where Argo or the kubelet would replace parts of them', () => {
  const text = JSON.stringify(specOf(sourcesOf({ a: ['env:X=$(HOME) {{workflow.name}}'] })));
  expect(text).not.toContain('$(HOME)');
});

test('placement, user and account reach the pods', () => {
  const placement = { affinity: { nodeAffinity: {} }, labels: { p: 'q' }, schedulerName: 'near' };
  const spec = specOf(
    sourcesOf(
      { a: [] },
      {
        placements: new Map([['a', placement]]),
        runAsUser: 1000,
        serviceAccount: 'pipeline-runner',
        timeout: 60
      }
    )
  );
  expect(spec).toMatchObject({
    serviceAccountName: 'pipeline-runner',
    activeDeadlineSeconds: 60,
    securityContext: { runAsUser: 1000, fsGroup: 1000, runAsNonRoot: true },
    podSpecPatch: expect.stringContaining('"name":"wait"') as unknown
  });
  expect(spec.templates[1]).toMatchObject({
    affinity: { nodeAffinity: {} },
    schedulerName: 'near',
    metadata: { labels: { p: 'q' } },
    container: {
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
    }
  });
});

test('steps wait for what they need directly, under names that Kubernetes takes', () => {
  const spec = specOf(
    sourcesOf({ load_: [], fit: ['prev:load_'], end: ['prev:load_', 'prev:fit'], 'load-': [] })
  );
  expect(spec.templates[0].dag?.tasks).toEqual([
    { name: 'load', template: 'load' },
    { name: 'fit', template: 'fit', depends: 'load.Succeeded' },
    { name: 'end', template: 'end', depends: 'fit.Succeeded' },
    { name: 'load-2', template: 'load-2' }
  ]);
});

test('the bundle stands once, in pieces that an environment takes, and only first steps have it', () => {
  const sources = sourcesOf({ a: [], b: ['prev:a'], c: [] }, { bundle: 'x'.repeat(250_000) });
  const spec = specOf(sources);
  const pieces = spec.arguments.parameters.filter(each => each.name.startsWith('notepod-bundle-'));
  expect(pieces.map(each => each.value.length)).toEqual([100_000, 100_000, 50_000]);
  expect(JSON.stringify(spec).split('xxxxxxxxxx'.repeat(100)).length - 1).toBe(250);
  const bundleOf = (name: string) =>
    spec.templates
      .find(each => each.name === name)
      ?.container?.env.filter(each => each.name.startsWith('NOTEPOD_BUNDLE_'))
      .map(each => each.value);
  const references = [0, 1, 2].map(n => `{{workflow.parameters.notepod-bundle-${n}}}`);
  expect([bundleOf('a'), bundleOf('b'), bundleOf('c')]).toEqual([references, [], references]);
});

test('parameters of the notebook are those of the document, but for what Argo would not keep', () => {
  const parameters: readonly Parameter[] = [
    { name: 'epochs', type: 'int', value: 5 },
    { name: 'rate', type: 'float', value: 1 },
    { name: 'mode', type: 'str', value: 'fast $(HOME)' },
    { name: 'deep', type: 'dict', value: { a: [true, null] } },
    { name: 'größe', type: 'int', value: 1 },
    { name: 'text', type: 'str', value: '{{workflow.name}}' },
    { name: 'half', type: 'str', value: '\ud800' }
  ];
  const spec = specOf(sourcesOf({ a: [] }, { parameters }));
  expect(spec.arguments.parameters.slice(0, -2)).toEqual([
    { name: 'epochs', value: '5' },
    { name: 'rate', value: '1.0' },
    { name: 'mode', value: 'fast $(HOME)' },
    { name: 'deep', value: '{"a":[True,None]}' }
  ]);
});

test('a run has its bundle beside it, and a volume that stays', () => {
  const sources = sourcesOf({ a: [], b: ['prev:a'] }, { bundle: 'x'.repeat(1_000_000) });
  const { workflow, configMaps, claim } = compileRun(sources, '20261125-101112-abcd');
  expect(configMaps.map(each => each.metadata)).toMatchObject([
    { name: 'test-abcd-bundle' },
    { name: 'test-abcd-bundle-1' }
  ]);
  expect(claim).toMatchObject({ metadata: { name: 'test-abcd-marshal' } });
  expect(JSON.stringify(workflow)).not.toContain('xxxx');
  for (const each of [workflow, claim, ...configMaps]) {
    expect(each).toMatchObject({
      metadata: {
        labels: {
          'app.kubernetes.io/managed-by': 'notepod',
          'notepod.dev/run': '20261125-101112-abcd'
        }
      }
    });
  }
});
