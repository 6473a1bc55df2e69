import { toPlainPython } from '../ipython';

/** Cells by IPython's rules: the magics that are found, by kind and name. */
const CELLS: readonly (readonly [source: string, magics: readonly string[]])[] = [
  ['%matplotlib inline\nx=1', ['line matplotlib']],
  ['%%time\nx = 1', ['cell time']],
  ['\n\n%%time\nx = 1', ['cell time']],
  ['out = !ls', ['shell !']],
  ['a, b = %time f()', ['line time']],
  ['x: list = !ls', ['shell !']],
  ['d["k"] = !ls', ['shell !']],
  ['a=(10\n  % 3)', []],
  ['s="""\n%d items\n"""', []],
  ['x = 10 \\\n  % 3', []],
  ['x; %time y', []],
  ['x += !ls', []],
  ['x = y = !ls', []],
  ['f?', ['help pinfo']],
  ['?f', ['help pinfo']],
  ['a.b??', ['help pinfo']],
  ['f(1)?', []],
  ['/f a b', ['autocall /']],
  ['plot(x)\n;', ['autocall ;']],
  ['plot(x);', []],
  ['if x:\n    !ls\n    %cd ..', ['shell !', 'line cd']],
  ['!pip install \\\n  foo', ['shell !']],
  ['%%bash\nls\n%notamagic', ['cell bash']],
  ['%%capture out\n%%time\nx = 1', ['cell capture', 'cell time']],
  // An equals sign in brackets or strings is no assignment.
  ['print("a=%d" % x)', []],
  ["print('a = !b' + c)", []],
  ['f(a=1)\nd[\n0] = !ls', ['shell !']],
  ['x = \\\n !ls', ['shell !']],
  ['if a: x = !ls', ['shell !']],
  ['x != y\nx == y % z', []],
  ['x = f?', ['help pinfo']],
  ['%%time?', ['help pinfo']],
  ['é?', ['help pinfo']],
  ['# what?\nx = 1  # really?', []],
  ['  %%time\n  x = 1', ['cell time']],
  ['>>> x = 1\n>>> %time x', ['line time']],
  ['In [1]: %time x', ['line time']],
  ['%time x = !ls', ['line time', 'shell !']],
  ['x = 1\n%time', ['line time']]
];

test.each(CELLS)('%j: %j', (source, expected) => {
  const { magics } = toPlainPython(source);
  expect(magics.map(each => `${each.kind} ${each.name}`)).toEqual(expected);
});

test.each(CELLS)('%j keeps its length and its lines', source => {
  const { python } = toPlainPython(source);
  expect(python).toHaveLength(source.length);
  expect(python.split('\n').map(line => line.length)).toEqual(
    source.split('\n').map(line => line.length)
  );
});

/** Code behind a magic stays where it is; everything else of the line becomes blank. */
test.each([
  ['%time x = f()', '0;    x = f()'],
  ['%timeit -n 10 -r3 f()', '0;                f()'],
  ['%lprun -f g h(1)', '0;          h(1)'],
  ['x = %time f()', 'x =       f()'],
  ['%%timeit x = 1\nf(x)', '0;       x = 1\nf(x)'],
  ['%time', '0    ']
])('%j → %j', (source, python) => {
  expect(toPlainPython(source).python).toBe(python);
});

test.each([
  ['!pip install $pkg {other}', ['pkg', 'other']],
  // Only the first line of a cell magic is looked through.
  ['%%bash -s "$x"\nls {y}', ['x']],
  ['%%sql\nSELECT {y}', ['y']],
  ['pip install {x}', ['pip', 'install', 'x', 'x']],
  ['%lprun -f g h(1)', ['g']]
])('%j reads %j', (source, names) => {
  expect(toPlainPython(source).expanded.map(each => each.name)).toEqual(names);
});

test.each([
  ['%%bash --out a --err b\nls', ['a', 'b']],
  ['%%capture --no-stderr out\nx', ['out']],
  ['%%time\nx = 1', []]
])('%j gives its output to %j', (source, names) => {
  expect(toPlainPython(source).magics.flatMap(each => each.binds)).toEqual(names);
});
