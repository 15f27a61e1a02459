"""WA, UA and macro-F1 of many confusion matrices at once.

As :mod:`ser_platform.metrics`, which takes one matrix; the bootstrap has thousands.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ser_platform.evidence.entries import Score

Matrices = NDArray[np.float64] | NDArray[np.int64]
"""``[..., classes, classes]``, rows true, columns answered."""
Scorer = Callable[[Matrices], NDArray[np.float64]]
"""``[..., classes, classes]`` to ``[...]``."""


def wa(matrices: Matrices) -> NDArray[np.float64]:
    """Accuracy over utterances; NaN of an empty matrix."""
    right = np.trace(matrices, axis1=-2, axis2=-1)
    return _share(right, matrices.sum(axis=(-2, -1)))


def recalls(matrices: Matrices) -> NDArray[np.float64]:
    """Of each class, ``[..., classes]``; NaN for one without utterances."""
    return _share(_right(matrices), matrices.sum(axis=-1))


def ua(matrices: Matrices) -> NDArray[np.float64]:
    """Recall averaged over the classes that have utterances."""
    return _mean_of_present(recalls(matrices), matrices)


def macro_f1(matrices: Matrices) -> NDArray[np.float64]:
    """F1 averaged over the classes that have utterances; one that is never answered counts 0."""
    answered, true = matrices.sum(axis=-2), matrices.sum(axis=-1)
    return _mean_of_present(_share(2 * _right(matrices), answered + true), matrices)


SCORERS: dict[Score, Scorer] = {
    "wa": wa,
    "ua": ua,
    "macro_f1": macro_f1,
}


def _right(matrices: Matrices) -> NDArray[np.float64]:
    return np.diagonal(matrices, axis1=-2, axis2=-1).astype(np.float64)


def _share(part: Matrices, whole: Matrices) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore", divide="ignore"):
        return part / whole


def _mean_of_present(values: NDArray[np.float64], matrices: Matrices) -> NDArray[np.float64]:
    is_there = matrices.sum(axis=-1) > 0
    return np.where(is_there, values, 0).sum(axis=-1) / is_there.sum(axis=-1)
