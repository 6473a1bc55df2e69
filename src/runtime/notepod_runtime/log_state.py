"""Loggers with their levels and handlers, as state that goes from step to step."""

import sys

_STYLES = {"PercentStyle": "%", "StrFormatStyle": "{", "StringTemplateStyle": "$"}


def captured():
    """``(disabled below, by logger name: (level, propagates, disabled, handlers or None))``; None before logging is imported.

    Handlers of a library's own loggers are its own business: None stands for them. Raises :class:`.errors.ShipError` for a
    handler that only this process can have.
    """
    logging = sys.modules.get("logging")
    if logging is None:
        return None
    manager = logging.root.manager
    own = {"root": logging.root}
    own.update((name, each) for name, each in manager.loggerDict.items() if isinstance(each, logging.Logger))
    found = {}
    for name, logger in sorted(own.items()):
        top = name.partition(".")[0]
        is_library = top in sys.modules and top != "__main__" and name != "root"
        handlers = None if is_library else [_described(each, name, logging) for each in logger.handlers]
        state = (logger.level, logger.propagate, logger.disabled, handlers)
        if name == "root" or state not in ((0, True, False, []), (0, True, False, None)):
            found[name] = state
    return manager.disable, found


def restore(state):
    """Sets the loggers as :func:`captured` found them."""
    import logging

    disable, loggers = state
    for name, (level, propagate, disabled, handlers) in loggers.items():
        logger = logging.getLogger(None if name == "root" else name)
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled
        if handlers is not None:
            logger.handlers[:] = [_made(each, logging) for each in handlers]
    logging.disable(disable)


def _described(handler, logger, logging):
    kind = type(handler)
    where = None
    if kind is logging.StreamHandler:
        where = next((name for name in ("stdout", "stderr") if _is_stream(handler.stream, name)), None)
    elif kind is logging.FileHandler:
        where = (handler.baseFilename, handler.encoding)
    elif kind is logging.NullHandler:
        where = ""
    formatter = handler.formatter
    plain = formatter is None or type(formatter) is logging.Formatter
    if where is None or not plain or handler.filters:
        from .errors import ShipError

        raise ShipError(
            "NP501",
            f"logger `{logger}` has a {kind.__name__} that cannot be passed on to later steps, whose messages would be lost.",
            "Set logging up with logging.basicConfig, or in a function that each step calls.",
            logger,
        )
    style = formatter and (formatter._fmt, formatter.datefmt, _STYLES[type(formatter._style).__name__])
    return where, handler.level, style


def _is_stream(stream, name):
    return stream is getattr(sys, name) or stream is getattr(sys, f"__{name}__")


def _made(described, logging):
    where, level, style = described
    if isinstance(where, tuple):
        handler = logging.FileHandler(where[0], mode="a", encoding=where[1], delay=True)
    elif where:
        handler = logging.StreamHandler(getattr(sys, where))
    else:
        handler = logging.NullHandler()
    handler.setLevel(level)
    if style:
        handler.setFormatter(logging.Formatter(*style))
    return handler
