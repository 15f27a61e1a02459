"""Dual recurrent encoders of speech and text (Yoon et al. 2018): MDRE, and ARE and TRE alone.

What the paper leaves open and what we chose: docs/papers/dual-rnn.md. Shape letters:
B utterances, F frames and W words of all of them, D values, Q functionals.
"""

import torch
from torch import Tensor, nn

from ser_platform.config.model import DualRnnConfig
from ser_platform.emotions import EMOTIONS
from ser_platform.models.batch import Batch
from ser_platform.models.inputs import Inputs
from ser_platform.models.ragged import Packed
from ser_platform.models.recurrence import last_states


class LastState(nn.Module):
    """The last state of a GRU, with dropout before and behind it (eq. 1-3)."""

    def __init__(self, dim: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.gru = nn.GRU(dim, hidden)
        for weight in (w for w in self.gru.parameters() if w.dim() == 2):
            for gate in weight.chunk(3):
                nn.init.orthogonal_(gate)  # the published recipe
        self.dropout = nn.Dropout(dropout)

    def forward(self, rows_RD: Tensor, sequences: Packed) -> Tensor:
        """``[R, D]`` to one state for each of the sequences."""
        return self.dropout(last_states(self.gru, self.dropout(rows_RD), sequences))


class DualRnnNet(nn.Module):
    """The last state over frames, joined with the functionals, and the last state over words."""

    def __init__(self, config: DualRnnConfig, inputs: Inputs) -> None:
        super().__init__()
        self.inputs = inputs
        self.audio = self.text = None
        encoded = 0
        if config.modality != "text":
            self.audio = LastState(inputs.frame_dim, config.audio_hidden, config.audio_dropout)
            joined = config.audio_hidden + inputs.functional_dim
            self.to_audio = _uniform(nn.Linear(joined, joined // 2))
            encoded += joined // 2
        if config.modality != "audio":
            self.text = LastState(inputs.word_dim, config.text_hidden, config.text_dropout)
            self.to_text = _uniform(nn.Linear(config.text_hidden, config.text_hidden // 2))
            encoded += config.text_hidden // 2
        self.classifier = _uniform(nn.Linear(encoded, len(EMOTIONS)))

    def forward(self, batch: Batch) -> Tensor:
        """Logits ``[B, emotions]``."""
        encoded: list[Tensor] = []
        if self.audio is not None:
            last_BD = self.audio(self.inputs.frames(batch), batch.frames_of_utterance.packed)
            if self.inputs.functional_dim:  # the prosodic vector
                last_BD = torch.cat([last_BD, self.inputs.functionals(batch)], dim=1)
            encoded.append(self.to_audio(last_BD))
        if self.text is not None:
            last_BD = self.text(self.inputs.words(batch), batch.words_of_utterance.packed)
            encoded.append(self.to_text(last_BD))
        return self.classifier(torch.cat(encoded, dim=1))


def _uniform(linear: nn.Linear) -> nn.Linear:
    """With the initial values of the published recipe."""
    nn.init.uniform_(linear.weight, -0.25, 0.25)
    nn.init.zeros_(linear.bias)
    return linear
