"""Intervals by clusters, against loops, the normal approximation, and a known truth."""

import random

import numpy as np
import pytest
from numpy.typing import NDArray

from ser_platform.evidence.intervals import clustered
from ser_platform.evidence.scores import ua, wa
from ser_platform.metrics import Confusion, unweighted_accuracy
from tests.evidence.worlds import CLASSES, answered, noisy


def people(*right: int, of: int = 10) -> NDArray[np.float64]:
    """A person each: so many of ten answers are right."""
    return np.array([[[r, of - r], [0, 0]] for r in right], float)


def drawn_by_hand(matrices: Confusion, draws: int) -> list[float]:
    """UA of clusters drawn one by one, by Python's own generator, lowest first."""
    generator, everybody = random.Random(7), list(matrices)
    return sorted(
        unweighted_accuracy(np.sum(generator.choices(everybody, k=len(everybody)), axis=0))
        for _ in range(draws)
    )


def test_the_interval_is_that_of_draws_made_by_hand(rng: np.random.Generator) -> None:
    matrices = rng.integers(0, 6, (40, CLASSES, CLASSES))
    _, low, high = clustered(matrices.astype(float), ua)
    scores = drawn_by_hand(matrices, 6000)
    # The 2.5 % quantile of n normal draws: sd sqrt(.025 x .975 / n) / .0584; here 2000 and 6000.
    four_errors = 4 * np.std(scores) * np.sqrt(0.025 * 0.975 * (1 / 2000 + 1 / 6000)) / 0.0584
    assert (low, high) == pytest.approx((scores[150], scores[-151]), abs=four_errors)
    assert four_errors < (high - low) / 10


def test_it_is_that_of_the_normal_approximation_for_many_people(rng: np.random.Generator) -> None:
    right = rng.binomial(10, 0.6, 400)
    value, low, high = clustered(people(*right), wa)
    half = 1.96 * np.std(right / 10) / np.sqrt(400)
    assert value == pytest.approx(right.mean() / 10)
    assert (low, high) == pytest.approx((value - half, value + half), abs=half / 8)


def test_95_of_100_intervals_hold_the_truth_where_utterances_alone_would_not(
    rng: np.random.Generator,
) -> None:
    """60 dialogues of 12 utterances; a dialogue is right with probability Beta(3, 2), mean 0.6.

    Of 150 worlds 95 % is 142 with a standard error of 2.7, and 60 clusters make the percentile
    bootstrap cover about 94 %: 91 to 98 % is asked for.
    """
    worlds, clusters = 150, np.repeat(np.arange(60), 12)
    held, as_utterances = {wa: 0, ua: 0}, 0
    for _ in range(worlds):
        true = rng.integers(0, CLASSES, len(clusters))
        found = answered(true, noisy(rng, true, rng.beta(3, 2, 60)[clusters]), clusters)
        for score in held:
            _, low, high = clustered(found.counts(), score)
            held[score] += low <= 0.6 <= high
        right = np.mean(found.predicted == true)
        as_utterances += abs(right - 0.6) <= 1.96 * np.sqrt(right * (1 - right) / len(true))
    assert all(0.91 * worlds <= hits <= 0.98 * worlds for hits in held.values()), held
    assert as_utterances < 0.8 * worlds


def test_people_who_are_all_alike_leave_no_doubt() -> None:
    assert clustered(people(7, 7, 7), wa) == (0.7, 0.7, 0.7)


def test_one_person_has_no_interval() -> None:
    assert clustered(people(7), wa) == (0.7, 0.7, 0.7)


def test_a_class_that_a_draw_lacks_is_left_out_of_it() -> None:
    # Only the last of three has the second class, always answered wrong; 8 of 27 draws lack her.
    matrices = np.array([[[9, 1], [0, 0]], [[9, 1], [0, 0]], [[9, 1], [5, 0]]], float)
    assert clustered(matrices, ua) == pytest.approx((0.45, 0.45, 0.9))


def test_the_same_clusters_give_the_same_interval(rng: np.random.Generator) -> None:
    counts = rng.integers(0, 9, (30, CLASSES, CLASSES)).astype(float)
    assert clustered(counts, ua) == clustered(counts.copy(), ua)
