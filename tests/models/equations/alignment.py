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


def energies(net: Any, speech: list[Tensor], word: Tensor) -> list[list[Tensor]]:
    """Xu, eq. 7: of every frame for a word, head by head."""
    alignment = net.alignment
    heads = zip(alignment.u_HD, alignment.v_HD, alignment.b_H, strict=True)
    own = [slice(k * len(u), (k + 1) * len(u)) for k, u in enumerate(alignment.u_HD)]
    return [
        [torch.tanh(u @ s[part] + v @ word[part] + b) for s in speech]
        for part, (u, v, b) in zip(own, heads, strict=True)
    ]


def attended(net: Any, speech: list[Tensor], word: Tensor) -> Tensor:
    """Xu, eq. 8-9: the speech that a word attends to, head by head."""
    slices = []
    for k, of_head in enumerate(energies(net, speech, word)):
        own = slice(k * len(net.alignment.u_HD[k]), (k + 1) * len(net.alignment.u_HD[k]))
        alpha = softmax(of_head)
        slices.append(sum(a * s[own] for a, s in zip(alpha, speech, strict=True)))
    return torch.cat(slices)


def alignment_energies(net: Any, dataset: Dataset, row: int, word: int) -> list[list[Tensor]]:
    """Energies of the frames of an utterance for one of its words, head by head."""
    speech = bilstm_states(net.speech, frames_of(net.inputs, dataset, row))
    text = bilstm_states(net.text, vectors_of(net.inputs, dataset, row))
    return energies(net, speech, text[word])


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
