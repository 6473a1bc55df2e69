"""Functions that remember their results (``functools.cache``, ``functools.lru_cache``), with what they remember.

``functools`` pickles them by name. A notebook can tell whether a result is remembered: by ``cache_info()``, by what the
function prints, by how deep a recursion goes. So the entries, their order, hits and misses come back.
"""

import contextlib
import functools
import gc
from collections import deque
from itertools import repeat

from .errors import Unshippable


def reduce_cached_function(cached):
    """The reduction of a ``functools._lru_cache_wrapper``: by name where a module has it, else taken apart."""
    if cached.__module__ != "__main__":
        return cached.__qualname__
    info = cached.cache_info()
    typed = cached.cache_parameters()["typed"] if hasattr(cached, "cache_parameters") else False
    state = {
        "dict": {key: value for key, value in vars(cached).items() if key not in _OWN},
        "entries": _entries(cached, info, typed),
        "hits": info.hits,
        "misses": info.misses,
    }
    args = (cached.__wrapped__, info.maxsize, typed)
    return cached_function, args, state, None, None, remember


#: Attributes that ``functools.lru_cache`` gives each wrapper anew.
_OWN = frozenset(("cache_parameters", "__wrapped__"))


def _entries(cached, info, typed):
    """``[(args, kwargs, result)]``, the least recently used first. The wrapper shows them to the garbage collector only."""
    if info.currsize == 0:
        return []
    referents = gc.get_referents(cached)
    tables = [each for each in referents if type(each) is dict and each is not vars(cached)]
    table = next((each for each in tables if len(each) == info.currsize), {})
    if info.maxsize is None:
        pairs = list(table.items())
    else:
        # A bounded cache shows key and result of each entry one after the other, in the order of use.
        keys = {id(key) for key in table}
        pairs = []
        at = 0
        while at < len(referents) - 1:
            if id(referents[at]) in keys:
                pairs.append((referents[at], referents[at + 1]))
                at += 1
            at += 1
    if len(pairs) != info.currsize:
        raise Unshippable(cached, "a function whose remembered results cannot be read")
    return [(*_arguments(key, typed), result) for key, result in pairs]


def _arguments(key, typed):
    """The call that has this key (functools._make_key): positional arguments, a mark, names and values, types."""
    if type(key) is not tuple:
        return (key,), {}
    mark = next((index for index, each in enumerate(key) if type(each) is object), None)
    if mark is None:
        return key[: len(key) // 2] if typed else key, {}
    named = key[mark + 1 :]
    if typed:
        named = named[: 2 * ((len(key) - 2 * mark - 1) // 3)]
    return key[:mark], dict(zip(named[::2], named[1::2]))


def cached_function(function, maxsize, typed):
    """The function, remembering nothing yet."""
    return functools.lru_cache(maxsize=maxsize, typed=typed)(function)


def remember(cached, state):
    """Gives the function what it remembers: for as long as that takes, its code hands out the known results."""
    vars(cached).update(state["dict"])
    function = cached.__wrapped__
    results = iter([result for _, _, result in state["entries"]])
    own = (function.__code__, function.__defaults__, function.__kwdefaults__)
    function.__code__ = _feeding_code(own[0].co_freevars)
    function.__kwdefaults__ = {"notepod_next": results.__next__}
    try:
        # A call that fails is a miss and leaves no entry.
        for _ in range(state["misses"] - len(state["entries"])):
            _miss(cached, function, results)
        for args, kwargs, _ in state["entries"]:
            cached(*args, **kwargs)
    finally:
        function.__code__, function.__defaults__, function.__kwdefaults__ = own
    if state["entries"]:
        args, kwargs, _ = state["entries"][-1]
        deque(map(lambda _: cached(*args, **kwargs), repeat(None, state["hits"])), 0)


class _Forgotten(Exception):
    """Stands for a result that is no longer remembered."""


def _miss(cached, function, results):
    def fail():
        raise _Forgotten

    function.__kwdefaults__ = {"notepod_next": fail}
    with contextlib.suppress(_Forgotten):
        cached()
    function.__kwdefaults__ = {"notepod_next": results.__next__}


def _feeding_code(free):
    """Code of a function that gives back ``notepod_next()`` whatever it is called with; ``free`` are its free variables."""
    variables = ", ".join(free)
    source = (
        (f"def outer({variables}):\n" if free else "def outer():\n")
        + " def feed(*args, notepod_next, **named):\n"
        + (f"  if False:\n   ({variables},)\n" if free else "")
        + "  return notepod_next()\n"
        + " return feed\n"
    )
    scope = {}
    exec(source, scope)
    return scope["outer"](*free).__code__
