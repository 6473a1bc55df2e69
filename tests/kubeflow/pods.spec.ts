import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openProject } from '../../src/service/project';
import { compileForKubeflow } from '../../src/service/kubeflow';
import { PYTHON, Sandbox } from '../law/command';
import { compiled, type CellOf } from './notebooks';
import { KubeflowRun } from './pods';

// Processes are started, on machines that may be busy: a limit against hanging, and no measure of speed.
jest.setTimeout(120_000);

async function run(cells: readonly CellOf[], given: Readonly<Record<string, unknown>> = {}) {
  const { text, diagnostics } = await compiled(cells);
  expect(diagnostics.filter(each => each.severity === 'error')).toEqual([]);
  const pods = new KubeflowRun(text ?? '', PYTHON, given);
  try {
    return pods.runAll();
  } finally {
    pods.dispose();
  }
}

test('values go from pod to pod; several first steps find what one task before them brought', async () => {
  const ended = await run([
    { tags: ['step:a'], source: 'x = [1]' },
    { tags: ['step:b'], source: 'y = {"k": x, "n": 2}' },
    { tags: ['step:c'], source: 'z = 3' },
    { tags: ['step:_sum_'], source: 'y["k"].append(z)\nprint(x, y["n"])' }
  ]);
  expect(Object.keys(ended)).toEqual(['notepod-start', 'a', 'b', 'c', 'sum']);
  expect(Object.values(ended).map(each => each.code)).toEqual([0, 0, 0, 0, 0]);
  expect(ended.sum.printed).toBe('[1, 3] 2\n');
});

const PARAMETERS: readonly CellOf[] = [
  {
    tags: ['parameters'],
    source: [
      'whole = 5',
      'rate = 1.0',
      'flag = True',
      'text = "a b"',
      'risky = "{{workflow.name}} $(HOME) $$"',
      'huge = 123456789012345678901234567890',
      'nothing = None',
      'sizes = [1, 2.0]',
      'more = {"a": None}'
    ].join('\n')
  },
  {
    tags: ['step:first'],
    source: 'seen = (whole, rate, flag, text, risky, huge, nothing, sizes, more)\nprint(seen)'
  },
  {
    tags: ['step:second'],
    source: 'print(seen == (whole, rate, flag, text, risky, huge, nothing, sizes, more))'
  }
];

const OWN =
  "(5, 1.0, True, 'a b', '{{workflow.name}} $(HOME) $$', 123456789012345678901234567890, None, [1, 2.0], {'a': None})\n";

test.each<[string, Record<string, unknown>, string]>([
  ['the defaults are the values of the notebook, digit by digit', {}, OWN],
  [
    'defaults as a server writes them: whole doubles without a point, other spaces',
    { rate: 1, sizes: [1, 2], more: { a: null } },
    OWN
  ],
  [
    'other values keep the types',
    {
      whole: 7,
      rate: 2,
      flag: false,
      text: "it's {x}",
      sizes: ['a', null, true],
      more: { b: 1.5 }
    },
    `(7, 2.0, False, "it's {x}", '{{workflow.name}} $(HOME) $$', 123456789012345678901234567890, None, ['a', None, True], {'b': 1.5})\n`
  ],
  [
    'values in place of those that are not shown',
    { risky: 'safe', huge: '98765432109876543210', nothing: '{"a": [1]}' },
    "(5, 1.0, True, 'a b', 'safe', 98765432109876543210, {'a': [1]}, [1, 2.0], {'a': None})\n"
  ],
  [
    'a text in place of None',
    { nothing: 'some text' },
    "(5, 1.0, True, 'a b', '{{workflow.name}} $(HOME) $$', 123456789012345678901234567890, 'some text', [1, 2.0], {'a': None})\n"
  ]
])('parameters: %s', async (_, given, printed) => {
  const ended = await run(PARAMETERS, given);
  expect(ended.first.errors).toBe('');
  expect(ended.first.printed).toBe(printed);
  expect(ended.second.printed).toBe('True\n');
});

test('a value of a wrong type stops the step with a sentence', async () => {
  const { text } = await compiled(PARAMETERS);
  const pods = new KubeflowRun(text ?? '', PYTHON, { whole: 'many' });
  const ended = pods.run('first');
  pods.dispose();
  expect(ended.code).not.toBe(0);
  expect(ended.errors).toContain("parameter whole must be a int, and is 'many'");
});

test('env of a step comes through as it is written', async () => {
  const odd = '{{workflow.name}} $(HOME) $$(A) "\\ 😀';
  const ended = await run([
    { tags: ['step:a', `env:A=${odd}`], source: 'import os\nprint(os.environ["A"])' }
  ]);
  expect(ended.a.printed).toBe(`${odd}\n`);
});

test('a step that is tried again is another attempt, from the same values', async () => {
  const { text } = await compiled([
    { tags: ['step:a', 'retry:2'], source: 'print("tried")\nopen("twice").close()' }
  ]);
  const pods = new KubeflowRun(text ?? '', PYTHON);
  const words = [pods.run('a'), pods.run('a')].map(each => each.word);
  pods.dispose();
  expect(words).toMatchObject([
    { outcome: 'failed', attempt: 1 },
    { outcome: 'failed', attempt: 2 }
  ]);
});

test('the example prints in the pods what it prints on this machine', async () => {
  const sandbox = new Sandbox();
  try {
    copyFileSync('examples/intel-lab.ipynb', join(sandbox.folder, 'nb.ipynb'));
    const local = await sandbox.notepod(['run', 'nb.ipynb', '--python', PYTHON, '-o', 'out.ipynb']);
    expect(local.code).toBe(0);
    const { cells } = JSON.parse(readFileSync(join(sandbox.folder, 'out.ipynb'), 'utf-8')) as {
      readonly cells: readonly { readonly outputs?: readonly Output[] }[];
    };
    const expected = cells
      .flatMap(cell => cell.outputs ?? [])
      .filter(output => output.name === 'stdout')
      .map(output => [output.text ?? ''].flat().join(''))
      .join('');
    const project = await openProject('examples/intel-lab.ipynb');
    const { text } = compileForKubeflow(project, new Map(), { image: 'python:3.12' }, '1.2.3');
    const pods = new KubeflowRun(text ?? '', PYTHON);
    const ended = Object.values(pods.runAll());
    pods.dispose();
    expect(ended.map(each => each.code)).toEqual(ended.map(() => 0));
    expect(expected).not.toBe('');
    expect(ended.map(each => each.printed).join('')).toBe(expected);
  } finally {
    sandbox.dispose();
  }
});

interface Output {
  readonly name?: string;
  readonly text?: string | readonly string[];
}
