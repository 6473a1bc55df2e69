import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { Root } from 'protobufjs';
import 'protobufjs/ext/descriptor';
import { PYTHON } from '../law/command';
import { documentsOf, executorsOf, without, type Document } from './documents';
import { compiled, type CellOf } from './notebooks';
import { mistakes, typeOf } from './strict-message';

const missing = spawnSync(PYTHON, ['-c', 'import kfp.kubernetes']).status !== 0;
if (missing) {
  process.stderr.write(
    `skipped: the checks by the kfp SDK, since ${PYTHON} has no kfp and kfp-kubernetes (scripts/requirements-dev.txt)\n`
  );
}
const withSdk = missing ? describe.skip : describe;

function sdk(...args: string[]): unknown {
  const options = { encoding: 'utf-8', maxBuffer: 2 ** 28 } as const;
  return JSON.parse(execFileSync(PYTHON, ['tests/kubeflow/kfp_sdk.py', ...args], options));
}

/** The extension of protobufjs adds this; its types do not say so. */
function rootOf(set: Buffer): Root {
  return (Root as unknown as { fromDescriptor(bytes: Buffer): Root }).fromDescriptor(set);
}

/** Notebooks by what is in them. */
const NOTEBOOKS: Readonly<Record<string, { cells: readonly CellOf[]; settings?: object }>> = {
  'one step': { cells: [{ tags: [], source: 'print(1)' }] },
  'several first steps': {
    cells: [
      { tags: ['step:a'], source: 'x = 1' },
      { tags: ['step:b'], source: 'y = 2' },
      { tags: ['step:c'], source: 'z = 3' },
      { tags: ['step:sum'], source: 'print(x + y + z)' }
    ]
  },
  'every parameter': {
    cells: [
      {
        tags: ['parameters'],
        source: [
          'whole = -5  # {{a}} comment: with "quotes"',
          'large = 2 ** 3',
          'huge = 123456789012345678901234567890',
          'rate = 1e-7',
          'far = 1e22',
          'flag = False',
          'nothing = None',
          'text = "yes"',
          'date = "2024-01-01"',
          'octal = "012"',
          'braces = "{{$.inputs.parameters[\'x\']}} $(HOME) $$"',
          'lines = "a\u2028\u0085\ufeff# b: c"',
          'sizes = [1, 2.5, "on", None, {"a": []}]',
          'more = {"no": True, "1": 1e-9}'
        ].join('\n')
      },
      {
        tags: ['step:use', 'cache:enabled'],
        source:
          'print(whole, huge, rate, far, flag, nothing, text, date, octal, braces, lines, sizes, more)'
      }
    ]
  },
  'every tag': {
    cells: [
      {
        tags: [
          'step:_load_',
          'request:cpu:500m',
          'limit:cpu:2',
          'request:memory:1Gi',
          'limit:memory:4Gi',
          'limit:nvidia.com/gpu:1',
          'location:edge-a:20',
          'role:training',
          'node:disk=ssd',
          'toleration:gpu=yes:NoSchedule',
          'toleration:spot',
          'image:registry.example.com:5000/a/b@sha256:0000',
          'env:A={{workflow.name}} $(HOME) "\\',
          'secret:warehouse:password:DB_PASSWORD',
          'volume:shared-data:/data',
          'label:team:a',
          'annotation:example.com/note:some "text": with # and 😀',
          'retry:2',
          'timeout:1h'
        ],
        source: 'x = 1'
      },
      { tags: ['step:fit-driver', 'retry:9'], source: 'y = x' },
      { tags: ['step:fit', 'cache:disabled'], source: 'print(y)' }
    ],
    settings: {
      name: 'Ünïcode & more {{x}}',
      description: '{{workflow.name}} "quoted": # text\nand a second line',
      volume: { size: '10Gi', storageClass: 'fast', accessMode: 'ReadWriteMany' },
      timeout: 3600
    }
  }
};

withSdk('the kfp SDK', () => {
  const folder = mkdtempSync(join(tmpdir(), 'notepod-kfp-'));
  const texts = new Map<string, string>();
  let root: Root;
  let read: Readonly<Record<string, Document>>;

  beforeAll(async () => {
    for (const [name, { cells, settings }] of Object.entries(NOTEBOOKS)) {
      texts.set(name, (await compiled(cells, settings)).text ?? '');
    }
    for (const [index, { cells, settings }] of fc
      .sample(notebooks, { seed: 4, numRuns: 40 })
      .entries()) {
      texts.set(`fuzzed ${index}`, (await compiled(cells, settings)).text ?? '');
    }
    for (const [name, text] of texts) {
      writeFileSync(join(folder, `${name}.yaml`), text);
    }
    read = sdk('read', folder) as typeof read;
    root = rootOf(Buffer.from(sdk('descriptor') as string, 'base64'));
  }, 120_000);
  afterAll(() => rmSync(folder, { recursive: true }));

  const each = (check: (text: string, name: string) => void) => () => texts.forEach(check);

  test(
    'loads every document, and reads in it what we wrote',
    each((text, name) => {
      const [pipeline, platform] = documentsOf(text);
      expect(read[`${name}.yaml`]).toMatchObject({ pipeline, platform });
    })
  );

  test('reads the types of the parameters', () => {
    expect(read['every parameter.yaml'].inputs).toEqual({
      whole: 'Integer',
      huge: 'String',
      rate: 'Float',
      far: 'String',
      flag: 'Boolean',
      nothing: 'String',
      text: 'String',
      date: 'String',
      octal: 'String',
      braces: 'String',
      lines: 'String',
      sizes: 'List',
      more: 'Dict'
    });
  });

  test(
    'protobufjs finds nothing in the documents that the schemas do not have',
    each(text => {
      const [pipeline, platform] = documentsOf(text);
      const executors = executorsOf(platform);
      const config = typeOf(root, 'kfp_kubernetes.KubernetesExecutorConfig');
      expect([
        ...mistakes(pipeline, typeOf(root, 'ml_pipelines.PipelineSpec')),
        ...mistakes(pipeline.deploymentSpec, typeOf(root, 'ml_pipelines.PipelineDeploymentConfig')),
        ...mistakes(platform, typeOf(root, 'ml_pipelines.PlatformSpec')),
        ...Object.values(executors).flatMap(executor => mistakes(executor, config))
      ]).toEqual([]);
    })
  );

  test('protobufjs finds what the schemas do not have', () => {
    const type = typeOf(root, 'ml_pipelines.PipelineSpec');
    expect(mistakes({ pipelineInfo: { name: 'a', color: 'red' } }, type)).toHaveLength(1);
    expect(
      mistakes({ root: { dag: { tasks: { a: { retryPolicy: { maxRetryCount: '2' } } } } } }, type)
    ).toHaveLength(1);
    expect(mistakes({ root: { dag: {}, executorLabel: 'a' } }, type)).toHaveLength(1);
  });

  test('makes the same of an equivalent pipeline, field by field', async () => {
    const { text, diagnostics } = await compiled(GOLDEN, GOLDEN_SETTINGS, {
      name: 'golden',
      choices: { imagePullPolicy: 'IfNotPresent', runAsUser: 1000 }
    });
    expect(diagnostics.filter(found => found.severity !== 'info')).toEqual([]);
    const ours = documentsOf(text ?? '');
    const load = executorsOf(ours[1])['exec-load'];
    expect(load.nodeAffinity).toHaveLength(6);
    const theirs = sdk('golden', JSON.stringify(load.nodeAffinity)) as readonly [
      Document,
      Document
    ];
    expect(without(ours, OURS)).toEqual(without(theirs, THEIRS));
  });
});

const CONTAINER = ['0', 'deploymentSpec', 'executors', '*', 'container'];
const PLATFORM = ['1', 'platforms', 'kubernetes', 'deploymentSpec', 'executors', '*'];
/** How a step is run and where a document comes from is Notepod's or the SDK's own. */
const ANYBODYS = [
  [...CONTAINER, 'command'],
  [...CONTAINER, 'args'],
  ['0', 'sdkVersion']
];
/** The bundle, the volume of the run, labels. */
const OURS = [
  ...ANYBODYS,
  [...CONTAINER, 'env'],
  [...PLATFORM, 'pvcMount', '0'],
  [...PLATFORM, 'podMetadata', 'labels', 'app.kubernetes.io/managed-by'],
  [...PLATFORM, 'podMetadata', 'labels', 'notepod.dev/step'],
  [...PLATFORM, 'podMetadata', 'annotations', 'notepod.dev/cells'],
  ['0', 'pipelineInfo', 'description']
];
/** Deprecated fields, which the SDK writes beside those that took their place. */
const THEIRS = [
  ...ANYBODYS,
  ...['cpuLimit', 'cpuRequest', 'memoryLimit', 'memoryRequest'].map(old => [
    ...CONTAINER,
    'resources',
    old
  ]),
  [...CONTAINER, 'resources', 'accelerator', 'type'],
  [...CONTAINER, 'resources', 'accelerator', 'count'],
  [...PLATFORM, 'pvcMount', '*', 'constant'],
  [...PLATFORM, 'secretAsEnv', '*', 'secretName']
];

/** Tags and texts that mean something to a shell, to YAML, to Argo, to the kubelet, or to Kubeflow. */
const odd = fc.oneof(
  fc.constantFrom(
    '{{$}}',
    "{{$.inputs.parameters['a']}}",
    '{{workflow.name}}',
    '{{=1+1}}',
    '$(HOME)',
    '$$(A)',
    '{"IfPresent": {}}',
    '---',
    '# a',
    '&a *a',
    'yes',
    '1e3',
    '!!binary x',
    '"\'\\',
    '\u2028\u0085\ufeff',
    '😀',
    '/kfp-workspace'
  ),
  fc.string({ unit: 'grapheme', maxLength: 30 })
);
const stepName = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,12}$/);
const tag = fc.oneof(
  odd.map(text => `env:A=${text}`),
  odd.filter(text => !text.includes('{{')).map(text => `annotation:a/b:${text}`),
  fc.constantFrom(
    'retry:3',
    'timeout:90s',
    'request:cpu:0.1',
    'limit:memory:1e9',
    'location:edge',
    'cache:enabled',
    'role:prediction'
  ),
  stepName.map(each => `label:x/y:${each.replace(/^[_-]|[_-]$/g, 'a')}`)
);
const notebooks = fc.record({
  cells: fc
    .array(fc.record({ step: stepName, tags: fc.array(tag, { maxLength: 3 }), text: odd }), {
      minLength: 1,
      maxLength: 6
    })
    .map(all => {
      const steps = new Set<string>();
      return [
        {
          tags: ['parameters'],
          source: all.map(({ text }, index) => `p${index} = ${python3(text)}`).join('\n')
        },
        ...all.flatMap(({ step, tags, text }, index) => {
          if (steps.has(step)) {
            return [];
          }
          steps.add(step);
          const kinds = new Set<string>();
          const own = tags.filter(each => {
            const kind = each.split(/[:=]/).slice(0, 2).join(':');
            const isNew = !kinds.has(kind);
            kinds.add(kind);
            return isNew;
          });
          return [
            { tags: [`step:${step}`, ...own], source: `v${index} = [p${index}, ${python3(text)}]` }
          ];
        })
      ];
    }),
  settings: fc.record({ name: odd, description: odd })
});

function python3(text: string): string {
  return JSON.stringify(text)
    .replace(/[\u007f-\uffff]/g, unit => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .replace(
      /(?:\\ud[89ab]..)(?:\\ud[c-f]..)/g,
      pair =>
        `\\U${(JSON.parse(`"${pair}"`) as string).codePointAt(0)?.toString(16).padStart(8, '0') ?? ''}`
    );
}

/** The notebook that says what `golden` of kfp_sdk.py says. */
const GOLDEN: readonly CellOf[] = [
  {
    tags: ['parameters'],
    source: 'rows = 1000\nrate = 0.5\nname = "a"\ndeep = True\nsizes = [1]\nmore = {"a": 1}'
  },
  {
    tags: [
      'step:load',
      'request:cpu:500m',
      'limit:cpu:2',
      'request:memory:1Gi',
      'limit:memory:4Gi',
      'secret:warehouse:password:DB_PASSWORD',
      'volume:shared-data:/data',
      'label:team:a',
      'annotation:note:b c',
      'location:edge:20',
      'timeout:1h'
    ],
    source: 'x = rows'
  },
  {
    tags: [
      'step:train',
      'limit:nvidia.com/gpu:1',
      'node:accelerator=nvidia',
      'toleration:nvidia.com/gpu:NoSchedule',
      'toleration:team=ml',
      'cache:enabled',
      'retry:2'
    ],
    source: 'print(x + rows)'
  }
];
const GOLDEN_SETTINGS = {
  volume: { size: '3Gi', storageClass: 'fast', accessMode: 'ReadWriteMany' }
};
