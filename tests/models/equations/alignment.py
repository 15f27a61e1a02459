"""Xu et al. 2019."""

from typing import Any

import torch
from torch import Tensor

from ser_platform.dataset import Dataset
from tests.models.equations.steps import (
    bilstm_states,
    frames_of,
    softmax,
    vectors_of,
    words_of,
)


def attended(net: Any, speech: list[Tensor], word: Tensor) -> Tensor:
    """Xu, eq. 7-9: the speech that a word attends to, head by head."""
    slices = []
    for k, (u, v, b) in enumerate(
        zip(net.alignment.u_HD, net.alignment.v_HD, net.alignment.b_H, strict=True)
    ):
        own = slice(k * len(u), (k + 1) * len(u))
        alpha = softmax([torch.tanh(u @ s[own] + v @ word[own] + b) for s in speech])
        slices.append(sum(a * s[own] for a, s in zip(alpha, speech, strict=True)))
    return torch.cat(slices)


def own_mean(speech: list[Tensor], dataset: Dataset, word: int) -> Tensor:
    """Xu, table 2: the mean speech state in a word's own frames."""
    first, behind = dataset.word_spans[word]
    return sum(speech[first:behind]) / (behind - first)


def alignment_logits(net: Any, dataset: Dataset, row: int) -> Tensor:
    """Xu, eq. 1-14 without dropout and without the ReLU of eq. 14."""
    speech = bilstm_states(net.speech, frames_of(net.inputs, dataset, row))
    text = bilstm_states(net.text, vectors_of(net.inputs, dataset, row))
    aligned = [
        attended(net, speech, h)
        if hasattr(net.alignment, "u_HD")
        else own_mean(speech, dataset, w)
        for w, h in zip(words_of(dataset, row), text, strict=True)
    ]
    fused = bilstm_states(
        net.fusion, [torch.cat(pair) for pair in zip(aligned, text, strict=True)]
    )
    strongest = torch.stack([unit.max() for unit in torch.stack(fused, 1)])
    return net.classifier.weight @ strongest + net.classifier.bias
