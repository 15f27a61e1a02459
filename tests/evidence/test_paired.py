"""Tests of two systems, against enumeration, other libraries, and worlds without a difference."""

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import kstest
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from ser_platform.errors import ResultError
from ser_platform.evidence.answers import Answers, same_utterances
from ser_platform.evidence.entries import SCORES, Estimate, PairedTest, Score
from ser_platform.evidence.holm import holm
from ser_platform.evidence.paired import paired
from tests.evidence.worlds import CLASSES, answered, noisy


def pair(
    rng: np.random.Generator,
    *,
    clusters: int,
    of: int = 6,
    right: tuple[float, float] = (0.6, 0.6),
    seeds: int = 1,
) -> tuple[Answers, Answers]:
    """Two systems on the same utterances, each right with its own probability."""
    numbers = np.repeat(np.arange(clusters), of)
    true = rng.integers(0, CLASSES, len(numbers))
    one, other = (np.array([noisy(rng, true, p) for _ in range(seeds)]) for p in right)
    return answered(true, one, numbers), answered(true, other, numbers)


Matrix = list[list[Fraction]]


def fractions(system: Answers) -> list[Matrix]:
    """A confusion matrix for each cluster, without rounding."""
    share = Fraction(1, len(system.seeds))
    found = [[[Fraction(0)] * CLASSES for _ in "tttt"] for _ in range(system.num_clusters)]
    for predicted in system.predicted:
        for k, true, answer in zip(system.clusters, system.true, predicted, strict=True):
            found[k][true][answer] += share
    return found


def added(matrices: Iterable[Matrix]) -> Matrix:
    return [
        [sum(cells, Fraction(0)) for cells in zip(*rows, strict=True)]
        for rows in zip(*matrices, strict=True)
    ]


def exact_scores(matrix: Matrix) -> dict[Score, Fraction]:
    true = [sum(row, Fraction(0)) for row in matrix]
    answered = [sum(column, Fraction(0)) for column in zip(*matrix, strict=True)]
    right = [matrix[c][c] for c in range(CLASSES)]
    there = [c for c in range(CLASSES) if true[c]]
    return {
        "wa": sum(right, Fraction(0)) / sum(true, Fraction(0)),
        "ua": sum((right[c] / true[c] for c in there), Fraction(0)) / len(there),
        "macro_f1": sum((2 * right[c] / (true[c] + answered[c]) for c in there), Fraction(0))
        / len(there),
    }


def enumerated(one: Answers, other: Answers) -> dict[Score, float]:
    """Share of all ways of changing sides whose difference is at least as large either way."""
    ours, theirs = fractions(one), fractions(other)
    ways: dict[Score, list[Fraction]] = {name: [] for name in SCORES}
    for changes in product((False, True), repeat=one.num_clusters):
        sides = list(zip(changes, ours, theirs, strict=True))
        first = exact_scores(added(b if changed else a for changed, a, b in sides))
        second = exact_scores(added(a if changed else b for changed, a, b in sides))
        for name in SCORES:
            ways[name].append(abs(first[name] - second[name]))
    return {
        name: sum(way >= found[0] for way in found) / len(found) for name, found in ways.items()
    }


@pytest.mark.parametrize("seeds", [1, 3])
def test_with_few_clusters_p_is_the_share_of_all_ways(
    seeds: int, rng: np.random.Generator
) -> None:
    one, other = pair(rng, clusters=8, of=4, right=(0.8, 0.5), seeds=seeds)
    found = paired(one, other)
    assert found.exact
    assert found.p_values == enumerated(one, other)
    assert 2**-7 < found.p_values["ua"] < 0.3  # neither the least there is nor nothing at all


def test_with_more_clusters_p_is_estimated_from_random_ways(rng: np.random.Generator) -> None:
    one, other = pair(rng, clusters=14, right=(0.65, 0.5))
    found = paired(one, other)
    right, other_right = (np.bincount(s.clusters, s.predicted[0] == s.true) for s in (one, other))
    signs = np.array(list(product((1, -1), repeat=14)))
    ways = np.abs(signs @ (right - other_right))
    exact = np.mean(ways >= ways[0])
    assert not found.exact
    assert found.p_values["wa"] == pytest.approx(exact, abs=4 * np.sqrt(exact / 9999))


def test_no_p_is_below_two_in_ten_thousand(rng: np.random.Generator) -> None:
    found = paired(*pair(rng, clusters=60, right=(0.9, 0.3)))
    assert set(found.p_values.values()) == {2 / 10_000}


def test_without_a_difference_p_values_are_uniform_where_mcnemar_sees_one(
    rng: np.random.Generator,
) -> None:
    """Which system is the better one in a dialogue is chance, and the same for all of it."""
    found = []
    for _ in range(100):
        clusters = np.repeat(np.arange(9), rng.integers(20, 40, 9))
        true = rng.integers(0, CLASSES, len(clusters))
        strength = rng.beta(3, 2, (2, 9))
        systems = [answered(true, noisy(rng, true, p[clusters]), clusters) for p in strength]
        found.append(paired(*systems))
    for name in SCORES:
        assert kstest([test.p_values[name] for test in found], "uniform").pvalue > 0.01
    assert np.mean([(test.mcnemar or 0) < 0.05 for test in found]) > 0.3


def test_turned_around_differences_change_sign_and_p_stays(rng: np.random.Generator) -> None:
    one, other = pair(rng, clusters=10, right=(0.7, 0.5))
    found, turned = paired(one, other), paired(other, one)
    for name in SCORES:
        value, low, high = found.differences[name]
        assert turned.differences[name] == pytest.approx((-value, -high, -low))
    assert (turned.p_values, turned.mcnemar) == (found.p_values, found.mcnemar)


def test_a_system_does_not_differ_from_itself(rng: np.random.Generator) -> None:
    one, _ = pair(rng, clusters=20)
    found = paired(one, one)
    assert found.differences == {name: Estimate(0, 0, 0) for name in SCORES}
    assert found.p_values == {"wa": 1, "ua": 1, "macro_f1": 1}
    assert found.mcnemar == 1


def test_one_cluster_proves_nothing(rng: np.random.Generator) -> None:
    found = paired(*pair(rng, clusters=1, of=40, right=(0.9, 0.2)))
    assert found.p_values == {"wa": 1, "ua": 1, "macro_f1": 1}
    value, low, high = found.differences["wa"]
    assert value == low == high > 0.3


def test_the_same_systems_give_the_same_test(rng: np.random.Generator) -> None:
    one, other = pair(rng, clusters=30)
    assert paired(one, other) == paired(one, other)


def test_clusters_are_those_of_the_system_that_knows_the_dialogues(
    rng: np.random.Generator,
) -> None:
    one, other = pair(rng, clusters=12, right=(0.7, 0.5))
    new = [replace(system, clustered_by="dialogue") for system in (one, other)]
    old = answered(other.true, other.predicted, other.clusters // 6)  # two speakers
    found = paired(new[0], old)
    assert (found.clusters, found.clustered_by) == (12, "dialogue")
    assert found == paired(*new)
    assert paired(old, new[0]).p_values == found.p_values


# --- McNemar ----------------------------------------------------------------------------------


def only_right(one: int, other: int, both: int = 12) -> PairedTest:
    """So many utterances are answered right by one of the two only."""
    right = np.repeat([[1, 0], [0, 1], [1, 1]], [one, other, both], axis=0).T
    true, clusters = np.zeros(right.shape[1], int), np.arange(right.shape[1]) % 2
    return paired(*(answered(true, 1 - own, clusters) for own in right))


def test_mcnemar_is_the_textbooks() -> None:
    # Armitage and Berry 1994, p. 127: tuberculosis on two media, 12 and 2 specimens grow on one
    # of them only; P (two sided) = 0.0129 by StatsDirect (statsdirect.com/help/chi_square_tests).
    assert only_right(12, 2).mcnemar == pytest.approx(0.0129, abs=5e-5)
    # Bentur et al. 2009, table 1 of Fagerland et al. 2013 (BMC Med Res Methodol 13:91): one and
    # seven of 21 children; by hand 2 x (1 + 8) / 2^8.
    assert only_right(1, 7).mcnemar == pytest.approx(18 / 256)


@pytest.mark.parametrize("only", [(0, 0), (0, 1), (3, 3), (5, 14), (40, 22)])
def test_mcnemar_is_that_of_statsmodels(only: tuple[int, int]) -> None:
    expected: Any = mcnemar([[0, only[0]], [only[1], 0]], exact=True)
    assert only_right(*only).mcnemar == pytest.approx(expected.pvalue)


def test_mcnemar_is_not_taken_of_several_seeds(rng: np.random.Generator) -> None:
    assert paired(*pair(rng, clusters=5, seeds=2)).mcnemar is None


# --- Holm -------------------------------------------------------------------------------------


def with_p(p: float, mcnemar: float | None = None) -> PairedTest:
    zero: dict[Score, Estimate] = {name: Estimate(0.0, 0.0, 0.0) for name in SCORES}
    return PairedTest(
        clusters=9,
        clustered_by="speaker",
        differences=zero,
        p_values={"wa": p, "ua": p / 2, "macro_f1": 1.0},
        exact=True,
        mcnemar=mcnemar,
    )


def corrected(p_values: Iterable[float], score: Score = "wa") -> list[float]:
    return [(test.holm or {})[score] for test in holm([with_p(p) for p in p_values])]


def test_holm_by_hand() -> None:
    # Smallest first: .005 x 4, .01 x 3, .03 x 2, and .04, which may not be less than that.
    assert corrected([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_holm_is_never_above_one_and_goes_score_by_score() -> None:
    assert corrected([0.6, 0.8, 0.9]) == [1, 1, 1]
    assert corrected([0.02, 0.04], "ua") == pytest.approx([0.02, 0.02])
    assert holm([]) == []


def test_mcnemar_is_corrected_for_the_rows_that_have_it() -> None:
    """Of several seeds it is not taken: .01 x 3, .02 x 2, .5 are corrected for three."""
    found = holm([with_p(0.1, m) for m in (0.02, None, 0.01, 0.5)])
    assert [test.mcnemar for test in found] == [0.02, None, 0.01, 0.5]
    assert [test.mcnemar_holm for test in found] == [
        pytest.approx(0.04),
        None,
        pytest.approx(0.03),
        pytest.approx(0.5),
    ]
    assert [test.mcnemar_holm for test in holm([with_p(0.1)])] == [None]


def step_down(p_values: NDArray[np.float64]) -> list[float]:
    """Holm 1979 as printed: the i-th smallest is compared with alpha / (n - i + 1), in turn."""
    found, largest = [0.0] * len(p_values), 0.0
    for place, i in enumerate(np.argsort(p_values)):
        largest = max(largest, min(1.0, (len(p_values) - place) * float(p_values[i])))
        found[i] = largest
    return found


def test_holm_is_that_of_its_definition_and_of_statsmodels(rng: np.random.Generator) -> None:
    for size in (1, 4, 15):
        p_values = rng.random(size) ** 3
        found = corrected(p_values.tolist())
        assert found == pytest.approx(step_down(p_values))
        library: Any = multipletests(p_values, method="holm")
        assert found == pytest.approx(library[1].tolist())


# --- refusal ----------------------------------------------------------------------------------


def test_other_utterances_are_refused(rng: np.random.Generator) -> None:
    one, other = pair(rng, clusters=4, of=2)
    ids, true = (*one.ids[:6], "v6", "v7"), other.true.copy()
    true[2] += 1
    moved = answered(true, other.predicted, other.clusters, ids=ids)
    with pytest.raises(ResultError) as refusal:
        paired(one, moved)
    assert str(refusal.value) == (
        "two results cannot be compared: they must be of the same utterances, and 4 are in one of "
        "them only (such as u6), 1 have another label (such as u2); compare results of equal "
        "protocol"
    )
    same_utterances(one, other)
