"""What training leaves behind, as plain values: predictions, folds, runs.

The confusion matrices, WA, UA and everything the leaderboard says follow from the
per-utterance probabilities kept here.
"""

import hashlib
import time
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from ser_platform.circumstances import Circumstances
from ser_platform.config.signature import canonical_json
from ser_platform.emotions import EMOTIONS
from ser_platform.metrics import Confusion, confusion, unweighted_accuracy, weighted_accuracy

Part = Literal["validation", "test", "honest_test"]
"""What of a fold is scored."""
SELECTED_ON = "selected_on"
"""Entry of a protocol that only results have whose epochs were chosen on ``test``."""


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
    val_loss: float | None = None
    """None, as the two below, where nothing validates (``protocol: paper``)."""
    val_wa: float | None = None
    val_ua: float | None = None
    test_loss: float | None = None
    """None, as the two below, unless epochs are chosen by it (``selection: best_on_test``)."""
    test_wa: float | None = None
    test_ua: float | None = None
    clipped_steps: int | None = None
    """Steps whose gradients were longer than ``train.clip_norm``; None where nobody counted."""
    seconds: float

    @property
    def selected_ua(self) -> float | None:
        """What it is chosen by: test UA where the test part chooses, else :attr:`val_ua`."""
        return self.val_ua if self.test_ua is None else self.test_ua


class FoldResult(_Record):
    """One training of one setting: what was learned, how it scored, what it cost."""

    fold: int
    """From 1, in the order of the split."""
    held_out: str
    """What the test part is, e.g. ``session 3``."""
    best_epoch: int
    """From 1; the epoch whose weights are kept and scored: that with the best validation UA, the
    last one with ``protocol: paper``, that with the best test UA with ``selection:
    best_on_test``."""
    epochs: tuple[Epoch, ...]
    validation: Predictions | None
    """At the best epoch; None where nothing validates."""
    test: Predictions | None
    """None until the setting is selected: a trial never sees the test part, but with
    ``selection: best_on_test``."""
    honest_epoch: int | None = None
    """With ``selection: best_on_test`` the epoch that would have been kept without looking at the
    test part, in the same training; None for honest results."""
    honest_test: Predictions | None = None
    """The test part at that epoch."""
    num_parameters: int
    workers: int
    device: str
    gpus: float = 0.0
    """Held while it was trained, over all workers; a share of one counts as such."""
    seconds: float
    """Wall seconds of training, without start-up."""
    finished_at: float = Field(default_factory=time.time)
    """Unix time at which the training ended, in seconds; a stored result keeps its own."""

    @property
    def gpu_seconds(self) -> float:
        """Seconds of training times GPUs held."""
        return self.gpus * self.seconds

    @property
    def val_ua(self) -> float | None:
        """Validation UA of the kept epoch; None where nothing validates."""
        return None if self.validation is None else unweighted_accuracy(self.validation.matrix)

    @property
    def selected_ua(self) -> float:
        """What a study maximises: :attr:`val_ua`, or test UA where the test part chooses.

        Raises:
            ValueError: when there is nothing to select by.
        """
        if self.honest_test is not None and self.test is not None:
            return unweighted_accuracy(self.test.matrix)
        if self.val_ua is None:
            raise ValueError(f"fold {self.fold} has no validation part to select by")
        return self.val_ua


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
    test_fold: int | None = None
    """With ``protocol: nested`` the fold whose study it is a trial of."""
    run_key: str
    """Identity of the result: signature, data and code. Equal key, equal numbers."""
    signature: str
    """Eight hex digits over every setting that changes the result."""
    system: str = ""
    """The same without the seed: results of one system differ by chance alone."""
    seed: int = 0
    """Of training."""
    experiment: dict[str, Any]
    """The resolved setting."""
    settings: dict[str, Any]
    """What a search, a sweep or ``--seeds`` chose for it, by dotted name; else empty."""
    fold_settings: dict[int, dict[str, Any]] = Field(default_factory=dict)
    """With ``protocol: nested`` what the study of each fold chose, by its number; else empty."""
    scoring: Annotated[int, Field(ge=1)] = 1
    """Of a final: 1 for the first selection of its study that was scored on the test part; 2 and
    up when it was looked at again after another selection."""
    protocol: dict[str, Any]
    """What must be equal for two rows to be ranked together: corpus, split, selection..."""
    data: dict[str, Any]
    """Feature manifest key, data digest, numbers of utterances, words unknown."""
    environment: dict[str, str]
    """Versions of what computed, host, device."""
    synthetic: bool
    """True for the demo corpus: its scores mean nothing."""
    circumstances: Circumstances | None = None
    """Of all utterances of the corpus, for finals; None for trials."""
    folds: tuple[FoldResult, ...]
    num_folds: int
    """How many the split has; fewer in ``folds`` means the run is not complete."""
    state: Literal["complete", "failed", "pruned"] = "complete"
    """``pruned``: a trial that was cut short because it was too bad to be the best."""
    reason: str = ""
    """Why it failed or was pruned."""

    @property
    def protocol_id(self) -> str:
        """Eight hex digits: equal where results may be ranked together."""
        identity = canonical_json([self.protocol, self.synthetic])
        return hashlib.sha256(identity.encode()).hexdigest()[:8]

    @property
    def val_ua(self) -> float | None:
        """Mean validation UA over the folds; None where nothing validates."""
        found = [fold.val_ua for fold in self.folds if fold.val_ua is not None]
        return float(np.mean(found)) if found else None

    @property
    def selected_ua(self) -> float:
        """Mean of what a study maximises over the folds; see :attr:`FoldResult.selected_ua`.

        Raises:
            ValueError: when there is nothing to select by.
        """
        return float(np.mean([fold.selected_ua for fold in self.folds]))

    @property
    def selected_on_test(self) -> bool:
        """Whether its epochs were chosen by their test scores, which therefore mean little."""
        return self.protocol.get(SELECTED_ON) == "test"

    @property
    def selectable(self) -> bool:
        """Whether it has what settings are compared by."""
        return self.selected_on_test or self.val_ua is not None

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

    @property
    def gpu_seconds(self) -> float:
        """The same in seconds of one GPU; 0 on CPUs."""
        return sum(fold.gpu_seconds for fold in self.folds)

    def fold_matrices(self, part: Part) -> list[Confusion]:
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
