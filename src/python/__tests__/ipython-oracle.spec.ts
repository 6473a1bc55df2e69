import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { toPlainPython, type PlainCell } from '../ipython';
import type { Magic } from '../types';

const PYTHON = process.env.NOTEPOD_TEST_PYTHON ?? join(__dirname, '../../../.venv/bin/python');

/** Cells that IPython is asked about. */
const CELLS: readonly string[] = [
  // Line magics and shell lines.
  '%matplotlib inline',
  '%matplotlib inline\nx = 1',
  'x = 1\n%time',
  '  %time x\n',
  '%time x = f(y)',
  '%time x = !ls',
  '%timeit -n 10 -r 3 f(x)',
  '%load_ext autoreload\n%autoreload 2',
  '%env A=1',
  '%cd ..',
  '%',
  '% ',
  '% time x',
  '%time\tx',
  '%time(x)',
  '%run script.py a b',
  '%%',
  '%%\nx',
  '!',
  '!ls',
  '! ls',
  '!ls -l | grep "a b"  # no comment',
  '!!ls',
  '!!',
  '!!!ls',
  '!pip install -q {package} $other',
  "!echo 'it''s'",
  '!cat "unclosed',
  "!awk '{print $1}' data.txt",
  'if x:\n    !ls\n    %cd ..\nelse:\n    !!pwd',
  'for i in r:\n    !echo {i}\n',
  'def f():\n    %time g()\n    return 1',
  'if x: !ls',
  'if x: %time y',
  'with a as b: !ls',
  'x = 1; !ls',
  'x = 1; %time y',
  'x = {}; !ls',
  '!ls; x = 1',
  '%time x; y = 1',
  'lambda: !ls',
  '# !ls\n# %time\nx = 1',
  '%time x # why',
  // Lines that go on.
  '!pip install \\\n  foo',
  '!pip install \\\n  foo \\\n  bar\nx = 1',
  '!ls \\',
  '%time f(a,\n  b)',
  '%time f(a, \\\n  b)',
  '%env A=1 \\\n B=2',
  'x = \\\n !ls',
  'x = \\\n %time f()',
  'x = !ls \\\n  -l\ny = 2',
  'x \\\n = !ls',
  // Assignments.
  'out = !ls',
  'out = ! ls',
  'out=!ls',
  'out = !!ls',
  'a, b = %time f()',
  '(a, b) = !ls',
  '[a, b] = !ls',
  'a.b = !ls',
  'a[0] = !ls',
  'd["k"] = !ls',
  'd[\n0] = !ls',
  'f(a=1)\nd[\n0] = !ls',
  'x: list = !ls',
  'x: dict[str, int] = %time f()',
  'x += !ls',
  'x += %time f()',
  'x = y = !ls',
  'x = y = %time f()',
  'x = %%time f()',
  'x = % time f()',
  'x = %',
  'x = !',
  'x = %time f()\ny = !ls\nz = %timeit -o g()',
  'if a: x = !ls',
  'if a:\n    x = !ls\n    y = %time f()',
  'x == !ls',
  'x := !ls',
  'f(x = !ls)',
  'f(x=1).y = !ls',
  '*a, b = !ls',
  'x = (!ls)',
  'x = 1, !ls',
  'x = not !ls',
  'x = !ls if y else z',
  't = %timeit -o f()',
  'x = %sql SELECT * FROM t WHERE a = 1',
  'files = !ls *.csv\nprint(len(files))',
  // Where a percent sign is modulo, and a mark is anything else.
  'a=(10\n  % 3)',
  'a = [10,\n%time\n]',
  's="""\n%d items\n"""',
  "s='''\n!ls\n'''",
  's = f"""\n%time {x}\n"""',
  'x = 10 \\\n  % 3',
  'x = 10 \\\n% time',
  'x = y % z',
  'x %= 2',
  'x = a\\\n% b',
  'print("a=%d" % x)',
  "print('a = !b' + c)",
  'x != y\nx == y % z',
  'print(f"{x!r}")',
  'print(f"{x:%Y}")',
  'print("?")',
  'x = "a?"',
  '"a = %time"',
  'd = {1: 2,\n !ls\n}',
  '"""\n%%time\n"""\nx = 1',
  "x = '''a''' % b",
  'x = """a\n""" % b\n%time y',
  '# "\n%time x',
  "x = 1 # it's\n!ls",
  'def f():\n    """%time"""\n    %time x',
  // Cell magics.
  '%%time\nx = 1',
  '%%time x\ny = 1',
  '\n\n%%time\nx = 1',
  '   \n%%time\nx = 1',
  '%%time',
  '%%time ',
  '%%time\n',
  '%%bash\nls\n%notamagic\nif then fi',
  '%%bash --out a\nls',
  '%%html\n<b>?</b>',
  '%%capture out\n%%time\nx = 1',
  '%%time\n%%capture out\nx = 1',
  '%%time\n\n%%capture\nx = !ls',
  '%%time\n!ls\n%cd ..',
  '%%timeit x = 1\nf(x)',
  '%%writefile a.py\nx = %time y\n',
  'x = 1\n%%time\ny = 2',
  '# comment\n%%time\nx = 1',
  ' %%time\n x = 1',
  '  %%time\n  x = 1',
  '  %%time\nx = 1',
  '%%time\n  x = 1',
  '%% time\nx = 1',
  '%%!\nls',
  '%%time?',
  '%%time??',
  '%%time? x',
  '%%unknown a b\nwhatever !',
  // Help.
  'f?',
  'f??',
  'f???',
  '?f',
  '??f',
  '? f',
  '?',
  '??',
  'a.b?',
  'a.b.c??',
  'a[0]?',
  'a[-1].b?',
  'a[i]?',
  'a["k"]?',
  'f(1)?',
  'f()?',
  '%time?',
  '%%time?\n',
  '%time??',
  '?%time',
  '!ls?',
  'x = f?',
  'x = 1 + f?',
  'f ?',
  'f?  # why',
  'f?\nx = 1',
  'x = 1\nf?',
  'if x:\n    f?\n',
  'a*b?',
  '*int*?',
  'np.*load*?',
  '?np.*load*',
  'a, b?',
  'print(a)?',
  '1?',
  '"a"?',
  'é?',
  'x.é?',
  '(a\n?)',
  '# what?\nx = 1  # really?',
  'f?; x = 1',
  'a if b? else c',
  'for?',
  // Calls without brackets.
  '/f a b',
  '/f',
  ',f a b',
  ';f a b',
  '/ f a',
  ',',
  ';',
  '/',
  'x = 1\n/f a',
  'if x:\n    ,f a b\n',
  '(a\n/b)',
  'a \\\n/b',
  'f(a\n,b)',
  // Prompts and indents.
  '>>> x = 1\n>>> %time x',
  '>>> x = 1\n... y = 2',
  '>>> if x:\n...     !ls\n... \n>>> y = 1',
  '  >>> x = 1\n  >>> y = 2',
  '>>>x = 1',
  'In [1]: %time x',
  'In [1]: x = 1\n   ...: y = 2',
  'In [1]: if x:\n   ...:     !ls\n   ...: ',
  ' In [1]: x = 1',
  '    x = 1\n    y = 2',
  '    x = 1\n  y = 2',
  '    if x:\n        !ls\n    y = 1',
  '\tx = 1\n\t!ls',
  '  !ls',
  '  x = 1\n\n  %time x',
  '   # c\nx = 1',
  // A cell of one line may leave the percent sign out.
  'pip install x',
  'pip install "x>1" -q',
  'conda install x',
  'cd ..',
  'cd /tmp',
  'cd data/raw',
  'ls',
  'ls\n',
  'ls\n\n',
  '\nls -l',
  '  ls',
  'pwd',
  'ls = 3',
  'ls == 3',
  'ls.x',
  'ls\nx = 1',
  '# c\nls',
  'time f(x)',
  'time.sleep(1)',
  'matplotlib inline',
  'load_ext autoreload',
  'run script.py a',
  'env A=1',
  'foo bar',
  // What is not special at all, or broken.
  '',
  '\n',
  '# only',
  'x = (\n%time y',
  'def f(:\n%time x',
  'x = )\n!ls',
  "x = 'abc\n!ls",
  'print "a"\n!ls',
  '$x\n!ls',
  'x = 0777\n!ls',
  'x = 1 %time',
  'x\r\n%time y\r\n',
  'async def f(): await g()\n%time x',
  'await f()\n!ls',
  'match x:\n    case 1:\n        !ls',
  'x = [i for i in r\nif i % 2]\n!ls',
  'class C:\n    x = !ls\n    %time y',
  '@d\ndef f():\n    pass\n!ls',
  'try:\n    !ls\nexcept E:\n    %time x\nfinally:\n    ?f'
];

/** Cells that we take otherwise, and why that is right, or harmless. */
const OTHERWISE: readonly (readonly [cell: string, kinds: readonly string[], why: string])[] = [
  ['f? ', ['help'], 'IPython takes a blank behind the mark only on Python 3.12 and later'],
  ['time', [], 'a name that may well be a variable; if it is none, the check says so'],
  ['env - 1', [], 'a subtraction, unless there is no such variable'],
  ['ls[0]', [], 'likewise'],
  [
    'In [10]: x\nOut[10]: 1',
    [],
    'the second line stands apart: no valid code for us, `x` and an annotation for IPython'
  ],
  ['x = 1\n>>> y = 2', [], 'a prompt only further down: no valid code for us']
];

interface Judged {
  readonly magics: readonly (readonly [kind: string, text: string])[];
  readonly valid: boolean;
  readonly agrees: boolean;
}

/** Our rewriting with `0` for every magic, whatever code stands behind it. */
function withoutMagics({ python, magics }: PlainCell): string {
  const starts = [0, ...[...python.matchAll(/\n/g)].map(match => match.index + 1)];
  const chars = python.split('');
  let end = 0;
  for (const { at, kind } of magics) {
    const from = starts[at.line - 1] + at.column;
    if (from < end) {
      continue;
    }
    const to = kind === 'cell' ? python.length : starts[at.endLine - 1] + at.endColumn;
    end = to;
    for (let index = from; index < to; index++) {
      chars[index] = index === from ? '0' : chars[index] === '\n' ? '\n' : ' ';
    }
  }
  return chars.join('');
}

/** A magic as the oracle writes it. */
function written({ kind, text }: Magic): readonly [string, string] {
  const bare = text.replace(/\\\r?\n/g, ' ').split('\n')[0];
  switch (kind) {
    case 'shell':
      return [kind, plain(bare.replace(/^!+/, ''))];
    case 'help':
      return [kind, ''];
    case 'autocall':
      return [kind, plain(bare)];
    case 'line':
      return [kind, plain(bare.replace(/^%/, ''))];
    case 'cell':
      return [kind, plain(bare.replace(/^%%!?/, ''))];
  }
}

const plain = (text: string) => text.trim().replace(/\s+/g, ' ');

const folder = mkdtempSync(join(tmpdir(), 'notepod-ipython-'));
afterAll(() => rmSync(folder, { recursive: true }));

let judged: readonly Judged[];
beforeAll(() => {
  const { stdout, stderr, status } = spawnSync(
    PYTHON,
    ['-W', 'ignore', join(__dirname, 'ipython_transformed.py')],
    {
      env: { ...process.env, IPYTHONDIR: folder },
      input: JSON.stringify(CELLS.map(cell => [cell, withoutMagics(toPlainPython(cell))])),
      encoding: 'utf-8'
    }
  );
  if (status !== 0) {
    throw new Error(`IPython failed: ${stderr}`);
  }
  judged = JSON.parse(stdout) as readonly Judged[];
});

test.each(CELLS.map((cell, index) => [cell, index] as const))('%j', (cell, index) => {
  const { magics, agrees } = judged[index];
  const theirs = magics.map(([kind, text]) => [
    kind,
    kind === 'help' ? '' : plain(text.replace(/^!+/, ''))
  ]);
  expect({ magics: toPlainPython(cell).magics.map(written), agrees }).toEqual({
    magics: theirs,
    agrees: true
  });
});

test.each(OTHERWISE)('%j: %j, %s', (cell, kinds) => {
  expect(toPlainPython(cell).magics.map(each => each.kind)).toEqual(kinds);
});
