"""Floating point operations that a training step cannot do without.

A multiply-add is two; backward is twice forward, but what no gradient is wanted for (frames,
frozen word vectors) is multiplied twice, not three times. Padding does not count.
"""

from tests.benchmarks.models.plain import Padded


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
    frames, phonemes = int(batch.frames_of_phoneme.sum()), len(batch.frames_of_phoneme)
    words, count = int(batch.num_words.sum()), len(batch.num_words)
    mixing_and_joint = layer(0, 250 * 250 + 250 * 200)
    return (
        frames * gru_step(39, 50, given=True)
        + phonemes * gru_step(50, 100)
        + words * (lstm_step(100, 100) + lstm_step(300, 150, given=True) + mixing_and_joint)
        + count * layer(0, 200 * 200 + 200 * 100 + 100 * 4)
    )


def flops_alignment(batch: Padded) -> int:
    frames, words = int(batch.num_frames.sum()), int(batch.num_words.sum())
    pairs = int((batch.num_frames * batch.num_words).sum())
    text = lstm_step(300, 100, given=True) + lstm_step(400, 100)
    speech = lstm_step(34, 100, given=True)
    return 2 * frames * speech + 2 * words * text + pairs * layer(0, 200)
