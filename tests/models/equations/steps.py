"""What the loops of several papers share: one step of a GRU, of an LSTM, a softmax."""

import torch
from torch import Tensor, nn

from ser_platform.dataset import Dataset
from ser_platform.models.inputs import Inputs


def gru_last(gru: nn.GRU, steps: list[Tensor]) -> Tensor:
    """The state after the last step."""
    w, u, b, c = gru.parameters()
    (w_r, w_z, w_n), (u_r, u_z, u_n) = w.chunk(3), u.chunk(3)
    (b_r, b_z, b_n), (c_r, c_z, c_n) = b.chunk(3), c.chunk(3)
    h = torch.zeros(gru.hidden_size, dtype=torch.double)
    for x in steps:
        r = torch.sigmoid(w_r @ x + b_r + u_r @ h + c_r)
        z = torch.sigmoid(w_z @ x + b_z + u_z @ h + c_z)
        n = torch.tanh(w_n @ x + b_n + r * (u_n @ h + c_n))
        h = (1 - z) * n + z * h
    return h


def lstm_step(
    weights: tuple[Tensor, Tensor, Tensor, Tensor], x: Tensor, h: Tensor, c: Tensor
) -> tuple[Tensor, Tensor]:
    """The next state and cell; weights of input and state, then their biases."""
    w, u, b, d = weights
    i, f, g, o = (w @ x + b + u @ h + d).chunk(4)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


def lstm_states(
    weights: tuple[Tensor, Tensor, Tensor, Tensor], steps: list[Tensor]
) -> list[Tensor]:
    """The state at every step."""
    h = c = torch.zeros(weights[1].shape[1], dtype=torch.double)
    states = []
    for x in steps:
        h, c = lstm_step(weights, x, h, c)
        states.append(h)
    return states


def bilstm_states(lstm: nn.LSTM, steps: list[Tensor]) -> list[Tensor]:
    """Xu, eq. 1-3: at every step the states of both directions, side by side."""
    w, u, b, d, w_back, u_back, b_back, d_back = lstm.parameters()
    ahead = lstm_states((w, u, b, d), steps)
    back = lstm_states((w_back, u_back, b_back, d_back), steps[::-1])[::-1]
    return [torch.cat(pair) for pair in zip(ahead, back, strict=True)]


def softmax(energies: list[Tensor]) -> list[Tensor]:
    """Weights that sum to one."""
    total = sum(e.exp() for e in energies)
    return [e.exp() / total for e in energies]


def frames_of(inputs: Inputs, dataset: Dataset, row: int) -> list[Tensor]:
    """Normalised frames of an utterance."""
    frames = torch.from_numpy(dataset.frames_of(row)).double()
    return [(x - inputs.frame_mean[0]) / inputs.frame_std[0] for x in frames]


def words_of(dataset: Dataset, row: int) -> range:
    """The words of an utterance."""
    return range(dataset.word_offsets[row], dataset.word_offsets[row + 1])


def cell_weights(cell: nn.LSTMCell) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """As :func:`lstm_step` takes them."""
    return cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh


def vectors_of(inputs: Inputs, dataset: Dataset, row: int) -> list[Tensor]:
    """The vector of each word of an utterance."""
    return [inputs.vectors[dataset.word_ids[word]] for word in words_of(dataset, row)]
