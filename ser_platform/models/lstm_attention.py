"""A BiLSTM and attention over frames, over words, or over each (Mirsamadi 2017; Xu 2019).

What the papers leave open and what we chose: docs/papers/lstm-attention.md. Shape letters:
B utterances, F frames and W words of all of them, S state of a BiLSTM.
"""

import torch
from torch import Tensor, nn

from ser_platform.config.model import LstmAttentionConfig
from ser_platform.emotions import EMOTIONS
from ser_platform.models.batch import Batch
from ser_platform.models.inputs import Inputs
from ser_platform.models.pooling import pooling
from ser_platform.models.ragged import Sequences
from ser_platform.models.recurrence import both_ways_states


class PooledLstm(nn.Module):
    """Dense layers, a BiLSTM, and one row for each sequence."""

    def __init__(self, dim: int, dense: tuple[int, ...], config: LstmAttentionConfig) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for width in dense:
            layers += [nn.Linear(dim, width), nn.ReLU(), nn.Dropout(config.dropout)]
            dim = width
        state = config.heads * config.weights
        self.dense = nn.Sequential(*layers)
        self.lstm = nn.LSTM(dim, state // 2, bidirectional=True)
        self.pooling = pooling(config.pooling, config.heads, config.weights)

    def forward(self, rows_RD: Tensor, sequences: Sequences) -> Tensor:
        """``[R, D]`` to one state ``[S]`` for each of the sequences."""
        return self.pooling(both_ways_states(self.lstm, self.dense(rows_RD), sequences), sequences)


class LstmAttentionNet(nn.Module):
    """One encoder for each modality that is read; their states side by side are classified."""

    def __init__(self, config: LstmAttentionConfig, inputs: Inputs) -> None:
        super().__init__()
        self.inputs = inputs
        self.audio = self.text = None
        if config.modality != "text":
            self.audio = PooledLstm(inputs.frame_dim, config.dense, config)
        if config.modality != "audio":
            self.text = PooledLstm(inputs.word_dim, (), config)
        modalities = 2 if config.modality == "both" else 1
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(modalities * config.heads * config.weights, len(EMOTIONS))

    def forward(self, batch: Batch) -> Tensor:
        """Logits ``[B, emotions]``."""
        pooled: list[Tensor] = []
        if self.audio is not None:
            pooled.append(self.audio(self.inputs.frames(batch), batch.frames_of_utterance))
        if self.text is not None:
            pooled.append(self.text(self.inputs.words(batch), batch.words_of_utterance))
        return self.classifier(self.dropout(torch.cat(pooled, dim=1)))
