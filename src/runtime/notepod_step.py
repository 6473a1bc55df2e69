"""Starts the step program: ``python notepod_step.py PLAN VOLUME ATTEMPT_FOLDER``."""

import os
import sys

_folder = os.path.dirname(os.path.abspath(__file__))
# The notebook's own modules are found where it runs, as in a kernel; the step program's folder is in nobody's way.
sys.path[0] = _folder
import notepod_runtime.runner  # noqa: E402

sys.path[0] = ""

if __name__ == "__main__":
    notepod_runtime.runner.main(sys.argv[1:])
