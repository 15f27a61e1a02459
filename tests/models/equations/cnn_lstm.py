"""Satt et al. 2017."""

from typing import Any

import torch
from torch import Tensor

from ser_platform.config.model import CnnLstmConfig
from ser_platform.dataset import Dataset
from tests.models.equations.convolution import outputs
from tests.models.equations.steps import bilstm_states, frames_of, softmax


def cnn_lstm_logits(net: Any, config: CnnLstmConfig, dataset: Dataset, row: int) -> Tensor:
    """The logarithm of the mean posterior of an utterance's segments, without dropout."""
    frames, posteriors = frames_of(net.inputs, dataset, row), []
    while frames:
        rest = len(frames) - config.segment_frames
        count = config.segment_frames if rest >= config.shortest_rest else len(frames)
        posteriors.append(posterior(net, config, frames[:count]))
        frames = frames[count:]
    return torch.stack(posteriors).mean(dim=0).log()


def posterior(net: Any, config: CnnLstmConfig, frames: list[Tensor]) -> Tensor:
    """Of one segment."""
    map_CTK = torch.stack(frames)[None]
    for conv in net.maps.convolutions:
        values = [torch.stack(row, dim=1) for row in outputs(conv, map_CTK)]
        map_CTK = pooled(torch.relu(torch.stack(values, dim=1)), config.pool)
    steps = [map_CTK[:, t].T.flatten() for t in range(map_CTK.shape[1])]
    states = bilstm_states(net.lstm, steps)
    last = torch.cat([states[-1][: config.hidden], states[0][config.hidden :]])
    return torch.stack(softmax(list(net.classifier.weight @ last + net.classifier.bias)))


def pooled(map_CTK: Tensor, size: int) -> Tensor:
    """The maximum of each square of frames and bins; squares at the edges are smaller."""
    rows = [
        [map_CTK[:, t : t + size, k : k + size].amax(dim=(1, 2)) for k in ends]
        for ends in [range(0, map_CTK.shape[2], size)]
        for t in range(0, map_CTK.shape[1], size)
    ]
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
