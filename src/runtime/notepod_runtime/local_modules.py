"""Modules beside the notebook: every step imports them anew, so what a step changes in one would be lost in the next."""

import hashlib
import importlib.util
import os
import pickle
import sys
import types

from .errors import GuardStop

_CODE = (type, types.ModuleType, types.FunctionType, types.BuiltinFunctionType)


class LocalModules:
    """Notes the state in which modules come out of their files. A finder of ``sys.meta_path`` while the step runs.

    ``wanted``: ``{module: steps}`` that later steps import. Only those in the working folder are looked at.
    """

    def __init__(self, wanted):
        folder = os.path.realpath(os.getcwd())
        self._wanted = {
            name: steps
            for name, steps in wanted.items()
            if os.path.exists(os.path.join(folder, name + ".py")) or os.path.isdir(os.path.join(folder, name))
        }
        self._folder = folder + os.sep
        self._before = {}
        self._finding = False
        if self._wanted:
            sys.meta_path.insert(0, self)

    def find_spec(self, name, path=None, target=None):
        """Wraps the loader of a module of the working folder; leaves every other one to the other finders."""
        if self._finding or name.partition(".")[0] not in self._wanted:
            return None
        self._finding = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._finding = False
        if spec is None or spec.loader is None or not self._is_local(spec.origin):
            return spec
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            self._before[name] = _state(module)

        spec.loader.exec_module = exec_module
        return spec

    def check(self, plan):
        """Raises :class:`GuardStop` (NP502) if a module that later steps import is not as it came."""
        for name, before in self._before.items():
            module = sys.modules.get(name)
            if module is None or _state(module) == before:
                continue
            steps = self._wanted[name.partition(".")[0]]
            raise GuardStop(
                "NP502",
                f"step {plan['step']} changed what the module {name} holds, and step {steps[0]} imports it anew, as it is in its file.",
                "Keep that in a variable of the notebook, or put both into one step.",
                None,
                plan["cells"][-1]["index"] if plan["cells"] else None,
            )

    def _is_local(self, origin):
        return isinstance(origin, str) and os.path.realpath(origin).startswith(self._folder)


def _state(module):
    """A digest of the data that a module and its classes hold; what cannot be pickled is left out."""
    digest = hashlib.blake2b(digest_size=16)
    for name, value in _data(vars(module)):
        _add(digest, name, value)
    for cls in vars(module).values():
        if isinstance(cls, type) and cls.__module__ == module.__name__:
            for name, value in _data(vars(cls)):
                _add(digest, f"{cls.__qualname__}.{name}", value)
    return digest.digest()


def _data(scope):
    return [
        (name, value)
        for name, value in scope.items()
        if not (name.startswith("__") and name.endswith("__"))
        and not isinstance(value, (*_CODE, property, staticmethod, classmethod))
    ]


def _add(digest, name, value):
    try:
        stream = pickle.dumps(value, 4)
    except Exception:
        return
    digest.update(name.encode())
    digest.update(stream)
