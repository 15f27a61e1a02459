"""Follows a search: tells people and MLflow what happens, hears when it is to stop."""

import math
import time
from collections.abc import Callable
from typing import Any

import ray
from ray.exceptions import RayTaskError
from ray.tune import Callback
from ray.tune.experiment import Trial

from ser_platform.errors import SerError, WorkersError
from ser_platform.results import RunResult
from ser_platform.train.runs import Run
from ser_platform.train.session import Session
from ser_platform.tune import attributes
from ser_platform.tune.history import trials_left
from ser_platform.tune.opened import OpenStudy
from ser_platform.tune.table import TrialTable

_LOOKS_EVERY_S = 1.0


class Watch(Callback):
    """Ray Tune calls it at each of its steps, the searcher as trials begin and end."""

    def __init__(self, session: Session, opened: OpenStudy, table: TrialTable) -> None:
        self._session, self._opened, self._table = session, opened, table
        self._looked_at = 0.0
        self._capacity = session.groups
        self.on_stop: Callable[[], None] = lambda: None
        """What to call when somebody asks the search to stop."""
        self.is_stopped = False
        self.fault: Exception | None = None
        """A fault of the cluster or the store, which ended the search."""

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles its callbacks for a restore that a study does without."""
        return {}

    def at_once(self) -> int:
        """Trials that run together: enough folds for every group, none that only waits."""
        return max(1, math.ceil(self._capacity / self._folds_of_a_trial))

    @property
    def first_folds(self) -> int:
        """Folds that are about to be submitted, all at once."""
        return min(self.at_once() * self._folds_of_a_trial, self._folds_left)

    @property
    def _folds_left(self) -> int:
        """That could be trained at once, were there room for all trials."""
        left = trials_left(self._opened.study, self._opened.wanted)
        return left * self._folds_of_a_trial

    @property
    def _folds_of_a_trial(self) -> int:
        """That can be trained at once."""
        if self._session.file.cluster.folds == "together":
            return 1
        return self._opened.num_folds

    def on_step_begin(self, iteration: int, trials: list[Trial], **info: Any) -> None:
        """Once a second, see how many groups there are, and whether somebody wants an end."""
        if time.monotonic() - self._looked_at < _LOOKS_EVERY_S:
            return
        self._looked_at = time.monotonic()
        self._session.queue.want.remote(0 if self.is_stopped else self._folds_left)
        capacity: Any = ray.get(self._session.queue.capacity.remote())
        self._capacity = int(capacity)
        if self._opened.study.user_attrs[attributes.STOP] and not self.is_stopped:
            self.is_stopped = True
            self.on_stop()

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A fault of the cluster or the store: what trials themselves meet is no error here."""
        self.fault = self.fault or _cause(trial)
        raise self.fault

    def failed(self, error: SerError) -> None:
        """The search cannot go on."""
        self.fault = self.fault or error

    def started(self, number: int, run: Run) -> None:
        """A trial was drawn."""
        self._table.started(number, run.architecture, run.settings)

    def fold(self, number: int, fold: int, val_ua: float, seconds: float) -> None:
        """A trial has finished another fold; seconds of its training."""
        self._table.fold(number, fold, val_ua, seconds)

    def ended(self, number: int, result: RunResult, seconds: float) -> None:
        """A trial came to its end; seconds of all its training."""
        self._session.tracker.log(result)
        ua = result.selected_ua if result.folds else None
        self._table.ended(number, result.state, ua, seconds, result.reason, self._others(number))

    def _others(self, number: int) -> tuple[float, ...]:
        """Values of a trial for the goals beside UA, as they were told."""
        if len(self._session.file.study.goals) == 1:
            return ()
        trial = self._opened.study.get_trials(deepcopy=False)[number]
        return tuple((trial.values or ())[1:])


def _cause(trial: Trial) -> Exception:
    error = trial.get_error() or WorkersError("unknown; see Ray's logs")
    while isinstance(error, RayTaskError):
        error = error.cause
    return error
