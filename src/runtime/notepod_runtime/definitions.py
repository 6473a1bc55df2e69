"""Which notebook definition an object is: the identity of functions and classes across steps.

A definition is known by a *uid*: ``<cell>:<name>`` if the plan says which cell's ``def`` or ``class`` made it (the
same in every step that replays it), else a random one that travels with it. Two steps that ship instances of one
class so meet in one class, and an instance of a class that was redefined later keeps its own.
"""

import os
import re
import types


def definition_sites(plan):
    """``{name: cell}`` for the definitions that the step replays, and for those that its own cells make."""
    replayed = {}
    for replay in plan.get("replays", ()):
        if replay.get("kind") in ("def", "class"):
            for name in replay.get("names", ()):
                replayed[name] = replay.get("cell")
    own = {}
    for cell in plan.get("cells", ()):
        for match in _DEFINITION.finditer(cell.get("source", "")):
            own[match.group(1)] = cell.get("index")
    return replayed, own


_DEFINITION = re.compile(r"^(?:async[ \t]+def|def|class)[ \t]+([^\W\d]\w*)", re.MULTILINE)


class DefinitionRegistry:
    """The notebook's functions and classes in this process, by uid and by object.

    ``namespace`` is the dictionary of ``__main__``.
    """

    def __init__(self, namespace, plan):
        self.namespace = namespace
        self._by_uid = {}
        self._uids = {}
        self._replayed, self._own = definition_sites(plan)
        for name, cell in self._replayed.items():
            value = namespace.get(name)
            if is_definition(value):
                self.register(f"{cell}:{name}", value)

    def register(self, uid, definition):
        """Makes ``definition`` the one that ``uid`` means here."""
        self._by_uid[uid] = definition
        self._uids[id(definition)] = uid

    def find(self, uid):
        """The definition with that uid in this process, or None."""
        found = self._by_uid.get(uid)
        if found is None:
            cell, _, name = uid.partition(":")
            if name in self._replayed and str(self._replayed[name]) == cell:
                value = self.namespace.get(name)
                if is_definition(value) and id(value) not in self._uids:
                    self.register(uid, value)
                    return value
        return found

    def replayed_uids(self):
        """``{name: uid}`` of the definitions that the step's plan runs again."""
        return {name: f"{cell}:{name}" for name, cell in self._replayed.items()}

    def uid_of(self, definition):
        """The uid of a function or class of the notebook; given out on first sight."""
        uid = self._uids.get(id(definition))
        if uid is None:
            name = definition.__qualname__
            cell = self._own.get(name, self._replayed.get(name))
            if cell is not None and self.namespace.get(name) is definition:
                uid = f"{cell}:{name}"
            else:
                uid = os.urandom(16).hex()
            self.register(uid, definition)
        return uid

    def global_named(self, qualname):
        """The object that ``__main__.<qualname>`` means now; AttributeError if there is none."""
        first, *rest = qualname.split(".")
        if first not in self.namespace:
            raise AttributeError(qualname)
        found = self.namespace[first]
        for attribute in rest:
            found = getattr(found, attribute)
        return found

    def is_global(self, definition):
        """True if the definition is what its qualified name means in the notebook's namespace."""
        try:
            return self.global_named(definition.__qualname__) is definition
        except AttributeError:
            return False


def is_definition(value):
    """True for a function or class that a notebook made."""
    if isinstance(value, (types.FunctionType, type)):
        return value.__module__ == "__main__"
    return False
