"""Follows a study trial by trial: a line for the reader, the result for the log."""

import logging
from typing import Any

from ray.exceptions import RayTaskError
from ray.tune import Callback
from ray.tune.experiment import Trial

from ser_platform.errors import TrainingError, WorkersError
from ser_platform.results import RunResult
from ser_platform.train.session import Session
from ser_platform.tune.space import NUMBER
from ser_platform.tune.trial import Bench

_log = logging.getLogger(__name__)


class TrialLog(Callback):
    """Ray Tune calls it in the driver whenever a trial ends."""

    def __init__(self, session: Session, bench: Bench, already: int, best: float) -> None:
        self._session, self._bench = session, bench
        self._ended = already
        self._best = best
        self.stopped_by: tuple[int, Exception] | None = None
        """Number of the trial that met a fault of the cluster or the store, and the fault."""

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles its callbacks for a restore that a study does without."""
        return {}

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial has all its folds."""
        result = self._logged(trial)
        self._best = max(self._best, result.val_ua)
        self._line(result, f"val UA {result.val_ua:.3f}  best {self._best:.3f}")

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """A trial failed; the study goes on without it when its setting was to blame."""
        error = _cause(trial)
        if not isinstance(error, TrainingError):
            self.stopped_by = (trial.config[NUMBER], error)
            raise error
        result = self._logged(trial, str(error))
        self._line(result, f"failed: {error}")

    def _logged(self, trial: Trial, failure: str = "") -> RunResult:
        result = self._session.stored(self._bench.run(trial.config), "trial", failure)
        self._session.tracker.log(result)
        return result

    def _line(self, result: RunResult, outcome: str) -> None:
        self._ended += 1
        settings = " ".join(
            f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value}"
            for name, value in result.settings.items()
        )
        _log.info(
            "trial  %d/%d  %-10s %s  %.0f s  %s",
            self._ended,
            self._session.file.study.trials,
            result.architecture,
            outcome,
            result.seconds,
            settings,
        )


def _cause(trial: Trial) -> Exception:
    error = trial.get_error() or WorkersError("unknown; see Ray's logs")
    while isinstance(error, RayTaskError):
        error = error.cause
    return error
