"""A corpus of random numbers whose lengths are spread as IEMOCAP's are: no recording is needed.

13 words of 3.2 phonemes of 80 ms, 27 % pauses, at most 20 s.
"""

import numpy as np

from ser_platform.dataset import Dataset
from ser_platform.emotions import EMOTIONS
from ser_platform.features.cache import FrameTable, FunctionalsTable
from ser_platform.features.embeddings import WordVectors
from ser_platform.joining import build_dataset
from ser_platform.utterance import Phoneme, Utterance, Word

UTTERANCES = 2000
VOCABULARY = tuple(f"word{i}" for i in range(3000))
SYMBOLS = tuple(f"p{i}" for i in range(39))
FUNCTIONALS = 35


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
            Phoneme(SYMBOLS[(row + len(words) + i) % len(SYMBOLS)], float(end - d), float(end))
            for i, (d, end) in enumerate(zip(durations_s, ends_s, strict=True))
        )
        text = VOCABULARY[rng.integers(len(VOCABULARY))]
        words.append(Word(text, now_s, float(ends_s[-1]), phonemes))
        now_s = float(ends_s[-1]) + 0.37 * float(durations_s.sum())
        if now_s > 20:
            break
    emotion = EMOTIONS[rng.integers(len(EMOTIONS))]
    return Utterance(f"u{row:05d}", "", f"s{row % 10}", 1, emotion, "", tuple(words))


def dataset(dim: int, window_s: float, hop_s: float, count: int = UTTERANCES) -> Dataset:
    """A corpus of so many utterances of random frames and functionals."""
    rng = np.random.default_rng(0)
    utterances = [spoken(row, rng) for row in range(count)]
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
    functionals = FunctionalsTable(
        values=rng.standard_normal((count, FUNCTIONALS), dtype=np.float32),
        ids=table.ids,
        names=tuple(f"q{i}" for i in range(FUNCTIONALS)),
        manifest_key="",
    )
    return build_dataset(utterances, table, vectors, functionals)
