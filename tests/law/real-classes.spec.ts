import { PYTHON, Sandbox } from './command';

/** What real notebooks do, as the smallest notebook of its kind; every cell is a step. */
interface Row {
  readonly what: string;
  readonly cells: readonly string[];
  /** The steps of the cells, where not every cell is one. */
  readonly steps?: readonly string[];
  /** What `verify` prints last; SAME if not given. */
  readonly verdict?: 'REFUSED';
}

const ROWS: readonly Row[] = [
  {
    what: 'a module that a cell writes and another imports',
    cells: [
      '%%writefile made.py\nVALUE = 3\ndef twice(x):\n    return 2 * x',
      'import made\nprint(made.VALUE)',
      'print(made.twice(4))'
    ]
  },
  {
    what: 'loggers that print, set up once and again',
    cells: [
      'import logging, sys\nlogging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(levelname)s:%(message)s", force=True)\nlog = logging.getLogger("app")',
      'log.info("hello")',
      'log.setLevel(logging.ERROR)',
      'log.info("hidden")\nlog.error("shown")\nlogging.getLogger(__name__).info("root")'
    ]
  },
  {
    what: 'a function made of a text, whose globals change later',
    cells: [
      'exec("z = 5\\ndef h(): return z + 1")',
      'print(z, h())',
      'z = 7',
      'print(h(), eval("h() * 2"))'
    ]
  },
  {
    what: 'a function made of a text that nobody can read, whose globals change later',
    cells: [
      'text = "z = 5; h = lambda: z + 1"\nexec(text)',
      'print(z, h())',
      'z = 7',
      'print(h(), eval("h() * 2"))'
    ]
  },
  {
    what: 'names that are put together while the cells run, in several steps',
    cells: [
      'rows = [1]\nfor i in range(3):\n    globals()[f"df_{i}"] = [i, rows]\nglobals()["gen" + "erator"] = (i for i in [])',
      'print([globals()[f"df_{i}"] for i in range(3)])',
      'df_1 = "one"\nfor i in (0, 2):\n    globals()[f"df_{i}"][0] += 5',
      'print([globals().get(f"df_{i}") for i in range(4)], df_0[1] is rows)\ndel globals()[f"df_{2}"]',
      'print([globals().get(f"df_{i}") for i in range(4)], df_1, rows)'
    ]
  },
  {
    what: 'a frame made from another one, which is then written to',
    cells: [
      'import pandas as pd\ntab = pd.DataFrame({"A": [1, 2, 3], "B": [4.5, 5, 4]})',
      'df = tab.assign(C=1)\npart = tab[["B"]]\nview = tab["A"]\nnamed = tab.rename(columns={"A": "a"})',
      'tab.loc[0, "B"] = 0\ntab.loc[1, "A"] = 9\nprint(df, part, named)\nlist(view)',
      'named.iloc[0, 0] = 7\nprint(tab, df, part, named)\nlist(view)'
    ]
  },
  {
    what: 'a method that is no function of its class by its name',
    cells: [
      'class Item:\n    def __init__(self, v): self.v = v\n    def up(self): return self.v + 1',
      'n = 2\nItem.bump = lambda self, x=1: self.v + x + n\np = Item(5)\nf, g = p.bump, p.up',
      'print(f(), f(3), g(), f.__self__ is p)'
    ]
  },
  {
    what: 'functions without a name, called at once with what others hold',
    cells: [
      'import collections\nrows = [4, 7]',
      'e = collections.OrderedDict([(6, rows)])\ntools = [lambda z: z.append(1)]',
      '(lambda z: z.append(0))(rows)',
      'tools[0](rows)',
      'print(e, rows, e[6] is rows)'
    ]
  },
  {
    what: 'a file that is written after a look at the folder',
    cells: [
      'import os\nprint(sorted(p for p in os.listdir(".") if p.endswith(".txt")))',
      'with open("a.txt", "w") as out: out.write("1")',
      'print(sorted(p for p in os.listdir("./") if p.endswith(".txt")))'
    ]
  },
  {
    what: 'generators that are reached through star imports',
    cells: [
      'from pylab import *\nseed(3)\nx = 1',
      'print(rand(2), x)',
      'from random import *\nseed(4)\nprint(rand(1))',
      'print(random(), choice([1, 2, 3]), randn(1).shape)'
    ]
  },
  {
    what: 'a star import that takes a name from an earlier cell, and one that is taken by a later cell',
    cells: [
      'pi = [3]\nfloor = 7',
      'print(pi, floor)\nfrom math import *',
      'print(pi, floor(2.5))\npi = [3, 1]',
      'print(pi, floor(1.5), sqrt(4))'
    ]
  },
  {
    what: 'a library that an earlier step set up by a call',
    cells: [
      'import sys, csv, gc\nsys.setrecursionlimit(10**5)\ncsv.field_size_limit(1000)',
      'gc.disable()\nfrom fractions import Fraction as F',
      'import sys\ndef depth(n):\n    return n and 1 + depth(n - 1)\nprint(sys.getrecursionlimit(), depth(3000))',
      'import csv, gc\nprint(csv.field_size_limit(), gc.isenabled())'
    ]
  },
  {
    what: 'a library that an earlier step set up by an attribute, and a method added to its class',
    cells: [
      'import json, pandas as pd\njson.encoder.c_make_encoder = None\nWORD = "rows"',
      'def shout(df, mark="!"):\n    return f"{len(df)} {WORD}{mark}"\npd.DataFrame.shout = shout\nframe = pd.DataFrame({"a": [1, 2]})',
      'frame.shout()',
      'import json\nprint(json.encoder.c_make_encoder, frame.shout("?"))'
    ]
  },
  {
    what: 'a library that is set up twice, and used by a step that has it only through a value',
    cells: [
      'import pandas as pd\npd.DataFrame.unit = "kg"',
      'frame = pd.DataFrame({"a": [1]})',
      'print(frame.unit)\npd.DataFrame.unit = "g"',
      'frame.unit, pd.__name__',
      'print(frame.unit)'
    ]
  },
  {
    what: 'a class of a library that is changed by more than can be made again',
    cells: [
      'import fractions\nfrom fractions import Fraction\nlog = []\nfractions.Fraction.note = lambda self: log.append(self)',
      'log',
      'Fraction(1, 2).note()'
    ],
    verdict: 'REFUSED'
  },
  {
    what: 'a semicolon on a line of its own, to show no value',
    cells: ['x = [1, 2]\nx\n;', 'x']
  },
  {
    what: 'a future import that is not the first statement, and holds for later cells',
    cells: [
      'import math\nfrom __future__ import annotations, division\nmath.pi',
      'def f(x: int) -> Undefined:\n    return x / 2',
      'print(f.__annotations__)\nf(3)'
    ]
  },
  {
    what: 'a function that remembers its results',
    cells: [
      "from functools import cache, lru_cache\n@cache\ndef f(x):\n    print('computing', x)\n    return [x]\n@lru_cache(maxsize=2)\ndef g(x, y=0):\n    print('computing', x, y)\n    return x + y",
      'f(3)[0], g(1), g(2, y=3), g(1)',
      'f(4), f(3), g(5), g(2, y=3)',
      'print(f(3), f(4), f.cache_info())\nf(3).append(1)',
      'f(3), f.cache_info(), g(5), g(2, y=3), g.cache_info()',
      'def make():\n    @lru_cache(None)\n    def fib(n):\n        return n if n < 2 else fib(n - 1) + fib(n - 2)\n    return fib\nfib = make()\nfor n in range(2000): fib(n)',
      'fib(2400) % 1000, fib.cache_info()'
    ]
  },
  {
    what: 'a lambda that is handed over in a call whose value is kept',
    cells: [
      'def slope(x):\n    return 2 * x',
      'def solve(f, start):\n    return [f(start)]',
      'first = solve(lambda x: slope(x), 3)\nprint(first)',
      'for start in [1, 2]:\n    s = solve(f=lambda x: slope(x) + k, start=start) if start > 1 else None\n    print(s)',
      'k = 1'
    ]
  },
  {
    what: 'state that functions and classes hold themselves',
    cells: [
      'def g(x, cache={}):\n    cache[x] = cache.get(x, 0) + 1\n    return cache\nclass Account:\n    count = 0\n    def __init__(self):\n        self.log = [1]\n        Account.count += 1',
      'g(1)\na = Account()',
      'g.note = g(1)\nAccount.count',
      'def total(self):\n    return sum(self.log)\nAccount.total = total',
      'g(1), g.note, Account().total(), a.total(), Account.count'
    ]
  },
  {
    what: 'a method that evaluates texts which name values',
    cells: [
      'class show:\n    def __init__(self, *texts):\n        self.texts = texts\n    def __repr__(self):\n        return str([eval(text) for text in self.texts])',
      'x, y = [1], [2]',
      "show('x', 'x + y')",
      'x.append(3)',
      "show('x')"
    ]
  },
  {
    what: 'code that draws from the seeded generator without a word of it',
    cells: [
      'import random\nrandom.seed(1)',
      '# a library, as far as the analysis can see\nimport random as library\nname = "ran" + "dom"\ngetattr(library, name)()'
    ],
    verdict: 'REFUSED'
  },
  {
    what: 'a figure that is drawn on through its axes, cell by cell',
    cells: [
      'import matplotlib.pyplot as plt',
      'fig, ax = plt.subplots()\nax.plot([1, 2, 3])',
      "ax.set_title('later')\nfig",
      'plt.plot([3, 1])',
      'ax.plot([2, 2, 2])\nplt.get_fignums()',
      'fig'
    ]
  },
  {
    what: 'a file that is closed in its cell, and the decimal context',
    cells: [
      "f = open('t.txt', 'w')\nf.write('abc')\nf.close()\nimport decimal\ndecimal.getcontext().prec = 5",
      'f.closed, f.name, decimal.Decimal(1) / 3'
    ]
  },
  {
    what: 'a step that uses a definition and then gives its name to another',
    cells: [
      'def arity(x):\n    return 1',
      'def D(x):\n    return arity(x) + 1',
      'D(1)',
      'D(2)',
      'from math import pi\ndef arity(x):\n    return 2',
      'D(3), arity(1)'
    ],
    steps: ['a', 'b', 'c', 'd', 'd', 'e']
  }
];

test.each(ROWS)(
  '$what',
  async ({ cells, steps, verdict = 'SAME' }) => {
    const sandbox = new Sandbox();
    try {
      const path = sandbox.notebook(
        cells.map((source, index) => ({ tags: [`step:${steps?.[index] ?? `s${index}`}`], source }))
      );
      const { stdout, stderr } = await sandbox.notepod(['verify', path, '--python', PYTHON]);
      // What was refused is followed by why.
      const [, last] = /^(SAME|DIFFERENT|REFUSED|VARIES)(?::.*)?$/m.exec(stdout) ?? [];
      expect(last === verdict ? verdict : stdout + stderr).toBe(verdict);
    } finally {
      sandbox.dispose();
    }
  },
  180_000
);
