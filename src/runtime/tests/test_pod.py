"""The step program in a pod: a bundle that is unpacked once, frames in the log, a last word. No cluster is needed for that."""

import base64
import gzip
import json
import os
import re
import signal
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from steps import plan_of

SOURCE = Path(__file__).resolve().parents[1]
BOOT = (SOURCE / "notepod_boot.py").read_text()
PROGRAM = {
    str(path.relative_to(SOURCE)): path.read_text()
    for path in [*SOURCE.glob("*.py"), *SOURCE.glob("notepod_runtime/*.py")]
}
_LIMITED = """
import os, resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
os.execv(sys.argv[2], sys.argv[2:])
"""
_FRAME = re.compile(rb"\x1enp (\d+) ([.+]) ([~-]) ([A-Za-z0-9+/=]*)\n")


class Pod:
    """Containers of one run, on a folder for the volume."""

    def __init__(self, folder, steps, files=(), settings=None):
        self.volume = folder / "volume"
        self.volume.mkdir()
        self.word = folder / "termination-log"
        bundle = {
            "program": PROGRAM,
            "plans": {step: plan_of(step, source) for step, source in steps.items()},
            "settings": {step: {} for step in steps} if settings is None else settings,
            "files": {name: base64.b64encode(data).decode() for name, data in files},
        }
        packed = base64.b64encode(gzip.compress(json.dumps(bundle).encode())).decode()
        # Pieces out of alphabetical order, as there are with more than ten.
        size = len(packed) // 11 + 1
        self.bundle = {f"NOTEPOD_BUNDLE_{n}": packed[n * size : (n + 1) * size] for n in range(11)}

    def start(self, step, largest=None, **env):
        """``largest``: bytes that a file may have, which stands for a volume that is full."""
        command = [sys.executable, "-u", "-c", BOOT, step]
        if largest is not None:
            command = [sys.executable, "-c", _LIMITED, str(largest), *command]
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={
                **os.environ,
                **self.bundle,
                "NOTEPOD_VOLUME": str(self.volume),
                "NOTEPOD_TERMINATION_LOG": str(self.word),
                **env,
            },
        )

    def run(self, step, largest=None, **env):
        """``(exit code, what was printed, messages, last word, stderr)``."""
        process = self.start(step, largest, **env)
        out, err = process.communicate(timeout=60)
        text, messages = decoded(out)
        return process.returncode, text, messages, json.loads(self.word.read_text()), err


def decoded(log):
    """What was printed and the messages between, read as ``src/timing/frames.ts`` does."""
    text, messages, piece, at, number = b"", [], b"", 0, 0
    for frame in _FRAME.finditer(log):
        before = log[at : frame.start()]
        if frame.start() and log[frame.start() - 1 : frame.start()] != b"\n":
            continue
        text += before[:-1] if frame[3] == b"~" else before
        at = frame.end()
        assert int(frame[1]) == number
        number += 1
        piece += base64.b64decode(frame[4])
        assert len(frame[0]) <= 4000
        if frame[2] == b".":
            messages += json.loads(zlib.decompress(piece))
            piece = b""
    text += log[at:]
    if text.startswith(b"\x1e\x1e"):
        text = text[1:]
    return text.replace(b"\n\x1e\x1e", b"\n\x1e"), messages


def outputs_of(messages):
    return [each["o"]["output"] for each in messages if "output" in each.get("o", {})]


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("print('one'); print('two')", b"one\ntwo\n"),
        ("print('no end', end='')", b"no end"),
        ("print('\\x1enp 0 . - eJyrVgIAALoAhA==')", b"\x1enp 0 . - eJyrVgIAALoAhA==\n"),
        ("print('a\\n\\x1e\\n\\x1e\\x1eb', end='')", b"a\n\x1e\n\x1e\x1eb"),
        ("import os; os.write(1, bytes(range(256)) * 4); None", bytes(range(256)) * 4),
        ("import subprocess; subprocess.run(['echo', 'of a child']); None", b"of a child\n"),
        ("print('ä€😀' * 5000)", "ä€😀".encode() * 5000 + b"\n"),
        ("import sys; sys.stderr.write('bar\\r' * 5000); sys.stderr.flush(); None", b"bar\r" * 5000),
    ],
)
def test_what_is_printed_comes_through(tmp_path, source, printed):
    code, text, messages, word, _ = Pod(tmp_path, {"a": source}).run("a")
    assert (code, text) == (0, printed)
    assert word["outcome"] == "succeeded"
    kinds = [each["r"]["type"] for each in messages if "r" in each]
    assert kinds[0] == "start" and "done" in kinds
    assert "".join(each["text"] for each in outputs_of(messages)) == printed.decode(errors="replace")
    assert messages[-1]["end"]["frames"] == word["frames"]
    assert [cell[0] for cell in word["cells"]] == [0]


def test_much_output_is_whole(tmp_path):
    code, text, _, word, _ = Pod(tmp_path, {"a": "for n in range(300_000): print('x' * 99)"}).run("a")
    assert (code, word["outcome"]) == (0, "succeeded")
    assert text == (b"x" * 99 + b"\n") * 300_000


@pytest.mark.parametrize(
    ("source", "code", "outcome", "fields"),
    [
        ("1 / 0", 1, "failed", {"code": "NP510"}),
        ("import os; os._exit(7)", 7, "failed", {"code": "NP513"}),
        (
            "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
            137,
            "killed",
            {"code": "NP511", "signal": "SIGKILL"},
        ),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", 139, "killed", {"signal": "SIGSEGV"}),
    ],
)
def test_how_a_step_ends(tmp_path, source, code, outcome, fields):
    found, _, messages, word, _ = Pod(tmp_path, {"a": source}).run("a")
    assert found == code
    assert word["outcome"] == outcome == messages[-1]["end"]["outcome"]
    assert {key: word.get(key) for key in fields} == fields


def test_a_step_that_is_told_to_end(tmp_path):
    process = Pod(tmp_path, {"a": "print('ready')\nimport time\nwhile True: time.sleep(1)"}).start("a")
    read = b""
    while b"ready\n" not in read:
        read += os.read(process.stdout.fileno(), 65_536)
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=30)
    assert process.returncode == 143
    assert json.loads((tmp_path / "termination-log").read_text())["outcome"] == "cancelled"
    assert decoded(read + rest)[1][-1]["end"]["outcome"] == "cancelled"


def test_a_step_that_will_not_end_is_ended(tmp_path):
    source = (
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])\n"
        "print('ready')\nimport time\nwhile True: time.sleep(1)"
    )
    process = Pod(tmp_path, {"a": source}).start("a", NOTEPOD_GRACE_SECONDS="0.2")
    read = b""
    while b"ready\n" not in read:
        read += os.read(process.stdout.fileno(), 65_536)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)
    assert process.returncode == 137
    word = json.loads((tmp_path / "termination-log").read_text())
    assert (word["outcome"], word["signal"]) == ("cancelled", "SIGKILL")


@pytest.mark.parametrize("left", ["exec sleep 1000", "while :; do echo x; done"])
def test_what_a_step_leaves_running_does_not_hold_it_up(tmp_path, left):
    source = f"import subprocess; print('own' * 9999); subprocess.Popen(['sh', '-c', {left!r}]); None"
    code, text, _, word, _ = Pod(tmp_path, {"a": source}).run("a")
    assert (code, word["outcome"]) == (0, "succeeded")
    assert b"own" * 9999 in text


def test_a_volume_that_is_full_at_the_start_is_said(tmp_path):
    pod = Pod(tmp_path, {"a": "print(1)"})
    process = pod.start("a", largest=2000)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 5
    assert b"cannot be put onto the volume: " in err
    word = json.loads(pod.word.read_text())
    assert (word["exit"], word["code"], word["step"]) == (5, "NP505", "a")
    assert list(pod.volume.iterdir()) == []


def test_a_volume_that_is_full_later_is_said(tmp_path):
    pod = Pod(tmp_path, {"a": "print(1)", "b": "for n in range(2000): print('x' * 99)"})
    assert pod.run("a")[0] == 0
    code, _, _, word, _ = pod.run("b", largest=20_000)
    assert (code, word["exit"], word["code"]) == (5, 5, "NP505")
    assert "the volume cannot be used: " in word["message"]


def test_a_last_word_that_cannot_be_left_is_in_the_log(tmp_path):
    pod = Pod(tmp_path, {"a": "print(1)"})
    process = pod.start("a", NOTEPOD_TERMINATION_LOG=str(tmp_path))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert decoded(out)[1][-1]["end"]["outcome"] == "succeeded"


def test_first_steps_may_start_at_once(tmp_path):
    steps = {name: "print(open('data/in.txt').read())" for name in "abcdef"}
    pod = Pod(tmp_path, steps, files=[("data/in.txt", b"here")])
    running = [pod.start(name) for name in steps]
    for each in running:
        out, err = each.communicate(timeout=60)
        assert each.returncode == 0, err
        assert decoded(out)[0] == b"here\n"
    assert [path.name for path in pod.volume.iterdir()] == ["run"]


def test_a_folder_that_was_left_half_unpacked_is_no_hindrance(tmp_path):
    pod = Pod(tmp_path, {"a": "print(1)"})
    (pod.volume / ".run-left" / "program").mkdir(parents=True)
    assert pod.run("a")[0] == 0


def test_later_steps_need_no_bundle(tmp_path):
    pod = Pod(tmp_path, {"a": "print(1)", "b": "print(2)"})
    assert pod.run("a")[1] == b"1\n"
    pod.bundle = {}
    assert pod.run("b")[1] == b"2\n"


def test_no_bundle_is_said(tmp_path):
    pod = Pod(tmp_path, {"a": "print(1)"})
    pod.bundle = {}
    process = pod.start("a")
    assert b"bundle is neither" in process.communicate(timeout=60)[1]
    assert process.returncode == 1


def test_attempts_have_folders_of_their_own(tmp_path):
    pod = Pod(tmp_path, {"a": "1 / 0"})
    assert pod.run("a")[3]["attempt"] == 1
    assert pod.run("a", NOTEPOD_ATTEMPT="1")[3]["attempt"] == 2
    assert pod.run("a", NOTEPOD_ATTEMPT="1", NOTEPOD_ATTEMPTS_BEFORE="2")[3]["attempt"] == 4
    assert sorted(path.name for path in (pod.volume / "run/steps/a").iterdir()) == ["1", "2", "4"]


def test_environment_is_taken_as_it_is(tmp_path):
    hard = "$(HOME) {{workflow.name}} \"'\\ 😀"
    source = f"import os; print(os.environ['HARD'] == {hard!r}, os.environ['PYTHONHASHSEED'])"
    pod = Pod(tmp_path, {"a": source}, settings={"a": {"env": {"HARD": hard}}})
    assert pod.run("a")[1] == b"True 0\n"


def test_a_parameter_of_the_run(tmp_path):
    pod = Pod(
        tmp_path,
        {"a": "n = 3\nprint(n, type(n).__name__)"},
        settings={"a": {"parameters": {"n": {"type": "int", "text": "3"}}}},
    )
    plan = plan_of("a", "n = 3")
    plan["cells"] = [
        dict(plan["cells"][0], parameters=["n"]),
        dict(plan["cells"][0], index=1, source="print(n, type(n).__name__)"),
    ]
    assert pod.run("a", NOTEPOD_PARAMETER_n="3")[1] == b"3 int\n"
    (pod.volume / "run/plans/a.json").write_text(json.dumps(plan))
    assert pod.run("a", NOTEPOD_PARAMETER_n="5", NOTEPOD_ATTEMPT="1")[1] == b"5 int\n"


def test_a_home_that_cannot_be_written_is_replaced(tmp_path):
    source = "import os; print(os.access(os.environ['HOME'], os.W_OK))"
    assert Pod(tmp_path, {"a": source}).run("a", HOME="/proc")[1] == b"True\n"


def test_the_boot_text_is_left_alone_by_argo_and_the_kubelet():
    assert "{{" not in BOOT
    assert "$(" not in BOOT
