"""What a study's pruner is told, and whom it compares a trial with."""

import math
from pathlib import Path

import numpy as np
import optuna
import pytest
from optuna.trial import TrialState

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.search_method import (
    AshaConfig,
    NoPrunerConfig,
    PrunerConfig,
    WilcoxonConfig,
)
from ser_platform.tune import attributes, space
from ser_platform.tune.pruning import Standing, make_pruner, point
from ser_platform.tune.storage import open_storage
from tests.tune.studies import both

WILCOXON, ASHA = WilcoxonConfig(), AshaConfig()
EPOCHS, FOLDS = 10, 5


def standing(*folds: float, epochs: int = 0, best: float = math.nan) -> Standing:
    return Standing(folds, epochs, best)


@pytest.mark.parametrize("config", [WILCOXON, NoPrunerConfig()])
def test_wilcoxon_is_told_the_fold_and_its_score(config: PrunerConfig) -> None:
    assert point(config, standing(0.5, 0.7), EPOCHS, FOLDS) == (2, 0.7)
    assert point(config, standing(epochs=3, best=0.4), EPOCHS, FOLDS) is None


def test_asha_is_told_the_share_that_is_done_and_the_mean_over_the_folds_begun() -> None:
    assert point(ASHA, standing(epochs=5, best=0.4), EPOCHS, FOLDS) == (100, 0.4)
    step, value = point(ASHA, standing(0.5, 0.7, epochs=5, best=0.9), EPOCHS, FOLDS) or (0, 0.0)
    assert (step, value) == (500, pytest.approx(0.7))


def test_a_fold_that_stopped_early_counts_as_whole() -> None:
    """So that at a rung everybody's mean is over the same folds."""
    assert point(ASHA, standing(0.5), EPOCHS, FOLDS) == (200, 0.5)


def test_architectures_with_other_numbers_of_epochs_meet_at_the_same_rungs() -> None:
    steps = {point(ASHA, standing(0.5, 0.5), epochs, FOLDS) for epochs in (10, 50)}
    assert steps == {(400, 0.5)}


@pytest.fixture
def file(tmp_path: Path) -> ExperimentFile:
    return both(tmp_path)


def study_of(file: ExperimentFile, config: PrunerConfig) -> optuna.Study:
    return optuna.create_study(
        storage=open_storage(file.study.storage),
        direction="maximize",
        pruner=make_pruner(config),
        sampler=optuna.samplers.RandomSampler(seed=0),
    )


def begin(study: optuna.Study, file: ExperimentFile, architecture: str) -> optuna.Trial:
    study.enqueue_trial({space.ARCHITECTURE: architecture})
    trial = study.ask()
    space.draw(trial, file)
    trial.set_user_attr(attributes.ARCHITECTURE, architecture)
    return trial


def complete(study: optuna.Study, file: ExperimentFile, architecture: str, folds: list[float]):
    trial = begin(study, file, architecture)
    for step, ua in enumerate(folds, 1):
        trial.report(ua, step)
    study.tell(trial, float(np.mean(folds)))


def test_what_is_worse_on_every_fold_is_stopped_after_two_and_what_is_better_is_not(file) -> None:
    study = study_of(file, WILCOXON)
    complete(study, file, "wise", [0.5, 0.7, 0.6, 0.55, 0.65])
    worse = begin(study, file, "wise")
    worse.report(0.4, 1)
    assert not worse.should_prune()
    worse.report(0.6, 2)
    assert worse.should_prune()
    mixed = begin(study, file, "wise")
    mixed.report(0.4, 1)
    mixed.report(0.8, 2)
    assert not mixed.should_prune()


def test_a_trial_is_not_compared_with_another_architecture(file) -> None:
    study = study_of(file, WILCOXON)
    complete(study, file, "wise", [0.9] * FOLDS)
    trial = begin(study, file, "alignment")
    for step in range(1, FOLDS):
        trial.report(0.2, step)
        assert not trial.should_prune()


def test_a_trial_that_a_fault_interrupted_is_no_rival(file) -> None:
    study = study_of(file, AshaConfig(reduction=2, first_rung=0.2))
    dead = begin(study, file, "wise")
    dead.report(0.9, 200)
    dead.should_prune()  # it passes its first rung, where it would be met
    study.tell(dead, state=TrialState.FAIL)
    study.set_user_attr(attributes.INTERRUPTED, [dead.number])
    again = begin(study, file, "wise")
    again.report(0.5, 200)
    assert not again.should_prune()


def test_halving_lets_the_better_half_go_on(file) -> None:
    study = study_of(file, AshaConfig(reduction=2, first_rung=0.2))
    stopped = []
    for ua in (0.6, 0.5, 0.4, 0.7):
        trial = begin(study, file, "wise")
        trial.report(ua, 200)
        stopped.append(trial.should_prune())
    assert stopped == [False, True, True, False]


def test_a_best_trial_that_reported_nothing_is_passed_over(file) -> None:
    """One taken over from a study that was not pruned, say."""
    study = study_of(file, WILCOXON)
    silent = begin(study, file, "wise")
    study.tell(silent, 0.9)
    trial = begin(study, file, "wise")
    for step in (1, 2, 3):
        trial.report(0.2, step)
        assert not trial.should_prune()
