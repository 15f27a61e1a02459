"""Convolutions: every output as a sum over its window."""

from typing import Any

import torch
from torch import Tensor


def output(conv: Any, map_CTK: Tensor, step: int, bin_: int = 0, apart: int = 1) -> Tensor:
    """All maps at one place of ``[C, T, K]`` (or ``[C, T]``); what lies outside is zero.

    ``apart``: how many steps lie between those that are put together.
    """
    if map_CTK.dim() == 2:
        map_CTK = map_CTK[:, :, None]
    weight = conv.weight if conv.weight.dim() == 4 else conv.weight[:, :, :, None]
    high, wide = weight.shape[2:]
    first, left = step - (apart * (high - 1) + 1) // 2, bin_ - wide // 2
    total = conv.bias
    for i in range(high):
        for j in range(wide):
            t, k = first + apart * i, left + j
            if 0 <= t < map_CTK.shape[1] and 0 <= k < map_CTK.shape[2]:
                total = total + weight[:, :, i, j] @ map_CTK[:, t, k]
    return total


def outputs(conv: Any, map_CTK: Tensor, step: int = 1, bins: int = 1) -> list[list[Tensor]]:
    """All maps at every ``step``-th step and, of each, every so many bins."""
    num_bins = map_CTK.shape[2] if map_CTK.dim() == 3 else 1
    return [
        [output(conv, map_CTK, t, k) for k in range(0, num_bins, bins)]
        for t in range(0, map_CTK.shape[1], step)
    ]


def strongest(conv: Any, map_CTK: Tensor, step: int = 1, bins: int = 1) -> Tensor:
    """The largest value of each map, behind its ReLU."""
    rows = outputs(conv, map_CTK, step, bins)
    return torch.stack([torch.relu(x) for row in rows for x in row]).amax(dim=0)
