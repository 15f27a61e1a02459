"""Settings as a search meets them: how good each is on every fold, how long it trains; what a
pruner makes of them.

Quality is drawn from what tests/benchmarks/records say of settings, folds and the rest; whether a
trial goes on is asked of the platform's own pruner, on an Optuna study in memory.
"""

import json
import warnings
from dataclasses import dataclass

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState

from ser_platform.config.search_method import PrunerConfig
from ser_platform.tune import attributes, pruning
from tests.benchmarks.pruning import RECORDS
from tests.benchmarks.scale.parameters import Study

Values = NDArray[np.float64]
CHANCE = 0.25


@dataclass(frozen=True)
class Spread:
    """How the best validation UA of a fold varies, as standard deviations, around its mean."""

    mean: float
    settings: float
    folds: float
    rest: float
    log_seconds: float
    """Of the logarithm of what a setting takes to train."""


def recorded(name: str = "emodb") -> Spread:
    """Of a record, a mean over its architectures; seconds without the first epoch's."""
    trials = json.loads((RECORDS / f"{name}.json").read_text(encoding="utf-8"))["trials"]
    of_each = []
    for architecture in sorted({trial["architecture"] for trial in trials}):
        own = [trial["folds"] for trial in trials if trial["architecture"] == architecture]
        best_TF = np.array([[max(fold["val_ua"]) for fold in folds] for folds in own])
        seconds = [sum(sum(fold["seconds"][1:]) for fold in folds) for folds in own]
        num_trials, num_folds = best_TF.shape
        of_trial, of_fold = best_TF.mean(axis=1), best_TF.mean(axis=0)
        rest_TF = best_TF - of_trial[:, None] - of_fold + best_TF.mean()
        rest = np.square(rest_TF).sum() / ((num_trials - 1) * (num_folds - 1))
        beyond = (
            max(0.0, of_trial.var(ddof=1) - rest / num_folds),
            max(0.0, of_fold.var(ddof=1) - rest / num_trials),
        )
        of_each.append([best_TF.mean(), *np.sqrt([*beyond, rest]), np.log(seconds).std(ddof=1)])
    return Spread(*np.mean(of_each, axis=0).tolist())


@dataclass(frozen=True)
class Settings:
    """Of every trial of a study, in the order in which they are drawn."""

    best_ua: Values
    """``[trials, folds]``, best validation UA of each fold."""
    slowness: Values
    """``[trials]``, training time against a mean setting's."""
    true_ua: Values
    """``[trials]``, what its mean would be over folds without number."""

    def after(self, trial: int, fold: int, share: float) -> float:
        """Best validation UA when this share of the epochs is done; it rises ever slower."""
        best = self.best_ua[trial, fold]
        return float(CHANCE + (best - CHANCE) * (1 - np.exp(-4 * share)) / (1 - np.exp(-4)))


def drawn(study: Study, rng: np.random.Generator) -> Settings:
    """Settings of a study, independent of each other: a sampler that learns nothing."""
    spread = recorded()
    true_T = spread.mean + spread.settings * rng.standard_normal(study.trials)
    of_fold = spread.folds * rng.standard_normal(study.folds)
    rest_TF = spread.rest * rng.standard_normal((study.trials, study.folds))
    log = study.speed_spread * rng.standard_normal(study.trials)
    return Settings(
        best_ua=np.clip(true_T[:, None] + of_fold + rest_TF, CHANCE, 1.0),
        # The mean of a log-normal is above its median.
        slowness=np.exp(log - study.speed_spread**2 / 2),
        true_ua=true_T,
    )


class Judge:
    """The platform's pruner, told of trials as they come."""

    def __init__(self, config: PrunerConfig, folds: int, epochs: int) -> None:
        self._config, self._folds, self._epochs = config, folds, epochs
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)
            pruner = pruning.make_pruner(config)
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._study = optuna.create_study(
            direction="maximize", pruner=pruner, sampler=optuna.samplers.RandomSampler(seed=0)
        )
        self._step: dict[int, int] = {}

    def begin(self) -> optuna.Trial:
        """A trial was drawn."""
        trial = self._study.ask()
        trial.set_user_attr(attributes.ARCHITECTURE, "one")
        return trial

    def goes_on(self, trial: optuna.Trial, standing: pruning.Standing) -> bool:
        """Whether it may, now that it stands like this; as the searcher asks."""
        point = pruning.point(self._config, standing, self._epochs, self._folds)
        if point is None or point[0] <= self._step.get(trial.number, 0):
            return True
        self._step[trial.number] = point[0]
        trial.report(point[1], point[0])
        return len(standing.folds) >= self._folds or not trial.should_prune()

    def end(self, trial: optuna.Trial, scores: list[float], *, pruned: bool) -> None:
        """A trial came to its end."""
        if pruned:
            self._study.tell(trial, state=TrialState.PRUNED)
        else:
            self._study.tell(trial, float(np.mean(scores)))

    @property
    def selected(self) -> int:
        """Number of the best complete trial."""
        return self._study.best_trial.number
