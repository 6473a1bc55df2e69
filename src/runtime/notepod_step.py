"""Starts the step program: ``python notepod_step.py PLAN VOLUME ATTEMPT_FOLDER``."""

import os
import sys
from importlib.machinery import PathFinder, SourceFileLoader

_folder = os.path.dirname(os.path.abspath(__file__))


class _Loader(SourceFileLoader):
    """Keeps the byte code of the step program in the run's folder, whatever holds for the notebook's modules.

    Many images set ``PYTHONDONTWRITEBYTECODE``; every step would then compile the whole program anew, which costs more than the
    rest of its start.
    """

    def get_code(self, fullname):
        wanted = sys.dont_write_bytecode
        sys.dont_write_bytecode = False
        try:
            return super().get_code(fullname)
        finally:
            sys.dont_write_bytecode = wanted


class _Finder:
    """Finds the step program's own modules; its folder is in nobody's way on ``sys.path``."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] != "notepod_runtime":
            return None
        spec = PathFinder.find_spec(name, [_folder] if path is None else path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = _Loader(spec.loader.name, spec.loader.path)
        return spec


sys.meta_path.insert(0, _Finder)
# The notebook's own modules are found where it runs, as in a kernel.
sys.path[0] = ""
import notepod_runtime.runner  # noqa: E402

if __name__ == "__main__":
    notepod_runtime.runner.main(sys.argv[1:])
