"""A recording as stretches that are answered as one utterance each, and the words in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from ser_platform.corpora.base import TOLERANCE_S
from ser_platform.errors import FeatureError
from ser_platform.features.base import SAMPLE_RATE_HZ, Signal
from ser_platform.inference.hearing import SILENT, Ear, Hearing, Timing
from ser_platform.inference.pauses import cuts, moved, words_between
from ser_platform.utterance import Word

_SUREST: tuple[Timing, ...] = ("given", "aligned", "recognised", "spread", "none")


@dataclass(frozen=True)
class Question:
    """A recording, and what is known of its words."""

    name: str
    signal: Signal
    text: str | None = None
    """What was said; None where nobody knows."""
    words: tuple[Word, ...] | None = None
    """The same in time; None where nobody knows."""


@dataclass(frozen=True)
class Piece:
    """A stretch of a recording."""

    start_s: float
    signal: Signal
    words: tuple[Word, ...]
    """In time, from the beginning of the stretch."""

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return len(self.signal) / SAMPLE_RATE_HZ


def pieces(question: Question, ear: Ear, longest_s: float) -> tuple[Hearing, list[Piece]]:
    """What is known of the words of a whole recording, and its stretches.

    Words that are given may lie anywhere in the whole, so they are put in time first and cuts go
    between them; where nobody gives them, each stretch is listened to.

    Raises:
        EngineError: as :meth:`Ear.words`.
        FeatureError: as :meth:`Ear.words`, and for words that are said behind the end.
    """
    signal = question.signal
    if question.text is None and question.words is None:
        spans = cuts(signal, longest_s)
        heard = [ear.words(signal[first:behind], None, None) for first, behind in spans]
        words = [hearing.words for hearing in heard]
        starts_s = [first / SAMPLE_RATE_HZ for first, _ in spans]
        whole = _joined(starts_s, heard)
    else:
        _refuse_too_late(question)
        whole = ear.words(signal, question.text, question.words)
        spans = cuts(signal, longest_s, whole.words)
        edges_s = [*(first / SAMPLE_RATE_HZ for first, _ in spans), inf]
        words = [words_between(whole.words, *edges) for edges in pairwise(edges_s)]
    return whole, [
        Piece(first / SAMPLE_RATE_HZ, signal[first:behind], own)
        for (first, behind), own in zip(spans, words, strict=True)
    ]


def _refuse_too_late(question: Question) -> None:
    end_s = max((word.end_s for word in question.words or ()), default=0.0)
    recorded_s = len(question.signal) / SAMPLE_RATE_HZ
    if end_s > recorded_s + TOLERANCE_S:
        raise FeatureError(
            f"{question.name}: its words end at {end_s:g} s, its recording ends at "
            f"{recorded_s:g} s; are the times seconds from the start of the recording?"
        )


def _joined(starts_s: Sequence[float], heard: Sequence[Hearing]) -> Hearing:
    """What was heard in stretches that begin there, as of one recording."""
    spoken = [hearing for hearing in heard if hearing.words]
    if not spoken:
        return heard[0] if heard else SILENT
    timings: list[Timing] = [hearing.timing for hearing in spoken]
    return Hearing(
        text=" ".join(hearing.text for hearing in spoken),
        words=tuple(
            moved(word, start_s)
            for start_s, hearing in zip(starts_s, heard, strict=True)
            for word in hearing.words
        ),
        source=spoken[0].source,
        timing=max(timings, key=_SUREST.index),
        warnings=tuple(dict.fromkeys(w for hearing in heard for w in hearing.warnings)),
    )
