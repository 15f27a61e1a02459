"""How sure a score is: bootstrap over clusters, by SciPy.

Utterances of one dialogue, or of one person, are alike, so clusters are drawn and not utterances
(Field and Welsh 2007, "Bootstrapping clustered data"). With few, ten say, intervals are somewhat
too narrow. What a score is over, classes or a subgroup, may be missing in a cluster: then it is
drawn from the clusters that have it, and a class that a draw lacks is left out of that draw.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap

from ser_platform.evidence.entries import Estimate

_DRAWS = 2000
_AT_ONCE = 250
"""Draws of one step, which takes memory by the number of clusters."""
_SEED = 20
"""Equal draws for all: what differs between two systems is not the draw."""


Scores = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Of sums ``[draws, ...]``; the axis of draws is the last one of what it gives."""


def clustered(counts: NDArray[np.float64], score: Scores) -> Estimate:
    """A score of all clusters together, with its 95 % percentile interval.

    With one cluster nothing can be drawn: its interval is the score itself.

    Args:
        counts: ``[clusters, ...]``, that are added over the clusters drawn.
        score: gives ``[draws]``.
    """
    return Estimate(*(float(bound) for bound in estimates(counts, score)))


def estimates(counts: NDArray[np.float64], scores: Scores) -> NDArray[np.float64]:
    """Many scores of the same draws: values, lows and highs, ``[3, ...]``."""
    values = scores(counts.sum(axis=0, keepdims=True))[..., 0]
    if len(counts) < 2:
        return np.stack([values] * 3)
    flat = counts.reshape(len(counts), -1)

    def of_drawn(drawn_DK: NDArray[np.int64], axis: int) -> NDArray[np.float64]:
        assert axis == -1
        return scores((_times(drawn_DK) @ flat).reshape(-1, *counts.shape[1:]))

    found = bootstrap(
        (np.arange(len(counts)),),
        of_drawn,
        n_resamples=_DRAWS,
        batch=_AT_ONCE,
        method="percentile",
        vectorized=True,
        rng=np.random.default_rng(_SEED),
    ).confidence_interval
    return np.stack([values, found.low, found.high])


def _times(drawn_DK: NDArray[np.int64]) -> NDArray[np.float64]:
    """How often each cluster is in each draw: a product with it adds them up, and copies none."""
    draws, clusters = drawn_DK.shape
    cells = drawn_DK + clusters * np.arange(draws)[:, np.newaxis]
    return np.bincount(cells.ravel(), minlength=draws * clusters).reshape(draws, -1).astype(float)
