"""Whether one system is better than another, on the same utterances.

Nothing is trained again: what is asked is whether these trainings differ by more than the choice
of dialogues (or people) explains, not whether another seed would say the same. What is drawn does
not depend on who is compared, so for many pairs it is drawn once.
"""

# P pairs, S systems, K clusters, C classes, D draws, M scores in the order of SCORES

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, permutation_test

from ser_platform.evidence.answers import Answers, same_utterances
from ser_platform.evidence.entries import SCORES, Estimate, PairedTest
from ser_platform.evidence.intervals import estimates
from ser_platform.evidence.scores import SCORERS

_DRAWS = 9999
_AT_ONCE = 1000
_SEED = 21
_TIES = 12
"""Decimals: equal differences are ties, also where means over seeds make them differ by
rounding."""

Pair = tuple[int, int]
"""Places of two systems: the first less the second."""


def paired(one: Answers, other: Answers) -> PairedTest:
    """Differences of one system less another, their intervals and p values.

    Raises:
        ResultError: when they did not answer to the same utterances.
    """
    return these_pairs([one, other], [(0, 1)])[0, 1]


def every_pair(systems: Sequence[Answers]) -> dict[Pair, PairedTest]:
    """Tests of each system less each later one.

    Raises:
        ResultError: when they did not answer to the same utterances.
    """
    return these_pairs(systems, list(combinations(range(len(systems)), 2)))


def these_pairs(systems: Sequence[Answers], pairs: Sequence[Pair]) -> dict[Pair, PairedTest]:
    """Tests of some pairs.

    Raises:
        ResultError: when they did not answer to the same utterances.
    """
    if not pairs:
        return {}
    for other in systems[1:]:
        same_utterances(systems[0], other)
    systems = _in_same_clusters(systems)
    first = systems[0]
    counts_KSCC = np.stack([system.counts() for system in systems], axis=1)
    differences_3PM, p_values_PM = _differences(counts_KSCC, pairs), _permuted(counts_KSCC, pairs)
    return {
        (i, j): PairedTest(
            clusters=first.num_clusters,
            clustered_by=first.clustered_by,
            differences={
                name: Estimate(*differences_3PM[:, place, m].tolist())
                for m, name in enumerate(SCORES)
            },
            p_values=dict(zip(SCORES, p_values_PM[place].tolist(), strict=True)),
            exact=2**first.num_clusters <= _DRAWS,
            mcnemar=_mcnemar(systems[i], systems[j]),
        )
        for place, (i, j) in enumerate(pairs)
    }


def turned(test: PairedTest) -> PairedTest:
    """The same test of the second system less the first."""
    differences = {
        name: Estimate(-found.value, -found.high, -found.low)
        for name, found in test.differences.items()
    }
    return test.model_copy(update={"differences": differences})


def _in_same_clusters(systems: Sequence[Answers]) -> list[Answers]:
    """By dialogue where one of them knows the dialogues: older results do not."""
    known = next((s for s in systems if s.clustered_by == "dialogue"), systems[0])
    same = {"clusters": known.clusters, "clustered_by": known.clustered_by}
    return [replace(system, **same) for system in systems]


def _differences(counts_KSCC: NDArray[np.float64], pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """Values, lows and highs ``[3, P, M]``; all systems are drawn together, cluster by cluster."""
    one, other = np.array(pairs).T

    def less(sums_DSCC: NDArray[np.float64]) -> NDArray[np.float64]:
        scores_MDS = np.stack([SCORERS[name](sums_DSCC) for name in SCORES])
        return (scores_MDS[..., one] - scores_MDS[..., other]).transpose(2, 0, 1)

    return estimates(counts_KSCC, less)


def _permuted(counts_KSCC: NDArray[np.float64], pairs: Sequence[Pair]) -> NDArray[np.float64]:
    """Two-sided p ``[P, M]``: if neither is better, all answers to a cluster may be of either.

    It is twice the smaller tail; as changing all sides only turns the sign, that is the share of
    ways whose difference is at least as large, whatever its sign. Of random ways the observed one
    is counted too (Phipson and Smyth 2010), so that no p is below 2 / 10000.
    """
    clusters, classes = len(counts_KSCC), counts_KSCC.shape[-1]
    if clusters < 2:  # both ways are as large; SciPy wants two clusters
        return np.ones((len(pairs), len(SCORES)))
    one, other = np.array(pairs).T
    sums_SCC = counts_KSCC.sum(axis=0)
    change = (counts_KSCC[:, other] - counts_KSCC[:, one]).reshape(clusters, -1)

    def less(first: NDArray[np.int64], _second: NDArray[np.int64], axis: int):
        assert axis == -1
        moved = (first.astype(float) @ change).reshape(*first.shape[:-1], -1, classes, classes)
        ours, theirs = sums_SCC[one] + moved, sums_SCC[other] - moved
        found = [SCORERS[name](ours) - SCORERS[name](theirs) for name in SCORES]
        return np.round(np.stack(found, axis=-1), _TIES)

    found = permutation_test(
        # Of each cluster: 0 where its answers are on their own side, 1 where they changed.
        (np.zeros(clusters, np.int64), np.ones(clusters, np.int64)),
        less,
        permutation_type="samples",
        n_resamples=_DRAWS,
        batch=_AT_ONCE,
        vectorized=True,
        rng=np.random.default_rng(_SEED),
    )
    return np.asarray(found.pvalue)


def _mcnemar(one: Answers, other: Answers) -> float | None:
    """Exact two-sided p, of utterances that one of two trainings answers right."""
    if len(one.seeds) > 1 or len(other.seeds) > 1:
        return None
    right, other_right = (system.predicted[0] == system.true for system in (one, other))
    only = int((right & ~other_right).sum()), int((~right & other_right).sum())
    return float(binomtest(only[0], sum(only)).pvalue) if any(only) else 1.0
