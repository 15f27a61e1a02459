"""Ragged batches cut from a resident corpus: which utterances together, and what of them."""

import math

import numpy as np
import torch
from numpy.typing import NDArray

from ser_platform.config.model import NetworkConfig
from ser_platform.dataset import Dataset, Rows
from ser_platform.models.batch import Batch
from ser_platform.models.ragged import ranges


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


def collate(dataset: Dataset, rows: Rows, model: NetworkConfig) -> Batch:
    """These utterances as a batch on the CPU, cut to the limits of the network."""
    limits = model.limits
    num_frames = _at_most(limits.frames, dataset.lengths[rows])
    num_words = _at_most(limits.words, np.diff(dataset.word_offsets)[rows])
    words = ranges(dataset.word_offsets[rows], num_words)
    num_phonemes = _at_most(limits.phonemes, np.diff(dataset.phoneme_offsets)[words])
    phonemes = ranges(dataset.phoneme_offsets[words], num_phonemes)
    starts = np.cumsum(num_frames) - num_frames
    of_word = np.repeat(np.arange(len(rows)), num_words)
    of_phoneme = np.repeat(of_word, num_phonemes)
    word_spans = _kept(dataset.word_spans[words], num_frames[of_word])
    phoneme_spans = _kept(dataset.phoneme_spans[phonemes], num_frames[of_phoneme])
    if limits.frames_of_phoneme is not None:
        longest = phoneme_spans[:, 0] + limits.frames_of_phoneme
        phoneme_spans[:, 1] = np.minimum(phoneme_spans[:, 1], longest)
    frames = [dataset.frames_of(r)[:count] for r, count in zip(rows, num_frames, strict=True)]
    return Batch(
        frames=torch.from_numpy(np.concatenate(frames)),
        functionals=torch.from_numpy(dataset.functionals[rows]),
        speaker_ids=torch.from_numpy(dataset.speaker_ids[rows]),
        word_ids=torch.from_numpy(dataset.word_ids[words]),
        phoneme_ids=torch.from_numpy(dataset.phoneme_ids[phonemes]),
        labels=torch.from_numpy(dataset.labels[rows]),
        num_frames=num_frames,
        num_words=num_words,
        num_phonemes=num_phonemes,
        word_spans=word_spans + starts[of_word, None],
        phoneme_spans=phoneme_spans + starts[of_phoneme, None],
    )


def _at_most(limit: int | None, counts: NDArray[np.int64]) -> NDArray[np.int64]:
    return counts if limit is None else np.minimum(counts, limit)


def _kept(spans: NDArray[np.int32], num_frames: NDArray[np.int64]) -> NDArray[np.int64]:
    """Spans ``[S, 2]`` in utterances cut to so many frames; the last one if nothing is left."""
    first = np.minimum(spans[:, 0], num_frames - 1)
    return np.stack([first, np.minimum(spans[:, 1], num_frames)], axis=1).astype(np.int64)
