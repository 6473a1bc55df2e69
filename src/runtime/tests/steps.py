"""Runs steps of hand-written plans in processes of their own, as the engine does."""

import json
import os
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(__file__).resolve().parents[1] / "notepod_step.py"


class Notebook:
    """Steps on one volume. ``last`` is the finished process of the step that ran last."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.volume = self.folder / "volume"
        self.volume.mkdir(parents=True, exist_ok=True)
        self._ran = []
        self._cells = 0

    def step(
        self, name, source, inputs=(), outputs=(), replays=(), ancestors=None, expect=0, limit=120, **fields
    ):
        """Runs one step; gives back the records that it wrote.

        ``inputs``: names, or (name, fields) pairs; by default each may come from every step that ran before.
        ``replays``: (cell, source, names, kind). ``expect``: the exit code asserted.
        """
        before = list(self._ran) if ancestors is None else list(ancestors)
        cell = fields.pop("cell", 100 + self._cells)
        self._cells += 1
        plan = plan_of(name, source, cell, len(self._ran))
        plan.update(
            replays=[
                {"cell": at, "line": 1, "source": text, "names": list(names), "kind": kind}
                for at, text, names, kind in replays
            ],
            inputs=[_input(each, before) for each in inputs],
            outputs=[
                {"name": each, "cell": cell, "neededBy": ["later"], "required": False, "optional": False}
                for each in outputs
            ],
            ancestors=before,
        )
        plan.update(fields)
        attempt = self.folder / "steps" / name / "1"
        attempt.mkdir(parents=True, exist_ok=True)
        for old in attempt.iterdir():
            old.unlink()
        path = self.folder / f"{name}.json"
        path.write_text(json.dumps(plan))
        self.last = subprocess.run(
            [sys.executable, str(PROGRAM), str(path), str(self.volume), str(attempt)],
            cwd=str(self.folder),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=limit,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"},
        )
        records = []
        for file in sorted(attempt.rglob("*")):
            if file.suffix in (".jsonl", ".ndjson"):
                records += [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
        assert self.last.returncode == expect, (
            f"{name}: exit {self.last.returncode}\n{self.last.stdout}\n{self.last.stderr}"
        )
        if expect == 0 and name not in self._ran:
            self._ran.append(name)
        return records

    def manifest(self, step):
        return json.loads((self.volume / "snapshots" / step / "manifest.json").read_text())

    def snapshot(self, step):
        return self.volume / "snapshots" / step


def plan_of(name, source, cell=0, ordinal=0):
    """The plan of a step of one cell that takes and leaves nothing."""
    return {
        "version": 1,
        "run": "test",
        "step": name,
        "ordinal": ordinal,
        "cells": [
            {
                "index": cell,
                "id": "c",
                "source": source,
                "raisesException": False,
                "parameters": [],
                "needsIPython": False,
            }
        ],
        "replays": [],
        "inputs": [],
        "outputs": [],
        "settings": [],
        "importedLater": {},
        "outputAll": False,
        "inputAll": False,
        "ancestors": [],
        "ambientIn": [],
        "ambientOut": [],
        "ambientWatch": [],
        "replayable": [],
        "elsewhere": {},
        "laterDefinitions": [],
        "parameters": {},
        "modules": [],
        "needsIPython": False,
        "image": "this Python",
    }


def _input(each, before):
    name, fields = (each, {}) if isinstance(each, str) else each
    return {
        "name": name,
        "from": before,
        "notFrom": [],
        "optional": False,
        "mayChange": False,
        "guardedFor": [],
        "neededAfter": [],
        **fields,
    }
