"""GRU and LSTM over packed sequences on a CPU: exact, linear in the number of rows.

Rows stand step by step, longest sequence first, so the sequences that reach a step are the first
``active`` ones, and their states before it are a slice of the states: nothing is copied. All of
a step but one matrix product is one compiled pass over memory (gates.py); what does not depend
on the step before is one product over all rows.

Shape letters: R rows of all sequences, S sequences, D values of a row, H units, G gates of all
units. ``d_x`` is the gradient of the loss for ``x``.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.autograd.function import once_differentiable

from ser_platform.models.gates import gru_step, gru_step_back, lstm_step, lstm_step_back
from ser_platform.models.ragged import Packed


class _Step(NamedTuple):
    """Where the sequences that reach a step stand in gates and, one step up, in states."""

    now: slice
    before: slice
    after: slice


def _steps(packed: Packed) -> list[_Step]:
    """All steps; states have one more than gates, in front: zeros, before the first."""
    steps, place, before = [], 0, 0
    active = packed.active.tolist()
    for n in active:
        after = active[0] + place
        steps.append(
            _Step(slice(place, place + n), slice(before, before + n), slice(after, after + n))
        )
        place, before = place + n, after
    return steps


def _states(like_RH: Tensor, first: _Step, units: int) -> Tensor:
    """Room for states; those before the first step are zero."""
    states = like_RH.new_empty(len(like_RH) + first.after.start, units)
    states[first.before] = 0
    return states


class Gru(torch.autograd.Function):
    """The last state ``[S, H]`` of each sequence, sequences in their own order.

    r = σ(W_r x + U_r h), z = σ(W_z x + U_z h), n = tanh(W_n x + r q), q = U_n h + b_n,
    h' = n + z (h - n). All biases but b_n are added to W x.
    """

    @staticmethod
    def forward(
        ctx: Any,
        x_RD: Tensor,
        w_GD: Tensor,
        u_GH: Tensor,
        w_bias_G: Tensor,
        u_bias_G: Tensor,
        packed: Packed,
    ) -> Tensor:
        """Rows in packed order, weights as in ``nn.GRU``."""
        units, steps = u_GH.shape[1], _steps(packed)
        bias_rz, bias_n = u_bias_G.split([2 * units, units])
        values = x_RD.new_empty(len(x_RD), 4 * units)
        bias_G = torch.cat([w_bias_G[: 2 * units] + bias_rz, w_bias_G[2 * units :]])
        torch.addmm(bias_G, x_RD, w_GD.t(), out=values[:, : 3 * units])
        states = _states(x_RD, steps[0], units)
        of_state = x_RD.new_zeros(steps[0].after.start, 3 * units)
        arrays = values.numpy(), states.numpy(), of_state.numpy(), bias_n.detach().numpy()
        for now, before, after in steps:
            if now.start:
                torch.mm(states[before], u_GH.t(), out=of_state[: now.stop - now.start])
            values_, states_, of_state_, bias_ = arrays
            gru_step(values_[now], of_state_, bias_, states_[before], states_[after])
        ctx.save_for_backward(x_RD, w_GD, u_GH, values, states)
        ctx.packed, ctx.steps = packed, steps
        return states[steps[0].after.start :].index_select(0, packed.last)

    @staticmethod
    @once_differentiable  # whose type has no parameter names
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grad_outputs: Any
    ) -> tuple[Tensor | None, ...]:
        """Gradients for input and weights."""
        (d_last,) = grad_outputs
        x_RD, w_GD, u_GH, values, states = ctx.saved_tensors
        packed, steps, units = ctx.packed, ctx.steps, u_GH.shape[1]
        first = steps[0].after.start
        # A state is the last of its sequence or is followed by a step, which writes here.
        d_states = torch.empty_like(states)
        d_states[first:].index_copy_(0, packed.last, d_last)
        d_values = torch.empty_like(values)  # n, r, z for the input; r, z, q for the state
        d_x_gates, d_u_gates = d_values[:, : 3 * units], d_values[:, units:]
        arrays = values.numpy(), states.numpy(), d_states.numpy(), d_values.numpy()
        for now, before, after in reversed(steps):
            values_, states_, d_states_, d_values_ = arrays
            gru_step_back(
                values_[now], states_[before], d_states_[after], d_values_[now], d_states_[before]
            )
            if now.start:
                d_states[before].addmm_(d_u_gates[now], u_GH)
        before_RH = states[first:].index_select(0, packed.before)
        d_u_GH = (before_RH.t() @ d_u_gates[first:]).t()
        d_w_GD, d_bias_G = (x_RD.t() @ d_x_gates).t(), d_values.sum(dim=0)
        d_x_RD = d_x_gates @ w_GD.roll(units, 0) if ctx.needs_input_grad[0] else None
        d_w_GD, d_w_bias_G = d_w_GD.roll(-units, 0), d_bias_G[: 3 * units].roll(-units)
        return d_x_RD, d_w_GD, d_u_GH, d_w_bias_G, d_bias_G[units:], None


class Lstms(torch.autograd.Function):
    """The states ``[R, H]`` of LSTMs that run side by side, rows in packed order.

    Each has its own units of the joint state h. It reads the same units of m = M h_before, or
    of m = h_before: i = σ(x_i + U_i m), f = σ(x_f + U_f m), g = tanh(x_g + U_g m),
    o = σ(x_o + U_o m), c = f c_before + i g, h = o tanh(c).
    """

    @staticmethod
    def forward(ctx: Any, packed: Packed, mix_HH: Tensor | None, *of_each: Tensor) -> Tensor:
        """M; then of each LSTM its rows, in packed order, W, U and the sum of its biases."""
        rows, of_rows, weights, biases = (of_each[i::4] for i in range(4))
        edges, steps = _edges(weights), _steps(packed)
        first, units, x_RD = steps[0].after.start, int(edges[-1]), rows[0]
        values = x_RD.new_empty(len(x_RD), 4 * units)
        for gates, x, w_GD, bias_G in zip(
            _columns(values, 4 * edges), rows, of_rows, biases, strict=True
        ):
            torch.addmm(bias_G, x, w_GD.t(), out=gates)
        states, cells = _states(x_RD, steps[0], units), _states(x_RD, steps[0], units)
        mixed = None if mix_HH is None else x_RD.new_empty(len(x_RD), units)
        read = _columns(states if mixed is None else mixed, edges)
        parts = list(zip(_columns(values, 4 * edges), read, (u.t() for u in weights), strict=True))
        values_, states_, cells_ = values.numpy(), states.numpy(), cells.numpy()
        for now, before, after in steps:
            if now.start:
                if mixed is not None and mix_HH is not None:
                    torch.mm(states[before], mix_HH.t(), out=mixed[now])
                at = before if mixed is None else now
                for gates, m, u_HG in parts:
                    gates[now].addmm_(m[at], u_HG)
            lstm_step(values_[now], cells_[before], cells_[after], states_[after], edges)
        ctx.save_for_backward(values, states, cells, mixed, mix_HH, *rows, *of_rows, *weights)
        ctx.packed, ctx.steps = packed, steps
        return states[first:]

    @staticmethod
    @once_differentiable  # whose type has no parameter names
    def backward(  # pyright: ignore[reportIncompatibleMethodOverride]
        ctx: Any, *grad_outputs: Any
    ) -> tuple[Tensor | None, ...]:
        """Gradients for M, and for rows, W, U and biases of each LSTM."""
        (d_out,) = grad_outputs
        values, states, cells, mixed, mix_HH, *of_each = ctx.saved_tensors
        count = len(of_each) // 3
        rows, of_rows, weights = (of_each[i * count : (i + 1) * count] for i in range(3))
        edges, steps = _edges(weights), ctx.steps
        first, units = steps[0].after.start, int(edges[-1])
        d_states = torch.cat([d_out.new_empty(first, units), d_out])
        d_values, d_cells = torch.empty_like(values), torch.zeros_like(cells[:first])
        d_mixed = None if mixed is None else torch.zeros_like(mixed)
        d_read = _columns(d_states if d_mixed is None else d_mixed, edges)
        parts = list(zip(_columns(d_values, 4 * edges), d_read, weights, strict=True))
        values_, cells_ = values.numpy(), cells.numpy()
        d_states_, d_cells_, d_values_ = d_states.numpy(), d_cells.numpy(), d_values.numpy()
        for now, before, after in reversed(steps):
            lstm_step_back(
                values_[now],
                cells_[before],
                cells_[after],
                d_states_[after],
                d_cells_,
                d_values_[now],
                edges,
            )
            if now.start:
                at = before if d_mixed is None else now
                for d_gates, d_m, u_GH in parts:
                    d_m[at].addmm_(d_gates[now], u_GH)
                if d_mixed is not None:
                    d_states[before].addmm_(d_mixed[now], mix_HH)
        before_RH = states[first:].index_select(0, ctx.packed.before)
        read = _columns(before_RH if mixed is None else mixed[first:], edges)
        d_of_each: list[Tensor | None] = []
        for k, ((d_gates, _, _), m) in enumerate(zip(parts, read, strict=True)):
            d_of_each += [
                d_gates @ of_rows[k] if ctx.needs_input_grad[2 + 4 * k] else None,
                (rows[k].t() @ d_gates).t(),
                (m.t() @ d_gates[first:]).t(),
                d_gates.sum(dim=0),
            ]
        d_mix_HH = None if d_mixed is None else d_mixed[first:].t() @ before_RH
        return None, d_mix_HH, *d_of_each


def _edges(weights: Sequence[Tensor]) -> NDArray[np.int64]:
    """Where the units of each LSTM begin, and where those of the last one end."""
    return np.cumsum([0, *(u_GH.shape[1] for u_GH in weights)])


def _columns(joint: Tensor, edges: NDArray[np.int64]) -> tuple[Tensor, ...]:
    """The columns of each LSTM."""
    return joint.split(np.diff(edges).tolist(), dim=1)
