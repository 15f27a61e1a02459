"""Training steps of both networks against plain renditions of the same networks.

    python -m tests.benchmarks.models [wise] [alignment]

One thread, paper sizes, batches of 32 utterances of like length, whose lengths are drawn as
IEMOCAP's are spread: no recording is needed. "Plain" is what one writes first: padded batches,
`pack_padded_sequence` for every stock layer, a loop over words for the interaction, a loop over
heads for the attention. Both use the same weights and give the same logits, which is checked.
Steps are interleaved and the least CPU time of several passes counts, so that neighbours on the
machine disturb the ratio little. The floor is the time that the multiplications of the step
would take at the speed of a plain matrix product, measured in between.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from ser_platform.config.model import AlignmentConfig, ModelConfig, WiseConfig
from ser_platform.dataset import Dataset, build_dataset, collate, epoch_batches
from ser_platform.emotions import EMOTIONS
from ser_platform.features.cache import FrameTable
from ser_platform.features.embeddings import WordVectors
from ser_platform.models import build_model
from ser_platform.models.alignment import AlignmentNet
from ser_platform.models.wise import WiseNet
from ser_platform.utterance import Phoneme, Utterance, Word

UTTERANCES, BATCH_SIZE, BATCHES, PASSES = 2000, 32, 4, 2
VOCABULARY = tuple(f"word{i}" for i in range(3000))


# IEMOCAP-like lengths: 13 words of 3.2 phonemes of 80 ms, 27 % pauses, at most 20 s.


def spoken(row: int, rng: np.random.Generator) -> Utterance:
    """Words in time; their number and the lengths of phonemes are log-normal."""
    num_words = int(np.clip(np.round(rng.lognormal(np.log(13) - 0.36, 0.85)), 1, 128))
    words, now_s = [], 0.0
    for _ in range(num_words):
        durations_s = 0.015 * np.clip(
            np.round(rng.lognormal(np.log(5.33) - 0.18, 0.6, 1 + min(rng.poisson(2.2), 13))), 1, 64
        )
        ends_s = now_s + np.cumsum(durations_s)
        phonemes = tuple(
            Phoneme("x", float(end - d), float(end))
            for d, end in zip(durations_s, ends_s, strict=True)
        )
        text = VOCABULARY[rng.integers(len(VOCABULARY))]
        words.append(Word(text, now_s, float(ends_s[-1]), phonemes))
        now_s = float(ends_s[-1]) + 0.37 * float(durations_s.sum())
        if now_s > 20:
            break
    emotion = EMOTIONS[rng.integers(len(EMOTIONS))]
    return Utterance(f"u{row:05d}", "", f"s{row % 10}", 1, emotion, "", tuple(words))


def dataset(dim: int, window_s: float, hop_s: float) -> Dataset:
    """A corpus of random frames."""
    rng = np.random.default_rng(0)
    utterances = [spoken(row, rng) for row in range(UTTERANCES)]
    lengths = [int(max(u.words[-1].end_s, 0.5) / hop_s) for u in utterances]
    offsets = np.cumsum([0, *lengths])
    table = FrameTable(
        values=rng.standard_normal((offsets[-1], dim), dtype=np.float32),
        offsets=offsets,
        ids=tuple(u.id for u in utterances),
        names=tuple(f"f{i}" for i in range(dim)),
        window_s=window_s,
        hop_s=hop_s,
        manifest_key="",
    )
    vectors = WordVectors(
        words=VOCABULARY,
        vectors=rng.standard_normal((len(VOCABULARY), 300), dtype=np.float32),
        unknown=(),
        identity={},
    )
    return build_dataset(utterances, table, vectors)


# The plain renditions: same weights, padded inputs made beforehand.


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


def padded(data: Dataset, rows: np.ndarray, config: ModelConfig) -> Padded:
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


def plain_wise(net: WiseNet, batch: Padded) -> Tensor:
    """WISE with packed GRUs and a loop over words."""

    def last(gru: nn.GRU, steps: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(steps.transpose(0, 1), lengths, enforce_sorted=False)
        return gru(packed)[1][0]

    phonemes = last(net.phoneme_gru, batch.phonemes, batch.frames_of_phoneme)
    words = pad_sequence(list(phonemes.split(batch.phonemes_of_word)), batch_first=True)
    a = last(net.word_gru, words, torch.tensor(batch.phonemes_of_word))
    a = pad_sequence(list(a.split(batch.num_words.tolist())), batch_first=True)
    audio, text = net.interaction.audio, net.interaction.text
    count, steps = a.shape[:2]
    ha, ca = a.new_zeros(2, count, audio.hidden_size)
    ht, ct = a.new_zeros(2, count, text.hidden_size)
    joint = []
    for i in range(steps):
        mixed = torch.cat([ha, ht], 1) @ net.interaction.W.T
        mixed_a, mixed_t = mixed.split([audio.hidden_size, text.hidden_size], 1)
        ha, ca = audio(a[:, i], (mixed_a, ca))
        ht, ct = text(batch.words[:, i], (mixed_t, ct))
        joint.append(net.attention.w_a(ha) + net.attention.w_t(ht))
    joint = torch.stack(joint, 1)
    e = torch.tanh(joint) @ net.attention.w_c_HK[0]
    alpha = e.masked_fill(_behind(batch.num_words), -torch.inf).softmax(1)
    return net.classifier((alpha.unsqueeze(2) * joint).sum(1))


def plain_alignment(net: AlignmentNet, batch: Padded) -> Tensor:
    """Alignment with packed BiLSTMs and a loop over heads."""

    def both_ways(lstm: nn.LSTM, steps: Tensor, lengths: Tensor) -> Tensor:
        packed = pack_padded_sequence(steps.transpose(0, 1), lengths, enforce_sorted=False)
        return pad_packed_sequence(lstm(packed)[0], batch_first=True)[0]

    speech = both_ways(net.speech, batch.frames, batch.num_frames)
    text = both_ways(net.text, batch.words, batch.num_words)
    heads, weights = net.attention.u_HD.shape
    behind, aligned = _behind(batch.num_frames), []
    for k in range(heads):
        s = speech[..., k * weights : (k + 1) * weights]
        h = text[..., k * weights : (k + 1) * weights]
        from_speech, from_text = s @ net.attention.u_HD[k], h @ net.attention.v_HD[k]
        a = torch.tanh(from_speech[:, None] + from_text[:, :, None] + net.attention.b_H[k])
        aligned.append(a.masked_fill(behind[:, None], -torch.inf).softmax(2) @ s)
    fused = both_ways(net.fusion, torch.cat([*aligned, text], 2), batch.num_words)
    fused = fused.masked_fill(_behind(batch.num_words).unsqueeze(2), -torch.inf)
    return net.classifier(fused.max(1).values)


def _behind(lengths: Tensor) -> Tensor:
    return torch.arange(int(lengths.max())) >= lengths[:, None]


# Multiply-adds of one step of one sequence; training is six times that in FLOP: two for a
# multiply-add, and backward is twice forward.


def gru_step(dim: int, hidden: int) -> int:
    return 3 * hidden * (dim + hidden)


def lstm_step(dim: int, hidden: int) -> int:
    return 4 * hidden * (dim + hidden)


def flops_wise(batch: Padded) -> int:
    frames, phonemes = int(batch.frames_of_phoneme.sum()), len(batch.frames_of_phoneme)
    words, count = int(batch.num_words.sum()), len(batch.num_words)
    interaction = lstm_step(100, 100) + lstm_step(300, 150) + 250 * 250
    classifier = 200 * 200 + 200 * 100 + 100 * 4
    return 6 * (
        frames * gru_step(39, 50)
        + phonemes * gru_step(50, 100)
        + words * (interaction + 250 * 200)
        + count * classifier
    )


def flops_alignment(batch: Padded) -> int:
    frames, words = int(batch.num_frames.sum()), int(batch.num_words.sum())
    pairs = int((batch.num_frames * batch.num_words).sum())
    text = lstm_step(300, 100) + lstm_step(400, 100)
    return 6 * (2 * frames * lstm_step(34, 100) + 2 * words * text + pairs * 200)


# Side by side.


def least_seconds(steps: dict[str, list[Callable[[], object]]]) -> dict[str, float]:
    """CPU seconds of one pass over all batches, the least of several, interleaved by batch."""
    least = {name: np.full(len(own), np.inf) for name, own in steps.items()}
    for _ in range(PASSES):
        for name, own in steps.items():
            for i, step in enumerate(own):
                started = time.process_time()
                step()
                least[name][i] = min(least[name][i], time.process_time() - started)
    return {name: float(seconds.sum()) for name, seconds in least.items()}


def report(
    title: str,
    config: ModelConfig,
    data: Dataset,
    plain: Callable[..., Tensor],
    flops: Callable[[Padded], int],
) -> None:
    """Print both renditions of one network."""
    with torch.random.fork_rng():
        torch.manual_seed(0)  # noqa: TID251 - a benchmark, not the package
        vectors = torch.from_numpy(data.word_vectors)
        net = build_model(config, data.frames.shape[1], vectors, trainable_vectors=False)
    started = time.process_time()
    chosen = epoch_batches(data, np.arange(UTTERANCES), BATCH_SIZE, np.random.default_rng(0))
    batches = [collate(data, rows, config) for rows in chosen]
    collate_us = 1e6 * (time.process_time() - started) / UTTERANCES
    batches, rectangles = batches[:BATCHES], [padded(data, r, config) for r in chosen[:BATCHES]]
    net.eval()
    with torch.inference_mode():
        for batch, rectangle in zip(batches, rectangles, strict=True):
            torch.testing.assert_close(net(batch), plain(net, rectangle), rtol=0, atol=1e-5)
    net.train()
    optimizer = torch.optim.Adam(net.parameters(), fused=True)

    def step(forward: Callable[..., Tensor], labels: Tensor, *inputs: object) -> None:
        optimizer.zero_grad()
        cross_entropy(forward(*inputs), labels).backward()
        optimizer.step()

    square = torch.randn(384, 384)
    seconds = least_seconds(
        {
            "plain": [
                lambda b=b, r=r: step(plain, b.labels, net, r)
                for b, r in zip(batches, rectangles, strict=True)
            ],
            "ours": [lambda b=b: step(net, b.labels, b) for b in batches],
            "product": [lambda: square @ square] * 20,
        }
    )
    speed = 20 * 2 * 384**3 / seconds["product"]
    floor = sum(map(flops, rectangles)) / speed
    utterances = sum(len(rows) for rows in chosen[:BATCHES])
    print(f"{title}: {BATCHES} batches of {BATCH_SIZE}, product at {speed / 1e9:.0f} GFLOP/s")
    for name in ("plain", "ours"):
        print(
            f"  {name:6s} {1000 * seconds[name] / BATCHES:8.1f} ms a step  "
            f"{utterances / seconds[name]:7.0f} utterances/s  "
            f"{seconds['plain'] / seconds[name]:5.1f}x  "
            f"{100 * floor / seconds[name]:4.1f} % of the floor's speed"
        )
    print(f"  making batches: {collate_us:.0f} us an utterance")


def main(wanted: Sequence[str]) -> None:
    """Report the networks named, or both."""
    torch.set_num_threads(1)
    if not wanted or "wise" in wanted:
        data = dataset(dim=39, window_s=0.025, hop_s=0.015)
        report("wise", WiseConfig(), data, plain_wise, flops_wise)
    if not wanted or "alignment" in wanted:
        data = dataset(dim=34, window_s=0.020, hop_s=0.010)
        report("alignment", AlignmentConfig(), data, plain_alignment, flops_alignment)


if __name__ == "__main__":
    main(sys.argv[1:])
