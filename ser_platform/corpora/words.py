"""Words and phonemes in time: cleaned, put together, or spread when there are no times.

The text of a word is lower case and without punctuation at its ends, in every corpus; the
transcript keeps the writing. Every word has at least one phoneme: where a corpus gives none,
:data:`UNKNOWN_PHONEME` spans the word, so that a model that goes from phonemes to words reads
the word's frames as one piece.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ser_platform.utterance import Phoneme, Word

UNKNOWN_PHONEME = "SPN"
"""Sphinx's and Kaldi's name for speech that no phoneme is known for."""

# Blanks, two or more hyphens, dashes, two or more dots, an ellipsis.
_BREAKS = re.compile(r"\s+|-{2,}|[\u2013-\u2015]+|\.{2,}|\u2026")
_PRONUNCIATION = re.compile(r"\(\d+\)$")  # Sphinx: THE(2) is the second way to say THE
_NOISES = {UNKNOWN_PHONEME, "SPN", "NSN", "_", "#", "."}
_SILENCES = {"", "<s>", "</s>", "<sil>", "<eps>", "sil", "sp"}


class Segment(NamedTuple):
    """A named stretch of time: a word or a phoneme of an alignment."""

    symbol: str
    start_s: float
    end_s: float


def clean_words(text: str) -> list[str]:
    """The words of a transcript: ``"Well--don't!"`` gives ``well`` and ``don't``."""
    stripped = (_strip_punctuation(piece) for piece in _BREAKS.split(text))
    return [word.lower() for word in stripped if word]


def timed_words(words: Iterable[Segment], phonemes: Iterable[Segment]) -> tuple[Word, ...]:
    """Words in time order, each with the phonemes whose centre lies in it.

    Silences and fillers (``<s>``, ``<sil>``, ``++NOISE++``) are no words, and phonemes outside
    words are left out with them.
    """
    spoken = [
        segment._replace(symbol=text)
        for segment in sorted(words, key=lambda w: (w.start_s, w.end_s))
        if not _is_filler(segment.symbol) and (text := _word_text(segment.symbol))
    ]
    inner: list[list[Phoneme]] = [[] for _ in spoken]
    for symbol, start_s, end_s in sorted(phonemes, key=lambda p: (p.start_s, p.end_s)):
        word = _word_at((start_s + end_s) / 2, spoken)
        if word is not None:
            inner[word].append(Phoneme(symbol or UNKNOWN_PHONEME, start_s, end_s))
    return tuple(
        Word(*segment, tuple(own) or _whole(segment))
        for segment, own in zip(spoken, inner, strict=True)
    )


def overlap_s(words: Sequence[Word]) -> float:
    """How far a word reaches into the next one at most; 0 when none does."""
    reaches = (word.end_s - following.start_s for word, following in pairwise(words))
    return max(0.0, *reaches, 0.0)


def outside_words(words: Sequence[Word], phonemes: Iterable[Segment]) -> list[str]:
    """Phonemes that :func:`timed_words` could give to no word; silences are none."""
    given = Counter((p.start_s, p.end_s) for word in words for p in word.phonemes)
    return [
        phoneme.symbol
        for phoneme in phonemes
        if not given[phoneme.start_s, phoneme.end_s] and not _is_noise(phoneme.symbol)
    ]


def spread_words(transcript: str, duration_s: float) -> tuple[Word, ...]:
    """The words of a transcript, each given the same share of the recording."""
    words = clean_words(transcript)
    edges = [duration_s * i / len(words) for i in range(len(words) + 1)] if words else []
    segments = map(Segment, words, edges, edges[1:])
    return tuple(Word(*segment, _whole(segment)) for segment in segments)


def _whole(segment: Segment) -> tuple[Phoneme, ...]:
    return (Phoneme(UNKNOWN_PHONEME, segment.start_s, segment.end_s),)


def _word_text(symbol: str) -> str:
    return _strip_punctuation(_PRONUNCIATION.sub("", symbol)).lower()


def _is_filler(symbol: str) -> bool:
    return symbol.lower() in _SILENCES or symbol.startswith("++")


def _is_noise(phoneme: str) -> bool:
    return _is_filler(phoneme) or phoneme.startswith("+") or phoneme.upper() in _NOISES


def _word_at(time_s: float, words: Sequence[Segment]) -> int | None:
    for i, word in enumerate(words):
        if word.start_s <= time_s < word.end_s:
            return i
    return None


def _strip_punctuation(text: str) -> str:
    """Without punctuation and signs at both ends, in any script."""
    inner = [i for i, char in enumerate(text) if unicodedata.category(char)[0] not in "PSZC"]
    return text[inner[0] : inner[-1] + 1] if inner else ""
