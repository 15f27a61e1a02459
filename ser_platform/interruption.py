"""SIGTERM and Ctrl-C: the first ends a command in order, the second at once."""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import NoReturn

_ENDS = {signal.SIGINT: "interrupted", signal.SIGTERM: "terminated"}
"""Both are raised as KeyboardInterrupt: of all exceptions only that comes out of a wait for Ray as
what it was, and it is nobody's to catch but to clean up."""
_taken = [signal.SIGINT]
"""The signals that came, the last of which ends this process."""


def ending() -> tuple[str, int]:
    """What a command that a signal ended says, and the exit code that shells give it."""
    return _ENDS[_taken[-1]], 128 + _taken[-1]


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Raise KeyboardInterrupt at the first signal, end at the second; see :func:`ending`.

    Only in the main thread, where alone signals can be taken; elsewhere it does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    _taken[:] = [signal.SIGINT]  # of a Ctrl-C that nobody but Python took
    before = {taken: signal.signal(taken, _end) for taken in _ENDS}
    try:
        yield
    finally:
        for taken, handler in before.items():
            signal.signal(taken, handler)


@contextmanager
def sigterm_given_back() -> Iterator[None]:
    """Undo what the block does to SIGTERM.

    Ray takes it twice: in Python, to exit with 15, and in C++ (abseil's failure handler), to print
    a stack and set an alarm that aborts the process 3 s later, in the middle of whatever ends it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit as e:
        if e.code != signal.SIGTERM:
            raise
        _taken.append(signal.SIGTERM)
        raise KeyboardInterrupt from e
    finally:
        signal.signal(signal.SIGTERM, before)
        signal.alarm(0)


def end_with_children() -> NoReturn:
    """End this process, which a signal has ended, and all that it started.

    For those who cannot go back the way they came; nothing above them is run.
    """
    import psutil  # here: a check of a file ends nothing

    word, code = ending()
    sys.stderr.write(f"{word}\n")
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            process.kill()
    os._exit(code)


def _end(number: int, _frame: FrameType | None) -> None:
    for each in _ENDS:
        signal.signal(each, _end_at_once)
    _taken.append(signal.Signals(number))
    # Not through sys.stderr: the signal may have come in the middle of a write to it.
    os.write(2, b"ending: what is done is stored; a second signal ends at once\n")
    raise KeyboardInterrupt


def _end_at_once(number: int, _frame: FrameType | None) -> None:
    os._exit(128 + number)
