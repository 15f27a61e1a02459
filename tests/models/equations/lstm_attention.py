"""Mirsamadi et al. 2017, and Xu's "Concat"."""

from typing import Any

import torch
from torch import Tensor, nn

from ser_platform.config.model import LstmAttentionConfig
from ser_platform.dataset import Dataset
from tests.models.equations.steps import bilstm_states, frames_of, softmax, vectors_of


def lstm_attention_logits(
    net: Any, config: LstmAttentionConfig, dataset: Dataset, row: int
) -> Tensor:
    """The logits of one utterance, without dropout."""
    states = []
    if net.audio is not None:
        states.append(pooled(net.audio, config, frames_of(net.inputs, dataset, row)))
    if net.text is not None:
        states.append(pooled(net.text, config, vectors_of(net.inputs, dataset, row)))
    return net.classifier.weight @ torch.cat(states) + net.classifier.bias


def pooled(part: Any, config: LstmAttentionConfig, steps: list[Tensor]) -> Tensor:
    """Dense layers, states of both directions, and their weighted sum, mean or ends."""
    for layer in part.dense:
        if isinstance(layer, nn.Linear):
            steps = [torch.relu(layer.weight @ x + layer.bias) for x in steps]
    states = bilstm_states(part.lstm, steps)
    half = len(states[0]) // 2
    if config.pooling == "last":
        return torch.cat([states[-1][:half], states[0][half:]])
    if config.pooling == "mean":
        return torch.stack(states).mean(dim=0)
    slices = []
    for k, u in enumerate(part.pooling.u_HD):
        own = slice(k * len(u), (k + 1) * len(u))
        alpha = softmax([u @ y[own] for y in states])
        slices.append(sum(a * y[own] for a, y in zip(alpha, states, strict=True)))
    return torch.cat(slices)
