import { parseAllDocuments } from 'yaml';
import { documentsOf, executorsOf, part } from '../../../tests/kubeflow/documents';
import { compiled, sourcesOf, type CellOf } from '../../../tests/kubeflow/notebooks';
import { compileKfp } from '../kfp/compile';
import { pipelineName, taskNames } from '../kfp/names';
import { sizeProblems } from '../kfp/size';
import { isReplaced, kfpParameter } from '../kfp/parameters';
import { writeKfp } from '../kfp/yaml';

/** The two documents of a notebook, and the codes of what was found wrong. */
async function documents(cells: readonly CellOf[], settings: object = {}) {
  const { text = '', diagnostics } = await compiled(cells, settings);
  const [pipeline, platform] = documentsOf(text);
  return {
    text,
    codes: diagnostics.map(each => `${each.code} ${each.severity}`),
    diagnostics,
    parameter: (name: string, key: string) =>
      part(pipeline, 'root', 'inputDefinitions', 'parameters', name, key),
    config: part(platform, 'platforms', 'kubernetes', 'pipelineConfig'),
    tasks: part(pipeline, 'root', 'dag', 'tasks') as object,
    task: (name: string, ...keys: string[]) =>
      part(pipeline, 'root', 'dag', 'tasks', name, ...keys),
    container: (task: string, ...keys: (string | number)[]) =>
      part(pipeline, 'deploymentSpec', 'executors', `exec-${task}`, 'container', ...keys),
    platform: (task: string, ...keys: (string | number)[]) =>
      part(executorsOf(platform)[`exec-${task}`], ...keys)
  };
}

const one = (...tags: string[]) => [{ tags: ['step:a', ...tags], source: 'print(1)' }];

describe('names', () => {
  test.each([
    ['Churn Model', 'churn-model'],
    ['Übung 1', 'u-bung-1'],
    ['2024 report', 'notebook-2024-report'],
    ['日本', 'notebook'],
    ['a'.repeat(60), 'a'.repeat(40)]
  ])('pipeline %s is %s', (name, expected) => {
    expect(pipelineName(name)).toBe(expected);
  });

  test('a claim named after the pipeline is the name of a volume: 63 characters', () => {
    expect(`${pipelineName('x'.repeat(99))}-abcde-kfp-workspace`.length).toBeLessThanOrEqual(63);
  });

  test.each<[string[], string[]]>([
    [
      ['load', 'fit_model'],
      ['load', 'fit-model']
    ],
    [
      ['_a_', 'a'],
      ['a-2', 'a']
    ],
    // Argo takes no digit first.
    [
      ['_1', '_2'],
      ['step-1', 'step-2']
    ],
    // The server makes `load-driver` of `load`.
    [
      ['load', 'load-driver'],
      ['load', 'load-driver-step-1']
    ],
    [['notepod-start'], ['notepod-start-step-1']]
  ])('tasks of %j are %j', (steps, tasks) => {
    expect([...taskNames(steps).values()]).toEqual(tasks);
  });
});

describe('parameters', () => {
  test.each<[string, unknown, string, unknown]>([
    ['int', 5, 'NUMBER_INTEGER', 5],
    ['int', 2 ** 53, 'STRING', undefined],
    ['float', 1, 'NUMBER_DOUBLE', 1],
    ['float', Infinity, 'STRING', undefined],
    ['str', 'a', 'STRING', 'a'],
    ['str', '', 'STRING', ''],
    ['str', 'a {{b}}', 'STRING', undefined],
    ['str', '$(HOME)', 'STRING', undefined],
    ['str', 'a\u0000', 'STRING', undefined],
    ['str', '\ud800', 'STRING', undefined],
    ['bool', false, 'BOOLEAN', false],
    ['list', [1, ['$$']], 'STRING', undefined],
    ['list', [1, { a: { b: null } }], 'LIST', [1, { a: { b: null } }]],
    ['dict', { a: 2 ** 60 }, 'STRING', undefined],
    ['None', null, 'STRING', undefined]
  ])('a %s of %j is a %s', (type, value, parameterType, shown) => {
    const parameter = kfpParameter({ name: 'p', type, value });
    expect(parameter.parameterType).toBe(parameterType);
    expect(parameter.hidden === undefined).toBe(shown !== undefined);
    expect(parameter.defaultValue).toEqual(shown ?? "(the notebook's own value)");
  });

  test.each([
    ['$ (a) {b} }}', false],
    ['{{', true],
    ['$(A)', true],
    ['$$', true]
  ])('the cluster replaces something in %s: %p', (text, expected) => {
    expect(isReplaced(text)).toBe(expected);
  });

  test('comments are descriptions, without what Argo would read', async () => {
    const { parameter } = await documents([
      { tags: ['parameters'], source: 'a = 1  # how many {{times}}' },
      { tags: ['step:b'], source: 'print(a)' }
    ]);
    expect(parameter('a', 'description')).toBe('how many { {times}}');
  });
});

describe('the documents', () => {
  test('are the same bytes each time', async () => {
    const cells = [
      { tags: ['parameters'], source: 'a = 1' },
      ...one('label:b:c', 'env:A=1', 'retry:1')
    ];
    expect((await documents(cells)).text).toBe((await documents(cells)).text);
  });

  test('a chain: the first step brings the bundle, the others find it', async () => {
    const { tasks, task, container } = await documents([
      { tags: ['step:a'], source: 'x = 1' },
      { tags: ['step:b'], source: 'y = x' },
      { tags: ['step:c'], source: 'print(x, y)' },
      { tags: ['step:d', 'prev:c'], source: 'pass' }
    ]);
    expect(Object.keys(tasks)).toEqual(['a', 'b', 'c', 'd']);
    expect(task('a', 'dependentTasks')).toBeUndefined();
    // What b needs has ended before.
    expect(task('c', 'dependentTasks')).toEqual(['b']);
    // An edge without data.
    expect(task('d', 'dependentTasks')).toEqual(['c']);
    expect(container('a', 'env', 1, 'name')).toBe('NOTEPOD_BUNDLE_0');
    expect(container('b', 'env')).toBeUndefined();
    expect(container('b', 'command')).toEqual([
      'python3',
      '-u',
      '/marshal/run/program/notepod_kfp.py'
    ]);
  });

  test('several first steps: one task before them brings it', async () => {
    const { task, container, platform } = await documents([
      { tags: ['step:a'], source: 'x = 1' },
      { tags: ['step:b'], source: 'y = 1' }
    ]);
    expect(task('a', 'dependentTasks')).toEqual(['notepod-start']);
    expect(task('b', 'dependentTasks')).toEqual(['notepod-start']);
    expect(container('a', 'env')).toBeUndefined();
    expect(container('notepod-start', 'args')).toEqual(['--start']);
    expect(platform('notepod-start', 'pvcMount')).toHaveLength(1);
  });

  test('ConfigMaps with the bundle: all first steps mount them, and the document holds no code', async () => {
    const { notebook, ...sources } = await sourcesOf([
      { tags: ['step:a'], source: 'x = 1' },
      { tags: ['step:b'], source: 'y = 1' },
      { tags: ['step:c'], source: 'print(x, y)' }
    ]);
    const { pipeline, platform } = compileKfp({ notebook, ...sources, configMaps: ['r', 'r-1'] });
    const executors = executorsOf(platform);
    const mounts = ['r', 'r-1'].map((name, index) => ({
      configMapNameParameter: { runtimeValue: { constant: name } },
      mountPath: `/notepod/00${index}`,
      optional: false
    }));
    expect(Object.keys(executors)).toEqual(['exec-a', 'exec-b', 'exec-c']);
    expect(executors['exec-a'].configMapAsVolume).toEqual(mounts);
    expect(executors['exec-b'].configMapAsVolume).toEqual(mounts);
    expect(executors['exec-c'].configMapAsVolume).toBeUndefined();
    expect(JSON.stringify(pipeline)).not.toContain(sources.bundle.slice(0, 100));
  });

  test.each<[string, string[], (found: Awaited<ReturnType<typeof documents>>) => unknown, unknown]>(
    [
      ['caching is off', [], found => found.task('a', 'cachingOptions'), {}],
      [
        'caching, asked for',
        ['cache:enabled'],
        found => found.task('a', 'cachingOptions'),
        { enableCache: true }
      ],
      [
        'retries, ever later',
        ['retry:2'],
        found => found.task('a', 'retryPolicy'),
        {
          maxRetryCount: 2,
          backoffDuration: '10s',
          backoffFactor: 2,
          backoffMaxDuration: '2592000s'
        }
      ],
      [
        'many retries, evenly',
        ['retry:20'],
        found => found.task('a', 'retryPolicy', 'backoffFactor'),
        1
      ],
      ['a timeout', ['timeout:90s'], found => found.platform('a', 'activeDeadlineSeconds'), '90'],
      [
        'a limit alone is the request',
        ['limit:memory:2Gi'],
        found => found.container('a', 'resources'),
        { resourceMemoryRequest: '2Gi', resourceMemoryLimit: '2Gi' }
      ],
      [
        'a device',
        ['request:amd.com/gpu:2'],
        found => found.container('a', 'resources', 'accelerator'),
        { resourceType: 'amd.com/gpu', resourceCount: '2' }
      ],
      [
        'a ceiling of latency',
        ['location:edge:5'],
        found => found.platform('a', 'nodeAffinity', 0),
        {
          matchExpressions: [{ key: 'latency.notepod.dev/edge', operator: 'Lt', values: ['5001'] }]
        }
      ],
      [
        'tolerations',
        ['toleration:a', 'toleration:b=c:NoExecute'],
        found => found.platform('a', 'tolerations'),
        [
          { key: 'a', operator: 'Exists' },
          { key: 'b', operator: 'Equal', value: 'c', effect: 'NoExecute' }
        ]
      ],
      [
        'labels: our own win',
        ['label:notepod.dev/step:x', 'role:training'],
        found => found.platform('a', 'podMetadata', 'labels'),
        {
          'notepod.dev/step': 'a',
          'notepod.dev/role': 'training',
          'app.kubernetes.io/managed-by': 'notepod'
        }
      ],
      [
        'env is not in the document',
        ['env:A=secret-ish'],
        found => found.text.includes('secret-ish'),
        false
      ]
    ]
  )('%s', async (_, tags, part, expected) => {
    expect(part(await documents(one(...tags)))).toEqual(expected);
  });

  test('the volume and the limit of the run', async () => {
    const { config } = await documents(one(), {
      volume: { size: '5Gi', accessMode: 'ReadWriteMany', storageClass: 'fast' },
      timeout: 60
    });
    expect(config).toEqual({
      workspace: {
        size: '5Gi',
        kubernetes: { pvcSpecPatch: { accessModes: ['ReadWriteMany'], storageClassName: 'fast' } }
      },
      activeDeadlineSeconds: 60
    });
  });
});

describe('what the format cannot carry is said', () => {
  test.each<[string, string[], string[]]>([
    ['nothing', ['request:cpu:1', 'limit:nvidia.com/gpu:1'], []],
    ['two devices', ['limit:nvidia.com/gpu:1', 'limit:amd.com/gpu:1'], ['NP661 error']],
    ['ephemeral storage', ['request:ephemeral-storage:1Gi'], ['NP661 error']],
    ['a claim at two paths', ['volume:a:/x', 'volume:a:/y'], ['NP661 error']],
    ['a claim with a dot', ['volume:a.b:/x'], ['NP661 error']],
    ['a claim over the volume of the run', ['volume:a:/marshal'], ['NP661 error']],
    ['a claim for reading', ['volume:a:/x:ro'], ['NP662 warning']],
    ['braces in an annotation', ['annotation:a:{{workflow.name}}'], ['NP663 error']],
    ['braces in an image', ['image:a{{b'], ['NP663 error']]
  ])('%s', async (_, tags, codes) => {
    const found = await documents(one(...tags));
    expect(found.codes).toEqual(codes);
    for (const { span } of found.diagnostics) {
      expect(tags).toContain(span?.tag);
    }
  });

  test('a cache before a step that takes a value from the volume', async () => {
    const found = await documents([
      { tags: ['step:a', 'cache:enabled'], source: 'x = 1' },
      { tags: ['step:b'], source: 'print(x)' }
    ]);
    expect(found.codes).toEqual(['NP662 warning']);
    expect(found.task('a', 'cachingOptions')).toEqual({});
  });

  test.each<[object, string[]]>([
    [{ timeout: 60 }, ['NP664 info']],
    [{ cache: true }, ['NP662 info']]
  ])('settings %j', async (settings, codes) => {
    expect((await documents(one(), settings)).codes).toEqual(codes);
  });

  test('no image: nothing is guessed', async () => {
    const { diagnostics } = await compiled(one(), { image: '' });
    expect(diagnostics.map(each => each.code)).toEqual(['NP601']);
  });
});

describe('size', () => {
  const size = (container: number, tasks: number) =>
    sizeProblems({
      pipeline: {
        deploymentSpec: { executors: { a: { env: 'x'.repeat(container) } } },
        components: {},
        root: { dag: 'x'.repeat(tasks) }
      },
      platform: {}
    }).map(each => `${each.code} ${each.severity}: ${each.message}`);

  test.each<[string, number, number, RegExp | undefined]>([
    ['small', 100_000, 100_000, undefined],
    [
      'code that is no argument of a process',
      140_000,
      1_000,
      /^NP665 warning: .* the packed code .* has 141 kB/
    ],
    ['tasks that are none', 1_000, 140_000, /^NP665 warning: .* the list of the tasks has 141 kB/],
    ['a run that Argo would give up', 250_000, 1_000, /^NP665 error: .* about 1254 kB/]
  ])('%s', (_, container, tasks, expected) => {
    const found = size(container, tasks);
    expect(found).toHaveLength(expected === undefined ? 0 : 1);
    expect(found.join()).toMatch(expected ?? /^$/);
  });
});

test('YAML: texts and numbers that readers of 1.1 and 1.2 take for the same', () => {
  const pipeline = {
    a: ['yes', 'plain', '1e3', 'a: b'],
    n: [1, 1e-7, 1e21, 0.5],
    t: true,
    z: null
  };
  const text = writeKfp({ pipeline, platform: {} }, ['über']);
  expect(text).toBe(
    [
      '# ?ber',
      'a:',
      '- "yes"',
      '- plain',
      '- "1e3"',
      '- "a: b"',
      '"n":',
      '- 1',
      '- 1.0e-7',
      '- 1.0e+21',
      '- 0.5',
      't: true',
      'z: null',
      '---',
      '{}',
      ''
    ].join('\n')
  );
  for (const version of ['1.1', '1.2'] as const) {
    expect(parseAllDocuments(text, { version }).map(each => each.toJS() as unknown)).toEqual([
      pipeline,
      {}
    ]);
  }
});
