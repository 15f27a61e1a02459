"""Floating point operations that a training step cannot do without.

A multiply-add is two; backward is twice forward, but what no gradient is wanted for (frames,
frozen word vectors) is multiplied twice, not three times. Padding does not count, nor does what
nobody reads: TDNN outputs that later layers skip, gradients of windows that are not a map's
maximum. Gradients of what max pooling leaves out do, as a dense product cannot skip them.
"""

from torch import Tensor

from tests.benchmarks.models.rectangles import Padded


def layer(given: int, learned: int) -> int:
    """Of multiply-adds with given numbers and with numbers that want a gradient."""
    return 4 * given + 6 * learned


def gru_step(dim: int, hidden: int, given: bool = False) -> int:
    """One step of one sequence; ``given``: its input wants no gradient."""
    return _step(3, dim, hidden, given)


def lstm_step(dim: int, hidden: int, given: bool = False) -> int:
    """One step of one sequence; ``given``: its input wants no gradient."""
    return _step(4, dim, hidden, given)


def _step(gates: int, dim: int, hidden: int, given: bool) -> int:
    of_input, of_state = gates * hidden * dim, gates * hidden * hidden
    return layer(of_input, of_state) if given else layer(0, of_input + of_state)


def flops_wise(batch: Padded) -> int:
    frames, phonemes = int(batch.num_frames_of_phoneme.sum()), sum(batch.phonemes_of_word)
    words, count = int(batch.num_words.sum()), len(batch.num_words)
    mixing_and_joint = layer(0, 250 * 250 + 250 * 200)
    return (
        frames * gru_step(39, 50, given=True)
        + phonemes * gru_step(50, 100)
        + words * (lstm_step(100, 100) + lstm_step(300, 150, given=True) + mixing_and_joint)
        + count * layer(0, 200 * 200 + 200 * 100 + 100 * 4)
    )


def flops_alignment(batch: Padded) -> int:
    pairs = int((batch.num_frames * batch.num_words).sum())
    return flops_hard_alignment(batch) + pairs * layer(0, 200)


def flops_hard_alignment(batch: Padded) -> int:
    """The three BiLSTMs of alignment."""
    frames, words = int(batch.num_frames.sum()), int(batch.num_words.sum())
    text = lstm_step(300, 100, given=True) + lstm_step(400, 100)
    return 2 * frames * lstm_step(34, 100, given=True) + 2 * words * text


def flops_lstm_attention(batch: Padded) -> int:
    frames, words = int(batch.num_frames.sum()), int(batch.num_words.sum())
    pooling = layer(0, 2 * 200)
    return (
        frames * (2 * lstm_step(34, 100, given=True) + pooling)
        + words * (2 * lstm_step(300, 100, given=True) + pooling)
        + len(batch.num_words) * layer(0, 400 * 4)
    )


def flops_dual_rnn(batch: Padded) -> int:
    frames, words = int(batch.num_frames.sum()), int(batch.num_words.sum())
    return (
        frames * gru_step(39, 200, given=True)
        + words * gru_step(300, 200, given=True)
        + len(batch.num_words) * layer(0, 235 * 117 + 200 * 100 + 217 * 4)
    )


def flops_tdnn_lstm(batch: Padded) -> int:
    """Layers 3 and 4 look 3 frames to each side, and the LSTM stops at each third frame.

    So of layers 2 to 4 only each third output reaches it.
    """
    frames, steps = int(batch.num_frames.sum()), _pooled(batch.num_frames, 3)
    at_each_third = 3 * layer(0, 256 * 3 * 256) + lstm_step(256, 256) + layer(0, 2 * 256)
    return (
        frames * layer(256 * 3 * 40, 0)
        + steps * at_each_third
        + len(batch.num_frames) * layer(0, 256 * 4)
    )


def flops_cnn_phoneme(batch: Padded) -> int:
    count, symbols, flops = len(batch.num_frames), int(batch.num_symbols.sum()), 0
    for high, wide in ((12, 16), (18, 24), (24, 32), (30, 40)):
        outputs = _pooled(batch.num_frames, wide // 2) * -(-257 // (high // 2))
        flops += 2 * 200 * high * wide * (outputs + count)
    for wide in (3, 5, 7, 9):
        flops += 2 * 200 * 100 * wide * (symbols + 2 * count)
    return flops + count * layer(0, 1600 * 400 + 400 * 4)


def flops_cnn_lstm(batch: Padded) -> int:
    segments = batch.num_frames.add(250).div(300, rounding_mode="floor").clamp(min=1)
    frames, count = batch.num_frames, int(segments.sum())
    maps = (
        _pooled(frames, 1) * 200 * layer(16 * 12 * 16, 0)
        + _pooled(frames, 2) * 100 * layer(0, 24 * 16 * 8 * 12)
        + _pooled(frames, 4) * 50 * layer(0, 32 * 24 * 5 * 7)
    )
    states = _pooled(frames, 8) * 2 * lstm_step(32 * 25, 128)
    return maps + states + count * layer(0, 256 * 4)


def _pooled(lengths: Tensor, by: int) -> int:
    """Steps of all sequences when ``by`` become one, and so do the last few."""
    return int((-(-lengths // by)).sum())
