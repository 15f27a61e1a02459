"""Ragged GRU and LSTM against the gates written out step by step, in float64."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from ser_platform.models.ragged import Packed, Sequences
from ser_platform.models.recurrence import (
    LstmWeights,
    both_ways_own,
    both_ways_stock,
    forward_states_own,
    forward_states_stock,
    last_states_own,
    last_states_stock,
)
from tests.models.equations.steps import bilstm_states, gru_last, lstm_states

LENGTHS = np.array([5, 1, 64, 6, 7, 1, 13])


@pytest.fixture
def rows() -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(LENGTHS.sum(), 4, generator=generator, dtype=torch.double)


def _assert_same(
    module: nn.Module, rows: Tensor, ours: Callable[[Tensor], Tensor], loop: Callable
) -> None:
    """Equal values, and equal gradients for the input and every parameter."""
    results = []
    for f in (ours, lambda x: torch.stack(loop(x.split(LENGTHS.tolist())))):
        x = rows.clone().requires_grad_()
        value = f(x)
        weight = torch.linspace(-1, 1, value.numel(), dtype=torch.double).view_as(value)
        wanted = [x, *module.parameters()]
        results.append((value, *torch.autograd.grad((value * weight).sum(), wanted)))
    for ours_, loop_ in zip(*results, strict=True):
        torch.testing.assert_close(ours_, loop_, rtol=0, atol=1e-10)


@pytest.mark.parametrize("kernel", [last_states_own, last_states_stock])
def test_last_states_are_those_of_a_gru_run_step_by_step(rows, kernel) -> None:
    gru = nn.GRU(4, 3).double()
    sequences = Packed.of(LENGTHS)
    _assert_same(
        gru,
        rows,
        lambda x: kernel(gru, x, sequences),
        lambda parts: [gru_last(gru, list(part)) for part in parts],
    )


@pytest.mark.parametrize("kernel", [both_ways_own, both_ways_stock])
def test_both_ways_states_are_those_of_two_lstms_run_step_by_step(rows, kernel) -> None:
    lstm = nn.LSTM(4, 3, bidirectional=True).double()
    sequences = Sequences.of(LENGTHS)
    _assert_same(
        lstm,
        rows,
        lambda x: kernel(lstm, x, sequences),
        lambda parts: [state for part in parts for state in bilstm_states(lstm, list(part))],
    )


@pytest.mark.parametrize("kernel", [forward_states_own, forward_states_stock])
def test_forward_states_are_those_of_an_lstm_run_step_by_step(rows, kernel) -> None:
    cell = nn.LSTMCell(4, 3).double()
    weights = LstmWeights(cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    sequences = Sequences.of(LENGTHS)
    _assert_same(
        cell,
        rows,
        lambda x: kernel(weights, x, sequences),
        lambda parts: [state for part in parts for state in lstm_states(weights, list(part))],
    )


def test_the_float32_kernels_of_the_cpu_give_the_same_to_rounding(rows) -> None:
    lstm, gru = nn.LSTM(4, 3, bidirectional=True), nn.GRU(4, 3)
    sequences, short = Sequences.of(LENGTHS), Packed.of(LENGTHS)
    both, last = (
        both_ways_own(lstm, rows.float(), sequences),
        last_states_own(gru, rows.float(), short),
    )
    exact_both = both_ways_own(lstm.double(), rows, sequences)
    exact_last = last_states_own(gru.double(), rows, short)
    torch.testing.assert_close(both.double(), exact_both, rtol=0, atol=1e-6)
    torch.testing.assert_close(last.double(), exact_last, rtol=0, atol=1e-6)


def test_without_gradients_the_states_are_the_same_bytes(rows) -> None:
    lstm, gru = nn.LSTM(4, 3, bidirectional=True), nn.GRU(4, 3)
    sequences = Sequences.of(LENGTHS)
    trained = both_ways_own(lstm, rows.float(), sequences)
    last = last_states_own(gru, rows.float(), sequences.packed)
    with torch.inference_mode():
        assert torch.equal(both_ways_own(lstm, rows.float(), sequences), trained)
        assert torch.equal(last_states_own(gru, rows.float(), sequences.packed), last)
