import { PYTHON, Sandbox } from '../law/command';
import { notebookText } from '../law/notebook-file';

// Processes are started, on machines that may be busy: a limit against hanging, and no measure of speed.
jest.setTimeout(120_000);

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

const good = notebookText([{ tags: ['step:a'], source: 'x = 1' }]);
const tagged = (...tags: string[]) => notebookText([{ tags, source: 'x = 1' }]);
const source = (text: string) => notebookText([{ source: text }]);

/** Files that are refused before anything runs: what the message must say. */
const FILES: readonly (readonly [
  what: string,
  text: string | Uint8Array,
  code: number,
  says: RegExp
])[] = [
  ['broken JSON', good.replace('"cells":', '"cells"'), 3, /broken JSON at line 2, column/],
  ['a truncated file', good.slice(0, 120), 3, /ends in the middle, at line \d+/],
  ['an empty file', '', 3, /the file is empty/],
  ['a Python file', 'import os\nprint(1)\n', 3, /no notebook/],
  ['JSON that is no notebook', '{"a": 1}', 3, /no notebook: it has no `nbformat`/],
  ['nbformat 3', '{"nbformat": 3, "worksheets": []}', 3, /format 3, and only format 4/],
  ['null bytes in the file', '{"cells": [\0]}', 3, /null bytes/],
  ['not UTF-8', new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), 2, /not UTF-8/],
  [
    'no code cells',
    '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}',
    3,
    /NP111/
  ],
  [
    'a source that is no text',
    good.replace(/"source":\s*(\[[^\]]*\]|"[^"]*")/, '"source": 5'),
    3,
    /cell 1 is malformed: `source` is 5, and must be a text or a list of texts/
  ],
  [
    'tags that are no list',
    good.replace(/"tags":\s*\[[^\]]*\]/, '"tags": "step:a"'),
    3,
    /cell 1 is malformed: `metadata.tags` is "step:a", and must be a list of texts/
  ],
  ['a cell that does not parse', source('x = (1,\ny = 2'), 3, /NP201.*\n.*cell 1/],
  ['a null byte in a cell', source('x = 1\0'), 3, /NP201.*null byte/],
  ['a misspelt tag', tagged('step:a', 'pre:load'), 3, /NP102.*did you mean `prev:load`/],
  [
    'an unknown step in prev:',
    notebookText([
      { tags: ['step:load'], source: 'x=1' },
      { tags: ['step:b', 'prev:lod'], source: 'y=1' }
    ]),
    3,
    /NP113.*did you mean `prev:load`/
  ],
  [
    'a forward reference',
    notebookText([
      { tags: ['step:a', 'prev:b'], source: 'x=1' },
      { tags: ['step:b'], source: 'y=1' }
    ]),
    3,
    /NP115/
  ],
  ['a step after itself', tagged('step:a', 'prev:a'), 3, /NP114/],
  ['an empty step name', tagged('step: '), 0, /NP107/],
  ['a cell in two steps', tagged('step:a', 'step:b'), 3, /NP106[^]*tags \| step:a, step:b/],
  ['a definition cell in a step', tagged('imports', 'step:b'), 0, /NP108/],
  ['two empty step names', tagged('step:', 'step:'), 0, /NP107/],
  ['a bad step name', tagged('step:My Step'), 3, /NP103.*\n[^]*step:my-step/],
  ['a bad quantity', tagged('step:a', 'request:memory:4GBs'), 3, /NP104.*did you mean 4G or 4Gi/],
  [
    'a contradiction',
    notebookText([
      { tags: ['step:a', 'retry:1'], source: 'x=1' },
      { tags: ['step:a', 'retry:2'], source: 'y=1' }
    ]),
    3,
    /NP116[^]*cell 2[^]*cell 1/
  ],
  ['a limit below the request', tagged('step:a', 'request:cpu:2', 'limit:cpu:500m'), 3, /NP117/],
  [
    'steps around each other',
    notebookText([
      { tags: ['step:a'], source: 'x=[1]' },
      { tags: ['step:b'], source: 'x.append(2)' },
      { tags: ['step:a'], source: 'print(x)' }
    ]),
    3,
    /NP331/
  ],
  ['input()', source('name = input()'), 3, /NP341/],
  [
    'a name nobody makes',
    notebookText([
      { tags: ['step:a'], source: 'model = 1' },
      { tags: ['step:b'], source: 'print(modle)' }
    ]),
    3,
    /NP301.*did you mean `model`[^]*1 \| print\(modle\)\n\s+\|\s+\^{5}/
  ],
  [
    'a name of a later cell',
    notebookText([
      { tags: ['step:a'], source: 'print(x)' },
      { tags: ['step:b'], source: 'x = 1' }
    ]),
    3,
    /NP303/
  ],
  [
    'a generator that is passed on',
    notebookText([
      { tags: ['step:a'], source: 'g = (i for i in [1])' },
      { tags: ['step:b'], source: 'print(next(g))' }
    ]),
    3,
    /NP321/
  ]
];

test.each(FILES)('check: %s', async (_, text, code, says) => {
  const path = sandbox.write('nb.ipynb', text);
  const ended = await sandbox.notepod(['check', path]);
  expect(ended.stdout + ended.stderr).toMatch(says);
  expect(ended.stderr).not.toMatch(/^\s+at .*\(/m);
  expect(ended.code).toBe(code);
});

test('CRLF, tabs and a byte order mark are read', async () => {
  const text = '\ufeff' + source('if True:\r\n\tx = 1\r\nprint(x)').replace(/\n/g, '\r\n');
  const ended = await sandbox.notepod([
    'run',
    sandbox.write('nb.ipynb', text),
    '--python',
    PYTHON,
    '-o',
    'out.ipynb'
  ]);
  expect(ended.code).toBe(0);
});

test('1,000 cells and a cell of 5 MB are checked', async () => {
  const cells = Array.from({ length: 1000 }, (_, index) => ({
    tags: [
      `step:s${index % 50}`.replace(
        /s(\d+)/,
        (_all, n: string) => `s${Math.floor(index / 20)}x${n}`
      )
    ],
    source: `v${index} = ${index === 0 ? '1' : `v${index - 1} + 1`}`
  }));
  const many = sandbox.notebook(cells, 'many.ipynb');
  const large = sandbox.notebook(
    [{ source: `data = [\n${'    1234567,\n'.repeat(400_000)}]` }],
    'large.ipynb'
  );
  expect((await sandbox.notepod(['check', many])).code).toBe(0);
  expect((await sandbox.notepod(['check', large])).code).toBe(0);
});

/** Wrong usage: what the message must say. */
const USAGE: readonly (readonly [args: readonly string[], code: number, says: RegExp])[] = [
  [['run', 'nowhere.ipynb'], 2, /there is no file nowhere\.ipynb/],
  [['run', '.'], 2, /is a folder/],
  [['check'], 2, /missing required argument/],
  [['chek', 'nb.ipynb'], 2, /unknown command/],
  [['run', 'nb.ipynb', '--jobs', '0'], 2, /whole number from 1/],
  [['run', 'nb.ipynb', '-p', 'epochs'], 2, /name=value/],
  [['run', 'nb.ipynb', '--python', '/nowhere/python'], 3, /no Python at/],
  [['run', 'nb.ipynb', '--python', PYTHON, '-p', 'epoch=5'], 3, /NP401.*did you mean `epochs`/],
  [['run', 'nb.ipynb', '--python', PYTHON, '-p', 'epochs=five'], 3, /NP402/],
  [['run', 'nb.ipynb', '--python', PYTHON, '--from', 'zzz'], 2, /no step zzz/],
  [
    ['run', 'nb.ipynb', '--python', PYTHON, '--from', 'b'],
    2,
    /no earlier run of this notebook has the results of a /
  ],
  [['run', 'nb.ipynb', '--python', 'nb.ipynb'], 3, /no Python at nb\.ipynb/],
  [['run', 'nb.ipynb', '--python', './nb.ipynb'], 3, /does not run as a Python/],
  [['run', 'nb.ipynb', '-o', 'nowhere/out.ipynb'], 2, /there is no folder .*nowhere/],
  [['run', 'nb.ipynb', '-o', '.'], 2, /it is a folder/],
  [['check', 'nb.ipynb', '--format', 'xml'], 2, /Allowed choices are text, json, github/],
  [['graph', 'nb.ipynb', '--format', 'svg'], 2, /Allowed choices are text, json, dot, mermaid/],
  [['run', 'nb.ipynb', 'other.ipynb'], 2, /too many arguments/],
  [['run', 'nb.ipynb', '--form', 'a'], 2, /unknown option '--form'[^]*Did you mean --from\?/],
  [['outputs', 'last'], 2, /required option '-o/],
  ...['show', 'logs', 'resume', 'cancel', 'delete'].map(
    command => [[command, 'last'], 2, /there are no runs yet/] as const
  )
];

test.each(USAGE)('%j', async (args, code, says) => {
  sandbox.notebook([
    { tags: ['parameters'], source: 'epochs = 3' },
    { tags: ['step:a'], source: 'print(epochs)' },
    { tags: ['step:b', 'prev:a'], source: 'pass' }
  ]);
  const ended = await sandbox.notepod(args);
  expect(ended.stderr).toMatch(says);
  expect(ended.stderr).not.toMatch(/^\s+at .*\(/m);
  expect(ended.code).toBe(code);
});

test('a cell that does not parse is one problem: names that it may give are not missed', async () => {
  const path = sandbox.notebook([
    { source: 'rows = [1,\nother = rows' },
    { source: 'print(rows, nowhere)' }
  ]);
  const { stdout } = await sandbox.notepod(['check', path, '--format', 'json']);
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: { code: string; message: string }[];
  };
  expect(diagnostics.map(each => each.code)).toEqual(['NP201', 'NP301']);
  expect(diagnostics[1].message).toMatch(/nowhere/);
});

test('a problem of a tag points at the tag, and carries what a button would do', async () => {
  const path = sandbox.notebook([
    { tags: ['hide-input', 'step:load'], source: 'x = 1' },
    { tags: ['step:fit', 'prev:lod', '\u001b[2J'], source: 'y = 1' }
  ]);
  const text = await sandbox.notepod(['check', path]);
  expect(text.stdout).toMatch(
    /  in the tags of cell 2 \(step fit\)\n  tags \| step:fit, prev:lod, ␛\[2J\n       \|           \^{8}\n/
  );
  const json = await sandbox.notepod(['check', path, '--format', 'json']);
  expect(JSON.parse(json.stdout)).toMatchObject({
    diagnostics: [{ edits: [{ cell: 1, tag: 'prev:lod', to: 'prev:load' }] }]
  });
});

test('annotations of GitHub Actions are one line each', async () => {
  const path = sandbox.notebook([{ tags: ['step:a', 'pre:a,b%'], source: 'print(nowhere)' }]);
  const { stdout } = await sandbox.notepod(['check', path, '--format', 'github']);
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatch(
    /^::error file=.*nb\.ipynb,title=NP102::the tags of cell 1 \(step a\): unknown tag `pre:a,b%25`; did you mean `prev:a,b%25`\? Fix: /
  );
  expect(lines[1]).toMatch(/^::error file=.*,title=NP301::cell 1 \(step a\), line 1, column 7: /);
});

test('a Python without the packages is refused before anything runs', async () => {
  const path = sandbox.notebook([{ source: 'import surely_not_installed' }]);
  const ended = await sandbox.notepod(['run', path, '--python', PYTHON]);
  expect(ended.stderr).toMatch(/NP421.*`surely_not_installed`/);
  expect(ended.code).toBe(3);
});

test('a run store that cannot be made is said', async () => {
  const path = sandbox.notebook([{ source: 'x = 1' }]);
  const file = sandbox.write('file', '');
  const ended = await sandbox.notepod(['run', path, '--python', PYTHON], { NOTEPOD_DATA: file });
  expect(ended.stderr).toMatch(/no run can be stored/);
  expect(ended.code).toBe(2);
});
