"""Convolutions and a BiLSTM over segments of a spectrogram (Satt et al. 2017).

What the paper leaves open and what we chose: docs/papers/cnn-lstm.md. Shape letters: B
utterances, F frames of all of them, S segments, T frames of the longest segment, K bins of a
frame, C maps or emotions, R pooled frames of all segments, N segments of
an utterance.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ser_platform.config.model import CnnLstmConfig
from ser_platform.emotions import EMOTIONS
from ser_platform.models.batch import Batch
from ser_platform.models.convolution import same, same_of_one_channel, shorter, within
from ser_platform.models.inputs import Inputs
from ser_platform.models.pooling import LastPooling
from ser_platform.models.ragged import Counts, Sequences, ranges
from ser_platform.models.recurrence import both_ways_states


def segments(num_frames: Counts, segment_frames: int, shortest_rest: int) -> tuple[Counts, Counts]:
    """Frames of each segment, utterance after utterance, and segments of each utterance.

    The last segment of an utterance is what is left; less than ``shortest_rest`` is joined to
    the segment before it.
    """
    counts = np.maximum(1, (num_frames + segment_frames - shortest_rest) // segment_frames)
    lengths = np.full(counts.sum(), segment_frames)
    lengths[counts.cumsum() - 1] = num_frames - (counts - 1) * segment_frames
    return lengths, counts


class PooledMaps(nn.Module):
    """Convolutions, each with a ReLU and a maximum over squares of ``pool`` frames and bins.

    Squares at an edge take what there is of them. ReLUs are never negative, so the zeros
    behind the end of a segment do not change a maximum.
    """

    def __init__(self, config: CnnLstmConfig, bins: int) -> None:
        super().__init__()
        self.pool = config.pool
        self.convolutions = nn.ModuleList()
        channels = 1
        for maps, (high, wide) in zip(config.maps, config.kernels, strict=True):
            self.convolutions.append(nn.Conv2d(channels, maps, (wide, high)))
            channels, bins = maps, -(-bins // config.pool)
        self.dim = channels * bins
        """Values of a pooled frame."""

    def forward(self, frames_FK: Tensor, sequences: Sequences) -> tuple[Tensor, Tensor]:
        """Frames of some segments to their pooled frames ``[R, dim]``, and how many each has."""
        lengths = sequences.lengths
        map_SCTK = sequences.grid(frames_FK).transpose(0, 1).unsqueeze(1)
        for conv in self.convolutions:
            assert isinstance(conv, nn.Conv2d)
            first = conv.in_channels == 1
            map_SCTK = same_of_one_channel(conv, map_SCTK[:, 0]) if first else same(conv, map_SCTK)
            map_SCTK.mul_(within(lengths, map_SCTK)).relu_()
            map_SCTK = functional.max_pool2d(map_SCTK, self.pool, ceil_mode=True)
            lengths = shorter(lengths, self.pool)
        grid_TSD = map_SCTK.permute(2, 0, 3, 1).flatten(2)
        pooled = Sequences.of(lengths.numpy()).to(frames_FK.device)
        return pooled.rows(grid_TSD), lengths


class CnnLstmNet(nn.Module):
    """Every segment gets a posterior; that of an utterance is the mean over its segments."""

    def __init__(self, config: CnnLstmConfig, inputs: Inputs) -> None:
        super().__init__()
        self.inputs, self.config = inputs, config
        self.maps = PooledMaps(config, inputs.frame_dim)
        self.lstm = nn.LSTM(self.maps.dim, config.hidden, bidirectional=True)
        self.last = LastPooling()
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(2 * config.hidden, len(EMOTIONS))

    def forward(self, batch: Batch) -> Tensor:
        """Logarithms of posteriors ``[B, emotions]``, which are logits of themselves."""
        config = self.config
        lengths, counts = segments(batch.num_frames, config.segment_frames, config.shortest_rest)
        logits_SC = self.classifier(self.dropout(self.segment_states(batch, lengths)))
        utterances = Sequences.of(counts).to(logits_SC.device)
        log_p_NBC = utterances.grid(logits_SC.log_softmax(dim=1), fill=-torch.inf)
        return log_p_NBC.logsumexp(dim=0) - torch.from_numpy(counts).to(logits_SC)[:, None].log()

    def segment_states(self, batch: Batch, lengths: Counts) -> Tensor:
        """The last states ``[S, 2 * hidden]`` of both directions over each segment."""
        frames_FK = self.inputs.frames(batch)
        starts = lengths.cumsum() - lengths
        quarters = -(-4 * lengths // self.config.segment_frames)
        # Segments of like length in one grid: a rest is not padded to 3 s.
        groups = [np.flatnonzero(quarters == quarter) for quarter in np.unique(quarters)]
        rows, pooled = [], []
        for own in groups:
            take = torch.from_numpy(ranges(starts[own], lengths[own])).to(frames_FK.device)
            sequences = Sequences.of(lengths[own]).to(frames_FK.device)
            rows_RD, pooled_S = self.maps(frames_FK.index_select(0, take), sequences)
            rows.append(rows_RD)
            pooled.append(pooled_S)
        sequences = Sequences.of(torch.cat(pooled).numpy()).to(frames_FK.device)
        states_RS = both_ways_states(self.lstm, torch.cat(rows), sequences)
        place = torch.from_numpy(np.argsort(np.concatenate(groups))).to(frames_FK.device)
        return self.last(states_RS, sequences).index_select(0, place)
