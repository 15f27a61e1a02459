"""The networks as one writes them first: same weights, same logits, rectangles and loops.

Padded batches, convolutions over the whole map and a mask, a loop over words for the interaction,
a loop over heads for the attention. Stock layers read `pack_padded_sequence`, where the padding
would reach a result; over long sequences of one direction, where it need not, they run over the
rectangle: the backward pass of a packed kernel grows with rows times steps.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from tests.benchmarks.models.rectangles import Padded


def plain_wise(net: Any, batch: Padded) -> Tensor:
    """WISE with packed GRUs and a loop over words."""
    phonemes = _last(
        net.acoustic.phoneme_gru, batch.frames_of_phonemes, batch.num_frames_of_phoneme
    )
    words = pad_sequence(list(phonemes.split(batch.phonemes_of_word)), batch_first=True)
    a = _last(net.acoustic.word_gru, words, torch.tensor(batch.phonemes_of_word))
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
    return net.classifier(_weighted(e, joint, batch.num_words))


def plain_alignment(net: Any, batch: Padded) -> Tensor:
    """Alignment with packed BiLSTMs and a loop over heads."""
    speech = _both_ways(net.speech, batch.frames, batch.num_frames)
    text = _both_ways(net.text, batch.words, batch.num_words)
    heads, weights = net.alignment.u_HD.shape
    behind, aligned = _behind(batch.num_frames), []
    for k in range(heads):
        s = speech[..., k * weights : (k + 1) * weights]
        h = text[..., k * weights : (k + 1) * weights]
        from_speech, from_text = s @ net.alignment.u_HD[k], h @ net.alignment.v_HD[k]
        a = torch.tanh(from_speech[:, None] + from_text[:, :, None] + net.alignment.b_H[k])
        aligned.append(a.masked_fill(behind[:, None], -torch.inf).softmax(2) @ s)
    return _fused(net, aligned, text, batch)


def plain_hard_alignment(net: Any, batch: Padded) -> Tensor:
    """The same with a loop over words, each the mean of the states in its frames."""
    speech = _both_ways(net.speech, batch.frames, batch.num_frames)
    text = _both_ways(net.text, batch.words, batch.num_words)
    aligned = [
        torch.stack([own[first:last].mean(0) for first, last in spans])
        for own, spans in zip(speech, batch.frames_of_words, strict=True)
    ]
    return _fused(net, [pad_sequence(aligned, batch_first=True)], text, batch)


def _fused(net: Any, aligned: list[Tensor], text: Tensor, batch: Padded) -> Tensor:
    fused = _both_ways(net.fusion, torch.cat([*aligned, text], 2), batch.num_words)
    fused = fused.masked_fill(_behind(batch.num_words).unsqueeze(2), -torch.inf)
    return net.classifier(fused.max(1).values)


def plain_lstm_attention(net: Any, batch: Padded) -> Tensor:
    """A packed BiLSTM over frames and one over words."""
    speech = _both_ways(net.audio.lstm, batch.frames, batch.num_frames)
    text = _both_ways(net.text.lstm, batch.words, batch.num_words)
    u, v = net.audio.pooling.u_HD[0], net.text.pooling.u_HD[0]
    pooled = [
        _weighted(speech @ u, speech, batch.num_frames),
        _weighted(text @ v, text, batch.num_words),
    ]
    return net.classifier(net.dropout(torch.cat(pooled, 1)))


def plain_dual_rnn(net: Any, batch: Padded) -> Tensor:
    """A GRU over the rectangle of frames and one over that of words."""

    def last(gru: nn.GRU, steps: Tensor, lengths: Tensor) -> Tensor:
        states = gru(steps.transpose(0, 1))[0]
        return states[lengths - 1, torch.arange(len(lengths))]

    frames, words = net.audio.dropout(batch.frames), net.text.dropout(batch.words)
    audio = net.audio.dropout(last(net.audio.gru, frames, batch.num_frames))
    text = net.text.dropout(last(net.text.gru, words, batch.num_words))
    audio = net.to_audio(torch.cat([audio, batch.functionals], 1))
    return net.classifier(torch.cat([audio, net.to_text(text)], 1))


def plain_tdnn_lstm(net: Any, batch: Padded) -> Tensor:
    """Convolutions over padded frames, a mask behind each, an LSTM over the rectangle."""
    lengths, x = batch.num_frames, batch.frames.transpose(1, 2)
    for conv, apart in zip(net.tdnn.convolutions, (1, 1, 3, 3), strict=True):
        step = 3 if conv is net.tdnn.convolutions[-1] else 1
        x = functional.conv1d(x, conv.weight, conv.bias, step, apart, apart)
        lengths = -(-lengths // step)
        x = torch.relu(x).masked_fill(_behind(lengths)[:, None], 0)
    cell, x = net.cell, net.dropout(x).permute(2, 0, 1)
    weights = (cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)
    zero = x.new_zeros(1, len(lengths), cell.hidden_size)
    # What nn.LSTM calls; the weights here are those of a cell.
    states, _, _ = torch.lstm(x, (zero, zero), weights, True, 1, 0.0, True, False, False)
    states = states.transpose(0, 1)
    pooled = _weighted(states @ net.pooling.u_HD[0], states, lengths)
    return net.classifier(net.dropout(pooled))


def plain_cnn_phoneme(net: Any, batch: Padded) -> Tensor:
    """Whole maps, their maxima up to the end of each utterance."""

    def maxima(convolutions: Any, x: Tensor, lengths: Tensor) -> list[Tensor]:
        found = []
        for conv in convolutions:
            outputs = torch.relu(conv(_zeros_round(conv, x)))
            outputs = outputs.reshape(*outputs.shape[:3], -1)  # phonemes have no bins
            behind = _behind(-(-lengths // conv.stride[0]))[:, None, :, None]
            found.append(outputs.masked_fill(behind, -torch.inf).amax((2, 3)))
        return found

    vectors = net.text.vectors(batch.symbols).transpose(1, 2)
    found = [
        *maxima(net.audio.convolutions, batch.frames[:, None], batch.num_frames),
        *maxima(net.text.convolutions, vectors, batch.num_symbols),
    ]
    hidden = torch.relu(net.hidden(net.dropout(torch.cat(found, 1))))
    return net.classifier(net.dropout(hidden))


def plain_cnn_lstm(net: Any, batch: Padded) -> Tensor:
    """All segments in one rectangle, a mask behind each convolution, a packed BiLSTM."""
    size, rest = net.config.segment_frames, net.config.shortest_rest
    segments, counts = [], []
    for own, length in zip(batch.frames, batch.num_frames.tolist(), strict=True):
        starts = [0, *range(size, length - rest + 1, size)]
        ends = [*starts[1:], length]
        segments += [own[start:end] for start, end in zip(starts, ends, strict=True)]
        counts.append(len(starts))
    lengths = torch.tensor([len(segment) for segment in segments])
    x = pad_sequence(segments, batch_first=True)[:, None]
    for conv in net.maps.convolutions:
        x = torch.relu(conv(_zeros_round(conv, x)))
        x = x.masked_fill(_behind(lengths)[:, None, :, None], 0)
        x = functional.max_pool2d(x, net.maps.pool, ceil_mode=True)
        lengths = -(-lengths // net.maps.pool)
    steps = x.permute(2, 0, 3, 1).flatten(2)
    packed = pack_padded_sequence(steps, lengths, enforce_sorted=False)
    last = net.lstm(packed)[1][0]
    logits = net.classifier(net.dropout(torch.cat([last[0], last[1]], 1)))
    posteriors = logits.softmax(1).split(counts)
    return torch.stack([own.mean(0) for own in posteriors]).log()


def _last(gru: nn.GRU, steps: Tensor, lengths: Tensor) -> Tensor:
    packed = pack_padded_sequence(steps.transpose(0, 1), lengths, enforce_sorted=False)
    return gru(packed)[1][0]


def _both_ways(lstm: nn.LSTM, steps: Tensor, lengths: Tensor) -> Tensor:
    packed = pack_padded_sequence(steps.transpose(0, 1), lengths, enforce_sorted=False)
    return pad_packed_sequence(lstm(packed)[0], batch_first=True)[0]


def _weighted(energies: Tensor, states: Tensor, lengths: Tensor) -> Tensor:
    """The sum of states, weighted by a softmax over the steps of each sequence."""
    alpha = energies.masked_fill(_behind(lengths), -torch.inf).softmax(1)
    return (alpha.unsqueeze(2) * states).sum(1)


def _behind(lengths: Tensor) -> Tensor:
    return torch.arange(int(lengths.max())) >= lengths[:, None]


def _zeros_round(conv: Any, x: Tensor) -> Tensor:
    """As many outputs as inputs; of an even kernel the half before the centre is the larger."""
    pads = [(size // 2, (size - 1) // 2) for size in conv.kernel_size[::-1]]
    return functional.pad(x, [zeros for pair in pads for zeros in pair])
