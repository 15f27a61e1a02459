"""GRU and LSTM over ragged sequences: exact, nothing padded.

A GPU runs the stock packed kernels of cuDNN. On a CPU the stock packed backward pass grows with
rows times steps, so there it is our own kernels (packed.py).
"""

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from ser_platform.models.packed import Gru, Lstms
from ser_platform.models.ragged import Packed, Sequences


class LstmWeights(NamedTuple):
    """Weights of one LSTM in PyTorch's layout; gates in the order input, forget, cell, output."""

    input: Tensor
    recurrent: Tensor
    input_bias: Tensor
    recurrent_bias: Tensor

    @classmethod
    def of(cls, cell: nn.LSTMCell) -> "LstmWeights":
        """Those of a stock cell."""
        return cls(cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)


def last_states(gru: nn.GRU, rows_RD: Tensor, sequences: Packed) -> Tensor:
    """The state ``[S, H]`` of a one-way GRU after the last step of each sequence."""
    run = last_states_stock if rows_RD.is_cuda else last_states_own
    return run(gru, rows_RD, sequences)


def last_states_stock(gru: nn.GRU, rows_RD: Tensor, sequences: Packed) -> Tensor:
    """:func:`last_states` by PyTorch's packed kernel."""
    steps_RD = rows_RD.index_select(0, sequences.take)
    states, _ = gru(PackedSequence(steps_RD, sequences.active))
    return states.data.index_select(0, sequences.last)


def last_states_own(gru: nn.GRU, rows_RD: Tensor, sequences: Packed) -> Tensor:
    """:func:`last_states` by our kernel."""
    steps_RD = rows_RD.index_select(0, sequences.take)
    return Gru.apply(steps_RD, *(getattr(gru, name) for name in _STOCK_NAMES), sequences)


def forward_states(weights: LstmWeights, rows_RD: Tensor, sequences: Sequences) -> Tensor:
    """The state ``[R, H]`` of an LSTM at every row; the weights may be computed ones."""
    run = forward_states_stock if rows_RD.is_cuda else forward_states_own
    return run(weights, rows_RD, sequences)


def forward_states_stock(weights: LstmWeights, rows_RD: Tensor, sequences: Sequences) -> Tensor:
    """:func:`forward_states` by PyTorch's packed kernel."""
    active = sequences.packed.active
    zero = rows_RD.new_zeros(1, int(active[0]), weights.recurrent.shape[1])
    states, _, _ = torch.lstm(
        rows_RD.index_select(0, sequences.packed.take),
        active,
        (zero, zero),
        weights,
        has_biases=True,
        num_layers=1,
        dropout=0.0,
        train=torch.is_grad_enabled(),  # what the kernel keeps for backward, nothing else
        bidirectional=False,
    )
    return states.index_select(0, sequences.places)


def forward_states_own(weights: LstmWeights, rows_RD: Tensor, sequences: Sequences) -> Tensor:
    """:func:`forward_states` by our kernel."""
    steps_RD = rows_RD.index_select(0, sequences.packed.take)
    states = _run([(steps_RD, weights)], None, sequences.packed)
    return states.index_select(0, sequences.places)


def mixed_states(
    lstms: Sequence[tuple[Tensor, LstmWeights]], mix_HH: Tensor, sequences: Sequences
) -> Tensor:
    """The joint states ``[R, H]`` of LSTMs with rows of their own; on a CPU.

    ``mix_HH`` makes of the joint state after a step what the LSTMs start the next one from.
    """
    take = sequences.packed.take
    steps = [(rows.index_select(0, take), weights) for rows, weights in lstms]
    return _run(steps, mix_HH, sequences.packed).index_select(0, sequences.places)


def both_ways_states(lstm: nn.LSTM, rows_RD: Tensor, sequences: Sequences) -> Tensor:
    """The states ``[R, 2H]`` of a bidirectional LSTM at every row, forward ones first."""
    run = both_ways_stock if rows_RD.is_cuda else both_ways_own
    return run(lstm, rows_RD, sequences)


def both_ways_stock(lstm: nn.LSTM, rows_RD: Tensor, sequences: Sequences) -> Tensor:
    """:func:`both_ways_states` by PyTorch's packed kernel."""
    steps_RD = rows_RD.index_select(0, sequences.packed.take)
    states, _ = lstm(PackedSequence(steps_RD, sequences.packed.active))
    return states.data.index_select(0, sequences.places)


def both_ways_own(lstm: nn.LSTM, rows_RD: Tensor, sequences: Sequences) -> Tensor:
    """:func:`both_ways_states` as two LSTMs side by side, one on mirrored sequences."""
    ahead, back = (
        LstmWeights(*(getattr(lstm, name + way) for name in _STOCK_NAMES))
        for way in ("", "_reverse")
    )
    take, places, mirror = sequences.packed.take, sequences.places, sequences.mirror
    lstms = [
        (rows_RD.index_select(0, take), ahead),
        (rows_RD.index_select(0, mirror[take]), back),
    ]
    ahead_RH, back_RH = _run(lstms, None, sequences.packed).chunk(2, dim=1)
    return torch.cat(
        [ahead_RH.index_select(0, places), back_RH.index_select(0, places[mirror])], dim=1
    )


_STOCK_NAMES = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")


def _run(
    lstms: Sequence[tuple[Tensor, LstmWeights]], mix_HH: Tensor | None, packed: Packed
) -> Tensor:
    of_each: list[Tensor] = []
    for steps_RD, weights in lstms:
        bias = weights.input_bias + weights.recurrent_bias
        of_each += [steps_RD, weights.input, weights.recurrent, bias]
    return Lstms.apply(packed, mix_HH, *of_each)
