"""A corpus as resident arrays, and the ragged batches that are cut from it.

Shape letters: U utterances, W words, P phonemes and N frames of the corpus, D values of a
frame, V words of the vocabulary, E values of a word vector.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from ser_platform.config.model import AlignmentConfig, ModelConfig, WiseConfig
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import FeatureError
from ser_platform.models.batch import Batch
from ser_platform.models.ragged import Sequences, ShortSequences
from ser_platform.utterance import Utterance, Word

if TYPE_CHECKING:
    from ser_platform.features.cache import FrameTable
    from ser_platform.features.embeddings import WordVectors

Rows = NDArray[np.int64]
"""Utterances as rows of a dataset."""


@dataclass(frozen=True)
class Dataset:
    """Utterances with their frames, words and phonemes; arrays only, so processes share them."""

    ids: tuple[str, ...]
    speakers: tuple[str, ...]
    labels: NDArray[np.int64]
    """``[U]``, indices into :data:`ser_platform.emotions.EMOTIONS`."""
    frames: NDArray[np.float32]
    """``[N, D]``."""
    frame_starts: NDArray[np.int64]
    """``[U]``, the first frame of each utterance."""
    lengths: NDArray[np.int64]
    """``[U]``, frames of each utterance; at least one."""
    frame_means: NDArray[np.float64]
    """``[U, D]``, mean frame of each utterance."""
    frame_scatters: NDArray[np.float64]
    """``[U, D]``, squared deviations from it, summed."""
    word_ids: NDArray[np.int64]
    """``[W]``, rows of ``word_vectors``."""
    word_offsets: NDArray[np.int64]
    """``[U + 1]``: utterance u has words ``word_offsets[u]`` to ``word_offsets[u + 1]``."""
    phoneme_offsets: NDArray[np.int64]
    """``[W + 1]``: the same from words to phonemes."""
    phoneme_spans: NDArray[np.int32]
    """``[P, 2]``, first frame and frame behind the last, from the start of the utterance."""
    word_vectors: NDArray[np.float32]
    """``[V, E]``; row 0 is zero and stands for every word without a vector."""
    digest: str
    """SHA-256 of all that a network sees."""

    def rows(self, ids: Iterable[str]) -> Rows:
        """The rows of these utterances, in their order.

        Raises:
            KeyError: for an id that is not in the dataset.
        """
        row = {id_: i for i, id_ in enumerate(self.ids)}
        return np.array([row[id_] for id_ in ids], dtype=np.int64)


def build_dataset(
    utterances: Sequence[Utterance], table: "FrameTable", vectors: "WordVectors"
) -> Dataset:
    """Join utterances with their cached frames and word vectors.

    An utterance without words gets one unknown word, a word without phonemes one phoneme, over
    all of its frames.

    Raises:
        FeatureError: when a recording is shorter than one frame.
    """
    row_of = {id_: row for row, id_ in enumerate(table.ids)}
    rows = np.array([row_of[u.id] for u in utterances], dtype=np.int64)
    starts, lengths = table.offsets[rows], table.offsets[rows + 1] - table.offsets[rows]
    _refuse_empty(utterances, lengths, table.window_s)
    words = [
        u.words or (Word("", 0.0, length * table.hop_s + table.window_s),)
        for u, length in zip(utterances, lengths.tolist(), strict=True)
    ]
    flat = [word for of_utterance in words for word in of_utterance]
    times = [
        [(p.start_s, p.end_s) for p in word.phonemes] or [(word.start_s, word.end_s)]
        for word in flat
    ]
    word_offsets, phoneme_offsets = _offsets(map(len, words)), _offsets(map(len, times))
    num_phonemes = np.diff(phoneme_offsets[word_offsets])
    spans = frame_spans(
        np.array([span for of_word in times for span in of_word]),
        np.repeat(lengths, num_phonemes),
        table.window_s,
        table.hop_s,
    )
    id_of = {word: i for i, word in enumerate(vectors.words, start=1)}
    word_ids = np.array([id_of.get(word.text, 0) for word in flat], dtype=np.int64)
    word_vectors = np.pad(vectors.vectors, ((1, 0), (0, 0))).astype(np.float32)
    labels = np.array([EMOTIONS.index(u.emotion) for u in utterances], dtype=np.int64)
    ids, speakers = tuple(u.id for u in utterances), tuple(u.speaker for u in utterances)
    means, scatters = _moments(table.values, starts, lengths)
    digest = _digest(
        [table.manifest_key, *ids, *speakers],
        [labels, lengths, word_ids, word_offsets, phoneme_offsets, spans, word_vectors],
    )
    return Dataset(
        ids=ids,
        speakers=speakers,
        labels=labels,
        frames=table.values,
        frame_starts=starts,
        lengths=lengths,
        frame_means=means,
        frame_scatters=scatters,
        word_ids=word_ids,
        word_offsets=word_offsets,
        phoneme_offsets=phoneme_offsets,
        phoneme_spans=spans,
        word_vectors=word_vectors,
        digest=digest,
    )


def frame_spans(
    times_s: NDArray[np.floating], num_frames: NDArray[np.int64], window_s: float, hop_s: float
) -> NDArray[np.int32]:
    """The frames whose centre lies in ``[start_s, end_s)``, or the nearest one where none does.

    Args:
        times_s: ``[P, 2]``, start and end from the start of the utterance.
        num_frames: ``[P]``, frames of the utterance each span lies in.
        window_s: length of a frame.
        hop_s: from one frame to the next; frame i has its centre at
            ``i * hop_s + window_s / 2``.

    Returns:
        ``[P, 2]``, first frame and frame behind the last; never empty, never past the end.
    """
    # Where a frame index would stand at these times; a millionth of a hop is rounding, not time.
    index = np.round((times_s - window_s / 2) / hop_s, 6)
    first, behind = np.clip(np.ceil(index), 0, num_frames[:, None]).astype(np.int32).T
    nearest = np.clip(np.rint(index.mean(axis=1)), 0, num_frames - 1).astype(np.int32)
    empty = first >= behind
    return np.stack(
        [np.where(empty, nearest, first), np.where(empty, nearest + 1, behind)], axis=1
    )


def statistics(dataset: Dataset, rows: Rows) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Mean and standard deviation ``[D]`` over all frames of these utterances only.

    A value that never varies gets a deviation of 1, so that dividing by it changes nothing.
    """
    weight = dataset.lengths[rows, None] / dataset.lengths[rows].sum()
    mean = (weight * dataset.frame_means[rows]).sum(axis=0)
    between = (weight * (dataset.frame_means[rows] - mean) ** 2).sum(axis=0)
    within = dataset.frame_scatters[rows].sum(axis=0) / dataset.lengths[rows].sum()
    std = np.sqrt(between + within)
    std[std <= 1e-12 * np.abs(mean)] = 1.0  # float64 rounding of a constant, or exactly 0
    return mean.astype(np.float32), std.astype(np.float32)


def epoch_batches(
    dataset: Dataset, rows: Rows, batch_size: int, rng: np.random.Generator
) -> list[Rows]:
    """Every utterance once, in batches of like length that come in random order.

    Batches differ in size by one utterance at most, so none weighs more than another in an
    epoch. The same generator state gives the same batches on every rank.
    """
    noisy = dataset.lengths[rows] * rng.uniform(0.9, 1.1, len(rows))
    by_length = rows[np.argsort(noisy, kind="stable")]
    batches = np.array_split(by_length, math.ceil(len(rows) / batch_size))
    return [batches[i] for i in rng.permutation(len(batches))]


def share(batch: Rows, rank: int, world: int) -> Rows:
    """The part of one batch that a rank works on; empty when the batch has too few.

    Every ``world``-th utterance: a batch is sorted by length, so ranks get like amounts of work.
    """
    return batch[rank::world]


def collate(dataset: Dataset, rows: Rows, model: ModelConfig) -> Batch:
    """These utterances as a batch on the CPU, cut to the maxima of the model."""
    max_frames, max_phonemes, max_words = _maxima(model)
    lengths = dataset.lengths[rows]
    frames = [
        dataset.frames[start : start + length]
        for start, length in zip(dataset.frame_starts[rows], lengths, strict=True)
    ]
    num_words = np.minimum(np.diff(dataset.word_offsets)[rows], max_words)
    words = _ranges(dataset.word_offsets[rows], num_words)
    num_phonemes = np.minimum(np.diff(dataset.phoneme_offsets)[words], max_phonemes)
    first, behind = dataset.phoneme_spans[
        _ranges(dataset.phoneme_offsets[words], num_phonemes)
    ].T.astype(np.int64)
    num_frames = np.minimum(behind - first, max_frames)
    utterance_starts = np.repeat(np.repeat(np.cumsum(lengths) - lengths, num_words), num_phonemes)
    return Batch(
        frames=torch.from_numpy(np.concatenate(frames)),
        word_ids=torch.from_numpy(dataset.word_ids[words]),
        labels=torch.from_numpy(dataset.labels[rows]),
        frames_of_utterance=Sequences.of(lengths),
        words_of_utterance=Sequences.of(num_words),
        phonemes_of_word=ShortSequences.of(num_phonemes),
        frames_of_phoneme=ShortSequences.of(
            num_frames, _ranges(utterance_starts + first, num_frames)
        ),
    )


def _maxima(model: ModelConfig) -> tuple[int, int, int]:
    """Frames of a phoneme, phonemes of a word, words of an utterance."""
    match model:
        case WiseConfig():
            return model.max_frames, model.max_phonemes, model.max_words
        case AlignmentConfig():
            unlimited = np.iinfo(np.int64).max
            return unlimited, unlimited, unlimited


def _ranges(starts: Rows, counts: Rows) -> Rows:
    """``starts[0], starts[0] + 1, ...`` for ``counts[0]`` values, then the same for the next."""
    ends = np.cumsum(counts)
    return np.repeat(starts - (ends - counts), counts) + np.arange(ends[-1])


def _offsets(counts: Iterable[int]) -> NDArray[np.int64]:
    return np.cumsum([0, *counts], dtype=np.int64)


def _refuse_empty(
    utterances: Sequence[Utterance], lengths: NDArray[np.int64], window_s: float
) -> None:
    empty = [u for u, length in zip(utterances, lengths, strict=True) if length == 0]
    if empty:
        more = f" (and {len(empty) - 1} more)" if len(empty) > 1 else ""
        raise FeatureError(
            f"{empty[0].audio}: utterance '{empty[0].id}'{more} is shorter than one frame of "
            f"{1000 * window_s:g} ms; leave it out of the corpus"
        )


def _moments(
    values: NDArray[np.float32], starts: Rows, lengths: Rows
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and summed squared deviation of each utterance: added up without cancellation."""
    means = np.empty((len(starts), values.shape[1]))
    scatters = np.empty_like(means)
    for row, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        own = values[start : start + length]
        means[row] = own.mean(axis=0, dtype=np.float64)
        scatters[row] = np.square(own - means[row]).sum(axis=0)
    return means, scatters


def _digest(texts: Sequence[str], arrays: Sequence[NDArray[np.generic]]) -> str:
    digest = hashlib.sha256(json.dumps(texts).encode())
    for array in arrays:
        digest.update(json.dumps([array.dtype.str, array.shape]).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
