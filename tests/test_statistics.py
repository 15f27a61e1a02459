"""Intervals over people."""

import numpy as np
import pytest

from ser_platform.metrics import weighted_accuracy
from ser_platform.statistics import clustered_interval


def people(*right: int, of: int = 10) -> np.ndarray:
    """A person each: so many of ten answers are right."""
    return np.array([[[r, of - r], [0, 0]] for r in right])


def test_people_who_are_all_alike_leave_no_doubt(rng: np.random.Generator) -> None:
    assert clustered_interval(people(7, 7, 7), weighted_accuracy, rng) == (0.7, 0.7)


def test_the_interval_holds_the_score_and_grows_with_the_spread(rng: np.random.Generator) -> None:
    little = clustered_interval(people(6, 7, 8, 7), weighted_accuracy, rng)
    much = clustered_interval(people(2, 10, 8, 8), weighted_accuracy, rng)
    assert little[0] < 0.7 < little[1]
    assert much[0] < little[0] < little[1] < much[1]


def test_it_is_that_of_the_normal_approximation_for_many_people(rng: np.random.Generator) -> None:
    right = rng.binomial(10, 0.6, 400)
    low, high = clustered_interval(people(*right), weighted_accuracy, rng, draws=4000)
    half = 1.96 * np.std(right / 10) / np.sqrt(400)
    assert (low, high) == pytest.approx(
        (right.mean() / 10 - half, right.mean() / 10 + half), abs=2e-3
    )


def test_the_same_generator_gives_the_same_interval() -> None:
    one, other = (
        clustered_interval(people(2, 5, 9), weighted_accuracy, np.random.default_rng(1))
        for _ in range(2)
    )
    assert one == other


def test_nobody_cannot_be_drawn(rng: np.random.Generator) -> None:
    with pytest.raises(ValueError, match="no cluster"):
        clustered_interval(np.empty((0, 2, 2), int), weighted_accuracy, rng)
