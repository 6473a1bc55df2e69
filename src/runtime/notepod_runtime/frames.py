"""Attributes of pandas objects that are no columns: ``df.source = 'web'``, and those of subclasses. pandas pickles ``_metadata`` only."""

import sys

#: What pandas keeps in an object of its own (versions 1.0 to 3.x), beside what the class names itself.
_INTERNAL = frozenset(
    ("_mgr", "_data", "_attrs", "_flags", "_name", "_index", "_item_cache", "_cacher", "_is_copy", "_cache")
)


def is_frame_type(kind):
    """True for ``DataFrame``, ``Series`` and what is built on them."""
    pandas = sys.modules.get("pandas")
    frame, series = getattr(pandas, "DataFrame", None), getattr(pandas, "Series", None)
    return frame is not None and series is not None and issubclass(kind, (frame, series))


def attributes_of(frame):
    """The attributes that somebody gave the object, by name. An accessor (``.str``) is one that pandas gave it by being used."""
    kind = type(frame)
    own = _INTERNAL | kind._internal_names_set | getattr(kind, "_accessors", frozenset())
    return {name: value for name, value in vars(frame).items() if name not in own}


def reduce_frame(frame):
    """The reduction of a frame with its attributes; its own where it has none, or pickles itself in another way."""
    reduced = frame.__reduce_ex__(5)
    attributes = attributes_of(frame)
    made = {name for name in type(frame)._metadata if name not in attributes and name not in _INTERNAL}
    own_way = type(frame).__reduce__ is not object.__reduce__
    if own_way or not (attributes or made) or len(reduced) < 3 or not hasattr(frame, "__setstate__"):
        return reduced
    make, args, state = reduced[:3]
    return make, args, (state, attributes, sorted(made)), None, None, fill_frame


def fill_frame(frame, state):
    """Gives a frame its contents and attributes; ``made`` are those that pandas makes up where there were none."""
    declared, attributes, made = state
    frame.__setstate__(declared)
    for name in made:
        vars(frame).pop(name, None)
    vars(frame).update(attributes)
