"""Mean and deviation of what a network reads, of the training part of a fold only.

Shape letters: S rows of a table of statistics, K speakers of the training part, P the pair of
mean and deviation, D values of a frame, Q functionals.
"""

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ser_platform.dataset import Dataset, Rows

Moments = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Mean and standard deviation."""
Fitted = tuple[NDArray[np.float32], NDArray[np.float32]]
"""Tables of both, ``[S, D]``."""

_BLOCK_BYTES = 2**26
"""Of moments in memory at once: those of a large corpus are mapped from files."""


def fitted(
    moments: Callable[[Dataset, Rows], Moments],
    dataset: Dataset,
    train: Rows,
    by: Literal["global", "speaker", "none"],
) -> Fitted:
    """Mean and deviation ``[S, D]`` that a network is given, from its training part.

    ``global``: one row. ``speaker``: row i of speaker i of the dataset, and row 0 of every
    speaker that is not in the training part: the mean of the rows of those that are. What such
    a speaker's own recordings have in common is never looked at. ``none``: 0 and 1. A value
    that never varies gets a deviation of 1, so that dividing by it changes nothing.
    """
    mean, std = moments(dataset, train)
    varies = _varies(mean, std)
    if by == "none":
        return _single(np.zeros_like(mean), np.ones_like(std))
    if by == "global":
        return _single(mean, np.where(varies, std, 1.0))
    speakers = dataset.speaker_ids[train]
    known = np.unique(speakers)
    own_KPD = np.stack([np.stack(moments(dataset, train[speakers == s])) for s in known])
    # One utterance says nothing of how much a speaker varies: the deviation of all stands in.
    own_KPD[:, 1] = np.where(_varies(*own_KPD.swapaxes(0, 1)), own_KPD[:, 1], std)
    table_SPD = np.repeat(own_KPD.mean(axis=0, keepdims=True), dataset.num_speakers + 1, 0)
    table_SPD[known] = own_KPD
    table_SPD[:, 1] = np.where(varies, table_SPD[:, 1], 1.0)
    return table_SPD[:, 0].astype(np.float32), table_SPD[:, 1].astype(np.float32)


def frame_statistics(dataset: Dataset, rows: Rows) -> Moments:
    """Mean and standard deviation ``[D]`` over all frames of these utterances only."""
    total, dim = dataset.lengths[rows].sum(), dataset.frame_dim
    mean, between, scatter = np.zeros(dim), np.zeros(dim), np.zeros(dim)
    for some in _blocks(rows, dim):
        weight = dataset.lengths[some, None] / total
        mean += (weight * dataset.moments_of(some)[:, 0]).sum(axis=0)
    for some in _blocks(rows, dim):
        weight, moments = dataset.lengths[some, None] / total, dataset.moments_of(some)
        between += (weight * (moments[:, 0] - mean) ** 2).sum(axis=0)
        scatter += moments[:, 1].sum(axis=0)
    return mean, np.sqrt(between + scatter / total)


def functional_statistics(dataset: Dataset, rows: Rows) -> Moments:
    """Mean and standard deviation ``[Q]`` of the functionals of these utterances only."""
    values = dataset.functionals[rows].astype(np.float64)
    return values.mean(axis=0), values.std(axis=0)


def _blocks(rows: Rows, dim: int) -> Iterator[Rows]:
    """The same rows, so few at a time that their moments take :data:`_BLOCK_BYTES`."""
    count = max(1, _BLOCK_BYTES // (2 * 8 * dim))
    return (rows[start : start + count] for start in range(0, len(rows), count))


def _varies(mean: NDArray[np.float64], std: NDArray[np.float64]) -> NDArray[np.bool_]:
    """False for a constant, whose deviation is exactly 0 or float64 rounding."""
    return std > 1e-12 * np.abs(mean)


def _single(mean: NDArray[np.float64], std: NDArray[np.float64]) -> Fitted:
    return mean[None].astype(np.float32), std[None].astype(np.float32)
