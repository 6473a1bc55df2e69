"""Snapshots are there whole or not at all, and a damaged one is told from a good one."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from steps import PROGRAM, Notebook


@pytest.fixture
def notebook(tmp_path):
    return Notebook(tmp_path)


def streams(notebook, step):
    return [path for path in notebook.snapshot(step).iterdir() if path.suffix == ".pickle"]


def test_nothing_but_the_snapshot_is_left(notebook):
    notebook.step("a", "x = [1]", outputs=["x"])
    assert [path.name for path in notebook.snapshot("a").parent.iterdir()] == ["a"]


def test_later_attempt_replaces_the_snapshot(notebook):
    notebook.step("a", "x = [1]", outputs=["x"])
    notebook.step("a", "x = [2]", outputs=["x"], ancestors=[])
    assert [path.name for path in notebook.snapshot("a").parent.iterdir()] == ["a"]
    notebook.step("b", "assert x == [2]", inputs=["x"])


DAMAGE = {
    "a bit of the stream flipped": lambda path: path.write_bytes(
        path.read_bytes()[:-3] + b"\0" + path.read_bytes()[-2:]
    ),
    "the stream cut short": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "the stream gone": os.unlink,
}


@pytest.mark.parametrize("how", DAMAGE)
def test_damaged_stream(notebook, how):
    notebook.step("a", "x = list(range(99))", outputs=["x"])
    DAMAGE[how](streams(notebook, "a")[0])
    notebook.step("b", "x", inputs=["x"], expect=5)
    assert "NP506" in notebook.last.stderr and "step a" in notebook.last.stderr


def test_buffers_cut_short(notebook):
    pytest.importorskip("numpy")
    notebook.step("a", "import numpy as np\nx = np.arange(100_000)", outputs=["x"])
    largest = max(notebook.snapshot("a").iterdir(), key=lambda path: path.stat().st_size)
    os.truncate(str(largest), largest.stat().st_size - 1)
    notebook.step("b", "x", inputs=["x"], expect=5)
    assert "NP506" in notebook.last.stderr


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}'])
def test_damaged_manifest(notebook, text):
    notebook.step("a", "x = 1", outputs=["x"])
    (notebook.snapshot("a") / "manifest.json").write_text(text)
    notebook.step("b", "x", inputs=["x"], expect=5)
    assert "NP506" in notebook.last.stderr


def test_no_snapshot(notebook):
    notebook.step("b", "x", inputs=[("x", {"from": ["a"]})], ancestors=["a"], expect=5)
    assert "NP506" in notebook.last.stderr and "step a" in notebook.last.stderr


def test_another_python(notebook):
    notebook.step("a", "x = 1", outputs=["x"])
    path = notebook.snapshot("a") / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "python": "2.7.18"}))
    notebook.step("b", "x", inputs=["x"], expect=5)
    assert "NP507" in notebook.last.stderr and "2.7" in notebook.last.stderr
    assert "{}.{}".format(*sys.version_info) in notebook.last.stderr


def test_another_major_version_of_a_package(notebook):
    pytest.importorskip("numpy")
    notebook.step("a", "import numpy as np\nx = np.arange(3)", outputs=["x"])
    path = notebook.snapshot("a") / "manifest.json"
    manifest = json.loads(path.read_text())
    assert "numpy" in manifest["packages"]
    manifest["packages"]["numpy"] = "99.1"
    path.write_text(json.dumps(manifest))
    notebook.step("b", "x", inputs=["x"], expect=5)
    assert "NP507" in notebook.last.stderr and "numpy 99.1" in notebook.last.stderr


# The step saves itself in a loop of fresh values until it is killed.
ENDLESS = """
import os, sys
sys.path.insert(0, {program!r})
from notepod_runtime import cells
from notepod_runtime.definitions import DefinitionRegistry
from notepod_runtime.loading import Loaded
from notepod_runtime.saving import save_outputs
namespace = cells.new_main()
plan = {{"step": "a", "replays": [], "cells": [], "inputs": [], "ancestors": [], "outputAll": False,
        "outputs": [{{"name": "x", "cell": 0, "neededBy": [], "required": False, "optional": False}}]}}
turn = 0
while True:
    turn += 1
    namespace["x"] = [bytes([turn % 251])] * 50_000
    save_outputs({volume!r}, plan, namespace, Loaded(DefinitionRegistry(namespace, plan)), {{}}, lambda *_: None)
    print(turn, flush=True)
"""


def test_kill_leaves_an_old_snapshot_or_none(notebook):
    code = ENDLESS.format(program=str(PROGRAM.parent), volume=str(notebook.volume))
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    process.stdout.readline()
    deadline = time.monotonic() + 0.2
    while time.monotonic() < deadline:
        process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    if not notebook.snapshot("a").exists():
        return
    notebook._ran.append("a")
    notebook.step("b", "assert len(set(x)) == 1 and len(x) == 50_000", inputs=["x"])
    notebook.step("a", "x = 5", outputs=["x"], ancestors=[])


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], stderr=subprocess.PIPE
    )
    if mounted.returncode:
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize(
    "make", ["x = list(range(2_000_000))", "import numpy as np\nx = np.zeros(1_000_000)"]
)
def test_full_disk(notebook, small_disk, make):
    if "numpy" in make:
        pytest.importorskip("numpy")
    notebook.volume = small_disk
    notebook.step("a", make, outputs=["x"], expect=5)
    said = notebook.last.stderr
    assert "NP505" in said and "full" in said and "`x`" in said
    assert list((small_disk / "snapshots").iterdir()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folder_without_permission(notebook):
    notebook.volume.chmod(0o500)
    notebook.step("a", "x = 1", outputs=["x"], expect=5)
    assert "NP505" in notebook.last.stderr


def test_buffers_are_verified_on_demand(notebook):
    pytest.importorskip("numpy")
    notebook.step("a", "import numpy as np\nx = np.arange(100_000); y = np.arange(3)", outputs=["x", "y"])
    code = "import sys; sys.path.insert(0, {!r}); from notepod_runtime.volume import verify_buffers; verify_buffers({!r}, 'a')"
    command = [sys.executable, "-c", code.format(str(PROGRAM.parent), str(notebook.volume))]
    assert subprocess.run(command).returncode == 0
    with open(str(notebook.snapshot("a") / "buffers.bin"), "r+b") as file:
        file.seek(-5, os.SEEK_END)
        file.write(b"\xff")
    damaged = subprocess.run(command, stderr=subprocess.PIPE, text=True)
    assert damaged.returncode != 0 and "buffers.bin is not what was written" in damaged.stderr
