"""Starts a step in a pod of Kubeflow Pipelines: ``python notepod_kfp.py STEP HASH [NAME VALUE]...``, from the run's folder on the volume.

Kubeflow hands parameters over as texts among the arguments, written as its server writes them: numbers without a type, lists and
dicts as JSON. They become what ``notepod_pod.py`` takes; one that still has the notebook's own value is left to the notebook.
The hash is there for Kubeflow's cache alone.
"""

import json
import os
import sys

_FOLDER = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
#: In place of a step: the bundle is on the volume now, and that was all.
_START = "--start"


def main(step, values):
    if step == _START:
        return
    os.environ.pop("NOTEPOD_PROGRAM", None)
    with open(os.path.join(_FOLDER, "settings", step + ".json"), encoding="utf-8") as file:
        parameters = json.load(file)["parameters"]
    for name, text in zip(values[::2], values[1::2]):
        own = parameters[name]
        if not _is_same(text, own["text"], own["type"]):
            os.environ["NOTEPOD_PARAMETER_" + name] = _python(text, own["type"])
    program = os.path.join(_FOLDER, "program", "notepod_pod.py")
    os.execv(sys.executable, [sys.executable, "-u", program, step])


def _is_same(text, own, kind):
    if text == own:
        return True
    if kind == "str":
        return False
    try:
        return _comparable(json.loads(text)) == _comparable(json.loads(own))
    except ValueError:
        return False


def _comparable(value):
    """A value of JSON in which 1 is 1.0, as for Kubeflow, and true is no number."""
    if isinstance(value, dict):
        return {key: _comparable(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_comparable(each) for each in value]
    return ("bool", value) if isinstance(value, bool) else value


def _python(text, kind):
    """What ``notepod_pod.py`` reads as a value of that type: Python's literals, and texts as they are."""
    if kind == "str":
        return text
    try:
        value = json.loads(text)
    except ValueError:
        return text
    if kind == "int" and isinstance(value, float) and value.is_integer():
        value = int(value)
    return repr(value)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[3:])
