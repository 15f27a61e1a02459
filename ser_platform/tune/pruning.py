"""When a trial is cut short: Optuna's pruners, and what of a trial they are told.

Trials train their folds in the same order, so what two have reported at equal steps comes from
equal folds, however much folds differ.
"""

import warnings
from collections.abc import Container, Sequence
from dataclasses import dataclass

import optuna
from optuna import pruners
from optuna.exceptions import ExperimentalWarning
from optuna.trial import FrozenTrial, TrialState

from ser_platform.config.search_method import (
    AshaConfig,
    NoPrunerConfig,
    PrunerConfig,
    WilcoxonConfig,
)
from ser_platform.tune import attributes

_WHOLE = 1000
"""Steps of a whole trial where epochs are counted: architectures have other numbers of them."""


@dataclass(frozen=True)
class Standing:
    """How far a trial is."""

    folds: Sequence[float]
    """Validation UA of each finished fold, in order."""
    epochs: int
    """Of the fold in training, so far; 0 between two folds."""
    best: float
    """Best validation UA of the fold in training; meaningless between two folds."""


def make_pruner(config: PrunerConfig) -> pruners.BasePruner:
    """Optuna's pruner; it compares a trial with those of its own architecture only.

    The best setting of each architecture is scored, and compared across the weaker one is often
    left without a finished trial (docs/search.md).
    """
    match config:
        case NoPrunerConfig():
            return pruners.NopPruner()
        case WilcoxonConfig():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ExperimentalWarning)  # since Optuna 3.6
                pruner: pruners.BasePruner = pruners.WilcoxonPruner(
                    p_threshold=config.p_threshold, n_startup_steps=config.startup_folds
                )
        case AshaConfig():
            pruner = pruners.SuccessiveHalvingPruner(
                min_resource=round(_WHOLE * config.first_rung), reduction_factor=config.reduction
            )
    return _WithinArchitecture(pruner)


def reads_epochs(config: PrunerConfig) -> bool:
    """Whether it looks at a fold before the fold is trained."""
    return isinstance(config, AshaConfig)


def point(
    config: PrunerConfig, standing: Standing, epochs: int, folds: int
) -> tuple[int, float] | None:
    """Step and value to report of a trial; None when there is nothing yet.

    ASHA compares at rungs: step is the share of the trial that is done, in thousandths, a fold
    that stopped early counted as whole; value is the mean over the folds begun, the one in
    training by its best epoch. Else step is the fold, value its validation UA.

    Args:
        config: section ``study.pruner``.
        standing: of the trial.
        epochs: of a fold, ``train.epochs``.
        folds: of the trial.
    """
    done = list(standing.folds)
    if not isinstance(config, AshaConfig):
        return (len(done), done[-1]) if done else None
    seen = [*done, standing.best] if standing.epochs else done
    if not seen:
        return None
    step = _WHOLE * (len(done) * epochs + standing.epochs) // (folds * epochs)
    return step, sum(seen) / len(seen)


def why(config: PrunerConfig) -> str:
    """What a pruner says of a trial by stopping it, for people."""
    match config:
        case NoPrunerConfig():
            return "nothing"
        case WilcoxonConfig():
            return f"wilcoxon: worse than the best, fold by fold (p < {config.p_threshold:g})"
        case AshaConfig():
            return f"asha: not in the best 1/{config.reduction} at its rung"


class _WithinArchitecture(pruners.BasePruner):
    """A pruner that sees the trials of one architecture, as if they were the whole study."""

    def __init__(self, pruner: pruners.BasePruner) -> None:
        self._pruner = pruner

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """As the pruner has it."""
        return self._pruner.prune(_Part(study, trial), trial)


class _Part(optuna.Study):
    """Of a study, the trials that one of them can be compared with."""

    def __init__(self, study: optuna.Study, trial: FrozenTrial) -> None:
        super().__init__(study.study_name, study._storage, study.sampler, study.pruner)
        self._architecture = trial.user_attrs[attributes.ARCHITECTURE]
        self._left_out = set(study.user_attrs.get(attributes.INTERRUPTED, ()))

    def get_trials(
        self, deepcopy: bool = True, states: Container[TrialState] | None = None
    ) -> list[FrozenTrial]:
        """Those of the same architecture that no fault interrupted."""
        return [
            trial
            for trial in super().get_trials(deepcopy, states)
            if trial.user_attrs.get(attributes.ARCHITECTURE) == self._architecture
            and trial.number not in self._left_out
        ]

    @property
    def best_trial(self) -> FrozenTrial:
        """The best complete one that has reported anything.

        Raises:
            ValueError: when there is none.
        """
        complete = self.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return max((t for t in complete if t.intermediate_values), key=lambda t: t.values[0])
