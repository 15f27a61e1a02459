"""Where a long recording is cut into utterances: at pauses, never inside a word."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ser_platform.features.base import SAMPLE_RATE_HZ, Signal
from ser_platform.inference import SHORTEST_STRETCH_S
from ser_platform.utterance import Phoneme, Word

Spoken = TypeVar("Spoken", Word, Phoneme)

_STEP_S = 0.010
_STEP = round(_STEP_S * SAMPLE_RATE_HZ)
_SHORTEST_PAUSE = 15
"""Steps, 150 ms: shorter silences are inside of words."""
_SHORTEST_REST = round(SHORTEST_STRETCH_S / 2 / _STEP_S)
"""Steps: no shorter stretch is left at the end, for front ends need some frames."""
_QUIET_DB = 35.0
"""Below the loudest step; quieter counts as a pause."""


def cuts(signal: Signal, longest_s: float, words: Sequence[Word] = ()) -> list[tuple[int, int]]:
    """First sample and sample behind the last of each stretch; one after the other, all of it.

    A stretch ends at the longest pause in its second half; where there is none, at the quietest
    moment there.

    Args:
        signal: the recording.
        longest_s: of a stretch; :data:`~ser_platform.inference.SHORTEST_STRETCH_S` or more.
        words: in time, which no cut goes through; unless a word is longer than a stretch may be.
    """
    loudness = _loudness(signal)
    pause_after = _pauses(loudness)
    is_inside = _inside_words(words, len(loudness))
    longest = int(longest_s / _STEP_S)
    edges, start = [0], 0
    while len(loudness) - start > longest:
        first = start + longest // 2
        places = np.arange(first, min(start + longest, len(loudness) - _SHORTEST_REST))
        free = places[~is_inside[places]]
        places = free if len(free) else places
        # Of equally long pauses the last one; then the quietest moment.
        best = np.lexsort((places, -loudness[places], pause_after[places]))[-1]
        start = int(places[best])
        edges.append(start * _STEP)
    edges.append(len(signal))
    return list(pairwise(edges))


def words_between(words: Sequence[Word], start_s: float, end_s: float) -> tuple[Word, ...]:
    """Words whose middle lies there, told from ``start_s`` on."""
    return tuple(
        moved(word, -start_s)
        for word in words
        if start_s <= (word.start_s + word.end_s) / 2 < end_s
    )


def moved(word: Word, by_s: float) -> Word:
    """The same word, said later; not before the beginning."""
    return replace(_moved(word, by_s), phonemes=tuple(_moved(p, by_s) for p in word.phonemes))


def _moved(spoken: Spoken, by_s: float) -> Spoken:
    start_s, end_s = (max(0.0, time_s + by_s) for time_s in (spoken.start_s, spoken.end_s))
    return replace(spoken, start_s=start_s, end_s=end_s)


def _loudness(signal: Signal) -> NDArray[np.float64]:
    """Decibels below the loudest step, by step; a rest at the end counts with the last one."""
    steps = max(1, len(signal) // _STEP)
    own = np.asarray(signal[: steps * _STEP], np.float32)
    power = np.square(own.reshape(steps, -1)).mean(axis=1)
    return 10 * np.log10(np.maximum(power, 1.0) / max(power.max(), 1.0))


def _pauses(loudness: NDArray[np.float64]) -> NDArray[np.int64]:
    """For each step the length of the pause that it is the middle of; 0 elsewhere."""
    is_quiet = np.concatenate([[False], loudness < -_QUIET_DB, [False]])
    starts, ends = np.flatnonzero(np.diff(is_quiet.astype(np.int8))).reshape(-1, 2).T
    lengths = ends - starts
    found = np.zeros(len(loudness), np.int64)
    is_pause = lengths >= _SHORTEST_PAUSE
    found[(starts + lengths // 2)[is_pause]] = lengths[is_pause]
    return found


def _inside_words(words: Sequence[Word], steps: int) -> NDArray[np.bool_]:
    inside = np.zeros(steps, np.bool_)
    for word in words:
        inside[int(word.start_s / _STEP_S) + 1 : int(np.ceil(word.end_s / _STEP_S))] = True
    return inside
