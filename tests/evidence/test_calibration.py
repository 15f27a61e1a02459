"""Calibration, against torchmetrics, loops, and temperatures that are known."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.special import softmax
from sklearn.metrics import log_loss
from torchmetrics.functional.classification import multiclass_calibration_error

from ser_platform.evidence.calibration import calibration, reliability, scaled, temperature
from ser_platform.results import Predictions, RunResult
from tests.evidence.worlds import CLASSES, iemocap_sized, predictions
from tests.runs import looked_run, run_result, unvalidated


def world(
    rng: np.random.Generator, utterances: int, t: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Probabilities that are ``t`` times too sure of themselves, and what was true."""
    logits = rng.normal(0, 1.5, (utterances, CLASSES))
    cumulated = softmax(logits, axis=1).cumsum(axis=1)
    true = (rng.random((utterances, 1)) > cumulated).sum(axis=1).clip(max=CLASSES - 1)
    return softmax(t * logits, axis=1), true


def named(probabilities: NDArray[np.float64], true: NDArray[np.int64]) -> Predictions:
    names = [f"u{n}" for n in range(len(true))]
    return predictions(names, names, true, probabilities)


@pytest.mark.parametrize("t", [0.5, 1.0, 3.0])
def test_the_calibration_error_is_that_of_torchmetrics(t: float, rng: np.random.Generator) -> None:
    probabilities, true = world(rng, 800, t)
    expected = multiclass_calibration_error(
        torch.from_numpy(probabilities), torch.from_numpy(true), CLASSES, n_bins=15, norm="l1"
    )
    assert reliability(probabilities, true).ece == pytest.approx(float(expected), abs=1e-6)


def test_a_confidence_on_an_edge_belongs_to_the_bin_below_it() -> None:
    # Edges are at n / 15. Bin 9 (0.533 to 0.6) has two answers, one right; bin 10 one, right.
    probabilities = np.array(
        [[0.6, 0.4, 0, 0], [0.55, 0.45, 0, 0], [0.62, 0.38, 0, 0], [0, 0, 0, 1]], float
    )
    found = reliability(probabilities, np.array([0, 1, 0, 3]))
    assert [(round(b.low * 15), b.utterances, b.accuracy) for b in found.bins] == [
        (8, 2, 0.5),
        (9, 1, 1.0),
        (14, 1, 1.0),
    ]
    assert found.ece == pytest.approx((2 * abs(0.5 - 0.575) + (1 - 0.62) + 0) / 4)


def test_bins_hold_what_loops_put_into_them(rng: np.random.Generator) -> None:
    probabilities, true = world(rng, 500, 2.0)
    found = reliability(probabilities, true)
    for b in found.bins:
        own = [n for n, p in enumerate(probabilities) if b.low < max(p) <= b.high]
        right = [probabilities[n].argmax() == true[n] for n in own]
        assert (b.utterances, b.accuracy) == (len(own), pytest.approx(np.mean(right)))
        assert b.confidence == pytest.approx(np.mean([max(probabilities[n]) for n in own]))
    assert sum(b.utterances for b in found.bins) == 500
    assert found.log_loss == pytest.approx(-np.mean(np.log(probabilities[np.arange(500), true])))


@pytest.mark.parametrize("t", [0.4, 1.0, 3.0])
def test_a_known_temperature_is_found_again(t: float, rng: np.random.Generator) -> None:
    # Of 20,000 utterances the standard error is about 1 %.
    assert temperature(named(*world(rng, 20_000, t))) == pytest.approx(t, rel=0.04)


def test_no_other_temperature_has_a_smaller_log_loss(rng: np.random.Generator) -> None:
    probabilities, true = world(rng, 300, 2.0)
    best = temperature(named(probabilities, true))

    def loss(t: float) -> float:
        powers = probabilities ** (1 / t)
        return log_loss(true, powers / powers.sum(axis=1, keepdims=True))

    assert loss(best) <= min(loss(t) for t in np.geomspace(0.05, 20, 100)) + 1e-9


def test_softening_changes_no_answer_and_one_changes_nothing(rng: np.random.Generator) -> None:
    probabilities, _ = world(rng, 200)
    assert scaled(probabilities, 1.0) == pytest.approx(probabilities)
    assert np.array_equal(scaled(probabilities, 4.0).argmax(1), probabilities.argmax(1))


def test_softening_takes_certainty_of_nothing_for_certainty() -> None:
    sure = np.array([[1.0, 0, 0, 0]])
    assert np.isfinite(scaled(sure, 20.0)).all()
    assert scaled(sure, 20.0).max() == pytest.approx(1 / (1 + 3 * np.exp(-87.34 / 20)), abs=1e-4)


@pytest.mark.parametrize(("right", "bound"), [(True, 1 / 20), (False, 20.0)])
def test_where_all_or_none_is_right_a_temperature_ends_at_its_bound(
    right: bool, bound: float, rng: np.random.Generator
) -> None:
    probabilities, _ = world(rng, 50)
    true = probabilities.argmax(axis=1) if right else probabilities.argmin(axis=1)
    assert temperature(named(probabilities, true)) == pytest.approx(bound, rel=0.01)


def poisoned(result: RunResult, part: str) -> RunResult:
    """Every label of a part is another one."""
    folds = []
    for fold in result.folds:
        own = getattr(fold, part)
        true = tuple((label + 1) % CLASSES for label in own.true)
        folds.append(fold.model_copy(update={part: own.model_copy(update={"true": true})}))
    return result.model_copy(update={"folds": tuple(folds)})


def test_labels_of_the_test_part_have_no_say_in_the_temperature() -> None:
    result = iemocap_sized(seed=1)
    temperatures = calibration([result]).temperatures
    assert len(set(temperatures)) == 5  # each training its own
    assert calibration([poisoned(result, "test")]).temperatures == temperatures
    assert calibration([poisoned(result, "validation")]).temperatures != temperatures


def test_each_training_of_each_seed_has_its_own_temperature() -> None:
    seeds = [iemocap_sized(seed=1), iemocap_sized(seed=2)]
    found = calibration(seeds)
    each = [calibration([seed]).temperatures for seed in seeds]
    assert found.temperatures == (*each[0], *each[1])
    assert sum(b.utterances for b in found.plain.bins) == 2 * 5531
    assert found.scaled is not None
    assert found.scaled.ece < found.plain.ece


def test_without_validation_nothing_is_softened() -> None:
    found = calibration([unvalidated(run_result(role="final"))])
    assert (found.scaled, found.temperatures) == (None, ())


def test_what_was_selected_on_test_is_softened_by_validation_all_the_same() -> None:
    found = calibration([looked_run(role="final", right=0.8, honest=0.7)])
    assert len(found.temperatures) == 5
    assert found.scaled is not None
