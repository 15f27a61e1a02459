"""From the states of a sequence to one row."""

import math
from typing import Literal

import torch
from torch import Tensor, nn

from ser_platform.models.attention import OverSteps
from ser_platform.models.ragged import Sequences


class AttentionPooling(nn.Module):
    """A weighted sum of states (Mirsamadi 2017, eq. 5-7): ``alpha_t = softmax_t(u . y_t)``.

    With more than one head, a head has its own slice of the state and its own weights.
    """

    def __init__(self, heads: int, weights: int, stride: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(weights)
        self.u_HD = nn.Parameter(torch.empty(heads, weights).uniform_(-bound, bound))
        self.softmax = OverSteps(stride)

    def forward(self, states_RS: Tensor, sequences: Sequences) -> Tensor:
        """``[R, H * D]`` to one row for each of the sequences."""
        states_RHD = states_RS.unflatten(1, self.u_HD.shape)
        e_RH = torch.einsum("rhd,hd->rh", states_RHD, self.u_HD)
        alpha_TSH = self.softmax(e_RH, sequences)
        pooled_SHD = torch.einsum("tsh,tshd->shd", alpha_TSH, sequences.grid(states_RHD))
        return pooled_SHD.flatten(1)


class MeanPooling(nn.Module):
    """The mean state."""

    def forward(self, states_RS: Tensor, sequences: Sequences) -> Tensor:
        """``[R, D]`` to one row for each of the sequences."""
        lengths = sequences.lengths.to(states_RS.device)
        return sequences.grid(states_RS).sum(dim=0) / lengths[:, None]


class StatisticsPooling(nn.Module):
    """Mean and standard deviation of each unit over the steps, side by side."""

    def forward(self, states_RS: Tensor, sequences: Sequences) -> Tensor:
        """``[R, D]`` to one row ``[2 * D]`` for each of the sequences."""
        lengths_S1 = sequences.lengths.to(states_RS.device)[:, None]
        states_TSD = sequences.grid(states_RS)
        mean_SD = states_TSD.sum(dim=0) / lengths_S1
        within_TS1 = sequences.grid(states_RS.new_ones(len(states_RS), 1))
        variance_SD = ((states_TSD - mean_SD) * within_TS1).square().sum(dim=0) / lengths_S1
        # The root has no slope at 0, where a sequence of one step stands.
        return torch.cat([mean_SD, (variance_SD + 1e-5).sqrt()], dim=1)


class LastPooling(nn.Module):
    """Of a BiLSTM, the forward state at the last step and the backward state at the first."""

    def forward(self, states_RS: Tensor, sequences: Sequences) -> Tensor:
        """``[R, D]``, forward half first, to one row for each of the sequences."""
        ends = sequences.lengths.cumsum(0).to(states_RS.device)
        starts = ends - sequences.lengths.to(states_RS.device)
        ahead, back = states_RS.chunk(2, dim=1)
        return torch.cat([ahead[ends - 1], back[starts]], dim=1)


def pooling(
    kind: Literal["attention", "mean", "last", "statistics"],
    heads: int,
    weights: int,
    stride: int = 1,
) -> nn.Module:
    """The layer a setting ``pooling`` names, for states of ``heads * weights`` values.

    ``stride`` frames lie between the steps of a sequence, where its steps are frames.
    """
    match kind:
        case "attention":
            return AttentionPooling(heads, weights, stride)
        case "mean":
            return MeanPooling()
        case "last":
            return LastPooling()
        case "statistics":
            return StatisticsPooling()
