import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Sandbox } from '../law/command';

// Processes are started, on machines that may be busy: a limit against hanging, and no measure of speed.
jest.setTimeout(120_000);

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
  sandbox.notebook([
    { tags: ['parameters'], source: 'epochs = 3  # how often' },
    { tags: ['step:load'], source: 'rows = [epochs]' },
    { tags: ['step:end'], source: 'print(rows)' }
  ]);
});
afterEach(() => sandbox.dispose());

/** No image but the one that a test names. */
const NO_IMAGE = { JUPYTER_IMAGE: '', JUPYTER_IMAGE_SPEC: '', NOTEPOD_IMAGE: '' };

const compile = (...more: string[]) =>
  sandbox.notepod(['compile', 'nb.ipynb', '--target', 'kfp', ...more], NO_IMAGE);

test('two documents under a comment, the same bytes each time, and what to do with them', async () => {
  const first = await compile('--image', 'python:3.12', '-p', 'epochs=7', '-o', 'pipe.yaml');
  expect(first.stderr).toMatch(/^pipe\.yaml: a pipeline of 2 tasks, \d+ kB; upload it in Kubeflow/);
  expect([first.code, first.stdout]).toEqual([0, '']);
  const text = readFileSync(join(sandbox.folder, 'pipe.yaml'), 'utf-8');
  expect(text).toMatch(/^# A pipeline for Kubeflow Pipelines .* from nb\.ipynb\n/);
  expect(text.match(/^---$/gm)).toHaveLength(1);
  expect(text).toMatch(/defaultValue: 7\n\s+isOptional: true\n\s+description: "how often"/);
  const second = await compile('--image', 'python:3.12', '-p', 'epochs=7', '-o', '-');
  expect(second.stdout.trimEnd()).toBe(text.trimEnd());
});

test.each<[string, string[], number, RegExp]>([
  ['no image', [], 3, /NP601/],
  [
    'a form of Argo',
    ['--image', 'a', '--as', 'template'],
    2,
    /--as has no effect with --target kfp/
  ],
  ['an empty class', ['--image', 'a', '--storage-class', ''], 3, /NP661/],
  ['a parameter of another type', ['--image', 'a', '-p', 'epochs=many'], 3, /NP402/]
])('%s is refused, and nothing is written', async (_, options, code, said) => {
  const ended = await compile(...options, '-o', 'pipe.yaml');
  expect(ended.stderr).toMatch(said);
  expect(ended.code).toBe(code);
  expect(existsSync(join(sandbox.folder, 'pipe.yaml'))).toBe(false);
});
