"""Ask the process that runs a study to stop, and wait until it has."""

import time
from collections.abc import Sequence

import optuna

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import StudyError
from ser_platform.tune import attributes
from ser_platform.tune.status import Status, status

_LOOK_S = 0.5
_ACTIVE = ("running", "stopping", "elsewhere")


def stop(studies: Sequence[optuna.Study], file: ExperimentFile, timeout_s: float) -> list[Status]:
    """Set the attribute that a search looks at, and wait until nothing runs any more.

    A process on another host cannot be seen: it counts as ended when no trial is left running.

    Returns:
        The studies that were stopped, as they are now; none when nothing ran.

    Raises:
        StudyError: when one still runs after ``timeout_s``.
    """
    active = [s for s in studies if status(s, file).activity in _ACTIVE]
    for study in active:
        study.set_user_attr(attributes.STOP, True)
    until_s = time.monotonic() + timeout_s
    while True:
        now = [status(study, file) for study in active]
        still = [s for s in now if s.activity in _ACTIVE]
        if not still:
            return now
        if time.monotonic() >= until_s:
            raise StudyError(_still(still[0], timeout_s))
        time.sleep(_LOOK_S)


def _still(found: Status, timeout_s: float) -> str:
    """What to do about one that goes on."""
    process = found.process
    told = f"study {found.study}: asked to stop, and still there after {timeout_s:g} s"
    if process is None:
        return (
            f"{told}; it does not say which process runs it: end that process with Ctrl-C, or "
            "wait longer with --timeout; finished folds are kept"
        )
    return (
        f"{told}: process {process.pid} on {process.host}. It stops between folds: wait longer "
        f"with --timeout, or end it there with `kill -INT {process.pid}`; finished folds are "
        "kept, and the same search goes on from them"
    )
