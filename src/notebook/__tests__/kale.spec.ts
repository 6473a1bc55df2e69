import { readNotebookJson } from '../read';
import { cutIntoSteps } from '../steps';
import type { Notebook } from '../types';

/** A notebook of Kale's: a cell is its tags, or its tags and its source. */
function kale(
  cells: readonly (readonly [tags: string, source?: string])[],
  metadata?: unknown
): Notebook {
  const parsed = readNotebookJson({
    nbformat: 4,
    metadata: metadata === undefined ? {} : { kubeflow_notebook: metadata },
    cells: cells.map(([tags, source = 'x = 1']) => ({
      cell_type: 'code',
      source,
      metadata: { tags: tags.split(' ').filter(tag => tag !== '') }
    }))
  });
  return cutIntoSteps(parsed, cell => parsed.cells[cell].source.startsWith('def'));
}

const steps = ({ steps: found }: Notebook) =>
  Object.fromEntries(found.map(step => [step.name, step.cells]));
const codes = ({ diagnostics }: Notebook) => diagnostics.map(each => each.code);

/** The rules of Kale's tags, where it has them, and what the steps are here. */
const RULES: readonly (readonly [
  rule: string,
  cells: readonly (readonly [tags: string, source?: string])[],
  cut: Readonly<Record<string, readonly number[]>>,
  codes: readonly string[]
])[] = [
  ['old and new names of the step tag', [['block:a'], ['step:b prev:a']], { a: [0], b: [1] }, []],
  [
    'an untagged cell continues the step above',
    [['step:a'], [''], ['step:b']],
    { a: [0, 1], b: [2] },
    []
  ],
  ['so does an empty name', [['step:a'], ['step:'], ['block:']], { a: [0, 1, 2] }, []],
  [
    'skip is dropped, and cells below it continue what is above it',
    [['step:a'], ['skip'], ['']],
    { a: [0, 2] },
    []
  ],
  [
    'a special tag wins over everything else on the cell',
    [['step:a'], ['imports step:b'], ['functions'], ['pipeline-parameters'], ['pipeline-metrics']],
    { a: [0] },
    ['NP108']
  ],
  [
    'the same name further down extends the step',
    [['step:a'], ['step:b'], ['step:a']],
    { a: [0, 2], b: [1] },
    []
  ],
  ['two steps on one cell are an error', [['step:a step:b']], { a: [0] }, ['NP106']],
  [
    'Kale drops cells above the first tag; here they run',
    [[''], ['step:a']],
    { setup: [0], a: [1] },
    []
  ],
  [
    'definitions above the first tag belong to all',
    [['', 'def f(): pass'], ['step:a']],
    { a: [1] },
    []
  ],
  [
    'Kale stops at tags of others; here they are left alone',
    [['step:a hide-input solution']],
    { a: [0] },
    []
  ],
  ['a sub-pipeline is said', [['step:a'], ['notebook:other']], { a: [0, 1] }, ['NP109']],
  [
    'an unknown step in prev: is said',
    [['step:a'], ['step:b prev:c']],
    { a: [0], b: [1] },
    ['NP113']
  ],
  ['a notebook without tags is one step', [[''], ['']], { notebook: [0, 1] }, []]
];

test.each(RULES)('%s', (_, cells, cut, said) => {
  const notebook = kale(cells);
  expect(steps(notebook)).toEqual(cut);
  expect(codes(notebook)).toEqual(said);
});

test('options count on every cell of a step, limits of cpu and memory as well', () => {
  const [step] = kale([
    ['step:a image:registry/a:1 limit:nvidia.com/gpu:2 cache:disabled report:enabled'],
    [
      'limit:memory:2Gi label:team:ml annotation:a/b:c:d:e secret:db:password:PG limit:amd.com/gpu:1'
    ]
  ]).steps;
  expect(step.options).toMatchObject({
    image: 'registry/a:1',
    limits: { 'nvidia.com/gpu': '2', memory: '2Gi', 'amd.com/gpu': '1' },
    cache: false,
    report: true,
    labels: { team: 'ml' },
    annotations: { 'a/b': 'c:d:e' },
    secrets: [{ secret: 'db', key: 'password', env: 'PG' }]
  });
});

test('metadata as Kale 2 writes them', () => {
  const notebook = kale([['step:a label:team:own']], {
    experiment_name: 'churn',
    experiment: { id: 'new', name: 'churn' },
    pipeline_name: 'churn-model',
    pipeline_description: 'd',
    base_image: '',
    enable_caching: true,
    steps_defaults: ['label:team:ml', 'limit:nvidia.com/gpu:1'],
    volumes: [{ name: 'shared-data', type: 'pvc', mount_point: '/data', expose_as_env_var: true }],
    security_context: { enabled: true },
    output_path: '.kale',
    kfp_host: 'http://kfp.example:8080',
    timeout: 3600,
    storage_class_name: 'standard',
    volume_access_mode: 'rwm',
    abs_working_dir: '',
    snapshot_volumes: false,
    katib_run: false,
    katib_metadata: { parameters: [] }
  });
  expect(notebook.settings).toEqual({
    origin: 'kale',
    name: 'churn-model',
    description: 'd',
    image: undefined,
    experiment: 'churn',
    files: [],
    stepDefaults: ['label:team:ml', 'limit:nvidia.com/gpu:1', 'volume:shared-data:/data'],
    volume: { storageClass: 'standard', accessMode: 'ReadWriteMany' },
    cache: true,
    timeout: 3600
  });
  expect(notebook.steps[0].options).toMatchObject({
    labels: { team: 'own' },
    limits: { 'nvidia.com/gpu': '1' },
    volumes: [{ claim: 'shared-data', path: '/data', readOnly: false }]
  });
  expect(notebook.diagnostics).toMatchObject([
    {
      code: 'NP123',
      severity: 'info',
      message:
        "Kale's settings `security_context`, `katib_metadata`, `volumes[0].expose_as_env_var` have no effect here"
    }
  ]);
});

test('metadata as Kale 0.x wrote them', () => {
  const notebook = kale([['block:a']], {
    autosnapshot: true,
    docker_image: 'gcr.io/arrikto/jupyter-kale:1',
    experiment: { id: '3', name: 'Titanic' },
    experiment_name: 'Titanic',
    pipeline_description: 'Predict',
    pipeline_name: 'titanic-ml',
    snapshot_volumes: true,
    volumes: [
      {
        annotations: [],
        mount_point: '/home/jovyan',
        name: 'workspace',
        size: 5,
        size_type: 'Gi',
        snapshot: false,
        type: 'clone'
      }
    ]
  });
  expect(notebook.settings).toMatchObject({
    image: 'gcr.io/arrikto/jupyter-kale:1',
    name: 'titanic-ml',
    experiment: 'Titanic',
    stepDefaults: []
  });
  expect(notebook.diagnostics.map(each => [each.severity, each.message])).toEqual([
    ['info', "Kale's settings `autosnapshot`, `snapshot_volumes`, `volumes[0]` have no effect here"]
  ]);
});

test.each([
  ['an unknown key', { surprise: 1 }, 'NP123', /`surprise`/],
  ['a value of another type', { timeout: 'an hour' }, 'NP123', /`timeout`/],
  ['no object', 'nothing', 'NP122', /must be an object/],
  ['a default that is no option', { steps_defaults: ['prev:a'] }, 'NP122', /`prev:a` is no option/],
  ['a default that cannot be read', { steps_defaults: ['limit:memory:4GB'] }, 'NP122', /4G or 4Gi/]
])('%s is reported and stops nothing', (_, metadata, code, says) => {
  const { diagnostics } = kale([['step:a']], metadata);
  expect(diagnostics.map(each => each.code)).toEqual([code]);
  expect(diagnostics[0].severity).not.toBe('error');
  expect(diagnostics[0].message).toMatch(says);
});

test('own settings win over those of Kale, and a default that cannot be read stops the run', () => {
  const { settings, diagnostics } = readNotebookJson({
    nbformat: 4,
    metadata: {
      kubeflow_notebook: { pipeline_name: 'kale' },
      notepod: { name: 'own', stepDefaults: ['retry:2', 'retry:many'] }
    },
    cells: [{ cell_type: 'code', source: 'x = 1', metadata: {} }]
  });
  expect(settings).toMatchObject({ origin: 'notepod', name: 'own' });
  expect(diagnostics).toMatchObject([{ code: 'NP122', severity: 'error' }]);
});
