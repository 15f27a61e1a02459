"""Parallel convolutions over a spectrogram and over phonemes (Yenigalla et al. 2018).

What the paper leaves open and what we chose: docs/papers/cnn-phoneme.md. Shape letters: B
utterances, F frames and P phonemes of all of them, T steps of the longest one, K bins of a
frame, E values of a phoneme's vector, M maps.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ser_platform.config.model import CnnPhonemeConfig
from ser_platform.emotions import EMOTIONS
from ser_platform.models.batch import Batch
from ser_platform.models.convolution import strongest
from ser_platform.models.inputs import Inputs
from ser_platform.models.ragged import Sequences


class SpectrogramMaxima(nn.Module):
    """Convolutions side by side over a spectrogram, and the largest value of each map."""

    def __init__(self, config: CnnPhonemeConfig) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(
                1,
                config.maps,
                (wide, high),
                stride=(
                    max(1, wide // config.steps_per_kernel),
                    max(1, high // config.steps_per_kernel),
                ),
            )
            for high, wide in config.kernels
        )
        self.dim = config.maps * len(config.kernels)

    def forward(self, frames_FK: Tensor, frames: Sequences) -> Tensor:
        """``[B, dim]``."""
        spectrogram_B1TK = frames.grid(frames_FK).transpose(0, 1).unsqueeze(1)
        return _maxima(self.convolutions, spectrogram_B1TK, frames.lengths)


class PhonemeMaxima(nn.Module):
    """The same over the learned vectors of phonemes; that of an unknown one is zero."""

    def __init__(self, config: CnnPhonemeConfig, num_phonemes: int) -> None:
        super().__init__()
        self.vectors = nn.Embedding(num_phonemes + 1, config.phoneme_dim, padding_idx=0)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(config.phoneme_dim, config.phoneme_maps, kernel)
            for kernel in config.phoneme_kernels
        )
        self.dim = config.phoneme_maps * len(config.phoneme_kernels)

    def forward(self, numbers_P: Tensor, phonemes: Sequences) -> Tensor:
        """``[B, dim]``."""
        vectors_BET = phonemes.grid(self.vectors(numbers_P)).permute(1, 2, 0)
        return _maxima(self.convolutions, vectors_BET, phonemes.lengths)


def _maxima(convolutions: nn.ModuleList, map_BCT: Tensor, lengths: Tensor) -> Tensor:
    maxima: list[Tensor] = []
    for conv in convolutions:
        assert isinstance(conv, nn.Conv1d | nn.Conv2d)
        maxima.append(strongest(conv, map_BCT, lengths))
    # A ReLU before the maximum gives the same.
    return torch.relu(torch.cat(maxima, dim=1))


class CnnPhonemeNet(nn.Module):
    """The maxima of what is read, spectrogram or phonemes or both, classified."""

    def __init__(self, config: CnnPhonemeConfig, inputs: Inputs) -> None:
        super().__init__()
        self.inputs = inputs
        self.audio = self.text = None
        dim = 0
        if config.modality != "text":
            self.audio = SpectrogramMaxima(config)
            dim += self.audio.dim
        if config.modality != "audio":
            self.text = PhonemeMaxima(config, inputs.num_phonemes)
            dim += self.text.dim
        self.dropout = nn.Dropout(config.dropout)
        self.hidden = nn.Linear(dim, config.hidden)
        self.classifier = nn.Linear(config.hidden, len(EMOTIONS))

    def forward(self, batch: Batch) -> Tensor:
        """Logits ``[B, emotions]``."""
        maxima: list[Tensor] = []
        if self.audio is not None:
            maxima.append(self.audio(self.inputs.frames(batch), batch.frames_of_utterance))
        if self.text is not None:
            maxima.append(self.text(self.inputs.phonemes(batch), batch.phonemes_of_utterance))
        hidden_BH = functional.relu(self.hidden(self.dropout(torch.cat(maxima, dim=1))))
        return self.classifier(self.dropout(hidden_BH))
