"""Shen et al. 2020, with the ablations of its tables."""

from typing import Any

import torch
from torch import Tensor, nn

from ser_platform.config.model import WiseConfig
from ser_platform.dataset import Dataset
from tests.models.equations.steps import (
    cell_weights,
    frames_of,
    gru_last,
    lstm_step,
    softmax,
    words_of,
)


def acoustic_vector(net: Any, config: WiseConfig, dataset: Dataset, row: int, word: int) -> Tensor:
    """What the audio LSTM reads of a word: eq. 6, or what the ablations put in its place."""
    frames = frames_of(net.inputs, dataset, row)
    if config.hierarchy != "phonemes":
        first, behind = dataset.word_spans[word]
        if config.hierarchy == "frames":
            return gru_last(net.acoustic.gru, frames[first:behind])
        return net.acoustic.linear(sum(frames[first:behind]) / (behind - first))
    own = range(dataset.phoneme_offsets[word], dataset.phoneme_offsets[word + 1])
    phonemes = []
    for p in own[: config.max_phonemes]:
        first, behind = dataset.phoneme_spans[p]
        kept = frames[first:behind][: config.max_frames]
        phonemes.append(gru_last(net.acoustic.phoneme_gru, kept))
    return gru_last(net.acoustic.word_gru, phonemes)


def wise_logits(net: Any, config: WiseConfig, dataset: Dataset, row: int) -> Tensor:
    """Shen, eq. 1-12 without dropout."""
    words = words_of(dataset, row)[: config.max_words]
    text = [net.inputs.vectors[dataset.word_ids[w]] for w in words]
    states: list[tuple[Tensor, ...]]
    if config.modality == "text":
        states = [(h,) for h in alone(net, text)]
    else:
        audio = [acoustic_vector(net, config, dataset, row, w) for w in words]
        states = [(h,) for h in alone(net, audio)] if config.modality == "audio" else []
        if config.modality == "both":
            pair = (text, audio) if config.swap_inputs else (audio, text)
            states = [*pair_states(net, config, *pair)]
    joint = [  # eq. 7
        torch.stack([w.weight @ h for w, h in zip(net.joint.w, of_word, strict=True)]).sum(dim=0)
        for of_word in states
    ]
    p = joint[-1]
    if config.attention:
        slices = []
        for k, w_c in enumerate(net.pooling.w_c_HK):
            own = slice(k * len(w_c), (k + 1) * len(w_c))
            alpha = softmax([w_c @ torch.tanh(j[own]) for j in joint])  # eq. 7, 8
            slices.append(sum(a * j[own] for a, j in zip(alpha, joint, strict=True)))  # eq. 9
        p = torch.cat(slices)
    first, second, last = (m for m in net.classifier if isinstance(m, nn.Linear))
    p = torch.relu(first.weight @ p + first.bias)  # eq. 10
    p = torch.relu(second.weight @ p + second.bias)  # eq. 11
    return last.weight @ p + last.bias  # eq. 12


def alone(net: Any, inputs: list[Tensor]) -> list[Tensor]:
    """The states of a single LSTM."""
    (cell,) = (one.cell for one in net.lstms.lstms)
    h = c = torch.zeros(cell.hidden_size, dtype=torch.double)
    states = []
    for x in inputs:
        h, c = lstm_step(cell_weights(cell), x, h, c)
        states.append(h)
    return states


def pair_states(
    net: Any, config: WiseConfig, audio: list[Tensor], text: list[Tensor]
) -> list[tuple[Tensor, Tensor]]:
    """Both LSTMs word by word; with interaction each starts from a mixture of both states."""
    lstms = net.lstms
    first, second = (
        (lstms.audio, lstms.text) if config.interaction else (one.cell for one in lstms.lstms)
    )
    ha = ca = torch.zeros(config.audio_hidden, dtype=torch.double)
    ht = ct = torch.zeros(config.text_hidden, dtype=torch.double)
    states: list[tuple[Tensor, Tensor]] = []
    for a, t in zip(audio, text, strict=True):
        mixed = torch.cat([ha, ht])
        if config.interaction:
            mixed = net.lstms.W @ mixed  # eq. 3
        ha, ca = lstm_step(cell_weights(first), a, mixed[: len(ha)], ca)  # eq. 4
        ht, ct = lstm_step(cell_weights(second), t, mixed[len(ha) :], ct)  # eq. 5
        states.append((ha, ht))
    return states
