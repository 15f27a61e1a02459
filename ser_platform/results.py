"""What training leaves behind, as plain values: predictions, folds, runs.

The confusion matrices, WA, UA and everything the leaderboard says follow from the
per-utterance probabilities kept here.
"""

import time
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ser_platform.emotions import EMOTIONS
from ser_platform.metrics import Confusion, confusion, unweighted_accuracy, weighted_accuracy


class _Record(BaseModel):
    # "constants": the default writes NaN as null, which cannot be read back.
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")


class Predictions(_Record):
    """Class probabilities of some utterances; three lists of the same length."""

    ids: tuple[str, ...]
    speakers: tuple[str, ...]
    true: tuple[int, ...]
    """Index into :data:`ser_platform.emotions.EMOTIONS`."""
    probabilities: tuple[tuple[float, ...], ...]
    """One row per utterance, one column per emotion; rows sum to one."""

    @cached_property
    def matrix(self) -> Confusion:
        """Confusion matrix; the predicted class is the most probable one."""
        predicted = np.asarray(self.probabilities).argmax(axis=1)
        return confusion(np.asarray(self.true), predicted, len(EMOTIONS))


class Epoch(_Record):
    """One point of a fold's learning curves."""

    train_loss: float
    val_loss: float
    val_wa: float
    val_ua: float
    seconds: float


class FoldResult(_Record):
    """One training of one setting: what was learned, how it scored, what it cost."""

    fold: int
    """From 1, in the order of the split."""
    held_out: str
    """What the test part is, e.g. ``session 3``."""
    best_epoch: int
    """From 1; the epoch with the best validation UA, whose weights are kept and scored."""
    epochs: tuple[Epoch, ...]
    validation: Predictions
    """At the best epoch."""
    test: Predictions | None
    """None until the setting is selected: a trial never sees the test part."""
    num_parameters: int
    workers: int
    device: str
    seconds: float
    """Wall seconds of training, without start-up."""
    finished_at: float = Field(default_factory=time.time)
    """Unix time at which the training ended, in seconds; a stored result keeps its own."""

    @property
    def val_ua(self) -> float:
        """Validation UA of the kept epoch."""
        return unweighted_accuracy(self.validation.matrix)


class RunResult(_Record):
    """One setting over all its folds: a trial of a study, or a final scoring on test."""

    role: Literal["trial", "final"]
    """``trial``: validation only. ``final``: selected, scored on test once."""
    study: str
    """Name of the experiment file."""
    study_key: str
    """Identity of the study the run belongs to; the parent run in MLflow."""
    architecture: str
    number: int | None
    """Optuna's trial number; None outside a search."""
    run_key: str
    """Identity of the result: signature, data and code. Equal key, equal numbers."""
    signature: str
    """Eight hex digits over every setting that changes the result."""
    experiment: dict[str, Any]
    """The resolved setting."""
    settings: dict[str, Any]
    """What a search or a sweep chose for it, by dotted name; empty outside of both."""
    protocol: dict[str, Any]
    """What must be equal for two rows to be ranked together: corpus, split, selection..."""
    data: dict[str, Any]
    """Feature manifest key, data digest, numbers of utterances, words unknown."""
    environment: dict[str, str]
    """Versions of what computed, host, device."""
    synthetic: bool
    """True for the demo corpus: its scores mean nothing."""
    folds: tuple[FoldResult, ...]
    num_folds: int
    """How many the split has; fewer in ``folds`` means the run is not complete."""
    state: Literal["complete", "failed"] = "complete"
    reason: str = ""
    """Why it failed."""

    @property
    def val_ua(self) -> float:
        """Mean validation UA over the folds: what a study maximises."""
        return float(np.mean([fold.val_ua for fold in self.folds]))

    @property
    def complete(self) -> bool:
        """Whether it has a score: no failure, every fold there, and on test if it is final."""
        return self.state == "complete" and self._num_finished == self.num_folds

    @property
    def shortfall(self) -> str:
        """Why it has no score; empty when :attr:`complete`."""
        if self.complete:
            return ""
        return self.reason or f"{self._num_finished} of {self.num_folds} folds are finished"

    @property
    def _num_finished(self) -> int:
        return sum(self.role == "trial" or fold.test is not None for fold in self.folds)

    @property
    def seconds(self) -> float:
        """Training seconds over all folds."""
        return sum(fold.seconds for fold in self.folds)

    def fold_matrices(self, part: Literal["validation", "test"]) -> list[Confusion]:
        """One confusion matrix per fold; folds without that part are left out."""
        parts = [getattr(fold, part) for fold in self.folds]
        return [p.matrix for p in parts if p is not None]


class Scores(_Record):
    """WA and UA of several folds: from the summed matrix, and their mean and spread."""

    wa: float
    """Of the summed matrix (pooled)."""
    ua: float
    wa_mean: float
    ua_mean: float
    wa_std: float
    """Over folds, with n - 1; 0 for one fold."""
    ua_std: float


def score(matrices: list[NDArray[np.int64]]) -> Scores:
    """Pooled, mean and spread of WA and UA over folds.

    Raises:
        ValueError: for no matrix.
    """
    if not matrices:
        raise ValueError("no fold to score")
    pooled = np.sum(matrices, axis=0)
    wa = [weighted_accuracy(m) for m in matrices]
    ua = [unweighted_accuracy(m) for m in matrices]
    several = len(matrices) > 1
    return Scores(
        wa=weighted_accuracy(pooled),
        ua=unweighted_accuracy(pooled),
        wa_mean=float(np.mean(wa)),
        ua_mean=float(np.mean(ua)),
        wa_std=float(np.std(wa, ddof=1)) if several else 0.0,
        ua_std=float(np.std(ua, ddof=1)) if several else 0.0,
    )
