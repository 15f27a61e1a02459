"""The gates of GRU and LSTM at one time step, forward and backward, compiled for the CPU.

What PyTorch does in ten passes over memory is one pass here. All arrays are C-contiguous; rows
are sequences. Gates are read and written in place: before a call they hold what is added up
from input and state, after it the values of the gates. The machine code is kept beside this file
(or in ``NUMBA_CACHE_DIR``); where nothing can be written, each process compiles for 3 s.
"""

import math
import os
from pathlib import Path

import numpy as np
from numba import config, njit, types
from numba.extending import overload
from numpy.typing import NDArray

Rows = NDArray[np.floating]
Edges = NDArray[np.int64]
"""Where the units of LSTMs that stand side by side begin, and the end of the last."""

_CAN_CACHE = (
    bool(config.CACHE_DIR)  # pyright: ignore[reportAttributeAccessIssue]  # numba sets it late
    or os.access(Path(__file__).parent, os.W_OK)
)
_compiled = njit(cache=_CAN_CACHE, nogil=True, error_model="numpy", fastmath={"contract"})


@_compiled
def gru_step(gates: Rows, of_state: Rows, bias: Rows, before: Rows, state: Rows) -> None:
    """One step of a GRU: ``r``, ``z``, ``n`` and ``q`` of each unit, side by side.

    With ``u`` what the state sends to each gate (``of_state``) and ``b`` the ``bias`` of the
    third: q = u_n + b, n = tanh(x_n + r q), h = n + z (h_before - n).
    """
    size = state.shape[1]
    for i in range(len(state)):
        r, z, n, q = gates[i, :size], gates[i, size:], gates[i, 2 * size :], gates[i, 3 * size :]
        u_r, u_z, u_n = of_state[i, :size], of_state[i, size:], of_state[i, 2 * size :]
        h, h_before = state[i], before[i]
        for j in range(size):
            r_, z_, q_ = _sigmoid(r[j] + u_r[j]), _sigmoid(z[j] + u_z[j]), u_n[j] + bias[j]
            n_ = _tanh(n[j] + r_ * q_)
            r[j], z[j], n[j], q[j] = r_, z_, n_, q_
            h[j] = n_ + z_ * (h_before[j] - n_)


@_compiled
def gru_step_back(gates: Rows, before: Rows, d_state: Rows, d_gates: Rows, d_before: Rows) -> None:
    """Gradients of one step: of n, r, z for the input, of r, z, q for the state, overlapping.

    ``d_gates`` is laid out n, r, z, q; ``d_before`` gets the part that does not pass a gate.
    """
    size = d_state.shape[1]
    for i in range(len(d_state)):
        r, z, n, q = gates[i, :size], gates[i, size:], gates[i, 2 * size :], gates[i, 3 * size :]
        d_n, d_r = d_gates[i, :size], d_gates[i, size:]
        d_z, d_q = d_gates[i, 2 * size :], d_gates[i, 3 * size :]
        d_h, h_before, d_h_before = d_state[i], before[i], d_before[i]
        for j in range(size):
            passed = d_h[j] * z[j]
            through = d_h[j] - passed
            through -= through * n[j] * n[j]
            d_n[j] = through
            d_q[j] = through * r[j]
            d_r[j] = through * q[j] * (r[j] - r[j] * r[j])
            d_z[j] = (h_before[j] - n[j]) * (passed - passed * z[j])
            d_h_before[j] = passed


@_compiled
def lstm_step(gates: Rows, before: Rows, cells: Rows, state: Rows, edges: Edges) -> None:
    """One step of LSTMs side by side: of each, i, f, g, o side by side.

    c = f c_before + i g, h = o tanh(c).
    """
    for row in range(len(state)):
        for k in range(len(edges) - 1):
            first, size = edges[k], edges[k + 1] - edges[k]
            own = gates[row, 4 * first :]
            i, f, g, o = own[:size], own[size:], own[2 * size :], own[3 * size :]
            c_before, c, h = before[row, first:], cells[row, first:], state[row, first:]
            for j in range(size):
                i_, f_, g_, o_ = _sigmoid(i[j]), _sigmoid(f[j]), _tanh(g[j]), _sigmoid(o[j])
                c_ = f_ * c_before[j] + i_ * g_
                i[j], f[j], g[j], o[j] = i_, f_, g_, o_
                c[j] = c_
                h[j] = o_ * _tanh(c_)


@_compiled
def lstm_step_back(
    gates: Rows,
    before: Rows,
    cells: Rows,
    d_state: Rows,
    d_cells: Rows,
    d_gates: Rows,
    edges: Edges,
) -> None:
    """Gradients of the gates of one step; ``d_cells`` goes one step back in place."""
    for row in range(len(d_state)):
        for k in range(len(edges) - 1):
            first, size = edges[k], edges[k + 1] - edges[k]
            own, d_own = gates[row, 4 * first :], d_gates[row, 4 * first :]
            i, f, g, o = own[:size], own[size:], own[2 * size :], own[3 * size :]
            d_i, d_f, d_g, d_o = d_own[:size], d_own[size:], d_own[2 * size :], d_own[3 * size :]
            c_before, c = before[row, first:], cells[row, first:]
            d_h, d_c = d_state[row, first:], d_cells[row, first:]
            for j in range(size):
                t = _tanh(c[j])
                passed = d_h[j] * o[j]
                through = d_c[j] + passed - passed * t * t
                d_o[j] = t * (passed - passed * o[j])
                d_i[j] = through * g[j] * (i[j] - i[j] * i[j])
                d_g[j] = through * (i[j] - i[j] * g[j] * g[j])
                d_f[j] = through * c_before[j] * (f[j] - f[j] * f[j])
                d_c[j] = through * f[j]


def _tanh(x: float) -> float:
    """In float32 within five units of the last place."""
    return math.tanh(x)


def _sigmoid(x: float) -> float:
    return 0.5 * math.tanh(0.5 * x) + 0.5


# In float32 a quotient of two polynomials, which the compiler turns into vector instructions; it
# is the one of Eigen and XLA (github.com/openxla/xla, xla/codegen/intrinsic/tanh.cc). Comparing
# in this direction lets NaN through.
_HALF = np.float32(0.5)
_END = np.float32(7.99881172180175781)
_ODD = tuple(
    np.float32(c)
    for c in (
        -2.76076847742355e-16,
        2.00018790482477e-13,
        -8.60467152213735e-11,
        5.12229709037114e-08,
        1.48572235717979e-05,
        6.37261928875436e-04,
        4.89352455891786e-03,
    )
)
_EVEN = tuple(
    np.float32(c)
    for c in (
        1.19825839466702e-06,
        1.18534705686654e-04,
        2.26843463243900e-03,
        4.89352518554385e-03,
    )
)


@overload(_tanh)
def _tanh_of_type(x):
    if x != types.float32:
        return lambda x: math.tanh(x)  # noqa: PLW0108 - the compiler reads this source

    def quotient(x):
        x = _END if x > _END else x
        x = -_END if x < -_END else x
        s = x * x
        odd = _ODD[0]
        odd = odd * s + _ODD[1]
        odd = odd * s + _ODD[2]
        odd = odd * s + _ODD[3]
        odd = odd * s + _ODD[4]
        odd = odd * s + _ODD[5]
        odd = odd * s + _ODD[6]
        even = ((_EVEN[0] * s + _EVEN[1]) * s + _EVEN[2]) * s + _EVEN[3]
        return x * odd / even

    return quotient


@overload(_sigmoid)
def _sigmoid_of_type(x):
    half = _HALF if x == types.float32 else 0.5
    return lambda x: half * _tanh(half * x) + half
