"""A corpus put together: utterances with their frames, words in time, and word vectors.

Shape letters: as in :mod:`ser_platform.dataset`.
"""

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ser_platform.corpora.words import UNKNOWN_PHONEME
from ser_platform.dataset import Dataset, Rows, offsets_of
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import FeatureError
from ser_platform.features.moments import moments
from ser_platform.features.parts import StoredFrames
from ser_platform.utterance import Phoneme, Utterance, Word

if TYPE_CHECKING:
    from ser_platform.features.cache import FrameTable, FunctionalsTable
    from ser_platform.features.embeddings import WordVectors


def build_dataset(
    utterances: Sequence[Utterance],
    table: "FrameTable | StoredFrames",
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
        table: frames of these utterances, and perhaps of others. Where they stay in the object
            store the dataset has none, and ``frame_places`` are rows of the table.
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
    spoken = _spoken(utterances, lengths, table, vectors.words, phonemes)
    word_vectors = np.pad(vectors.vectors, ((1, 0), (0, 0))).astype(np.float32)
    labels = np.array([EMOTIONS.index(u.emotion) for u in utterances], dtype=np.int64)
    ids, speakers = tuple(u.id for u in utterances), tuple(u.speaker for u in utterances)
    known = sorted(set(speakers)) if known_speakers is None else known_speakers
    values = np.empty((len(utterances), 0), np.float32)
    if functionals is not None:
        values = functionals.values[_rows(utterances, functionals.ids)]
    frames, moments_of_frames, places = (), (), rows
    if not isinstance(table, StoredFrames):
        own = (table.values[start : start + n] for start, n in zip(starts, lengths, strict=True))
        frames, moments_of_frames = (table.values,), (moments(own, table.values.shape[1]),)
        places = np.arange(len(utterances))
    digest = _digest(
        [table.manifest_key, *ids, *speakers, *spoken.phonemes],
        [
            *(labels, lengths, values, spoken.word_ids, spoken.word_offsets, spoken.word_spans),
            *(spoken.phoneme_ids, spoken.phoneme_offsets, spoken.phoneme_spans, word_vectors),
        ],
    )
    return Dataset(
        ids=ids,
        speakers=speakers,
        speaker_ids=_numbers(speakers, known),
        num_speakers=len(known),
        labels=labels,
        frames=frames,
        moments=moments_of_frames,
        frame_parts=np.zeros(len(utterances), np.int64),
        frame_starts=starts,
        frame_places=places,
        lengths=lengths,
        functionals=values,
        word_ids=spoken.word_ids,
        word_offsets=spoken.word_offsets,
        word_spans=spoken.word_spans,
        phoneme_offsets=spoken.phoneme_offsets,
        phoneme_ids=spoken.phoneme_ids,
        phonemes=spoken.phonemes,
        phoneme_spans=spoken.phoneme_spans,
        word_vectors=word_vectors,
        digest=digest,
    )


@dataclass(frozen=True)
class _Spoken:
    """Words and phonemes of a dataset, as it has them."""

    word_ids: NDArray[np.int64]
    word_offsets: NDArray[np.int64]
    word_spans: NDArray[np.int32]
    phoneme_offsets: NDArray[np.int64]
    phoneme_ids: NDArray[np.int64]
    phonemes: tuple[str, ...]
    phoneme_spans: NDArray[np.int32]


def _spoken(
    utterances: Sequence[Utterance],
    lengths: NDArray[np.int64],
    table: "FrameTable | StoredFrames",
    known_words: Sequence[str],
    known_phonemes: Sequence[str] | None,
) -> _Spoken:
    words_of_utterance = [
        u.words or (Word("", 0.0, length * table.hop_s + table.window_s),)
        for u, length in zip(utterances, lengths.tolist(), strict=True)
    ]
    words = [word for own in words_of_utterance for word in own]
    phonemes_of_word = [
        w.phonemes or (Phoneme(UNKNOWN_PHONEME, w.start_s, w.end_s),) for w in words
    ]
    flat = [phoneme for own in phonemes_of_word for phoneme in own]
    word_offsets = offsets_of([len(own) for own in words_of_utterance])
    phoneme_offsets = offsets_of([len(own) for own in phonemes_of_word])

    def spans(parts: Sequence[Word | Phoneme], offsets: NDArray[np.int64]) -> NDArray[np.int32]:
        times_s = np.array([(part.start_s, part.end_s) for part in parts])
        num_frames = np.repeat(lengths, np.diff(offsets))
        return frame_spans(times_s, num_frames, table.window_s, table.hop_s)

    symbols = known_phonemes
    if symbols is None:
        symbols = sorted({p.symbol for p in flat} - {UNKNOWN_PHONEME})
    return _Spoken(
        word_ids=_numbers((word.text for word in words), known_words),
        word_offsets=word_offsets,
        word_spans=spans(words, word_offsets),
        phoneme_offsets=phoneme_offsets,
        phoneme_ids=_numbers((phoneme.symbol for phoneme in flat), symbols),
        phonemes=tuple(symbols),
        phoneme_spans=spans(flat, phoneme_offsets[word_offsets]),
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


def _rows(utterances: Sequence[Utterance], ids: Sequence[str]) -> Rows:
    row_of = {id_: row for row, id_ in enumerate(ids)}
    return np.array([row_of[u.id] for u in utterances], dtype=np.int64)


def _numbers(words: Iterable[str], known: Sequence[str]) -> NDArray[np.int64]:
    """Places in ``known``, counted from 1; 0 for a word that is not there."""
    number_of = {word: number for number, word in enumerate(known, start=1)}
    return np.array([number_of.get(word, 0) for word in words], dtype=np.int64)


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


def _digest(texts: Sequence[str], arrays: Sequence[NDArray[np.generic]]) -> str:
    digest = hashlib.sha256(json.dumps(texts).encode())
    for array in arrays:
        digest.update(json.dumps([array.dtype.str, array.shape]).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
