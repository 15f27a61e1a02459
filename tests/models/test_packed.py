"""Our own kernels: gradients against finite differences, and what training relies on."""

import numpy as np
import pytest
import torch
from torch import Tensor

from ser_platform.models.packed import Gru, Lstms
from ser_platform.models.ragged import Packed

RAGGED = [np.array([3, 1, 4, 2]), np.array([1]), np.array([1, 1, 1]), np.array([5])]
ONE_UNIT = torch.ones(4, 1), torch.ones(4, 1), torch.zeros(4)

ragged = pytest.mark.parametrize("lengths", RAGGED, ids=str)


def _numbers(*shape: int, seed: int = 0) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.double).requires_grad_()


def _lstms(rows: int) -> list[Tensor]:
    """M; rows, W, U and biases of two LSTMs of 2 and 3 units."""
    audio = [_numbers(rows, 2), _numbers(8, 2, seed=1), _numbers(8, 2), _numbers(8)]
    text = [_numbers(rows, 1), _numbers(12, 1), _numbers(12, 3), _numbers(12)]
    return [_numbers(5, 5, seed=1), *audio, *text]


def _gru(rows: int) -> list[Tensor]:
    return [_numbers(rows, 2), _numbers(9, 2), _numbers(9, 3), _numbers(9), _numbers(9, seed=1)]


@ragged
def test_gradients_of_a_gru_are_finite_differences(lengths) -> None:
    packed = Packed.of(lengths)
    assert torch.autograd.gradcheck(lambda *x: Gru.apply(*x, packed), _gru(lengths.sum()))


@ragged
def test_gradients_of_mixed_lstms_are_finite_differences(lengths) -> None:
    packed = Packed.of(lengths)
    assert torch.autograd.gradcheck(lambda *x: Lstms.apply(packed, *x), _lstms(lengths.sum()))


@ragged
def test_gradients_of_lstms_side_by_side_are_finite_differences(lengths) -> None:
    packed = Packed.of(lengths)
    _, *of_each = _lstms(lengths.sum())
    assert torch.autograd.gradcheck(lambda *x: Lstms.apply(packed, None, *x), of_each)


def test_two_backward_passes_give_the_same_bytes() -> None:
    packed = Packed.of(RAGGED[0])
    inputs = [t.detach().float().requires_grad_() for t in _lstms(10)]
    loss = Lstms.apply(packed, *inputs).square().sum()
    first = torch.autograd.grad(loss, inputs, retain_graph=True)
    again = torch.autograd.grad(loss, inputs)
    for one, other in zip(first, again, strict=True):
        assert torch.equal(one, other)


def test_gates_of_float32_are_right_to_rounding_and_saturate() -> None:
    packed = Packed.of(np.array([1] * 4001))
    x = torch.linspace(-100, 100, 4001, dtype=torch.double)[:, None]
    exact, rounded = (
        Lstms.apply(packed, None, x.to(t), *(w.to(t) for w in ONE_UNIT)).double()
        for t in (torch.double, torch.float)
    )
    torch.testing.assert_close(rounded, exact, rtol=0, atol=5e-7)


def test_a_number_that_is_none_stays_visible() -> None:
    packed, nan = Packed.of(np.array([2, 1])), torch.full((3, 1), torch.nan)
    assert Lstms.apply(packed, None, nan, *ONE_UNIT).isnan().all()
    weights = torch.ones(3, 1), torch.ones(3, 1), torch.zeros(3), torch.zeros(3)
    assert Gru.apply(nan, *weights, packed).isnan().all()
