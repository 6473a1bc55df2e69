"""Measures snapshots against plain pickle and plain files, in one process run each: ``python bench/snapshot.py [--json] [--megabytes N]``.

Every ratio compares two measurements of this machine in this run; the best of a few tries counts.
"""

import argparse
import gc
import json
import os
import pickle
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src" / "runtime"))

from notepod_runtime import cells  # noqa: E402
from notepod_runtime.definitions import DefinitionRegistry  # noqa: E402
from notepod_runtime.guard import changed_names  # noqa: E402
from notepod_runtime.loading import Loaded, load_inputs  # noqa: E402
from notepod_runtime.saving import save_outputs  # noqa: E402


def plan(step, inputs=(), outputs=()):
    return {
        "step": step,
        "cells": [],
        "replays": [],
        "laterDefinitions": [],
        "outputAll": False,
        "ancestors": [] if step == "a" else ["a"],
        "inputs": [
            {
                "name": name,
                "from": ["a"],
                "optional": False,
                "mayChange": False,
                "guardedFor": ["z"],
                "neededAfter": [],
            }
            for name in inputs
        ],
        "outputs": [
            {"name": name, "cell": 0, "neededBy": [], "required": False, "optional": False}
            for name in outputs
        ],
    }


def save(volume, values):
    namespace = cells.new_main()
    namespace.update(values)
    own = plan("a", outputs=values)
    save_outputs(volume, own, namespace, Loaded(DefinitionRegistry(namespace, own)), {}, lambda *_: None)


def load(volume, names):
    namespace = cells.new_main()
    return load_inputs(volume, plan("b", inputs=names), namespace, lambda *_: None), namespace


def best(action, tries):
    """Seconds of the fastest try."""
    found = []
    for _ in range(tries):
        gc.collect()
        began = time.perf_counter()
        result = action()
        found.append(time.perf_counter() - began)
        del result
    return min(found)


def large(folder, megabytes, tries):
    import numpy

    rng = numpy.random.default_rng(0)
    block = rng.integers(0, 255, 1 << 20, "u1").tobytes()
    arrays = {f"x{at}": numpy.frombuffer(block * (megabytes // 4), "u1").copy() for at in range(4)}
    size = sum(array.nbytes for array in arrays.values())
    plain = os.path.join(folder, "plain")

    def write():
        if os.path.exists(plain):
            os.unlink(plain)
        with open(plain, "wb", buffering=0) as file:
            for array in arrays.values():
                view = memoryview(array)
                while view.nbytes:
                    view = view[file.write(view) :]
            os.fsync(file.fileno())

    def read():
        with open(plain, "rb", buffering=0) as file:
            return file.read()

    plain_write, our_write = [], []
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    extra = 0
    # Both write to pages that the system had in use before: the first touch of fresh memory costs a virtual machine more
    # than the write.
    write()
    for _ in range(tries):
        os.unlink(plain)
        our_write.append(best(lambda: save(folder, arrays), 1))
        extra = max(extra, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak)
        shutil.rmtree(os.path.join(folder, "snapshots"))
        plain_write.append(best(write, 1))
    save(folder, arrays)
    plain_read = best(read, tries)
    our_load = best(lambda: load(folder, arrays), tries)
    loaded, namespace = load(folder, arrays)
    for name in arrays:
        namespace[name][:: 1 << 12].sum()
    guard = best(lambda: changed_names(loaded, list(arrays), namespace), tries)
    return {
        "bytes": size,
        "save, times the speed of write + fsync": min(plain_write) / min(our_write),
        "save, extra memory in MB": extra / 1000,
        "load, times the speed of read": plain_read / our_load,
        "guard of unchanged mappings, ms": guard * 1000,
    }


def small(folder, count, tries):
    table = {
        "dicts": lambda: [{"a": at, "b": str(at)} for at in range(count)],
        "tuples": lambda: [(at, str(at)) for at in range(count)],
        "lists": lambda: [[at] for at in range(count)],
    }
    found = {}
    for kind, make in table.items():
        values = make()
        path = os.path.join(folder, "plain.pickle")

        def plain_save(values=values, path=path):
            with open(path, "wb") as file:
                pickle.dump(values, file, 5)
                file.flush()
                os.fsync(file.fileno())

        def plain_load(path=path):
            with open(path, "rb") as file:
                return pickle.load(file)

        found[f"{kind}: save, times the time of pickle"] = best(
            lambda v=values: save(folder, {"x": v}), tries
        ) / best(plain_save, tries)
        ours = best(lambda: load(folder, ["x"]), tries)
        found[f"{kind}: load, times the time of pickle"] = ours / best(plain_load, tries)
        loaded, namespace = load(folder, ["x"])
        found[f"{kind}: guard, times the time of loading"] = (
            best(lambda state=loaded, names=namespace: changed_names(state, ["x"], names), tries) / ours
        )
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--tries", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        found = {
            **small(folder, options.objects, options.tries),
            **large(folder, options.megabytes, options.tries),
        }
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        for name, value in found.items():
            print(f"{value:12.3f}  {name}")


if __name__ == "__main__":
    main()
