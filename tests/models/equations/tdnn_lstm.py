"""Sarma et al. 2018."""

from typing import Any

import torch
from torch import Tensor

from ser_platform.config.model import TdnnLstmConfig
from ser_platform.dataset import Dataset
from tests.models.equations.convolution import output
from tests.models.equations.steps import cell_weights, frames_of, lstm_states, softmax


def tdnn_lstm_logits(net: Any, config: TdnnLstmConfig, dataset: Dataset, row: int) -> Tensor:
    """The logits of one utterance, without dropout."""
    steps = frames_of(net.inputs, dataset, row)
    for conv, apart in zip(net.tdnn.convolutions, config.dilations, strict=True):
        map_CT = torch.stack(steps, dim=1)
        steps = [torch.relu(output(conv, map_CT, t, apart=apart)) for t in range(len(steps))]
    states = lstm_states(cell_weights(net.cell), steps[:: config.lstm_step])
    return net.classifier.weight @ pooled(net, config, states) + net.classifier.bias


def pooled(net: Any, config: TdnnLstmConfig, states: list[Tensor]) -> Tensor:
    """The weighted sum, the mean, or the mean and the deviation of the states."""
    mean = torch.stack(states).mean(dim=0)
    if config.pooling == "mean":
        return mean
    if config.pooling == "statistics":
        variance = torch.stack([(y - mean) ** 2 for y in states]).mean(dim=0)
        return torch.cat([mean, torch.sqrt(variance + 1e-5)])
    slices = []
    for k, u in enumerate(net.pooling.u_HD):
        own = slice(k * len(u), (k + 1) * len(u))
        alpha = softmax([u @ y[own] for y in states])
        slices.append(sum(a * y[own] for a, y in zip(alpha, states, strict=True)))
    return torch.cat(slices)
