import base64
import glob
import gzip
import json
import os
import shutil
import sys
import tempfile

# What every pod of a run starts with, as one argument of python: puts the run's bundle onto the volume, once, and goes on with
# the program in it. It must hold no two braces in a row and no dollar with a parenthesis: Argo and the kubelet would replace them.
root = os.environ.get("NOTEPOD_VOLUME", "/marshal")
run = os.path.join(root, "run")
if not os.path.isdir(run):
    parts = sorted(glob.glob("/notepod/*/bundle"))
    packed = b""
    for part in parts:
        with open(part, "rb") as file:
            packed += file.read()
    if not packed:
        names = sorted(
            (name for name in os.environ if name.startswith("NOTEPOD_BUNDLE_")),
            key=lambda name: int(name[15:]),
        )
        packed = base64.b64decode("".join(os.environ[name] for name in names))
    if not packed:
        sys.exit("notepod: the run's bundle is neither at /notepod nor on the volume")
    bundle = json.loads(gzip.decompress(packed).decode())
    os.umask(0)
    made = None
    try:
        made = tempfile.mkdtemp(prefix=".run-", dir=root)
        os.chmod(made, 0o777)
        data = [(os.path.join("program", name), text.encode()) for name, text in bundle["program"].items()]
        for folder in ("plans", "settings"):
            for name, each in bundle[folder].items():
                data.append((os.path.join(folder, name + ".json"), json.dumps(each).encode()))
        for name, text in bundle["files"].items():
            data.append((os.path.join("work", name), base64.b64decode(text)))
        for folder in ("work", "steps", "volume/snapshots"):
            os.makedirs(os.path.join(made, folder))
        for name, content in data:
            path = os.path.join(made, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "wb") as file:
                file.write(content)
        os.rename(made, run)
    except OSError as error:
        if made:
            shutil.rmtree(made, ignore_errors=True)
        # Else another first step was quicker.
        if not os.path.isdir(run):
            said = "the run cannot be put onto the volume: %s" % error
            print("notepod:", said, file=sys.stderr)
            words = dict(
                v=1, step=sys.argv[1], attempt=1, outcome="failed", exit=5, code="NP505", message=said
            )
            try:
                with open(os.environ.get("NOTEPOD_TERMINATION_LOG", "/dev/termination-log"), "w") as file:
                    json.dump(words, file)
            finally:
                os._exit(5)
program = os.path.join(run, "program", os.environ.get("NOTEPOD_PROGRAM", "notepod_pod.py"))
os.execv(sys.executable, [sys.executable, "-u", program] + sys.argv[1:])
