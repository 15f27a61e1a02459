"""A time-delay network, an LSTM and pooling over frames (Sarma et al. 2018).

What the paper leaves open and what we chose: docs/papers/tdnn-lstm.md. Shape letters: B
utterances, T frames of the longest one, C units of a TDNN layer.
"""

from torch import Tensor, nn

from ser_platform.config.model import TdnnLstmConfig
from ser_platform.emotions import EMOTIONS
from ser_platform.models.batch import Batch
from ser_platform.models.convolution import same, shorter, within
from ser_platform.models.inputs import Inputs
from ser_platform.models.pooling import pooling
from ser_platform.models.ragged import Sequences
from ser_platform.models.recurrence import LstmWeights, forward_states


def read_steps(config: TdnnLstmConfig) -> list[tuple[int, int]]:
    """Stride and dilation of each layer: a layer stops only where the next ones look.

    The LSTM reads every ``lstm_step``-th output of the last layer. If this layer looks a multiple
    of so many frames back and ahead, all it reads lies in step as well, and so on down.
    """
    strides, dilations = [1] * len(config.dilations), list(config.dilations)
    layer = len(dilations) - 1
    # Only a kernel with a centre looks a multiple of its dilation to each side.
    while layer > 0 and config.kernel % 2 and dilations[layer] % config.lstm_step == 0:
        dilations[layer] //= config.lstm_step
        layer -= 1
    strides[layer] = config.lstm_step
    return list(zip(strides, dilations, strict=True))


class Tdnn(nn.Module):
    """Convolutions over time with a ReLU, at every ``lstm_step``-th frame in the end."""

    def __init__(self, dim: int, config: TdnnLstmConfig) -> None:
        super().__init__()
        dims = [dim] + [config.hidden] * (len(config.dilations) - 1)
        self.convolutions = nn.ModuleList(
            nn.Conv1d(dim, config.hidden, config.kernel, stride=stride, dilation=dilation)
            for dim, (stride, dilation) in zip(dims, read_steps(config), strict=True)
        )

    def forward(self, frames_FD: Tensor, frames: Sequences) -> tuple[Tensor, Sequences]:
        """Values ``[R, C]`` at all steps of the sequences, and how these lie."""
        lengths, map_BCT = frames.lengths, frames.grid(frames_FD).permute(1, 2, 0)
        for conv in self.convolutions:
            assert isinstance(conv, nn.Conv1d)
            map_BCT = same(conv, map_BCT)
            lengths = shorter(lengths, conv.stride[0])
            map_BCT.mul_(within(lengths, map_BCT)).relu_()
        steps = Sequences.of(lengths.numpy()).to(frames_FD.device)
        return steps.rows(map_BCT.permute(2, 0, 1)), steps


class TdnnLstmNet(nn.Module):
    """The pooled states of an LSTM over what a TDNN makes of the frames."""

    def __init__(self, config: TdnnLstmConfig, inputs: Inputs) -> None:
        super().__init__()
        self.inputs = inputs
        self.tdnn = Tdnn(inputs.frame_dim, config)
        state = config.heads * config.weights
        self.cell = nn.LSTMCell(config.hidden, state)
        self.pooling = pooling(config.pooling, config.heads, config.weights, config.lstm_step)
        self.dropout = nn.Dropout(config.dropout)
        statistics = 2 if config.pooling == "statistics" else 1
        self.classifier = nn.Linear(statistics * state, len(EMOTIONS))

    def forward(self, batch: Batch) -> Tensor:
        """Logits ``[B, emotions]``."""
        rows_RC, steps = self.tdnn(self.inputs.frames(batch), batch.frames_of_utterance)
        states_RS = forward_states(LstmWeights.of(self.cell), self.dropout(rows_RC), steps)
        return self.classifier(self.dropout(self.pooling(states_RS, steps)))
