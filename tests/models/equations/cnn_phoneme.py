"""Yenigalla et al. 2018."""

from typing import Any

import torch
from torch import Tensor

from ser_platform.config.model import CnnPhonemeConfig
from ser_platform.dataset import Dataset
from tests.models.equations.convolution import strongest
from tests.models.equations.steps import frames_of, words_of


def cnn_phoneme_logits(net: Any, config: CnnPhonemeConfig, dataset: Dataset, row: int) -> Tensor:
    """The logits of one utterance, without dropout."""
    maxima = []
    if net.audio is not None:
        spectrogram = torch.stack(frames_of(net.inputs, dataset, row))[None]
        for conv, kernel in zip(net.audio.convolutions, config.kernels, strict=True):
            bins, frames = (max(1, size // config.steps_per_kernel) for size in kernel)
            maxima.append(strongest(conv, spectrogram, frames, bins))
    if net.text is not None:
        vectors = torch.stack(phoneme_vectors(net, dataset, row), dim=1)
        maxima += [strongest(conv, vectors) for conv in net.text.convolutions]
    hidden = torch.relu(net.hidden.weight @ torch.cat(maxima) + net.hidden.bias)
    return net.classifier.weight @ hidden + net.classifier.bias


def phoneme_vectors(net: Any, dataset: Dataset, row: int) -> list[Tensor]:
    """The learned vector of each phoneme of an utterance; zeros for an unknown one."""
    vectors = []
    for word in words_of(dataset, row):
        for p in range(dataset.phoneme_offsets[word], dataset.phoneme_offsets[word + 1]):
            number = int(net.inputs.phoneme_numbers[dataset.phoneme_ids[p]])
            vector = net.text.vectors.weight[number]
            vectors.append(vector if number else torch.zeros_like(vector))
    return vectors
