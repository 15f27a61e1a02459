"""Scores of a classifier, all read off one confusion matrix.

A matrix counts utterances: row = true class, column = predicted class, in the order of
:data:`ser_platform.emotions.EMOTIONS`. Matrices of shards, ranks or folds are merged by
adding them; a score is taken only once, at the end.
"""

import numpy as np
from numpy.typing import NDArray

Confusion = NDArray[np.int64]


def confusion(
    true: NDArray[np.integer], predicted: NDArray[np.integer], classes: int
) -> Confusion:
    """Count utterances by (true, predicted) class; both arrays are ``[utterances]``."""
    cells = np.bincount(true * classes + predicted, minlength=classes**2)
    return cells.reshape(classes, classes)


def weighted_accuracy(matrix: Confusion) -> float:
    """WA: the share of utterances classified correctly (Xu 2019, section 4.2)."""
    return float(np.trace(matrix) / matrix.sum())


def unweighted_accuracy(matrix: Confusion) -> float:
    """UA: recall averaged over the classes (Xu 2019, section 4.2).

    A class without utterances has no recall and is left out of the mean.
    """
    support = matrix.sum(axis=1)
    present = support > 0
    return float(np.mean(np.diag(matrix)[present] / support[present]))
