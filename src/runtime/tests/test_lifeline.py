"""The death of the engine is the death of its steps."""

import os
import signal
import subprocess
import sys

import pytest

HOLD = """
import os, sys
from notepod_runtime import lifeline
{patch}
lifeline.hold()
assert "NOTEPOD_LIFELINE" not in os.environ
print("holds", flush=True)
{busy}
"""
SLEEP = "import time\ntime.sleep(600)"
#: One call that never gives Python's lock to another thread.
LOCKED = "sum(range(10**12))"
FORKED = "os.fork()\n" + SLEEP
BY_THREAD = "lifeline._kernel_watches = lambda number: False"


@pytest.mark.parametrize(
    ("patch", "busy"),
    [
        ("", SLEEP),
        ("", FORKED),
        (BY_THREAD, SLEEP),
        (BY_THREAD, FORKED),
        pytest.param(
            "",
            LOCKED,
            marks=pytest.mark.skipif(sys.platform != "linux", reason="the kernel's part is Linux's"),
        ),
    ],
)
def test_the_process_group_dies_when_the_other_end_closes(patch, busy):
    mine, other = os.pipe()
    process = _start(HOLD.format(patch=patch, busy=busy), mine)
    os.close(mine)
    assert process.stdout.readline() == b"holds\n"
    os.close(other)
    # The pipe of its output ends when the last of the group has died, so this waits for forked children too.
    assert process.stdout.read() == b""
    assert process.wait(10) == -signal.SIGKILL


def test_an_engine_that_died_before_is_noticed():
    mine, other = os.pipe()
    os.close(other)
    process = _start(HOLD.format(patch="", busy=SLEEP), mine)
    os.close(mine)
    assert process.wait(10) == -signal.SIGKILL


def test_without_an_engine_nothing_is_held():
    process = _start(HOLD.format(patch="", busy=""), None)
    assert process.wait(10) == 0


def _start(source, lifeline):
    """Starts a Python in a process group of its own."""
    program = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    env = {**os.environ, "PYTHONPATH": program}
    if lifeline is not None:
        env["NOTEPOD_LIFELINE"] = str(lifeline)
    return subprocess.Popen(
        [sys.executable, "-c", source],
        env=env,
        pass_fds=[] if lifeline is None else [lifeline],
        start_new_session=True,
        stdout=subprocess.PIPE,
    )
