"""Measures snapshots against plain pickle and plain files: ``python bench/snapshot.py [--json] [--megabytes N] [--objects N]``.

Every ratio compares two measurements that follow each other in this run; the median of the tries counts. Each table row runs in a
process of its own, so that none finds the memory that another left.
"""

import argparse
import gc
import json
import os
import pickle
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import types
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


def seconds(action, clock=time.perf_counter):
    cells.new_main()  # lets go of what the last one held
    gc.collect()
    began = clock()
    result = action()
    took = clock() - began
    del result
    return took


def processor_seconds(action):
    """What the processor spent, user and system: others' work on the machine is not in it, nor is waiting for the disk."""
    return seconds(action, time.process_time)


def peak_above_now(action):
    """Megabytes of resident memory that the action used at most beyond what was there; None where Linux is not asked."""

    def field(name):
        with open("/proc/self/status", "rb") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(name)) / 1000

    try:
        gc.collect()
        with open("/proc/self/clear_refs", "w") as file:
            file.write("5")
        before = field(b"VmRSS:")
        action()
        return field(b"VmHWM:") - before
    except OSError:
        action()
        return None


def median_ratio(one, other, tries):
    """The median of ``one() / other()``, measured in turn."""
    return statistics.median(one() / other() for _ in range(tries))


def buffers(megabytes):
    import numpy

    block = numpy.random.default_rng(0).integers(0, 255, 1 << 20, "u1").tobytes()
    return [numpy.frombuffer(block * (megabytes // 4), "u1").copy() for _ in range(4)]


def arrays(megabytes):
    return {f"x{at}": each for at, each in enumerate(buffers(megabytes))}


def frame(megabytes):
    import numpy
    import pandas

    return {"x": pandas.DataFrame(numpy.concatenate(buffers(megabytes)).view("f8").reshape(-1, 10))}


def strided_frame(megabytes):
    """A frame that is every second column of another, back to front, so that none of its memory is in one piece."""
    import numpy
    import pandas

    whole = pandas.DataFrame(numpy.concatenate(buffers(megabytes)).view("f8").reshape(-1, 10))
    return {"x": whole.iloc[::-1, ::2], "whole": whole}


def text_frame(megabytes):
    import numpy
    import pandas

    rows = megabytes * 1000 // 60
    text = numpy.array([f"{at:024d}" for at in range(rows * 1000)], object)
    often = numpy.array(["north", "south", "east", "west"] * (rows * 250), object)
    return {
        "x": pandas.DataFrame(
            {"text": pandas.Series(text, dtype=object), "often": pandas.Series(often, dtype=object)}
        )
    }


def large_bytes(megabytes):
    return {"x": buffers(megabytes)[0].tobytes(), "y": bytearray(buffers(megabytes)[1])}


def large(folder, kind, megabytes, tries):
    values = LARGE[kind](megabytes)
    save(folder, values)
    snapshot = os.path.join(folder, "snapshots", "a")
    parts = [os.path.join(snapshot, name) for name in os.listdir(snapshot)]
    size = sum(map(os.path.getsize, parts))
    plain = os.path.join(folder, "plain")
    block = memoryview(os.urandom(1 << 20)) if size < 1 << 20 else memoryview(os.urandom(1 << 20) * 64)

    def write():
        if os.path.exists(plain):
            os.unlink(plain)
        with open(plain, "wb", buffering=0) as file:
            left = size
            while left:
                left -= file.write(block[: min(left, block.nbytes)])
            os.fsync(file.fileno())

    def read():
        with open(plain, "rb", buffering=0) as file:
            return file.read()

    def our_save():
        shutil.rmtree(os.path.join(folder, "snapshots"))
        return seconds(lambda: save(folder, values))

    extra = peak_above_now(lambda: save(folder, values))
    # Both write to pages that the system had in use before: the first touch of fresh memory costs a virtual machine more
    # than the write.
    write()
    found = {
        "megabytes": size / 1e6,
        "save, times the speed of write + fsync": median_ratio(lambda: seconds(write), our_save, tries),
        "save, extra memory in MB": extra,
    }
    names = ["x"] if kind != "arrays" else ["x1", "x2", "x3"]
    values.clear()
    found["load, times the speed of read"] = median_ratio(
        lambda: seconds(read), lambda: seconds(lambda: load(folder, names)), tries
    )
    loaded, namespace = load(folder, names)
    loaded.watch_values(plan("b", inputs=names))
    found["guard of unchanged values, ms"] = 1000 * statistics.median(
        seconds(lambda: changed_names(loaded, names, namespace)) for _ in range(tries)
    )
    return found


class Plain:
    def __init__(self, at):
        self.a = at
        self.b = str(at)


def text_column(count):
    import pandas

    return pandas.DataFrame({"a": pandas.Series([f"sensor {at}" for at in range(count)], dtype=object)})


LARGE = {
    "arrays": lambda megabytes: {"x": buffers(megabytes)[0], **arrays(megabytes)},
    "frame": frame,
    "frame of strided memory": strided_frame,
    "frame of text": text_frame,
    "bytes": large_bytes,
}

SMALL = {
    "dicts": lambda count: [{"a": at, "b": str(at)} for at in range(count)],
    "tuples": lambda count: [(at, str(at)) for at in range(count)],
    "lists": lambda count: [[at] for at in range(count)],
    "numbers": lambda count: [at * 1.5 for at in range(count)],
    "texts": lambda count: [str(at) for at in range(count)],
    "text column": text_column,
    "instances": lambda count: [Plain(at) for at in range(count)],
}


def small(folder, kind, count, tries):
    sys.modules["shapes"] = module = types.ModuleType("shapes")
    module.Plain = Plain
    Plain.__module__ = "shapes"
    held = [SMALL[kind](count)]
    path = os.path.join(folder, "plain.pickle")

    def plain_save():
        with open(path, "wb") as file:
            pickle.dump(held[0], file, 5)
            file.flush()
            os.fsync(file.fileno())

    def plain_load():
        with open(path, "rb") as file:
            return pickle.load(file)

    def without_collection(action):
        # Else the reference pays for the collector, which our side switches off.
        gc.disable()
        took = processor_seconds(action)
        gc.enable()
        return took

    found = {
        "save, times the time of pickle": median_ratio(
            lambda: processor_seconds(lambda: save(folder, {"x": held[0]})),
            lambda: without_collection(plain_save),
            tries,
        ),
        "load, times the time of pickle": median_ratio(
            lambda: processor_seconds(lambda: load(folder, ["x"])),
            lambda: without_collection(plain_load),
            tries,
        ),
    }

    def guard_against_load():
        cells.new_main()
        gc.collect()
        began = time.process_time()
        loaded, namespace = load(folder, ["x"])
        read = time.process_time()
        loaded.watch_values(plan("b", inputs=["x"]))
        watched = time.process_time()
        assert not changed_names(loaded, ["x"], namespace)[0]
        return (time.process_time() - read) / (read - began), (watched - read) / (read - began)

    held.clear()
    ratios = [guard_against_load() for _ in range(tries)]
    found["guard, times the time of loading"] = statistics.median(each[0] for each in ratios)
    found["of it before the cells"] = statistics.median(each[1] for each in ratios)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--megabytes", type=int, default=1000)
    parser.add_argument("--objects", type=int, default=1_000_000)
    parser.add_argument("--tries", type=int, default=5)
    parser.add_argument("--only", help="one row")
    parser.add_argument("--row", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.row:
        with tempfile.TemporaryDirectory(dir=".") as folder:
            if options.row in LARGE:
                print(json.dumps(large(folder, options.row, options.megabytes, options.tries)))
            else:
                print(json.dumps(small(folder, options.row, options.objects, options.tries)))
        return
    found = {"load of the machine": os.getloadavg()}
    for row in [*SMALL, *LARGE]:
        if options.only not in (None, row):
            continue
        command = [sys.executable, __file__, "--row", row, "--tries", str(options.tries)]
        command += ["--megabytes", str(options.megabytes), "--objects", str(options.objects)]
        found[row] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
        if not options.json:
            print(row)
            for name, value in found[row].items():
                print(f"{value:12.3f}  {name}" if value is not None else f"{'?':>12}  {name}", flush=True)
    if options.json:
        print(json.dumps(found, indent=1))
    else:
        print("load of the machine, 1, 5 and 15 minutes:", *(f"{each:.1f}" for each in os.getloadavg()))


if __name__ == "__main__":
    main()
