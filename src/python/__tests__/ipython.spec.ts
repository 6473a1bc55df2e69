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
  ['if x:\n    !ls\n    %cd ..', ['shell !', 'line cd']],
  ['!pip install \\\n  foo', ['shell !']],
  ['%%bash\nls\n%notamagic', ['cell bash']],
  ['%%capture out\n%%time\nx = 1', ['cell capture', 'cell time']]
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
