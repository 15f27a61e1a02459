"""The papers' equations written as loops over words, frames and gates, in float64.

They read utterances straight from a dataset, one at a time, so batching is not in them.
"""

import torch
from torch import Tensor, nn

from ser_platform.config.model import WiseConfig
from ser_platform.dataset import Dataset
from ser_platform.models.alignment import AlignmentNet
from ser_platform.models.inputs import Inputs
from ser_platform.models.wise import WiseNet


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
    start = dataset.frame_starts[row]
    frames = torch.from_numpy(dataset.frames[start : start + dataset.lengths[row]]).double()
    return [(x - inputs.frame_mean) / inputs.frame_std for x in frames]


def words_of(dataset: Dataset, row: int) -> range:
    """The words of an utterance."""
    return range(dataset.word_offsets[row], dataset.word_offsets[row + 1])


def attended(net: AlignmentNet, speech: list[Tensor], word: Tensor) -> Tensor:
    """Xu, eq. 7-9: the speech that a word attends to, head by head."""
    slices = []
    for k, (u, v, b) in enumerate(
        zip(net.attention.u_HD, net.attention.v_HD, net.attention.b_H, strict=True)
    ):
        own = slice(k * len(u), (k + 1) * len(u))
        alpha = softmax([torch.tanh(u @ s[own] + v @ word[own] + b) for s in speech])
        slices.append(sum(a * s[own] for a, s in zip(alpha, speech, strict=True)))
    return torch.cat(slices)


def alignment_logits(net: AlignmentNet, dataset: Dataset, row: int) -> Tensor:
    """Xu, eq. 1-14 without dropout and without the ReLU of eq. 14."""
    speech = bilstm_states(net.speech, frames_of(net.inputs, dataset, row))
    vectors = [net.inputs.vectors[dataset.word_ids[w]] for w in words_of(dataset, row)]
    text = bilstm_states(net.text, vectors)
    fused = bilstm_states(net.fusion, [torch.cat([attended(net, speech, h), h]) for h in text])
    strongest = torch.stack([unit.max() for unit in torch.stack(fused, 1)])
    return net.classifier.weight @ strongest + net.classifier.bias


def wise_logits(net: WiseNet, config: WiseConfig, dataset: Dataset, row: int) -> Tensor:
    """Shen, eq. 1-12 without dropout."""
    frames = frames_of(net.inputs, dataset, row)
    states = []
    ha = torch.zeros(config.audio_hidden, dtype=torch.double)
    ht = torch.zeros(config.text_hidden, dtype=torch.double)
    ca, ct = ha, ht
    for w in words_of(dataset, row)[: config.max_words]:
        own = range(dataset.phoneme_offsets[w], dataset.phoneme_offsets[w + 1])
        phonemes = []
        for p in own[: config.max_phonemes]:
            first, behind = dataset.phoneme_spans[p]
            phonemes.append(
                gru_last(net.phoneme_gru, frames[first:behind][: config.max_frames])  # eq. 6
            )
        a = gru_last(net.word_gru, phonemes)
        t = net.inputs.vectors[dataset.word_ids[w]]
        if config.swap_inputs:
            a, t = t, a
        mixed = net.interaction.W @ torch.cat([ha, ht])  # eq. 3
        ha, ca = lstm_step(cell_weights(net.interaction.audio), a, mixed[: len(ha)], ca)  # eq. 4
        ht, ct = lstm_step(cell_weights(net.interaction.text), t, mixed[len(ha) :], ct)  # eq. 5
        states.append((ha, ht))
    joint = [net.attention.w_a.weight @ ha + net.attention.w_t.weight @ ht for ha, ht in states]
    slices = []
    for k, w_c in enumerate(net.attention.w_c_HK):
        own = slice(k * len(w_c), (k + 1) * len(w_c))
        alpha = softmax([w_c @ torch.tanh(j[own]) for j in joint])  # eq. 7, 8
        slices.append(sum(a * j[own] for a, j in zip(alpha, joint, strict=True)))  # eq. 9
    p = torch.cat(slices)
    first, second, last = (m for m in net.classifier if isinstance(m, nn.Linear))
    p = torch.relu(first.weight @ p + first.bias)  # eq. 10
    p = torch.relu(second.weight @ p + second.bias)  # eq. 11
    return last.weight @ p + last.bias  # eq. 12


def cell_weights(cell: nn.LSTMCell) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """As :func:`lstm_step` takes them."""
    return cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh
