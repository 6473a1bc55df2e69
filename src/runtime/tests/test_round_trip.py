"""Values that one process saves and another loads: the check runs as the second step's cell."""

import textwrap

import pytest
from steps import Notebook

# (id, cell of the first step, names shipped, cell of the second step)
PLAIN = [
    (
        "atoms",
        "v = (1, 2.5, 'é', b'x', None, True, ..., NotImplemented, 1j, 10**50)",
        "v",
        "assert v == (1, 2.5, 'é', b'x', None, True, ..., NotImplemented, 1j, 10**50)",
    ),
    ("shared list", "a = [1]; b = a", "a b", "assert a is b; a.append(2); assert b == [1, 2]"),
    (
        "inner object shared",
        "row = {}; rows = [row, row]",
        "row rows",
        "assert rows[0] is row and rows[1] is row",
    ),
    ("cycle", "a = []; a.append(a); d = {'d': a}", "a d", "assert a[0] is a and d['d'] is a"),
    ("apart stay apart", "a = [1]; b = [1]", "a b", "assert a == b and a is not b"),
    ("lambda", "k = 3; f = lambda x: x * k", "f k", "assert f(2) == 6; k = 4; assert f(2) == 8"),
    (
        "function",
        "def f(x, y=[], *, z=1):\n    'doc'\n    return x\nf.note = 1",
        "f",
        "assert f(1) == 1 and f.note == 1 and f.__doc__ == 'doc' and f.__defaults__ == ([],) and f.__kwdefaults__ == {'z': 1}",
    ),
    ("function reads a global", "k = 3\ndef f(): return k", "f k", "assert f() == 3; k = 4; assert f() == 4"),
    (
        "counter closure",
        "def mk():\n    c = 0\n    def inc():\n        nonlocal c\n        c += 1\n        return c\n    return inc\ninc = mk(); inc()",
        "inc",
        "assert inc() == 2",
    ),
    (
        "closures share a cell",
        "def mk():\n    c = 0\n    def up():\n        nonlocal c\n        c += 1\n    def get(): return c\n    return up, get\nup, get = mk()",
        "up get",
        "up(); up(); assert get() == 2",
    ),
    (
        "recursive closure",
        "def mk():\n    def fact(n): return 1 if n < 2 else n * fact(n - 1)\n    return fact\nf = mk()",
        "f",
        "assert f(5) == 120",
    ),
    (
        "decorated",
        "import functools\ndef deco(fn):\n    @functools.wraps(fn)\n    def w(*a): return fn(*a) + 1\n    return w\n@deco\ndef h(x): return x",
        "h",
        "assert h(1) == 2 and h.__name__ == 'h' and h.__wrapped__(1) == 1",
    ),
    (
        "partial",
        "from functools import partial\nk = 3\ndef f(a, b): return a + b + k\ng = partial(f, 1)",
        "g k",
        "assert g(2) == 6",
    ),
    ("lru_cache-free generator function", "def gen():\n    yield 1", "gen", "assert list(gen()) == [1]"),
    (
        "class and instance",
        "class O:\n    n = 1\n    def m(self): return self.n\no = O()",
        "O o",
        "assert isinstance(o, O) and o.m() == 1 and type(o) is O",
    ),
    (
        "instance alone",
        "class O:\n    def m(self): return 4\no = O()",
        "o",
        "assert o.m() == 4 and type(o).__name__ == 'O'",
    ),
    ("two instances, one class", "class O: pass\na = O(); b = O()", "a b", "assert type(a) is type(b)"),
    (
        "super",
        "class A:\n    def m(self): return 1\nclass B(A):\n    def m(self): return super().m() + 1\nb = B()",
        "b",
        "assert b.m() == 2",
    ),
    (
        "slots",
        "class P:\n    __slots__ = ('x', 'y')\n    def __init__(self): self.x = 1\np = P()",
        "p P",
        "assert p.x == 1 and not hasattr(p, 'y') and not hasattr(p, '__dict__') and isinstance(p, P)",
    ),
    (
        "property, static, class methods",
        "class P:\n    @property\n    def x(self): return 7\n    @staticmethod\n    def s(): return 8\n    @classmethod\n    def c(cls): return cls\np = P()",
        "p P",
        "assert p.x == 7 and p.s() == 8 and p.c() is P",
    ),
    (
        "metaclass",
        "class M(type):\n    def hello(cls): return cls.__name__\nclass C(metaclass=M): pass\nc = C()",
        "c",
        "assert type(c).hello() == 'C'",
    ),
    (
        "abstract class",
        "import abc\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def m(self): ...\nclass B(A):\n    def m(self): return 1\nb = B()",
        "A b",
        "assert isinstance(b, A) and b.m() == 1\ntry: A()\nexcept TypeError: pass\nelse: raise AssertionError",
    ),
    (
        "virtual subclass",
        "import abc\nclass A(abc.ABC): pass\nA.register(int)",
        "A",
        "assert isinstance(1, A)",
    ),
    (
        "enum",
        "import enum\nclass E(enum.Enum):\n    A = 1\n    B = 2\n    def m(self): return self.value\ne = E.A",
        "e E",
        "assert e is E.A and E.B.m() == 2 and E(2) is E.B",
    ),
    (
        "flag",
        "import enum\nclass F(enum.Flag):\n    A = 1\n    B = 2\ne = F.A | F.B",
        "e F",
        "assert e == F.A | F.B and F.A in e",
    ),
    (
        "int enum alone",
        "import enum\nclass E(enum.IntEnum):\n    A = 1\ne = E.A",
        "e",
        "assert e == 1 and e.name == 'A'",
    ),
    (
        "dataclass",
        "from dataclasses import dataclass, field\n@dataclass\nclass D:\n    a: int\n    b: list = field(default_factory=list)\nd = D(1)",
        "d D",
        "import dataclasses\nassert d == D(1) and dataclasses.asdict(d) == {'a': 1, 'b': []} and dataclasses.replace(d, a=2).a == 2",
    ),
    (
        "frozen dataclass",
        "from dataclasses import dataclass\n@dataclass(frozen=True, order=True)\nclass D:\n    a: int\nd = {D(1): 2}",
        "d D",
        "assert d[D(1)] == 2 and D(1) < D(2)",
    ),
    (
        "namedtuple",
        "from collections import namedtuple\nP = namedtuple('P', 'x y', defaults=[5])\np = P(1)",
        "p P",
        "assert p.y == 5 and isinstance(p, P) and p._replace(x=2) == P(2) and p._fields == ('x', 'y')",
    ),
    (
        "namedtuple under another name",
        "from collections import namedtuple\nQ = namedtuple('P', 'x y')\np = Q(1, 2)",
        "p Q",
        "assert p.x == 1 and type(p) is Q",
    ),
    (
        "typing.NamedTuple",
        "from typing import NamedTuple\nclass P(NamedTuple):\n    x: int\n    y: int = 2\n    def s(self): return self.x + self.y\np = P(1)",
        "p P",
        "assert p.s() == 3 and isinstance(p, P)",
    ),
    (
        "local class",
        "def mk():\n    class L:\n        def me(self): return L\n    return L\nL1 = mk(); o = L1()",
        "o L1",
        "assert o.me() is L1 and type(o) is L1",
    ),
    (
        "class redefined, old instance",
        "class O:\n    v = 1\no = O()\nclass O:\n    v = 2\np = O()",
        "o p O",
        "assert o.v == 1 and p.v == 2 and isinstance(p, O) and not isinstance(o, O)",
    ),
    (
        "class state",
        "class C:\n    n = 0\n    def __init__(self): C.n += 1\nc = C(); C()",
        "C c",
        "assert C.n == 2 and isinstance(c, C); C(); assert type(c).n == 3",
    ),
    (
        "init_subclass runs once",
        "class Base:\n    made = []\n    def __init_subclass__(cls, **k): Base.made.append(cls.__name__)\nclass D(Base): pass\nd = D()",
        "d Base D",
        "assert Base.made == ['D'] and type(d) is D\nclass E(Base): pass\nassert Base.made == ['D', 'E']",
    ),
    (
        "exception class",
        "class Bad(ValueError):\n    def __init__(self, a, b): super().__init__(a, b); self.b = b\ne = Bad(1, 2)",
        "e Bad",
        "assert isinstance(e, Bad) and e.b == 2 and e.args == (1, 2)",
    ),
    (
        "generic class",
        "from typing import Generic, TypeVar\nT = TypeVar('T')\nclass Box(Generic[T]):\n    def __init__(self, v): self.v = v\nb = Box[int](1)",
        "b",
        "assert b.v == 1",
    ),
    (
        "dict subclass",
        "class Reg(dict):\n    def __missing__(self, k): return k\nr = Reg(a=1); r.note = 2",
        "r",
        "assert r['a'] == 1 and r['z'] == 'z' and r.note == 2",
    ),
    (
        "defaultdict of lambda",
        "from collections import defaultdict\nd = defaultdict(lambda: [0]); d['a'].append(1)",
        "d",
        "assert d['a'] == [0, 1] and d['b'] == [0]",
    ),
    (
        "collections",
        "from collections import OrderedDict, Counter, deque\no = OrderedDict(a=1); c = Counter('aab'); q = deque([1, 2], 2)",
        "o c q",
        "q.append(3); assert list(q) == [2, 3] and c['a'] == 2 and list(o) == ['a']",
    ),
    (
        "bound method",
        "class O:\n    def __init__(self): self.n = 0\n    def up(self): self.n += 1\no = O(); f = o.up",
        "o f",
        "f(); assert o.n == 1 and f.__self__ is o",
    ),
    (
        "module",
        "import math, os.path as p\nm = [math, p]",
        "m p",
        "import os, math\nassert m[0] is math and p is os.path",
    ),
    ("globals()", "x = 1; g = globals()\ndef f(): return g", "f x", "pass"),
    (
        "lock inside",
        "import threading\nclass S:\n    def __init__(s): s.l = threading.Lock(); s.r = threading.RLock(); s.e = threading.Event(); s.c = threading.Condition()\ns = S(); s.e.set()",
        "s",
        "assert s.l.acquire(False) and s.r.acquire(False) and s.e.is_set()\nwith s.c: s.c.notify()",
    ),
    (
        "logger",
        "import logging\nl = logging.getLogger('a.b'); r = logging.getLogger()",
        "l r",
        "import logging\nassert l is logging.getLogger('a.b') and r is logging.getLogger()",
    ),
    (
        "standard streams",
        "import sys\ns = [sys.stdout, sys.stderr]",
        "s",
        "import sys\nassert s[0] is sys.stdout and s[1] is sys.stderr",
    ),
    (
        "closed file",
        "with open('f.txt', 'w') as f: f.write('x')",
        "f",
        "assert f.closed and f.name == 'f.txt' and f.mode == 'w'",
    ),
    (
        "weak reference",
        "import weakref\nclass O: pass\no = O(); w = weakref.ref(o); d = weakref.WeakValueDictionary(a=o)",
        "w o d",
        "assert w() is o and d['a'] is o",
    ),
    (
        "mapping proxy",
        "import types\nd = {'a': 1}; m = types.MappingProxyType(d)",
        "m d",
        "d['b'] = 2; assert m['b'] == 2",
    ),
    ("memory view", "b = bytearray(b'abc'); m = memoryview(b)", "m b", "m[0] = 120; assert b == b'xbc'"),
    ("string io", "import io\ns = io.StringIO('ab'); s.read(1)", "s", "assert s.read() == 'b'"),
    (
        "regex, path, decimal, date",
        "import re, pathlib, decimal, datetime, fractions, uuid\nv = [re.compile('a+'), pathlib.Path('x'), decimal.Decimal('1.1'), datetime.datetime(2020, 1, 1), fractions.Fraction(1, 3)]",
        "v",
        "import decimal; assert v[0].match('aa') and v[2] == decimal.Decimal('1.1') and str(v[1]) == 'x'",
    ),
    (
        "global generator of random",
        "import random\nr = random._inst; f = random.random; own = random.Random(1); own.random()",
        "r f own",
        "import random\nassert r is random._inst and f.__self__ is random._inst and own.random() == [(q := random.Random(1)).random(), q.random()][1]",
    ),
    ("iterator", "i = iter([1, 2, 3]); next(i)", "i", "assert list(i) == [2, 3]"),
    (
        "large bytes",
        "b = bytes(3_000_000) + b'x'; a = bytearray(b)",
        "b a",
        "assert type(b) is bytes and len(b) == 3_000_001 and a == b",
    ),
    (
        "notebook exception in a list",
        "class A:\n    def __eq__(self, o): return True\n    __hash__ = None\na = A()",
        "a",
        "assert a == 1 and type(a).__hash__ is None",
    ),
    (
        "function attribute cache",
        "def f(n, memo={}):\n    memo[n] = 1\n    return len(memo)\nf(1); f(2)",
        "f",
        "assert f(3) == 3",
    ),
    (
        "deep list",
        "a = []\nfor _ in range(300): a = [a]",
        "a",
        "n = 0\nwhile a: a = a[0]; n += 1\nassert n == 300",
    ),
]

ARRAYS = [
    (
        "small owns its data",
        "a = np.arange(5)",
        "a",
        "assert a.flags.owndata and a.flags.writeable and a.base is None; a[0] = 9; assert a[0] == 9",
    ),
    ("large is writable", "a = np.arange(100_000)", "a", "a[0] = 9; assert a[0] == 9 and a[-1] == 99_999"),
    ("view", "a = np.arange(10); v = a[2:5]", "a v", "v[0] = 99; assert a[2] == 99"),
    (
        "view of a large one",
        "a = np.arange(100_000); v = a[::-2]",
        "a v",
        "v[0] = -1; assert a[-1] == -1; assert v.strides == (-16,)",
    ),
    (
        "transposed view",
        "a = np.arange(6).reshape(2, 3); t = a.T",
        "a t",
        "t[2, 1] = 50; assert a[1, 2] == 50",
    ),
    (
        "two views, no owner",
        "a = np.arange(10); u = a[:6]; v = a[4:]; del a",
        "u v",
        "u[5] = 77; assert v[1] == 77",
    ),
    ("view in a dict", "a = np.zeros(4); d = {'v': a[1:]}", "a d", "d['v'][0] = 1; assert a[1] == 1"),
    ("object view", "a = np.array([{}, [], None], object); v = a[1:]", "a v", "v[0] = 5; assert a[1] == 5"),
    (
        "fortran",
        "a = np.asfortranarray(np.arange(6.).reshape(2, 3))",
        "a",
        "assert a.flags.f_contiguous and not a.flags.c_contiguous and a[1, 2] == 5",
    ),
    ("read-only", "a = np.arange(3); a.flags.writeable = False", "a", "assert not a.flags.writeable"),
    (
        "empty, 0-d",
        "a = np.zeros((0, 3)); b = np.array(5); c = np.float32(2)",
        "a b c",
        "assert a.shape == (0, 3) and b.shape == () and b == 5 and type(c) is np.float32",
    ),
    (
        "structured",
        "a = np.array([(1, 2.)], dtype=[('x', 'i4'), ('y', 'f8')]); x = a['x']",
        "a x",
        "x[0] = 7; assert a[0]['x'] == 7",
    ),
    (
        "dates and text",
        "a = np.array(['2020-01-01'], 'M8[D]'); s = np.array(['ab', 'c'])",
        "a s",
        "assert str(a[0]) == '2020-01-01' and s[0] == 'ab'",
    ),
    (
        "masked",
        "m = np.ma.array([1, 2, 3], mask=[0, 1, 0], fill_value=7); n = np.ma.masked",
        "m n",
        "assert m.sum() == 4 and m.fill_value == 7 and m[1] is np.ma.masked and n is np.ma.masked",
    ),
    ("matrix", "m = np.matrix([[1, 2]])", "m", "assert type(m) is np.matrix and (m * m.T)[0, 0] == 5"),
    (
        "recarray",
        "r = np.rec.array([(1, 'a')], dtype=[('x', 'i4'), ('y', 'U1')])",
        "r",
        "assert r.x[0] == 1 and type(r) is np.recarray and r[0].y == 'a'",
    ),
    (
        "subclass with attributes",
        "class A(np.ndarray): pass\na = np.arange(3).view(A); a.unit = 'm'",
        "a",
        "assert a.unit == 'm' and a[1] == 1",
    ),
    (
        "broadcast",
        "b = np.broadcast_to(np.arange(3), (2, 3))",
        "b",
        "assert b.strides[0] == 0 and b.shape == (2, 3)",
    ),
    (
        "generator",
        "g = np.random.default_rng(0); g.random(); s = np.random.RandomState(1); s.rand()",
        "g s",
        "q = np.random.default_rng(0); q.random(); assert g.random() == q.random(); t = np.random.RandomState(1); t.rand(); assert s.rand() == t.rand()",
    ),
    (
        "global generator",
        "r = np.random.mtrand._rand; f = np.random.rand",
        "r f",
        "assert r is np.random.mtrand._rand and f.__self__ is r",
    ),
    (
        "dtype, ufunc, module",
        "d = np.dtype('i4'); u = np.add; m = np",
        "d u m",
        "assert d == np.int32 and u is np.add and m is np",
    ),
    (
        "memory map",
        "np.arange(4.).tofile('m.bin'); m = np.memmap('m.bin', 'f8', 'r')",
        "m",
        "assert m[3] == 3",
    ),
    (
        "negative and mixed strides",
        "a = np.arange(24).reshape(2, 3, 4)[::-1, :, ::2]",
        "a",
        "assert a.tolist() == np.arange(24).reshape(2, 3, 4)[::-1, :, ::2].tolist()",
    ),
    (
        "text as objects",
        "a = np.array([f't{i}' for i in range(70_000)], object); b = np.array(['x', 'é', None] * 50_000, object)",
        "a b",
        "assert a[69_999] == 't69999' and a.dtype == object and b[149_998] == 'é' and b[2] is None and b[0] is b[99_999]; a[0] = []",
    ),
    (
        "objects of several types",
        "a = np.array([1, True, 2.5, -0.0, 'a', b'b', None, 10**30, 1j] * 1000, object).reshape(90, 100, order='F'); a.flags.writeable = False; v = a[:, ::2]",
        "a v",
        "f = a.reshape(-1, order='F'); assert f[1] is True and str(f[3]) == '-0.0' and f[5] == b'b' and f[8999] == 1j; assert not a.flags.writeable and a.flags.f_contiguous and v[0, 1] == a[0, 2] and np.shares_memory(a, v)",
    ),
    (
        "object array twice",
        "a = np.array(['x'] * 5000, object); b = {'a': a, 'v': a[10:]}",
        "a b",
        "a[10] = 'y'; assert b['a'] is a and b['v'][0] == 'y'",
    ),
    (
        "bytes under an array",
        "b = b'abcd' * 50_000; a = np.frombuffer(b, 'u1')",
        "a b",
        "assert a[1] == 98 and not a.flags.writeable",
    ),
]

FRAMES = [
    (
        "frame",
        "d = pd.DataFrame({'a': [1, 2], 'b': ['x', None], 'c': pd.to_datetime(['2020', '2021'])}); d.attrs['n'] = 1",
        "d",
        "assert d.shape == (2, 3) and d.attrs == {'n': 1} and d.loc[0, 'b'] == 'x'; d['e'] = 1; d.loc[0, 'a'] = 5; assert d.a[0] == 5",
    ),
    (
        "large frame is writable",
        "d = pd.DataFrame({'a': np.arange(50_000.), 'b': np.arange(50_000)})",
        "d",
        "d.loc[3, 'a'] = -1; assert d.a[3] == -1 and d.b.sum() == 1249975000",
    ),
    (
        "categorical, nullable, tz",
        "d = pd.DataFrame({'c': pd.Categorical(['u', 'v']), 'n': pd.array([1, None], 'Int64'), 't': pd.date_range('2020', periods=2, tz='UTC')})",
        "d",
        "assert str(d.dtypes['c']) == 'category' and d.n.isna()[1] and str(d.t.dt.tz) == 'UTC'",
    ),
    (
        "multi index",
        "d = pd.DataFrame({'v': range(4)}, index=pd.MultiIndex.from_product([['a', 'b'], [1, 2]], names=['p', 'q']))",
        "d",
        "assert d.loc[('b', 2), 'v'] == 3 and d.index.names == ['p', 'q']",
    ),
    (
        "array shares the block",
        "v = np.zeros(4); d = pd.DataFrame({'z': v}, copy=False); s = d['z'].array",
        "v d s",
        "assert np.shares_memory(d['z'].to_numpy(), v)",
    ),
    (
        "text columns",
        "d = pd.DataFrame({'a': [f't{i}' for i in range(5000)], 'b': ['x', None] * 2500, 'c': pd.Series(['u'] * 5000, dtype=object)})",
        "d",
        "assert d.a[4999] == 't4999' and d.b[4998] == 'x' and pd.isna(d.b[1]) and set(d.c) == {'u'} and d.c.dtype == object; d.loc[1, 'c'] = 5; assert d.c[1] == 5",
    ),
    ("missing value", "v = [pd.NaT, pd.NA]", "v", "assert v[0] is pd.NaT and v[1] is pd.NA"),
    (
        "group by",
        "d = pd.DataFrame({'a': [1, 1], 'b': [2, 3]}); g = d.groupby('a')",
        "g",
        "assert g.b.sum()[1] == 5",
    ),
]

SCIPY = [
    (
        "distribution",
        "from scipy import stats\nd = stats.norm(1, 2); n = stats.norm",
        "d n",
        "from scipy import stats\nassert d.mean() == 1 and n is stats.norm",
    ),
    (
        "sparse",
        "from scipy import sparse\ns = sparse.csr_matrix(np.eye(3))",
        "s",
        "assert s.sum() == 3 and s.shape == (3, 3)",
    ),
]


def rows(table):
    return [pytest.param(*row[1:], id=row[0]) for row in table]


@pytest.fixture
def notebook(tmp_path):
    return Notebook(tmp_path)


@pytest.mark.parametrize("make, names, check", rows(PLAIN))
def test_value(notebook, make, names, check):
    notebook.step("a", make, outputs=names.split())
    notebook.step("b", check, inputs=names.split())


@pytest.mark.parametrize("make, names, check", rows(ARRAYS))
def test_array(notebook, make, names, check):
    pytest.importorskip("numpy")
    notebook.step("a", "import numpy as np\n" + make, outputs=names.split())
    notebook.step("b", "import numpy as np\n" + check, inputs=names.split())


@pytest.mark.parametrize("make, names, check", rows(FRAMES))
def test_frame(notebook, make, names, check):
    pytest.importorskip("pandas")
    notebook.step("a", "import numpy as np, pandas as pd\n" + make, outputs=names.split())
    notebook.step("b", "import numpy as np, pandas as pd\n" + check, inputs=names.split())


@pytest.mark.parametrize("make, names, check", rows(SCIPY))
def test_scientific(notebook, make, names, check):
    pytest.importorskip("scipy")
    notebook.step("a", "import numpy as np\n" + make, outputs=names.split())
    notebook.step("b", "import numpy as np\n" + check, inputs=names.split())


CLASS = (0, "class O:\n    v = 1\n    def m(self): return self.v", ["O"], "class")


def test_replayed_class_is_the_instance_s_class(notebook):
    notebook.step("a", "o = O()", outputs=["o"], replays=[CLASS])
    notebook.step("b", "assert type(o) is O and o.m() == 1", inputs=["o"], replays=[CLASS])


def test_instance_keeps_its_class_when_the_name_means_another(notebook):
    notebook.step("a", "o = O()", outputs=["o"], replays=[CLASS])
    other = (5, "class O:\n    v = 2", ["O"], "class")
    notebook.step("b", "assert type(o) is not O and o.v == 1 and O().v == 2", inputs=["o"], replays=[other])


def test_classes_of_two_steps_are_one(notebook):
    make = "from collections import namedtuple\nP = namedtuple('P', 'x')\np = P(1)"
    notebook.step("a", make, outputs=["P", "p"])
    notebook.step("b", "q = P(2)", inputs=["P"], outputs=["q"])
    notebook.step("c", "assert type(p) is P and type(q) is P", inputs=["P", "p", "q"])


def test_class_whose_state_was_changed_is_taken_with_it(notebook):
    notebook.step("a", "O.v = 9\no = O()", outputs=["O", "o"], replays=[CLASS])
    notebook.step("b", "assert O.v == 9 and type(o) is O and o.m() == 9", inputs=["O", "o"], replays=[CLASS])


def test_own_definition_of_the_producer_is_the_replayed_one_of_the_consumer(notebook):
    notebook.step("a", CLASS[1] + "\no = O()", outputs=["o"], cell=0)
    notebook.step("b", "assert type(o) is O", inputs=["o"], replays=[CLASS])


def test_deleted_name_stays_unbound(notebook):
    notebook.step("a", "x = 1", outputs=["x"])
    notebook.step("b", "del x", inputs=[("x", {"mayChange": True})], outputs=["x"])
    notebook.step(
        "c",
        textwrap.dedent("""
        try:
            x
        except NameError:
            pass
        else:
            raise AssertionError(x)
        """),
        inputs=["x"],
    )


def test_output_that_shares_with_an_input_takes_it_along(notebook):
    notebook.step("a", "x = [1]", outputs=["x"])
    notebook.step("b", "y = {'x': x}", inputs=[("x", {"neededAfter": ["c"]})], outputs=["y"])
    notebook.step("c", "assert y['x'] is x", inputs=["x", "y"])


def test_view_of_an_input_takes_it_along(notebook):
    pytest.importorskip("numpy")
    notebook.step("a", "import numpy as np\nx = np.arange(100_000)", outputs=["x"])
    notebook.step("b", "y = x[5:]", inputs=[("x", {"neededAfter": ["c"]})], outputs=["y"])
    notebook.step("c", "y[0] = -1\nassert x[5] == -1", inputs=["x", "y"])


def test_unchanged_output_is_not_written_again(notebook):
    notebook.step("a", "x = list(range(1000))", outputs=["x"])
    notebook.step("b", "sum(x);", inputs=[("x", {"mayChange": True})], outputs=["x"])
    assert "x" not in notebook.manifest("b")["names"]
    notebook.step("c", "assert len(x) == 1000", inputs=["x"])


UNSHIPPABLE = [
    ("generator", "v = (i for i in [1])", "generator", "v"),
    (
        "inside",
        "class M: pass\nv = M(); v.parts = [1, {'k': (i for i in [1])}]",
        "generator",
        "v.parts[1]['k']",
    ),
    ("held lock", "import threading\nv = [threading.Lock()]; v[0].acquire()", "held", "v[0]"),
    ("open file", "v = open('f', 'w')", "open file", "v"),
    ("socket", "import socket\nv = {'s': socket.socket()}", "socket", "v['s']"),
    ("connection", "import sqlite3\nv = sqlite3.connect(':memory:')", "Connection", "v"),
    ("in a closure", "def mk():\n    g = (i for i in [1])\n    return lambda: g\nv = mk()", "generator", "v"),
]


@pytest.mark.parametrize("make, kind, path", rows(UNSHIPPABLE))
def test_unshippable_is_named(notebook, make, kind, path):
    notebook.step("a", make, outputs=["v"], expect=4)
    said = notebook.last.stderr
    assert "NP501" in said and kind in said and path in said and "step later" in said and "cell 101" in said
    assert not notebook.snapshot("a").exists()


def test_traceback_shows_the_same(tmp_path):
    notebook = Notebook(tmp_path)
    shown = "import traceback\ntext = ''.join(traceback.format_exception(type(e), e, e.__traceback__))"
    made = """
    import json
    def outer(text):
        try:
            return json.loads(text)
        except ValueError as error:
            raise KeyError(text) from error
    try:
        outer('{x')
    except KeyError as error:
        e = error
    """
    notebook.step("a", textwrap.dedent(made) + shown, outputs=["e", "text"])
    notebook.step("b", "before = text\n" + shown + "\nassert text == before, text", inputs=["e", "text"])
    notebook.step(
        "c", "assert 'return json.loads(text)' in text and 'in outer' in text, text", inputs=["text"]
    )
