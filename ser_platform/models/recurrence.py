"""GRU and LSTM over ragged sequences: exact, and with stock kernels only.

What is fast differs. Many short sequences (frames of phonemes) run packed everywhere. Long ones
(frames of utterances) run packed through cuDNN on a GPU; on a CPU the packed LSTM's backward is
slow, the dense one of oneDNN is not, so there each direction runs on a grid that starts at the
sequence's own first (or last) step: what lies behind its end never reaches an earlier step.
"""

from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from ser_platform.models.ragged import Sequences, ShortSequences


class LstmWeights(NamedTuple):
    """Weights of one LSTM in PyTorch's layout; gates in the order input, forget, cell, output."""

    input: Tensor
    recurrent: Tensor
    input_bias: Tensor
    recurrent_bias: Tensor


def last_states(gru: nn.GRU, rows_RD: Tensor, sequences: ShortSequences) -> Tensor:
    """The state ``[S, H]`` of a one-way GRU after the last step of each sequence."""
    ends = [
        gru(PackedSequence(rows_RD.index_select(0, group.take), group.active))[1][0]
        for group in sequences.groups
    ]
    return torch.cat(ends).index_select(0, sequences.places)


def forward_states(weights: LstmWeights, rows_RD: Tensor, sequences: Sequences) -> Tensor:
    """The state ``[R, H]`` of an LSTM at every row; the weights may be computed ones."""
    return sequences.rows(_dense(weights, sequences.grid(rows_RD)))


def both_ways_states(lstm: nn.LSTM, rows_RD: Tensor, sequences: Sequences) -> Tensor:
    """The states ``[R, 2H]`` of a bidirectional LSTM at every row, forward ones first."""
    run = both_ways_packed if rows_RD.is_cuda else both_ways_dense
    return run(lstm, rows_RD, sequences)


def both_ways_packed(lstm: nn.LSTM, rows_RD: Tensor, sequences: Sequences) -> Tensor:
    """:func:`both_ways_states` as one packed call, for cuDNN."""
    grid = sequences.grid(rows_RD)
    states, _ = lstm(pack_padded_sequence(grid, sequences.lengths, enforce_sorted=False))
    return sequences.rows(pad_packed_sequence(states)[0])


def both_ways_dense(lstm: nn.LSTM, rows_RD: Tensor, sequences: Sequences) -> Tensor:
    """:func:`both_ways_states` as one dense call per direction, for oneDNN."""
    ahead, back = (
        LstmWeights(*(getattr(lstm, name + way) for name in _STOCK_NAMES))
        for way in ("", "_reverse")
    )
    ahead_RH = sequences.rows(_dense(ahead, sequences.grid(rows_RD)))
    back_RH = sequences.reversed_rows(_dense(back, sequences.reversed_grid(rows_RD)))
    return torch.cat([ahead_RH, back_RH], dim=1)


_STOCK_NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def _dense(weights: LstmWeights, grid_TSD: Tensor) -> Tensor:
    zero = grid_TSD.new_zeros(1, grid_TSD.shape[1], weights.recurrent.shape[1])
    states_TSH, _, _ = torch.lstm(
        grid_TSD,
        (zero, zero),
        weights,
        has_biases=True,
        num_layers=1,
        dropout=0.0,
        train=torch.is_grad_enabled(),  # what the kernel keeps for backward, nothing else
        bidirectional=False,
        batch_first=False,
    )
    return states_TSH
