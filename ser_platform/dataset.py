"""A corpus as resident arrays, whole or without the utterances that are sealed.

Shape letters: U utterances, W words, P phonemes and N frames of the corpus or of a part of it, D
values of a frame, Q functionals of an utterance, V words of the vocabulary, E values of a word
vector.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress

import numpy as np
from numpy.typing import NDArray

from ser_platform.models.ragged import ranges

Rows = NDArray[np.int64]
"""Utterances as rows of a dataset."""


@dataclass(frozen=True)
class Dataset:
    """Utterances with their frames, words and phonemes; arrays only, so processes share them."""

    ids: tuple[str, ...]
    speakers: tuple[str, ...]
    speaker_ids: NDArray[np.int64]
    """``[U]``, 1 and up are places among the known speakers in order; 0 is none of them."""
    num_speakers: int
    """Known speakers, also those of whom no utterance is left."""
    labels: NDArray[np.int64]
    """``[U]``, indices into :data:`ser_platform.emotions.EMOTIONS`."""
    frames: tuple[NDArray[np.float32], ...]
    """Parts ``[N, D]``; an utterance lies whole in one of them. In memory, or mapped from files.

    None where they are still in the object store: such a dataset is an index, to be joined with
    them (:mod:`ser_platform.train.resident`)."""
    moments: tuple[NDArray[np.float64], ...]
    """The same parts ``[U, 2, D]``: the mean frame of each of its utterances, and the squared
    deviations from it, summed."""
    frame_parts: NDArray[np.int64]
    """``[U]``, the part that each utterance lies in."""
    frame_starts: NDArray[np.int64]
    """``[U]``, the first frame of each utterance, within its part."""
    frame_places: NDArray[np.int64]
    """``[U]``, the row of each utterance in the moments of its part."""
    lengths: NDArray[np.int64]
    """``[U]``, frames of each utterance; at least one."""
    functionals: NDArray[np.float32]
    """``[U, Q]``, values of whole utterances; Q is 0 where none are asked for."""
    word_ids: NDArray[np.int64]
    """``[W]``, rows of ``word_vectors``."""
    word_offsets: NDArray[np.int64]
    """``[U + 1]``: utterance u has words ``word_offsets[u]`` to ``word_offsets[u + 1]``."""
    word_spans: NDArray[np.int32]
    """``[W, 2]``, first frame and frame behind the last, from the start of the utterance."""
    phoneme_offsets: NDArray[np.int64]
    """``[W + 1]``: the same from words to phonemes."""
    phoneme_ids: NDArray[np.int64]
    """``[P]``, 1 and up are places in ``phonemes``; 0 is none of them."""
    phonemes: tuple[str, ...]
    """The symbols, each once."""
    phoneme_spans: NDArray[np.int32]
    """``[P, 2]``, as ``word_spans``."""
    word_vectors: NDArray[np.float32]
    """``[V, E]``; row 0 is zero and stands for every word without a vector."""
    digest: str
    """SHA-256 of all that a network sees; without some utterances it stays that of all."""

    @property
    def frame_dim(self) -> int:
        """Values of a frame."""
        return self.frames[0].shape[1]

    def rows(self, ids: Iterable[str]) -> Rows:
        """The rows of these utterances, in their order.

        Raises:
            ValueError: for an id that is not in the dataset.
        """
        row = {id_: i for i, id_ in enumerate(self.ids)}
        asked = list(ids)
        if absent := [id_ for id_ in asked if id_ not in row]:
            more = f" (and {len(absent) - 1} more)" if len(absent) > 1 else ""
            raise ValueError(
                f"utterance '{absent[0]}'{more} is not among the {len(row)} of this dataset: it "
                "is sealed, as the test part of a fold is while it trains, or unknown"
            )
        return np.array([row[id_] for id_ in asked], dtype=np.int64)

    def frames_of(self, row: int) -> NDArray[np.float32]:
        """Frames of one utterance, ``[its frames, D]``, as a view."""
        start = self.frame_starts[row]
        return self.frames[self.frame_parts[row]][start : start + self.lengths[row]]

    def moments_of(self, rows: Rows) -> NDArray[np.float64]:
        """Mean frame and summed squared deviations of these utterances, ``[rows, 2, D]``."""
        found = np.empty((len(rows), 2, self.frame_dim))
        parts, places = self.frame_parts[rows], self.frame_places[rows]
        for part in np.unique(parts).tolist():
            found[parts == part] = self.moments[part][places[parts == part]]
        return found

    def without(self, ids: Collection[str]) -> "Dataset":
        """The same without these utterances, as far as they are in it; frames are not copied.

        Their rows are gone from every array. A part of the frames becomes empty when none of
        its utterances is left; another one stays as it is, but no row leads to their frames.
        What describes the corpus stays: phoneme symbols, word vectors, known speakers.
        """
        gone = set(ids)
        kept_U = np.array([id_ not in gone for id_ in self.ids], dtype=bool)
        if kept_U.all():
            return self
        words_U, phonemes_W = np.diff(self.word_offsets), np.diff(self.phoneme_offsets)
        kept_W = np.repeat(kept_U, words_U)
        kept_P = np.repeat(kept_W, phonemes_W)
        parts = set(self.frame_parts[kept_U].tolist())
        return replace(
            self,
            ids=tuple(compress(self.ids, kept_U)),
            speakers=tuple(compress(self.speakers, kept_U)),
            speaker_ids=self.speaker_ids[kept_U],
            labels=self.labels[kept_U],
            # A slice of nothing would still hold the array that it is cut from.
            frames=tuple(
                part if i in parts else np.empty_like(part[:0])
                for i, part in enumerate(self.frames)
            ),
            moments=tuple(
                part if i in parts else np.empty_like(part[:0])
                for i, part in enumerate(self.moments)
            ),
            frame_parts=self.frame_parts[kept_U],
            frame_starts=self.frame_starts[kept_U],
            frame_places=self.frame_places[kept_U],
            lengths=self.lengths[kept_U],
            functionals=self.functionals[kept_U],
            word_ids=self.word_ids[kept_W],
            word_offsets=offsets_of(words_U[kept_U]),
            word_spans=self.word_spans[kept_W],
            phoneme_offsets=offsets_of(phonemes_W[kept_W]),
            phoneme_ids=self.phoneme_ids[kept_P],
            phoneme_spans=self.phoneme_spans[kept_P],
        )


def phonemes_of(dataset: Dataset, rows: Rows) -> NDArray[np.int64]:
    """Numbers of the phonemes that occur in these utterances, rising."""
    first, behind = (dataset.phoneme_offsets[dataset.word_offsets[rows + end]] for end in (0, 1))
    return np.unique(dataset.phoneme_ids[ranges(first, behind - first)])


def offsets_of(counts: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    """Where each of several stretches of these lengths begins, and the last one ends."""
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
