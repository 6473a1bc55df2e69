"""What is written past Python's streams is the cell's output, as in a kernel, and the log has it too."""

import json

import pytest
from steps import Notebook

# (id, cell, its streams in order)
SHOWN = [
    (
        "child",
        "import subprocess\nprint('a'); subprocess.run(['echo', 'x']); print('b');",
        [("stdout", "a\nx\nb\n")],
    ),
    ("shell", "import os\nos.system('echo y; echo z >&2');", [("stdout", "y\n"), ("stderr", "z\n")]),
    ("descriptor", "import os\nos.write(1, b'raw\\n'); print('p')", [("stdout", "raw\np\n")]),
    (
        "library",
        "import ctypes\nc = ctypes.CDLL(None); c.puts(b'from C'); c.fflush(None);",
        [("stdout", "from C\n")],
    ),
    (
        "forked child",
        "import warnings; warnings.simplefilter('ignore')\nimport os\npid = os.fork()\nif pid == 0:\n    print('child'); os.write(1, b'raw\\n'); os._exit(0)\nos.waitpid(pid, 0); print('parent')",
        [("stdout", "child\nraw\nparent\n")],
    ),
    ("half a letter", "import os\nos.write(1, b'\\xc3'); os.write(1, b'\\xa9\\n');", [("stdout", "é\n")]),
    ("no letter", "import os\nos.write(1, b'\\xff\\n');", [("stdout", "\ufffd\n")]),
    (
        "to and fro",
        "import os\nfor at in range(300): print(at); os.write(1, b'-\\n')",
        [("stdout", "".join(f"{at}\n-\n" for at in range(300)))],
    ),
]


@pytest.fixture
def notebook(tmp_path):
    return Notebook(tmp_path)


def streams(notebook, step):
    lines = (notebook.folder / "steps" / step / "1" / "outputs.jsonl").read_text().splitlines()
    found = []
    for line in map(json.loads, lines):
        output = line.get("output", {})
        if output.get("output_type") != "stream":
            continue
        if found and found[-1][0] == output["name"]:
            found[-1] = (output["name"], found[-1][1] + output["text"])
        else:
            found.append((output["name"], output["text"]))
    return found


@pytest.mark.parametrize("cell, shown", [pytest.param(*row[1:], id=row[0]) for row in SHOWN])
def test_shown(notebook, cell, shown):
    notebook.step("a", cell)
    assert sorted(streams(notebook, "a")) == sorted(shown)
    for name, text in shown:
        assert text == getattr(notebook.last, name)


def test_more_than_a_pipe_holds(notebook):
    notebook.step(
        "a",
        "import subprocess, sys\nsubprocess.run([sys.executable, '-c', \"print('x' * 5_000_000)\"]); print('end')",
    )
    assert streams(notebook, "a") == [("stdout", "x" * 5_000_000 + "\nend\n")]


def test_child_that_outlives_the_step(notebook):
    notebook.step("a", "import subprocess\np = subprocess.Popen(['sleep', '60']); print('started')", limit=30)
    assert streams(notebook, "a") == [("stdout", "started\n")]


def test_closed_descriptors(notebook):
    notebook.step("a", "import os\nos.close(1); os.close(2); print('still')")
    assert streams(notebook, "a") == [("stdout", "still\n")]


def test_crash_says_where(notebook):
    notebook.step("a", "import ctypes\nctypes.string_at(0)", expect=-11)
    assert "<cell 101>" in notebook.last.stderr
