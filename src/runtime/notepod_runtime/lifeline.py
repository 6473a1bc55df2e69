"""Ends the step when the engine that started it has died: nobody would take its result."""

import os
import signal

#: The engine names here the descriptor whose other end it holds until the step has ended.
_VARIABLE = "NOTEPOD_LIFELINE"


def hold():
    """From now on the engine's death is the death of this process and of its children. Without an engine does nothing."""
    number = os.environ.pop(_VARIABLE, None)
    if number is None or os.name != "posix":
        return
    lifeline = int(number)
    os.set_inheritable(lifeline, False)
    if _kernel_watches(lifeline):
        if not _is_held(lifeline):
            _die()
        return
    import threading

    threading.Thread(target=_wait, args=(lifeline,), daemon=True, name="notepod-lifeline").start()


def _kernel_watches(lifeline):
    """Asks for SIGKILL to the process group when the other end closes (fcntl(2), F_SETSIG; Linux).

    No thread could do that while ``sum(range(10**12))`` holds Python's lock.
    """
    import fcntl

    try:
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, int(signal.SIGKILL))
        flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC | os.O_NONBLOCK)
    except (AttributeError, OSError):
        return False
    return True


def _is_held(lifeline):
    """The engine may have died before the kernel was asked to watch."""
    try:
        return os.read(lifeline, 1) != b""
    except BlockingIOError:
        return True


def _wait(lifeline):
    os.set_blocking(lifeline, True)
    os.read(lifeline, 1)
    _die()


def _die():
    os.killpg(os.getpgrp(), signal.SIGKILL)
