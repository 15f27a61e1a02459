"""How sure a score is."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


def clustered_interval(
    matrices: NDArray[np.int64],
    score: Callable[[NDArray[np.int64]], float],
    rng: np.random.Generator,
    *,
    draws: int = 2000,
    level: float = 0.95,
) -> tuple[float, float]:
    """Percentile bootstrap interval of a score over people, who are drawn with replacement.

    Utterances of one person are alike, so people are drawn and not utterances (Field and Welsh
    2007, "Bootstrapping clustered data"). With few people, ten say, it is somewhat too narrow.

    Args:
        matrices: ``[clusters, classes, classes]``, a confusion matrix for each person.
        score: of a summed matrix.
        rng: draws the people.
        draws: how often.
        level: share of the draws inside.

    Raises:
        ValueError: for no cluster.
    """
    clusters = len(matrices)
    if not clusters:
        raise ValueError("no cluster to draw from")
    counts = rng.multinomial(clusters, np.full(clusters, 1 / clusters), size=draws)
    scores = [score(matrix) for matrix in np.einsum("ds,sij->dij", counts, matrices)]
    outside = (1 - level) / 2
    low, high = np.quantile(scores, [outside, 1 - outside])
    return float(low), float(high)
