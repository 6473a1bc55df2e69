"""State of the process that is in no name goes from step to step (semantics 3.6)."""

import pytest
from steps import Notebook

# (id, channel, library, first cell, second cell)
CARRIED = [
    (
        "loggers",
        "logging",
        "",
        "import logging, sys\n"
        "logging.basicConfig(stream=sys.stdout, level='INFO', format='{levelname}', style='{')\n"
        "log = logging.getLogger(__name__); log.addHandler(logging.FileHandler('l.txt')); log.propagate = False\n"
        "logging.getLogger('a.b').setLevel(40); log.warning('one')",
        "import logging, sys\n"
        "(root,) = logging.root.handlers; log = logging.getLogger('__main__'); log.warning('two')\n"
        "assert root.stream is sys.stdout and logging.root.level == 20\n"
        "assert root.format(logging.makeLogRecord({'levelname': 'X'})) == 'X'\n"
        "assert open('l.txt').read() == 'one\\ntwo\\n' and not log.propagate\n"
        "assert logging.getLogger('a.b').level == 40",
    ),
    (
        "random",
        "random",
        "",
        "import random; random.seed(0); random.random();",
        "import random; r = random.Random(0); r.random(); assert random.random() == r.random()",
    ),
    (
        "numpy's generator",
        "numpy.random",
        "numpy",
        "import numpy as np; np.random.seed(0); np.random.rand();",
        "import numpy as np; r = np.random.RandomState(0); r.rand(); assert np.random.rand() == r.rand()",
    ),
    (
        "a variable set",
        "environ",
        "",
        "import os; os.environ['ZZ'] = '1'",
        "import os; assert os.environ['ZZ'] == '1'",
    ),
    (
        "a variable removed",
        "environ",
        "",
        "import os; del os.environ['HOME']",
        "import os; assert 'HOME' not in os.environ",
    ),
    (
        "working folder",
        "cwd",
        "",
        "import os; os.makedirs('in/side'); os.chdir('in/side')",
        "import os; assert os.getcwd().endswith('/in/side')",
    ),
    (
        "path",
        "sys.path",
        "",
        "import sys; sys.path.insert(0, 'first'); sys.path.append('last')",
        "import sys; assert sys.path[0] == 'first' and sys.path[-1] == 'last'",
    ),
    (
        "warnings",
        "warnings",
        "",
        "import warnings; warnings.filterwarnings('error', 'no such')",
        "import warnings\ntry: warnings.warn('no such')\nexcept UserWarning: pass\nelse: raise AssertionError",
    ),
    (
        "decimal",
        "decimal",
        "",
        "import decimal; decimal.getcontext().prec = 5",
        "import decimal; assert str(decimal.Decimal(1) / 3) == '0.33333'",
    ),
    (
        "logging",
        "logging",
        "",
        "import logging; logging.basicConfig(level=logging.DEBUG, format='%(message)s!')",
        "import logging; assert logging.getLogger().level == 10 and logging.getLogger().handlers[0].formatter._fmt == '%(message)s!'",
    ),
    (
        "numpy's printing",
        "numpy.options",
        "numpy",
        "import numpy as np; np.set_printoptions(precision=2); np.seterr(divide='raise');",
        "import numpy as np; assert str(np.array([1.23456])) == '[1.23]' and np.geterr()['divide'] == 'raise'",
    ),
    (
        "pandas' options",
        "pandas.options",
        "pandas",
        "import pandas as pd; pd.set_option('display.max_rows', 7)",
        "import pandas as pd; assert pd.get_option('display.max_rows') == 7",
    ),
    (
        "figures' looks",
        "rcParams",
        "matplotlib",
        "import matplotlib; matplotlib.rcParams['lines.linewidth'] = 9",
        "import matplotlib; assert matplotlib.rcParams['lines.linewidth'] == 9",
    ),
]


@pytest.mark.parametrize(
    "channel, library, first, second", [pytest.param(*row[1:], id=row[0]) for row in CARRIED]
)
def test_carried(tmp_path, channel, library, first, second):
    if library:
        pytest.importorskip(library)
    notebook = Notebook(tmp_path)
    notebook.step("a", first, ambientOut=[channel])
    notebook.step("b", "1 + 1;", ambientOut=[channel], ambientIn=[{"channel": channel, "from": ["a"]}])
    notebook.step("c", second, ambientIn=[{"channel": channel, "from": ["a", "b"]}])


def test_undeclared_draw_stops_the_step(tmp_path):
    notebook = Notebook(tmp_path)
    watch = [{"channel": "random", "steps": ["c"]}]
    notebook.step(
        "b",
        "import random; random.random();",
        replays=[(0, "import random", ["random"], "import")],
        ambientWatch=watch,
        expect=4,
    )
    assert "NP504" in notebook.last.stderr


def test_a_handler_that_only_its_process_can_have_is_said(tmp_path):
    notebook = Notebook(tmp_path)
    cell = "import io, logging; logging.getLogger('app').addHandler(logging.StreamHandler(io.StringIO()))"
    records = notebook.step("a", cell, ambientOut=["logging"], expect=4)
    (guard,) = [each for each in records if each.get("type") == "guard"]
    assert guard["code"] == "NP501" and "`app`" in guard["message"]
