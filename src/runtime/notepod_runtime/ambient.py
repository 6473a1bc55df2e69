"""State of the process that is in no name, carried from step to step: generators, options, environment (semantics 3.6)."""

import importlib.abc
import importlib.util
import os
import pickle
import sys
import time

from . import log_state


def _random():
    return sys.modules["random"].getstate() if "random" in sys.modules else None


def _set_random(state):
    import random

    random.setstate(state)


def _numpy_random():
    numpy = sys.modules.get("numpy")
    return numpy.random.get_state() if numpy is not None and "numpy.random" in sys.modules else None


def _set_numpy_random(state):
    sys.modules["numpy"].random.set_state(state)


def _torch():
    torch = sys.modules.get("torch")
    return torch.get_rng_state().numpy().tobytes() if torch is not None else None


def _set_torch(state):
    torch = sys.modules["torch"]
    torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


def _rc_params():
    matplotlib = sys.modules.get("matplotlib")
    if matplotlib is None or not hasattr(matplotlib, "rcParams"):
        return None
    # The back end is the process's own matter.
    return {
        key: value
        for key, value in dict.items(matplotlib.rcParams)
        if key not in ("backend", "backend_fallback")
    }


def _set_rc_params(state):
    dict.update(sys.modules["matplotlib"].rcParams, state)


def _pandas_options():
    config = sys.modules.get("pandas._config.config")
    if config is None:
        return None
    return {key: config.get_option(key) for key in config._registered_options}


def _set_pandas_options(state):
    config = sys.modules["pandas._config.config"]
    for key, value in state.items():
        if key in config._registered_options and config.get_option(key) != value:
            config.set_option(key, value)


def _numpy_options():
    numpy = sys.modules.get("numpy")
    if numpy is None or not hasattr(numpy, "get_printoptions"):
        return None
    options = {key: value for key, value in numpy.get_printoptions().items() if key != "override_repr"}
    return options, numpy.geterr()


def _set_numpy_options(state):
    numpy = sys.modules["numpy"]
    numpy.set_printoptions(**state[0])
    numpy.seterr(**state[1])


#: Set by the runner for its own process; no business of later steps.
_OWN_VARIABLES = frozenset(
    (
        "MPLBACKEND",
        "NOTEPOD_STEP",
        "NOTEPOD_RUN",
        "NOTEPOD_EVENTS",
        "PWD",
        "OLDPWD",
        "COLUMNS",
        "LINES",
        "PAGER",
        "GIT_PAGER",
        "CLICOLOR",
        "TERM",
    )
)


#: What this process began with. Only the difference is carried: another pod has another host name and other paths of its own.
_START = {"environ": dict(os.environ), "folder": os.getcwd(), "path": list(sys.path), "zone": time.tzname}


def _environ():
    start = {key: value for key, value in _START["environ"].items() if key not in _OWN_VARIABLES}
    now = {key: value for key, value in os.environ.items() if key not in _OWN_VARIABLES}
    changed = sorted((key, value) for key, value in now.items() if start.get(key) != value)
    # The time zone of the process follows the variable only when it is told to.
    return changed, sorted(start.keys() - now.keys()), time.tzname != _START["zone"]


def _set_environ(state):
    changed, removed, in_zone = state
    os.environ.update(changed)
    for key in removed:
        os.environ.pop(key, None)
    if in_zone:
        time.tzset()


def _folder():
    start, now = _START["folder"], os.getcwd()
    inside = os.path.commonpath((start, now)) == start
    return os.path.relpath(now, start) if inside else now


def _set_folder(state):
    os.chdir(os.path.join(_START["folder"], state))


def _path():
    start = set(_START["path"])
    first = next((index for index, entry in enumerate(sys.path) if entry in start), len(sys.path))
    before, after = sys.path[:first], [entry for entry in sys.path[first:] if entry not in start]
    return before, after, [entry for entry in _START["path"] if entry not in sys.path]


def _set_path(state):
    before, after, removed = state
    sys.path[:] = before + [entry for entry in _START["path"] if entry not in removed] + after


def _warnings():
    import warnings

    return list(warnings.filters)


def _set_warnings(state):
    import warnings

    warnings.filters[:] = state
    warnings._filters_mutated() if hasattr(warnings, "_filters_mutated") else warnings.simplefilter(
        "default", append=True
    )


def _decimal():
    decimal = sys.modules.get("decimal")
    return decimal.getcontext().copy() if decimal is not None else None


def _set_decimal(state):
    import decimal

    decimal.setcontext(state)


def _locale():
    locale = sys.modules.get("locale")
    return locale.setlocale(locale.LC_ALL) if locale is not None else None


def _set_locale(state):
    import locale

    locale.setlocale(locale.LC_ALL, state)


#: channel -> (module that must be there to set it, get, set). Order: what imports rely on first, generators last.
_CHANNELS = {
    "cwd": (None, _folder, _set_folder),
    "environ": (None, _environ, _set_environ),
    "sys.path": (None, _path, _set_path),
    "warnings": (None, _warnings, _set_warnings),
    "decimal": (None, _decimal, _set_decimal),
    "locale": (None, _locale, _set_locale),
    "logging": (None, log_state.captured, log_state.restore),
    "rcParams": ("matplotlib", _rc_params, _set_rc_params),
    "pandas.options": ("pandas", _pandas_options, _set_pandas_options),
    "numpy.options": ("numpy", _numpy_options, _set_numpy_options),
    "numpy.random": ("numpy", _numpy_random, _set_numpy_random),
    "torch.random": ("torch", _torch, _set_torch),
    "random": (None, _random, _set_random),
}
_GENERATORS = ("numpy.random", "torch.random", "random")


def capture(channels):
    """The state of the channels now, by channel, pickled; channels whose library is not imported are left out."""
    found = {}
    for channel in channels:
        if channel in _CHANNELS:
            state = _CHANNELS[channel][1]()
            if state is not None:
                found[channel] = pickle.dumps(state, 4)
    return found


def read_states(volume, plan):
    """The states that the step starts with, by channel, from the last of the steps that left one."""
    states = {}
    for entry in plan["ambientIn"]:
        for step in reversed(entry["from"]):
            path = os.path.join(volume, "snapshots", step, "ambient-" + entry["channel"])
            if os.path.exists(path):
                with open(path, "rb") as file:
                    states[entry["channel"]] = file.read()
                break
    return states


def apply(states, generators):
    """Sets the generators, or everything else; state of a library that is not imported yet is set when it is."""
    for channel, (module, _, setter) in _CHANNELS.items():
        if channel not in states or (channel in _GENERATORS) != generators:
            continue
        state = pickle.loads(states[channel])
        if module is None or module in sys.modules:
            setter(state)
        else:
            _AfterImport.on(module, setter, state)


class _AfterImport(importlib.abc.MetaPathFinder):
    """Sets state as soon as its library has been imported."""

    _one = None

    def __init__(self):
        self._waiting = {}

    @classmethod
    def on(cls, module, setter, state):
        if cls._one is None:
            cls._one = cls()
            sys.meta_path.insert(0, cls._one)
        cls._one._waiting.setdefault(module, []).append((setter, state))

    def find_spec(self, name, path=None, target=None):
        if name not in self._waiting:
            return None
        actions = self._waiting.pop(name)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        run = spec.loader.exec_module

        def exec_module(module):
            run(module)
            for setter, state in actions:
                setter(state)

        spec.loader.exec_module = exec_module
        return spec
