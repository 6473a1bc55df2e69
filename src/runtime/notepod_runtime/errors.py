"""What stops a step: each error carries a catalogue code and says what to do."""


class StepStop(Exception):
    """A refusal with a reason.

    ``code`` is a key of the diagnostics catalogue (``NP5xx``), ``message`` what happened and where,
    ``fix`` what to do. ``name`` is the notebook name and ``cell`` the 0-based notebook cell that are
    to blame, where known.
    """

    def __init__(self, code, message, fix="", name=None, cell=None):
        super().__init__(message + (" " + fix if fix else ""))
        self.code = code
        self.message = message
        self.fix = fix
        self.name = name
        self.cell = cell


class GuardStop(StepStop):
    """A step changed a value or an ambient state against the analysis (NP502, NP504)."""


class ShipError(StepStop):
    """A value that no snapshot can hold (NP501). ``path`` is the place inside, e.g. ``model.callbacks[0]``."""

    def __init__(self, code, message, fix="", name=None, cell=None, path=None):
        super().__init__(code, message, fix, name, cell)
        self.path = path


class SnapshotError(StepStop):
    """A snapshot cannot be written (NP505), is damaged or absent (NP506), or was made by other versions (NP507)."""


class Unshippable(Exception):
    """Raised while pickling by the reduction of one object; turned into a :class:`ShipError` with its place."""

    def __init__(self, obj, reason, advice=""):
        super().__init__(reason)
        self.obj = obj
        self.reason = reason
        self.advice = advice
