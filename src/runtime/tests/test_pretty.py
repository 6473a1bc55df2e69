"""The text of a shown value, held to IPython's."""

import collections
import os
import random
import re
import sys
import types
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from notepod_runtime.pretty import printed  # noqa: E402

theirs = pytest.importorskip("IPython.lib.pretty").pretty


class Plain:
    class Inner:
        pass


class Spoken:
    def __repr__(self):
        return "two\nlines of " + "text " * 8


class OwnList(list):
    pass


class OwnListSpoken(list):
    def __repr__(self):
        return "OwnListSpoken"


class Pretty:
    def __init__(self, inside):
        self.inside = inside

    def _repr_pretty_(self, p, cycle):
        if cycle:
            p.text("Pretty(...)")
            return
        with p.group(7, "Pretty(", ")"):
            p.breakable("")
            p.pretty(self.inside)
            p.text(",")
            p.breakable()
            with p.indent(2):
                p.text("end")
                p.break_()


class Meta(type):
    def __repr__(cls):
        return "a class"


class OfMeta(metaclass=Meta):
    pass


Point = collections.namedtuple("Point", "x y")
LOOP = [1]
LOOP.append(LOOP)
RING = {"a" * 30: 1}
RING["self" * 10] = [RING, "b" * 40]


def function(a, b: int = 3, *c, **d):
    return a


@pytest.mark.parametrize(
    "value",
    [
        [],
        [1, 2, 3],
        list(range(100)),
        list(range(1500)),
        tuple(range(40)),
        (1,),
        ("x" * 90,),
        {},
        {n: str(n) * 5 for n in range(30)},
        {n: n for n in range(2000)},
        set(),
        {3, 1, 2},
        {"b", 1, None},
        set(range(1200)),
        frozenset("hello"),
        frozenset(),
        "line\nline",
        "x" * 200,
        b"bytes" * 30,
        3.5,
        1e300,
        None,
        ...,
        range(5),
        slice(1, 2),
        [["a" * 20] * 3] * 5,
        {"key": [1] * 50, "other": {"deep": [{"deeper": list(range(30))}]}},
        [{"a": [1, 2, {"b": "c" * 60}]}, ("d" * 30, "e" * 30)] * 3,
        LOOP,
        RING,
        Plain(),
        Plain,
        Plain.Inner,
        int,
        [int, str, collections.OrderedDict],
        OfMeta,
        Spoken(),
        [Spoken(), Spoken()],
        {"k" * 30: Spoken(), "l": [Spoken()]},
        OwnList([1, 2]),
        OwnListSpoken([1]),
        Point(1, "y" * 90),
        [Point(1, 2)] * 20,
        Pretty([1] * 40),
        [Pretty("a"), Pretty(["b" * 70])],
        function,
        len,
        [].append,
        Plain.__init__,
        ValueError("bad", 3),
        KeyError("x" * 80),
        [OSError(2, "no")] * 4,
        re.compile(r"\d+\\", re.I),
        re.compile(b"x"),
        types.SimpleNamespace(a=1, b=[2] * 40),
        types.MappingProxyType({"a": 1}),
        collections.OrderedDict(a=1),
        collections.OrderedDict((n, [n] * 9) for n in range(9)),
        collections.OrderedDict(),
        collections.defaultdict(list, a=[1] * 40),
        collections.deque([1, 2], maxlen=3),
        collections.deque(range(50)),
        collections.Counter("mississippi"),
        collections.Counter(),
        collections.UserList([1]),
        os.environ,
        [True, False, None] * 20,
        {(1, 2): {3}, frozenset([4]): [5]},
    ],
    ids=lambda value: type(value).__name__,
)
def test_values(value):
    assert printed(value) == theirs(value)


def any_value(draw, depth=0):
    """A value of containers in each other, with texts about as long as a line has room for."""
    kind = draw.choice("iisssfbnltdxoecg" if depth < 5 else "isfbn")
    inside = (
        [any_value(draw, depth + 1) for _ in range(draw.choice([0, 1, 1, 2, 3, 8]))]
        if kind in "ltdoecg"
        else []
    )
    if kind == "s":
        return draw.choice(["", "a", "\n", "é", "word " * 3, "x"]) * draw.randrange(20)
    if kind == "d":
        return {any_value(draw, 9): each for each in inside}
    return {
        "i": draw.randrange(10**6),
        "f": draw.random(),
        "b": draw.random() < 0.5,
        "n": None,
        "l": inside,
        "t": tuple(inside),
        "x": {draw.randrange(10**6) for _ in range(draw.randrange(30))},
        "o": collections.OrderedDict((str(at), each) for at, each in enumerate(inside)),
        "e": ValueError(*inside),
        "c": collections.deque(inside),
        "g": Pretty(inside),
    }[kind]


@pytest.mark.parametrize("seed", range(40))
def test_any_values(seed):
    draw = random.Random(seed)
    for _ in range(100):
        value = any_value(draw)
        assert printed(value) == theirs(value)
