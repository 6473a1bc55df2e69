import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parse } from 'yaml';
import { Sandbox } from '../law/command';

// Processes are started, on machines that may be busy: a limit against hanging, and no measure of speed.
jest.setTimeout(120_000);

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

const CELLS = [
  { tags: ['parameters'], source: 'epochs = 3' },
  { tags: ['step:load'], source: 'rows = open("data/rows.txt").read()\nprint(epochs)' },
  { tags: ['step:end', 'role:training', 'location:edge:5'], source: 'print(rows, "🙂 $(HOME)")' }
];
/** No image but the one that a test names. */
const NO_IMAGE = { JUPYTER_IMAGE: '', JUPYTER_IMAGE_SPEC: '', NOTEPOD_IMAGE: '' };

const compile = (...more: string[]) =>
  sandbox.notepod(['compile', 'nb.ipynb', '--target', 'argo', '-o', 'wf.yaml', ...more], NO_IMAGE);
const written = () => readFileSync(join(sandbox.folder, 'wf.yaml'), 'utf-8');

interface Written {
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly arguments: { readonly parameters: { name: string; value: string }[] };
    readonly templates: unknown[];
  };
}

test('a document holds all that a run needs, and has the same bytes each time', async () => {
  sandbox.notebook(CELLS);
  mkdirSync(join(sandbox.folder, 'data'));
  sandbox.write('data/rows.txt', 'ten rows');
  const { code, stdout, stderr } = await compile('--image', 'python:3.12', '-n', 'team-a');
  expect([code, stdout]).toEqual([0, '']);
  expect(stderr).toMatch(/wf\.yaml: Workflow of 2 steps, \d+ kB; start it with: kubectl create -f/);
  const first = written();
  await compile('--image', 'python:3.12', '-n', 'team-a');
  expect(written()).toBe(first);
  const { metadata, spec } = parse(first, { version: '1.1' }) as Written;
  expect(metadata).toMatchObject({ generateName: 'nb-', namespace: 'team-a' });
  expect(first).not.toContain('ten rows');
  const packed = spec.arguments.parameters
    .filter(each => each.name.startsWith('notepod-bundle-'))
    .map(each => each.value)
    .join('');
  const bundle = JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString('utf-8')) as {
    files: Readonly<Record<string, string>>;
    plans: Readonly<Record<string, { cells: { source: string }[] }>>;
  };
  expect(Buffer.from(bundle.files['data/rows.txt'], 'base64').toString()).toBe('ten rows');
  expect(bundle.plans.end.cells[0].source).toBe(CELLS[2].source);
  expect(Object.keys(bundle)).not.toContain('notebook');
  expect(spec.arguments.parameters[0]).toEqual({ name: 'epochs', value: '3' });
  expect(spec.templates[2]).toMatchObject({
    metadata: { labels: { 'notepod.dev/role': 'training' } },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            {
              matchExpressions: [
                { key: 'latency.notepod.dev/edge', operator: 'Lt', values: ['5001'] }
              ]
            }
          ]
        }
      }
    }
  });
});

test.each([
  [['--as', 'template'], 'WorkflowTemplate', { arguments: {} }],
  [
    ['--as', 'cron', '--schedule', '0 6 * * 1-5', '--timezone', 'Europe/Berlin'],
    'CronWorkflow',
    { schedules: ['0 6 * * 1-5'], timezone: 'Europe/Berlin', workflowSpec: { arguments: {} } }
  ]
])('%s', async (options, kind, spec) => {
  sandbox.notebook([{ tags: ['step:a'], source: 'print(1)' }]);
  expect((await compile('--image', 'i', ...options)).code).toBe(0);
  expect(parse(written(), { version: '1.1' })).toMatchObject({
    kind,
    metadata: { name: 'nb' },
    spec
  });
});

test('a parameter is set in the document', async () => {
  sandbox.notebook(CELLS);
  sandbox.write('rows.txt', '');
  await compile('--image', 'i', '-p', 'epochs=7');
  expect(written()).toMatch(/- name: epochs\n +value: "7"/);
});

test.each([
  ['no image is known', ['--as', 'workflow'], 3, /NP601.*\n?.*no image is known for steps a/s],
  ['a cron without a schedule', ['--image', 'i', '--as', 'cron'], 2, /--as cron needs a schedule/],
  [
    'a schedule that is none',
    ['--image', 'i', '--as', 'cron', '--schedule', 'daily'],
    2,
    /"daily" is no schedule/
  ],
  [
    'a schedule of a run',
    ['--image', 'i', '--schedule', '@daily'],
    2,
    /no effect without --as cron/
  ],
  ['a parameter that is not there', ['--image', 'i', '-p', 'x=1'], 3, /no parameter/],
  ['root', ['--image', 'i', '--run-as-user', '0'], 2, /not root/],
  ['a folder that is not there', ['--image', 'i', '-o', 'no/wf.yaml'], 2, /there is no folder/]
])('%s: nothing is written', async (_, options, exit, says) => {
  sandbox.notebook([
    { tags: ['step:a'], source: 'print(1)' },
    { tags: ['step:b'], source: 'print(2)' }
  ]);
  const { code, stderr } = await compile(...options);
  expect(stderr).toMatch(says);
  expect(code).toBe(exit);
  expect(written).toThrow('ENOENT');
});

test('an error of the notebook stops it', async () => {
  sandbox.notebook([{ tags: ['step:a'], source: 'print(modle)' }]);
  const { code, stderr } = await compile('--image', 'i');
  expect([code, /NP301/.test(stderr), /nothing was written/.test(stderr)]).toEqual([3, true, true]);
});

test.each([
  ['NP605', `print(len("${randomBytes(750_000).toString('base64')}"))`, []],
  ['NP604', 'print(1)', ['annotation:a:{{workflow.name}}']]
])('%s stops it', async (code, source, tags) => {
  sandbox.notebook([{ tags: ['step:a', 'env:X={{workflow.name}}', ...tags], source }]);
  const ended = await compile('--image', 'i');
  expect(ended.code).toBe(3);
  expect(ended.stderr).toMatch(new RegExp(`error ${code}.*1 error; nothing was written`, 's'));
});
