"""The networks as one writes them first: same weights, same logits, rectangles and loops.

Padded batches, `pack_padded_sequence` for every stock layer, a loop over words for the
interaction, a loop over heads for the attention.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from ser_platform.dataset import Dataset


@dataclass(frozen=True)
class Padded:
    """A batch as rectangles: frames, word vectors, and for WISE the frames of every phoneme."""

    frames: Tensor
    num_frames: Tensor
    words: Tensor
    num_words: Tensor
    phonemes: Tensor
    frames_of_phoneme: Tensor
    phonemes_of_word: list[int]


def padded(data: Dataset, rows: np.ndarray) -> Padded:
    """Collate as rectangles."""
    frames = [
        torch.from_numpy(data.frames[data.frame_starts[r] :][: data.lengths[r]]) for r in rows
    ]
    vectors = torch.from_numpy(data.word_vectors)
    words = [
        vectors[torch.from_numpy(data.word_ids[slice(*data.word_offsets[r : r + 2])])]
        for r in rows
    ]
    phonemes, phonemes_of_word = [], []
    for own, row in zip(frames, rows, strict=True):
        for word in range(*data.word_offsets[row : row + 2]):
            kept = range(*data.phoneme_offsets[word : word + 2])[:14]
            phonemes += [own[slice(*data.phoneme_spans[p])][:64] for p in kept]
            phonemes_of_word.append(len(kept))
    return Padded(
        pad_sequence(frames, batch_first=True),
        torch.tensor([len(own) for own in frames]),
        pad_sequence(words, batch_first=True),
        torch.tensor([len(own) for own in words]),
        pad_sequence(phonemes, batch_first=True),
        torch.tensor([len(own) for own in phonemes]),
        phonemes_of_word,
    )


def plain_wise(net: Any, batch: Padded) -> Tensor:
    """WISE with packed GRUs and a loop over words."""

    def last(gru: nn.GRU, steps: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(steps.transpose(0, 1), lengths, enforce_sorted=False)
        return gru(packed)[1][0]

    phonemes = last(net.acoustic.phoneme_gru, batch.phonemes, batch.frames_of_phoneme)
    words = pad_sequence(list(phonemes.split(batch.phonemes_of_word)), batch_first=True)
    a = last(net.acoustic.word_gru, words, torch.tensor(batch.phonemes_of_word))
    a = pad_sequence(list(a.split(batch.num_words.tolist())), batch_first=True)
    audio, text = net.lstms.audio, net.lstms.text
    count, steps = a.shape[:2]
    ha, ca = a.new_zeros(2, count, audio.hidden_size)
    ht, ct = a.new_zeros(2, count, text.hidden_size)
    joint = []
    for i in range(steps):
        mixed = torch.cat([ha, ht], 1) @ net.lstms.W.T
        mixed_a, mixed_t = mixed.split([audio.hidden_size, text.hidden_size], 1)
        ha, ca = audio(a[:, i], (mixed_a, ca))
        ht, ct = text(batch.words[:, i], (mixed_t, ct))
        joint.append(net.joint.w[0](ha) + net.joint.w[1](ht))
    joint = torch.stack(joint, 1)
    e = torch.tanh(joint) @ net.pooling.w_c_HK[0]
    alpha = e.masked_fill(_behind(batch.num_words), -torch.inf).softmax(1)
    return net.classifier((alpha.unsqueeze(2) * joint).sum(1))


def plain_alignment(net: Any, batch: Padded) -> Tensor:
    """Alignment with packed BiLSTMs and a loop over heads."""

    def both_ways(lstm: nn.LSTM, steps: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(steps.transpose(0, 1), lengths, enforce_sorted=False)
        return pad_packed_sequence(lstm(packed)[0], batch_first=True)[0]

    speech = both_ways(net.speech, batch.frames, batch.num_frames)
    text = both_ways(net.text, batch.words, batch.num_words)
    heads, weights = net.alignment.u_HD.shape
    behind, aligned = _behind(batch.num_frames), []
    for k in range(heads):
        s = speech[..., k * weights : (k + 1) * weights]
        h = text[..., k * weights : (k + 1) * weights]
        from_speech, from_text = s @ net.alignment.u_HD[k], h @ net.alignment.v_HD[k]
        a = torch.tanh(from_speech[:, None] + from_text[:, :, None] + net.alignment.b_H[k])
        aligned.append(a.masked_fill(behind[:, None], -torch.inf).softmax(2) @ s)
    fused = both_ways(net.fusion, torch.cat([*aligned, text], 2), batch.num_words)
    fused = fused.masked_fill(_behind(batch.num_words).unsqueeze(2), -torch.inf)
    return net.classifier(fused.max(1).values)


def _behind(lengths: Tensor) -> Tensor:
    return torch.arange(int(lengths.max())) >= lengths[:, None]
