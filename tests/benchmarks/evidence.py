"""What the statistics of the leaderboard cost, beside the same by plain loops, in one run.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.evidence

Results of IEMOCAP's size, made here: 5,531 utterances, 151 dialogues, ten speakers, five folds.
The loops do what ``assess`` and ``paired`` do most of their time: draw dialogues, add their
matrices and score them, one draw after the other. They make one draw in 50 and are multiplied.
"""

import argparse
import platform
import time
from collections.abc import Callable, Sequence

import numpy as np
import scipy
from numpy.typing import NDArray

from ser_platform.evidence.answers import Answers, answers
from ser_platform.evidence.assess import assess
from ser_platform.evidence.paired import paired
from ser_platform.evidence.subgroups import subgroups
from ser_platform.metrics import Confusion, confusion, unweighted_accuracy, weighted_accuracy
from tests.evidence.worlds import iemocap_sized

Plain = Callable[[Confusion], float]
Scored = tuple[list[Confusion], Plain]
"""A matrix for each cluster, and what is taken of their sum."""
DRAWS, CHANGES = 2000, 9999
"""Of a bootstrap and of a permutation test."""
PART = 50
"""One draw in so many is made by loops."""


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    result, other = iemocap_sized(seed=1), iemocap_sized(seed=2)
    one, second = answers([result]), answers([other])
    print(f"{platform.machine()}, Python {platform.python_version()}, scipy {scipy.__version__}")
    print(f"{len(one.ids)} utterances, {one.num_clusters} {one.clustered_by}s; best of 5, seconds")
    scored, sides = scored_parts(one), (by_cluster(one), by_cluster(second))
    compare("assess", lambda: assess([result]), lambda: assess_by_loops(scored))
    compare("paired", lambda: paired(one, second), lambda: paired_by_loops(*sides))


def compare(name: str, ours: Callable[[], object], loops: Callable[[], object]) -> None:
    fast = min(seconds(ours) for _ in range(5))
    slow = PART * seconds(loops)
    print(f"{name}: {fast:.3f}; plain loops {slow:.1f}; ratio {slow / fast:.0f}")


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def scored_parts(found: Answers) -> list[Scored]:
    """Three scores, four recalls, and UA of as many speakers, sexes, styles and lengths."""
    everything = by_cluster(found)
    scores: list[Plain] = [weighted_accuracy, unweighted_accuracy, macro_f1]
    parts = [(everything, score) for score in scores]
    parts += [(by_cluster(found, found.true == c), weighted_accuracy) for c in range(4)]
    for group in subgroups(found):
        chosen = np.arange(len(found.ids)) < group.utterances
        parts.append((by_cluster(found, chosen), unweighted_accuracy))
    return parts


def assess_by_loops(parts: list[Scored]) -> None:
    """Without calibration."""
    rng = np.random.default_rng(0)
    for matrices, score in parts:
        draws = [rng.integers(0, len(matrices), len(matrices)) for _ in range(DRAWS // PART)]
        np.quantile([score(sum_of(matrices, drawn)) for drawn in draws], [0.025, 0.975])


def paired_by_loops(ours: list[Confusion], theirs: list[Confusion]) -> None:
    rng = np.random.default_rng(0)
    everybody = np.arange(len(ours))
    for score in (weighted_accuracy, unweighted_accuracy, macro_f1):
        differences = []
        for _ in range(DRAWS // PART):
            drawn = rng.integers(0, len(ours), len(ours))
            differences.append(score(sum_of(ours, drawn)) - score(sum_of(theirs, drawn)))
        np.quantile(differences, [0.025, 0.975])
        for _ in range(CHANGES // PART):
            changes = rng.integers(0, 2, len(ours))
            sides = [
                (b, a) if c else (a, b) for a, b, c in zip(ours, theirs, changes, strict=True)
            ]
            first, second = zip(*sides, strict=True)
            differences.append(score(sum_of(first, everybody)) - score(sum_of(second, everybody)))


def by_cluster(found: Answers, chosen: NDArray[np.bool_] | None = None) -> list[Confusion]:
    predicted = found.predicted[0]
    there = np.ones(len(found.ids), bool) if chosen is None else chosen
    own = [there & (found.clusters == k) for k in range(found.num_clusters)]
    return [confusion(found.true[o], predicted[o], 4) for o in own if o.any()]


def sum_of(matrices: Sequence[Confusion], drawn: NDArray[np.int64]) -> Confusion:
    total = np.zeros((4, 4), np.int64)
    for k in drawn:
        total += matrices[k]
    return total


def macro_f1(matrix: Confusion) -> float:
    answered, true = matrix.sum(axis=0), matrix.sum(axis=1)
    there = np.flatnonzero(true)
    return float(np.mean([2 * matrix[c, c] / (answered[c] + true[c]) for c in there]))


if __name__ == "__main__":
    main()
