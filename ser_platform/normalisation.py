"""Mean and deviation of what a network reads, of the training part of a fold only.

Shape letters: S rows of a table of statistics, K speakers of the training part, P the pair of
mean and deviation, D values of a frame, Q functionals.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ser_platform.dataset import Dataset, Rows

Moments = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Mean and standard deviation."""


def fitted(
    moments: Callable[[Dataset, Rows], Moments],
    dataset: Dataset,
    train: Rows,
    by: Literal["global", "speaker", "none"],
) -> Moments:
    """Mean and deviation ``[S, D]`` that a network is given, from its training part.

    ``global``: one row. ``speaker``: row i of speaker i of the dataset, and row 0 of every
    speaker that is not in the training part: the mean of the rows of those that are. What such
    a speaker's own recordings have in common is never looked at. ``none``: 0 and 1.
    """
    mean, std = moments(dataset, train)
    if by == "none":
        return np.zeros_like(mean)[None], np.ones_like(std)[None]
    if by == "global":
        return mean[None], std[None]
    speakers = dataset.speaker_ids[train]
    known = np.unique(speakers)
    own_KPD = np.stack([np.stack(moments(dataset, train[speakers == s])) for s in known])
    table_SPD = np.repeat(own_KPD.mean(axis=0, keepdims=True), dataset.speaker_ids.max() + 1, 0)
    table_SPD[known] = own_KPD
    means, stds = table_SPD.swapaxes(0, 1)
    return means, stds


def frame_statistics(dataset: Dataset, rows: Rows) -> Moments:
    """Mean and standard deviation ``[D]`` over all frames of these utterances only.

    A value that never varies gets a deviation of 1, so that dividing by it changes nothing.
    """
    weight = dataset.lengths[rows, None] / dataset.lengths[rows].sum()
    mean = (weight * dataset.frame_means[rows]).sum(axis=0)
    between = (weight * (dataset.frame_means[rows] - mean) ** 2).sum(axis=0)
    within = dataset.frame_scatters[rows].sum(axis=0) / dataset.lengths[rows].sum()
    std = np.sqrt(between + within)
    return _single(mean, std)


def functional_statistics(dataset: Dataset, rows: Rows) -> Moments:
    """Mean and standard deviation ``[Q]`` of the functionals of these utterances only."""
    values = dataset.functionals[rows].astype(np.float64)
    return _single(values.mean(axis=0), values.std(axis=0))


def _single(mean: NDArray[np.float64], std: NDArray[np.float64]) -> Moments:
    std[std <= 1e-12 * np.abs(mean)] = 1.0  # float64 rounding of a constant, or exactly 0
    return mean.astype(np.float32), std.astype(np.float32)
