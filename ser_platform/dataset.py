"""A corpus as resident arrays, whole or without the utterances that are sealed.

Shape letters: U utterances, W words, P phonemes and N frames of the corpus or of a part of it, D
values of a frame, Q functionals of an utterance, V words of the vocabulary, E values of a word
vector.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ser_platform.corpora.words import UNKNOWN_PHONEME
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import FeatureError
from ser_platform.models.ragged import ranges
from ser_platform.utterance import Phoneme, Utterance, Word

if TYPE_CHECKING:
    from ser_platform.features.cache import FrameTable, FunctionalsTable
    from ser_platform.features.embeddings import WordVectors

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
    """Parts ``[N, D]``; an utterance lies whole in one of them."""
    frame_parts: NDArray[np.int64]
    """``[U]``, the part that each utterance lies in."""
    frame_starts: NDArray[np.int64]
    """``[U]``, the first frame of each utterance, within its part."""
    lengths: NDArray[np.int64]
    """``[U]``, frames of each utterance; at least one."""
    frame_means: NDArray[np.float64]
    """``[U, D]``, mean frame of each utterance."""
    frame_scatters: NDArray[np.float64]
    """``[U, D]``, squared deviations from it, summed."""
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
        return self.frame_means.shape[1]

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

    def without(self, ids: Collection[str]) -> "Dataset":
        """The same without these utterances, as far as they are in it; frames are not copied.

        Their rows are gone from every array. A part of ``frames`` becomes empty when none of
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
            frame_parts=self.frame_parts[kept_U],
            frame_starts=self.frame_starts[kept_U],
            lengths=self.lengths[kept_U],
            frame_means=self.frame_means[kept_U],
            frame_scatters=self.frame_scatters[kept_U],
            functionals=self.functionals[kept_U],
            word_ids=self.word_ids[kept_W],
            word_offsets=_offsets(words_U[kept_U]),
            word_spans=self.word_spans[kept_W],
            phoneme_offsets=_offsets(phonemes_W[kept_W]),
            phoneme_ids=self.phoneme_ids[kept_P],
            phoneme_spans=self.phoneme_spans[kept_P],
        )


def build_dataset(
    utterances: Sequence[Utterance],
    table: "FrameTable",
    vectors: "WordVectors",
    functionals: "FunctionalsTable | None" = None,
    phonemes: Sequence[str] | None = None,
    known_speakers: Sequence[str] | None = None,
) -> Dataset:
    """Join utterances with their cached frames and word vectors.

    An utterance without words gets one unknown word, a word without phonemes one phoneme that
    is none of the symbols; each over all of its frames.

    Args:
        utterances: in any order.
        table: frames of these utterances, and perhaps of others.
        vectors: of the words.
        functionals: values of these utterances, and perhaps of others; None for none.
        phonemes: the symbols that are known; None: those of the utterances.
        known_speakers: the same for speakers.

    Raises:
        FeatureError: when a recording is shorter than one frame.
    """
    rows = _rows(utterances, table.ids)
    starts, lengths = table.offsets[rows], table.offsets[rows + 1] - table.offsets[rows]
    _refuse_empty(utterances, lengths, table.window_s)
    words_of_utterance = [
        u.words or (Word("", 0.0, length * table.hop_s + table.window_s),)
        for u, length in zip(utterances, lengths.tolist(), strict=True)
    ]
    words = [word for own in words_of_utterance for word in own]
    phonemes_of_word = [
        w.phonemes or (Phoneme(UNKNOWN_PHONEME, w.start_s, w.end_s),) for w in words
    ]
    flat = [phoneme for own in phonemes_of_word for phoneme in own]
    word_offsets = _offsets([len(own) for own in words_of_utterance])
    phoneme_offsets = _offsets([len(own) for own in phonemes_of_word])

    def spans(parts: Sequence[Word | Phoneme], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
        times_s = np.array([(part.start_s, part.end_s) for part in parts])
        num_frames = np.repeat(lengths, np.diff(offsets))
        return frame_spans(times_s, num_frames, table.window_s, table.hop_s)

    word_spans = spans(words, word_offsets)
    phoneme_spans = spans(flat, phoneme_offsets[word_offsets])
    symbols = tuple(
        sorted({p.symbol for p in flat} - {UNKNOWN_PHONEME}) if phonemes is None else phonemes
    )
    word_ids = _numbers((word.text for word in words), vectors.words)
    phoneme_ids = _numbers((phoneme.symbol for phoneme in flat), symbols)
    word_vectors = np.pad(vectors.vectors, ((1, 0), (0, 0))).astype(np.float32)
    labels = np.array([EMOTIONS.index(u.emotion) for u in utterances], dtype=np.int64)
    ids, speakers = tuple(u.id for u in utterances), tuple(u.speaker for u in utterances)
    known = sorted(set(speakers)) if known_speakers is None else known_speakers
    means, scatters = _moments(table.values, starts, lengths)
    values = np.empty((len(utterances), 0), np.float32)
    if functionals is not None:
        values = functionals.values[_rows(utterances, functionals.ids)]
    digest = _digest(
        [table.manifest_key, *ids, *speakers, *symbols],
        [
            *(labels, lengths, values, word_ids, word_offsets, word_spans),
            *(phoneme_ids, phoneme_offsets, phoneme_spans, word_vectors),
        ],
    )
    return Dataset(
        ids=ids,
        speakers=speakers,
        speaker_ids=_numbers(speakers, known),
        num_speakers=len(known),
        labels=labels,
        frames=(table.values,),
        frame_parts=np.zeros(len(utterances), np.int64),
        frame_starts=starts,
        lengths=lengths,
        frame_means=means,
        frame_scatters=scatters,
        functionals=values,
        word_ids=word_ids,
        word_offsets=word_offsets,
        word_spans=word_spans,
        phoneme_offsets=phoneme_offsets,
        phoneme_ids=phoneme_ids,
        phonemes=symbols,
        phoneme_spans=phoneme_spans,
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


def phonemes_of(dataset: Dataset, rows: Rows) -> NDArray[np.int64]:
    """Numbers of the phonemes that occur in these utterances, rising."""
    first, behind = (dataset.phoneme_offsets[dataset.word_offsets[rows + end]] for end in (0, 1))
    return np.unique(dataset.phoneme_ids[ranges(first, behind - first)])


def _rows(utterances: Sequence[Utterance], ids: Sequence[str]) -> Rows:
    row_of = {id_: row for row, id_ in enumerate(ids)}
    return np.array([row_of[u.id] for u in utterances], dtype=np.int64)


def _numbers(words: Iterable[str], known: Sequence[str]) -> NDArray[np.int64]:
    """Places in ``known``, counted from 1; 0 for a word that is not there."""
    number_of = {word: number for number, word in enumerate(known, start=1)}
    return np.array([number_of.get(word, 0) for word in words], dtype=np.int64)


def _offsets(counts: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])


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
