"""Runs one step in a pod: ``python notepod_pod.py STEP``, from the run's folder on the volume.

It starts the step program, hands on what it prints, and puts what it records between, as frames (``src/timing/frames.ts`` reads
them), so that outputs and times come home with the log. Its last word is the container's termination message.
"""

import base64
import contextlib
import errno
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
import zlib

_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: Bytes of a message in one frame: 4/3 of it and its head are less than 4000, which no container runtime splits.
_PIECE = 2900
#: Seconds between looks at what the step program has recorded.
_LOOK = 0.1
#: Bytes of recorded lines in one message.
_BATCH = 65_536
#: Seconds of silence after which nobody waits any more for processes that the step left behind, and seconds they may print at all.
_AFTERWARDS = 1.0
_AFTERWARDS_AT_MOST = 5.0
#: Bytes that a pipe holds (pipe(7)): so much of what the step itself printed may be in it when the step has ended.
_PIPE = 65_536
#: Seconds that a step which is told to end may take. Kubernetes ends the whole pod after 30, and then there is no last word.
_GRACE = 20.0
#: Kubernetes keeps 4096 bytes of a container's termination message.
_LAST_WORDS = 4096
#: Bytes that a volume must take for it not to be full.
_ROOM = 65_536
_MARK = b"\x1e"


def main(step):
    attempt = (
        int(os.environ.get("NOTEPOD_ATTEMPT") or 0) + int(os.environ.get("NOTEPOD_ATTEMPTS_BEFORE") or 0) + 1
    )
    folder = os.path.join(_FOLDER, "steps", step, str(attempt))
    while os.path.exists(folder):
        # Kubeflow gives attempts no numbers, and Argo makes a pod that was taken away anew, under its old one.
        attempt += 1
        folder = os.path.join(_FOLDER, "steps", step, str(attempt))
    words = {"v": 1, "step": step, "attempt": attempt}
    try:
        os.umask(0)
        os.makedirs(folder)
        settings = _read(os.path.join(_FOLDER, "settings", step + ".json"))
        plan = _plan(step, settings, folder)
        env = _environment(settings)
    except OSError as error:
        words.update(_volume_problem(error))
        sys.stderr.write(f"notepod: {words['message']}\n")
        _leave(words)
        return 5
    killed_before = _oom_kills()
    supervisor = _Supervisor(folder)
    status = supervisor.run(
        [
            sys.executable,
            "-u",
            os.path.join(_FOLDER, "program", "notepod_step.py"),
            plan,
            os.path.join(_FOLDER, "volume"),
            folder,
        ],
        env,
    )
    words.update(supervisor.judge(status))
    if words.get("signal") == "SIGKILL" and _oom_kills() > killed_before:
        words["oom"] = True
    words["peakRss"] = _peak_rss()
    supervisor.frames.write([{"end": dict(words, frames=supervisor.frames.count + 1)}])
    words["frames"] = supervisor.frames.count
    words["cells"] = supervisor.cells
    _leave(words)
    return words["exit"]


class _Supervisor:
    """One attempt: the child's output and records, in the order in which they come."""

    def __init__(self, folder):
        self.frames = _Frames()
        self._folder = folder
        self._lines = [_Lines(folder, "record.jsonl", "r"), _Lines(folder, "outputs.jsonl", "o")]
        self._problem = None
        self._done = None
        #: When that was; None: it was not.
        self._told_to_end = None
        #: ``[index, ns, cpuNs, peak, failed]`` of every cell that ended.
        self.cells = []

    def run(self, command, env):
        """Runs the step program to its end; returns the status of ``subprocess``: negative for a signal."""
        child = None

        def end(*_):
            self._told_to_end = time.monotonic()
            if child is not None:
                child.send_signal(signal.SIGTERM)

        signal.signal(signal.SIGTERM, end)
        signal.signal(signal.SIGINT, end)
        # What is printed goes to standard output, from both streams: of two streams the kubelet mixes pieces of 16 KiB of long
        # lines, such as a progress bar's, and a frame would stand in the middle of one.
        child = subprocess.Popen(
            command,
            cwd=os.path.join(_FOLDER, "work"),
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        if self._told_to_end is not None:
            child.send_signal(signal.SIGTERM)
        streams = [child.stdout.fileno(), child.stderr.fileno()]
        looked = time.monotonic()
        ended = silent_since = None
        afterwards = dict.fromkeys(streams, 0)
        while streams:
            ready, _, _ = select.select(streams, [], [], _LOOK)
            for source in ready:
                data = os.read(source, _PIPE)
                if not data:
                    streams.remove(source)
                else:
                    self.frames.text(data)
                    afterwards[source] += len(data)
            now = time.monotonic()
            if now - looked >= _LOOK:
                looked = now
                self._look()
            if child.poll() is None:
                if self._told_to_end is not None and now - self._told_to_end >= _grace():
                    child.kill()
                afterwards = dict.fromkeys(streams, 0)
                continue
            # What the step left behind may hold the streams open.
            ended = now if ended is None else ended
            silent_since = None if ready else now if silent_since is None else silent_since
            if silent_since is not None and now - silent_since >= _AFTERWARDS:
                break
            if now - ended >= _AFTERWARDS_AT_MOST and all(
                afterwards[each] >= _PIPE for each in streams if each in ready
            ):
                break
        status = child.wait()
        with contextlib.suppress(OSError):
            os.killpg(child.pid, signal.SIGKILL)
        self._look()
        return status

    def judge(self, status):
        """How the step ended, as the engines tell it."""
        words = {"exit": status if status >= 0 else 128 - status}
        if self._problem is not None:
            words["code"] = self._problem.get("code")
            words["message"] = self._problem.get("message")
        if status < 0:
            words["signal"] = signal.Signals(-status).name
        if self._told_to_end is not None and self._done != "succeeded":
            return dict(words, outcome="cancelled")
        if status < 0:
            return dict(
                words, outcome="killed", code="NP511", message=f"the process was ended by {words['signal']}"
            )
        if self._done is None or words.get("code") == "NP599":
            try:
                # The step program cannot say what it could not write.
                with tempfile.TemporaryFile(dir=self._folder) as file:
                    file.write(bytes(_ROOM))
            except OSError as error:
                return dict(words, **_volume_problem(error))
        if self._done is None:
            said = f"the process ended with {status} before the step was done (os._exit, or the Python itself failed); see the log"
            return dict({"code": "NP513", "message": said}, **words, outcome="failed")
        if self._done == "succeeded" and status != 0:
            return dict(words, outcome="failed")
        return dict(words, outcome=self._done)

    def _look(self):
        for lines in self._lines:
            for batch in lines.read():
                self.frames.write(batch)
                for each in batch:
                    if "r" in each:
                        self._note(each["r"])

    def _note(self, record):
        kind = record.get("type")
        if kind == "done":
            self._done = record.get("outcome")
        elif kind in ("error", "guard"):
            self._problem = record
        elif kind == "cell-end":
            keys = ("cell", "ns", "cpuNs", "peakRssBytes")
            self.cells.append([int(record[key]) for key in keys] + [int(record["failed"])])


class _Lines:
    """New lines of a file of JSON lines, as messages."""

    def __init__(self, folder, name, key):
        self._path = os.path.join(folder, name)
        self._key = key
        self._file = None
        self._open = b""

    def read(self):
        """Yields lists of ``{key: line}``, each of about ``_BATCH`` bytes."""
        if self._file is None:
            if not os.path.exists(self._path):
                return
            self._file = open(self._path, "rb")  # noqa: SIM115 - read on at the next look
        while True:
            data = self._file.read(_BATCH)
            if not data:
                return
            *lines, self._open = (self._open + data).split(b"\n")
            if lines:
                yield [{self._key: json.loads(line)} for line in lines]


class _Frames:
    """Writes to the container's log."""

    def __init__(self):
        #: Frames written so far.
        self.count = 0
        self._at_line_start = True

    def text(self, data):
        """What the step printed."""
        if _MARK in data:
            if self._at_line_start and data.startswith(_MARK):
                data = _MARK + data
            data = data.replace(b"\n" + _MARK, b"\n" + _MARK + _MARK)
        _write(1, data)
        self._at_line_start = data.endswith(b"\n")

    def write(self, message):
        """A message, in as many frames as it needs."""
        packed = zlib.compress(json.dumps(message).encode(), 6)
        for at in range(0, len(packed), _PIECE):
            flag = b"+" if at + _PIECE < len(packed) else b"."
            join = b"-" if self._at_line_start else b"~"
            piece = base64.b64encode(packed[at : at + _PIECE])
            head = b"" if self._at_line_start else b"\n"
            _write(1, head + _MARK + b"np %d %s %s %s\n" % (self.count, flag, join, piece))
            self.count += 1
            self._at_line_start = True


def _write(descriptor, data):
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _volume_problem(error):
    """How a step ends that cannot write to the volume. NP505: as where a snapshot does not fit."""
    said = (
        "the volume is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "the volume cannot be used"
    )
    return {"outcome": "failed", "exit": 5, "code": "NP505", "message": f"{said}: {error}"}


def _grace():
    return float(os.environ.get("NOTEPOD_GRACE_SECONDS") or _GRACE)


def _read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def _environment(settings):
    env = {"PYTHONHASHSEED": "0", **os.environ, **settings.get("env", {})}
    for name in list(env):
        if name.startswith(("NOTEPOD_BUNDLE_", "NOTEPOD_PARAMETER_")):
            del env[name]
    env["PYTHONUNBUFFERED"] = "1"
    env["PYTHONIOENCODING"] = "utf-8"
    home = env.get("HOME", "")
    if not (home and os.path.isdir(home) and os.access(home, os.W_OK)):
        # Libraries keep caches and settings there.
        env["HOME"] = os.path.join(_FOLDER, "home")
        os.makedirs(env["HOME"], exist_ok=True)
    return env


def _plan(step, settings, folder):
    """Path of the step's plan, with the values that this run gives its parameters."""
    path = os.path.join(_FOLDER, "plans", step + ".json")
    given = {}
    for name, parameter in settings.get("parameters", {}).items():
        text = os.environ.get("NOTEPOD_PARAMETER_" + name)
        if text is not None and text != parameter["text"]:
            given[name] = (
                repr(text) if parameter["type"] == "str" else _literal(name, text, parameter["type"])
            )
    plan = _read(path)
    run = os.environ.get("NOTEPOD_RUN")
    if run:
        plan["run"] = run
    names = {name for cell in plan["cells"] for name in cell["parameters"]}
    plan["parameters"].update((name, literal) for name, literal in given.items() if name in names)
    for replay in plan["replays"]:
        changed = [name for name in replay["names"] if name in given]
        if replay["kind"] == "constant" and changed:
            replay["source"] = "\n".join(f"{name} = {given[name]}" for name in changed)
    path = os.path.join(folder, "plan.json")
    with open(path, "w", encoding="utf-8") as file:
        json.dump(plan, file)
    return path


def _literal(name, text, kind):
    import ast

    try:
        value = ast.literal_eval(text.strip())
    except (ValueError, SyntaxError):
        value = {"true": True, "false": False}.get(text.strip().lower())
        if kind == "None" and value is None:
            # `None` in the notebook says nothing about the type of another value.
            return repr(text)
    if kind == "None":
        return repr(value)
    if kind == "float" and type(value) is int:
        value = float(value)
    if type(value).__name__ != kind and not (kind == "NoneType" and value is None):
        sys.exit(f"notepod: parameter {name} must be a {kind}, and is {text!r}")
    return repr(value)


def _leave(words):
    """Writes the termination message, with as many cells as there is room for."""
    cells = words.pop("cells", [])
    if len(words.get("message") or "") > 1500:
        words["message"] = words["message"][:1500] + "…"
    while True:
        text = json.dumps(dict(words, cells=cells), separators=(",", ":")).encode()
        if len(text) <= _LAST_WORDS or not cells:
            break
        cells = cells[: len(cells) * 3 // 4]
    try:
        with open(os.environ.get("NOTEPOD_TERMINATION_LOG", "/dev/termination-log"), "wb") as file:
            file.write(text)
    except OSError:
        # The log has it too.
        pass


def _peak_rss():
    import resource

    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * scale


def _oom_kills():
    """How many processes the kernel has ended in this container for want of memory (cgroup v2, then v1); 0 if it does not say."""
    for path in ("/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control"):
        try:
            with open(path, encoding="ascii") as file:
                fields = dict(line.split() for line in file)
            return int(fields.get("oom_kill", 0))
        except (OSError, ValueError):
            continue
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
