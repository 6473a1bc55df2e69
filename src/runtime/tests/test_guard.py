"""Inputs that the analysis took as unchanged: found changed or not, by content (semantics 3.5)."""

import pytest
from steps import Notebook

LATER = ("v", {"neededAfter": ["c"]})
BESIDE = ("v", {"guardedFor": ["c"]})
NUMPY = "import numpy as np\n"
PANDAS = NUMPY + "import pandas as pd\n"

# (id, library, cell that makes v, cell that uses it)
CHANGES = [
    ("list", "", "v = [1]", "v.append(2)"),
    ("nested", "", "v = {'a': [1]}", "v['a'].append(2)"),
    ("set", "", "v = {'a', 'b'}", "v.add('c')"),
    ("order of a dict", "", "v = {'a': 1, 'b': 2}", "v['a'] = v.pop('a')"),
    ("type of an item", "", "v = [1]", "v[0] = True"),
    ("item of many", "", "v = [{'a': i, 'b': str(i)} for i in range(9999)]", "v[9998]['a'] = 5"),
    ("two that become one", "", "v = [[] for _ in range(9999)]", "v[5] = v[6]"),
    ("one that becomes two", "", "a = []; v = [a, a]", "v[1] = []"),
    ("type of bytes", "", "v = [b'a'] * 3", "v[1] = bytearray(b'a')"),
    ("loop variable", "", "v = [[i, [i]] for i in range(99)]", "for a, b in v: b.append(a)"),
    ("cycle", "", "v = [1]; v.append(v)", "v[0] = 2"),
    ("attribute", "", "class O: pass\nv = O(); v.a = 1", "v.a = 2"),
    ("slot", "", "class O: __slots__ = 'a'\nv = O(); v.a = 1", "v.a = 2"),
    ("identity inside", "", "v = [[1], [1]]", "v[0] = v[1]"),
    (
        "counter closure",
        "",
        "def mk():\n    c = [0]\n    def up(): c[0] += 1\n    return up\nv = mk()",
        "v()",
    ),
    ("deque", "", "from collections import deque\nv = deque([1])", "v.append(2)"),
    ("generator object", "", "import random\nv = random.Random(1)", "v.random();"),
    ("bytearray", "", "v = bytearray(b'a')", "v[0] = 66"),
    ("sign of zero", "", "v = [0.0]", "v[0] = -0.0"),
    ("small array", NUMPY, "v = np.arange(5)", "v[0] = 9"),
    ("large array", NUMPY, "v = np.arange(100_000)", "v[-1] = 9"),
    ("array in a list", NUMPY, "v = [np.arange(100_000)]", "v[0][5] = 0"),
    ("text in an array", NUMPY, "v = np.array([str(i) for i in range(9999)], object)", "v[9998] = 'z'"),
    ("type in an array", NUMPY, "v = np.array([1] * 9999, object)", "v[5] = True"),
    ("dtype", NUMPY, "v = [np.zeros(3)]", "v[0] = np.zeros(3, 'f4')"),
    ("object array", NUMPY, "v = np.array([[1], None], object)", "v[0].append(1)"),
    ("mask", NUMPY, "v = np.ma.array([1, 2, 3])", "v[1] = np.ma.masked"),
    ("numpy generator", NUMPY, "v = np.random.default_rng(1)", "v.random();"),
    ("frame cell", PANDAS, "v = pd.DataFrame({'a': [1, 2]})", "v.loc[0, 'a'] = 5"),
    ("large frame", PANDAS, "v = pd.DataFrame({'a': np.zeros(100_000)})", "v.loc[0, 'a'] = 5"),
    ("new column", PANDAS, "v = pd.DataFrame({'a': [1, 2]})", "v['b'] = 1"),
    ("index name", PANDAS, "v = pd.DataFrame({'a': [1, 2]})", "v.index.name = 'n'"),
    ("columns name", PANDAS, "v = pd.DataFrame({'a': [1, 2]})", "v.columns.name = 'n'"),
    ("attrs", PANDAS, "v = pd.DataFrame({'a': [1, 2]})", "v.attrs['k'] = 1"),
    ("series name", PANDAS, "v = pd.Series([1, 2], name='a')", "v.name = 'b'"),
    (
        "categories",
        PANDAS,
        "v = pd.DataFrame({'c': pd.Categorical(['a', 'b'])})",
        "v['c'] = v['c'].cat.add_categories(['z'])",
    ),
]

READS = [
    ("list", "", "v = [1, [2]]", "len(v), sorted(v[1]);"),
    (
        "loop over many",
        "",
        "v = [{'a': i, 'b': [i]} for i in range(9999)]",
        "for row in v: a, b = row['a'], row['b']\nm = max(v, key=len); x = row['a']",
    ),
    ("cycle", "", "v = [1]; v.append(v)", "v[1][1][0];"),
    ("shared parts", "", "a = [1]\nfor _ in range(60): a = [a, a]\nv = a", "v[0][1];"),
    ("set of text", "", "v = {'b', 'a', 'c'}", "sorted(v);"),
    (
        "cached property",
        "",
        "import functools\nclass O:\n    @functools.cached_property\n    def p(self): return 1\nv = O()",
        "v.p;",
    ),
    ("large array", NUMPY, "v = np.arange(100_000)", "v.sum(); w = v[5:] + 1"),
    ("large array in a dict", NUMPY, "v = {'a': np.arange(100_000), 'b': np.arange(3)}", "v['a'].sum();"),
    (
        "column of a frame",
        PANDAS,
        "v = pd.DataFrame({'a': [1, 2], 'b': ['x', 'y']})",
        "v['a']; v.b; v.describe(); v.groupby('b').a.sum();",
    ),
    (
        "large frame",
        PANDAS,
        "v = pd.DataFrame({'a': np.arange(50_000.), 'b': 'x'})",
        "v.a.mean(); v.groupby('b').mean(); v.sort_values('a'); v.loc[5]; 5 in v.index;",
    ),
    (
        "time index",
        PANDAS,
        "v = pd.Series(range(9), pd.date_range('2020', periods=9))",
        "v.resample('2D').sum(); v['2020-01-03'];",
    ),
    ("missing numbers", PANDAS, "v = pd.DataFrame({'a': [1, float('nan')]})", "v.fillna(0);"),
    ("fill and put back", NUMPY, "v = np.arange(100_000)", "v[0] = 5; v[0] = 0"),
]


def rows(table):
    return [pytest.param(*row[1:], id=row[0]) for row in table]


@pytest.fixture
def notebook(tmp_path):
    return Notebook(tmp_path)


def need(library):
    for name in ("numpy", "pandas"):
        if f"import {name}" in library:
            pytest.importorskip(name)


@pytest.mark.parametrize("library, make, use", rows(CHANGES))
def test_change_is_found(notebook, library, make, use):
    need(library)
    notebook.step("a", library + make, outputs=["v"])
    records = notebook.step("b", library + use, inputs=[LATER])
    assert [
        each["code"]
        for each in records
        if each.get("type", each.get("kind")) == "warning" or each.get("code")
    ] == ["NP503"]
    assert "v" in notebook.manifest("b")["names"]
    notebook.step(
        "b2", library + use, inputs=[("v", {"guardedFor": ["c"], "from": ["a"]})], ancestors=["a"], expect=4
    )
    assert (
        "NP502" in notebook.last.stderr and "`v`" in notebook.last.stderr and "step c" in notebook.last.stderr
    )
    assert not notebook.snapshot("b2").exists()


@pytest.mark.parametrize("library, make, use", rows(READS))
def test_reading_is_no_change(notebook, library, make, use):
    need(library)
    notebook.step("a", library + make, outputs=["v"])
    records = notebook.step("b", library + use, inputs=[BESIDE])
    assert not [each for each in records if each.get("code")]
    assert "v" not in notebook.manifest("b")["names"]


def test_changed_value_reaches_later_steps(notebook):
    notebook.step("a", "v = [1]", outputs=["v"])
    notebook.step("b", "v.append(2)", inputs=[LATER])
    notebook.step("c", "assert v == [1, 2]", inputs=["v"])


def test_rebound_name_is_a_change(notebook):
    notebook.step("a", "v = [1]", outputs=["v"])
    notebook.step("b", "v = [7]", inputs=[LATER])
    notebook.step("c", "assert v == [7]", inputs=["v"])


def test_change_through_another_name_of_the_group(notebook):
    notebook.step("a", "m1 = m2 = [0]", outputs=["m1", "m2"])
    notebook.step("b", "m2.append(1)", inputs=[("m2", {"mayChange": True})], outputs=["m2"])
    notebook.step(
        "c", "assert m1 == [0, 1]; m1.append(2)", inputs=[("m1", {"from": ["a"], "mayChange": True})]
    )
    notebook.step("d", "assert m2 == [0, 1, 2]", inputs=[("m2", {"from": ["a", "b"]})])


def test_change_through_another_name_does_not_undo_a_rebinding(notebook):
    notebook.step("a", "m1 = m2 = [0]", outputs=["m1", "m2"])
    notebook.step("b", "m1 = 5", outputs=["m1"])
    notebook.step("c", "m2.append(1)", inputs=[("m2", {"from": ["a"], "mayChange": True})], ancestors=["a"])
    notebook.step("d", "assert m1 == 5", inputs=[("m1", {"from": ["a", "b"]})])


def test_state_of_a_replayed_class_reaches_descendants(notebook):
    counter = (0, "class C:\n    n = 0\n    def __init__(self): C.n += 1", ["C"], "class")
    later = [{"name": "C", "guardedFor": [], "neededAfter": ["b"]}]
    notebook.step("a", "c = C()", outputs=["c"], replays=[counter], laterDefinitions=later)
    notebook.step(
        "b", "assert C.n == 1 and type(c) is C; C(); assert type(c).n == 2", inputs=["c"], replays=[counter]
    )


def test_state_of_a_replayed_function_is_guarded(notebook):
    memo = (0, "def f(x, seen=[]):\n    seen.append(x)\n    return len(seen)", ["f"], "def")
    later = [{"name": "f", "guardedFor": ["b"], "neededAfter": []}]
    notebook.step("a", "f;", replays=[memo], laterDefinitions=later)
    notebook.step("b", "f(1);", replays=[memo], laterDefinitions=later, expect=4)
    assert "NP502" in notebook.last.stderr and "`f`" in notebook.last.stderr


# (id, definition, cell that only uses it): copyreg, annotations and references come and go with use.
USES = [
    ("an instance is pickled", "class K:\n    def m(self): return 1", "import pickle; pickle.dumps(K());"),
    ("annotations are looked at", "class K:\n    x = 1", "getattr(K, '__annotations__', None);"),
    ("constants are referred to", "class K:\n    def m(self): return 'some text', 7.5", "kept = K().m()"),
    ("an abstract class is asked", "import abc\nclass K(abc.ABC): pass", "isinstance(1, K);"),
    ("a function is called often", "def K(a=3.25):\n    return a * 2.5 + 1", "[K() for _ in range(100)];"),
]


@pytest.mark.parametrize(("definition", "use"), [each[1:] for each in USES], ids=[each[0] for each in USES])
def test_using_a_definition_is_no_change_of_its_state(tmp_path, definition, use):
    notebook = Notebook(tmp_path)
    replays = [(0, definition, ["K"], "class")]
    later = [{"name": "K", "guardedFor": ["c"], "neededAfter": []}]
    records = notebook.step("b", use, replays=replays, laterDefinitions=later)
    assert not [each for each in records if each.get("type") in ("warning", "guard")]


def test_a_changed_definition_stops_the_step_beside_one_that_relies_on_it(tmp_path):
    notebook = Notebook(tmp_path)
    replays = [(0, "class K:\n    x = 1", ["K"], "class")]
    later = [{"name": "K", "guardedFor": ["c"], "neededAfter": []}]
    records = notebook.step("b", "K.x = 2", replays=replays, laterDefinitions=later, expect=4)
    assert [each["code"] for each in records if each.get("type") == "guard"] == ["NP502"]
