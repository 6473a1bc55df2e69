import { inParallel, PYTHON, Sandbox } from './command';

/** Notebooks, each cell a step, that came out different because the analysis of a cell missed something. */
const FOUND: readonly (readonly [missed: string, cells: readonly string[]])[] = [
  ['names in a shell line', ['x = 5', 'y = 6', '!echo {x} $y']],
  [
    'what a function in a function gives back',
    [
      'def g(a):\n    def h(): return a\n    return h()',
      'x = [1]',
      'y = g(x)',
      'y.append(2)',
      'print(x)'
    ]
  ],
  [
    'what a comprehension in a function puts into an argument',
    [
      'def f(a, b):\n    [a.append(q) for q in [b]]\nx = []\ny = [1]',
      'f(x, y)',
      'y.append(2)',
      'print(x)'
    ]
  ],
  [
    'what a lambda holds on to',
    ['def g(a):\n    return lambda: a', 'x = [1]', 'h = g(x)', 'h().append(2)', 'print(x)']
  ],
  [
    'what a function in a function holds on to',
    [
      'def g(a):\n    def h(v):\n        a.append(v)\n    return h',
      'x = [1]',
      'h = g(x)',
      'h(2)',
      'print(x)'
    ]
  ],
  [
    'what a class in a function holds on to',
    [
      'def g(a):\n    class C:\n        def get(self): return a\n    return C()',
      'x = [1]',
      'h = g(x)',
      'h.get().append(2)',
      'print(x)'
    ]
  ],
  [
    'a method of a class in a class',
    [
      'xs = [1]\nclass A:\n    class B:\n        def m(self): xs.append(2)',
      'A.B().m()',
      'print(xs)'
    ]
  ],
  [
    'a method below a condition',
    ['xs = [1]\nclass A:\n    if True:\n        def m(self): xs.append(2)', 'A().m()', 'print(xs)']
  ],
  [
    'a global that a method of a class in a class sets',
    [
      'n = 1\nclass A:\n    class B:\n        def m(self):\n            global n\n            n = 2',
      'A.B().m()',
      'print(n)'
    ]
  ],
  [
    'a lambda that is a method',
    ['xs = [1]\nclass A:\n    f = lambda self: xs.append(2)', 'A().f()', 'print(xs)']
  ],
  [
    'a lambda that an object keeps',
    ['xs = [1]\ncbs = []', 'cbs.append(lambda: xs.append(2))', 'cbs[0]()', 'print(xs)']
  ],
  [
    'a lambda that a function keeps in a global',
    [
      'xs = [1]\nCBS = []\ndef register(f): CBS.append(f)',
      'register(lambda: xs.append(2))',
      'CBS[0]()',
      'print(xs)'
    ]
  ],
  [
    'a function that its decorator keeps in a global',
    [
      'xs = [1]\nCBS = []\ndef register(f):\n    CBS.append(f)\n    return f',
      '@register\ndef h(): xs.append(2)',
      'CBS[0]()',
      'print(xs)'
    ]
  ],
  [
    'a class changed through its instance',
    ['class C: n = 1\na = C()', 'type(a).n = 5', 'a.__class__.m = 6', 'print(C.n, C.m)']
  ],
  [
    'a global that code in a string reads later',
    ['def f(): return eval("k + 1")', 'k = 5', 'print(f())']
  ],
  [
    'pasted code that only IPython takes, and a magic without its mark',
    [
      'x = 5',
      '    y = x\n    z = y',
      '>>> print(z)\n>>> if z:\n...     print(y)',
      'cd .',
      'print(y)'
    ]
  ],
  [
    'a line of blanks in a string, which IPython empties',
    ['%time y = 1', 's = """a\n    \nb"""\nprint(repr(s))']
  ]
];

let codes: readonly (number | null)[];
beforeAll(async () => {
  codes = await inParallel(FOUND, 2, async ([, cells]) => {
    const sandbox = new Sandbox();
    try {
      const path = sandbox.notebook(
        cells.map((source, index) => ({ tags: [`step:s${index}`], source }))
      );
      return (await sandbox.notepod(['verify', path, '--python', PYTHON])).code;
    } finally {
      sandbox.dispose();
    }
  });
}, 120_000);

test.each(FOUND.map(([missed], index) => [missed, index] as const))('%s', (_, index) => {
  expect(codes[index]).toBe(0);
});
