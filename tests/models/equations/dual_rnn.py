"""Yoon et al. 2018."""

from typing import Any

import torch
from torch import Tensor, nn

from ser_platform.config.model import DualRnnConfig
from ser_platform.dataset import Dataset
from tests.models.equations.steps import frames_of, gru_last, vectors_of


def dual_rnn_logits(net: Any, config: DualRnnConfig, dataset: Dataset, row: int) -> Tensor:
    """The logits of one utterance, without dropout."""
    encoded = []
    if net.audio is not None:
        frames = frames_of(net.inputs, dataset, row)[: config.max_frames]
        last = gru_last(net.audio.gru, frames)
        if dataset.functionals.shape[1]:
            prosody = torch.from_numpy(dataset.functionals[row]).double()
            prosody = (prosody - net.inputs.functional_mean[0]) / net.inputs.functional_std[0]
            last = torch.cat([last, prosody])
        encoded.append(affine(net.to_audio, last))
    if net.text is not None:
        words = vectors_of(net.inputs, dataset, row)[: config.max_words]
        encoded.append(affine(net.to_text, gru_last(net.text.gru, words)))
    return affine(net.classifier, torch.cat(encoded))


def affine(linear: nn.Linear, x: Tensor) -> Tensor:
    """``W x + b``."""
    return linear.weight @ x + linear.bias
