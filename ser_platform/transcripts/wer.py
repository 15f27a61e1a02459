"""Word and character error rates of transcripts against the corpus's own words.

Both sides are compared as networks read them (``corpora.words.clean_words``): lower case, no
punctuation at the ends of words. Nothing else is made alike: ``okay`` for ``ok`` and ``2`` for
``two`` are errors. Rates are of summed counts, never means over utterances. An utterance that has
no word adds its inserted words to the errors and nothing to what they are divided by; where
nothing at all was said there is no rate.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jiwer

from ser_platform.corpora.words import clean_words
from ser_platform.utterance import Utterance


@dataclass(frozen=True)
class ErrorRates:
    """Counts over some utterances: the fewest edits that make one text of the other."""

    utterances: int
    words: int
    """That were said."""
    substitutions: int
    deletions: int
    insertions: int
    characters: int
    """That were said, blanks between words included."""
    character_edits: int

    @property
    def wer(self) -> float | None:
        """Edits per word that was said; above 1 with many insertions."""
        edits = self.substitutions + self.deletions + self.insertions
        return edits / self.words if self.words else None

    @property
    def cer(self) -> float | None:
        """Edits per character that was said."""
        return self.character_edits / self.characters if self.characters else None


@dataclass(frozen=True)
class Comparison:
    """Error rates of a whole corpus and of its parts, each by name in order."""

    corpus: ErrorRates
    emotions: dict[str, ErrorRates] = field(default_factory=dict)
    speakers: dict[str, ErrorRates] = field(default_factory=dict)
    sessions: dict[str, ErrorRates] = field(default_factory=dict)

    @property
    def record(self) -> dict[str, Any]:
        """WER and CER of the corpus and of each part, as plain values."""
        parts = {
            "emotions": self.emotions,
            "speakers": self.speakers,
            "sessions": self.sessions,
        }
        named = {k: {n: _record(rates) for n, rates in v.items()} for k, v in parts.items()}
        return {**_record(self.corpus), **named}


def compare(said: Sequence[Utterance], heard: Sequence[Utterance]) -> Comparison:
    """Error rates of ``heard`` against ``said``: the same utterances in the same order."""
    pairs = list(zip(said, heard, strict=True))
    assert all(a.id == b.id for a, b in pairs)
    groups: dict[str, dict[str, list[tuple[Utterance, Utterance]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for pair in pairs:
        for name in ("emotion", "speaker", "session"):
            groups[name][str(getattr(pair[0], name))].append(pair)
    of = {
        name: {key: _rates(parts[key]) for key in sorted(parts)} for name, parts in groups.items()
    }
    return Comparison(_rates(pairs), of["emotion"], of["speaker"], of["session"])


def num_words(utterance: Utterance) -> int:
    """Words of its transcript, as networks read it."""
    return len(clean_words(utterance.transcript))


def word_errors(said: Sequence[Utterance], heard: Sequence[Utterance]) -> list[int]:
    """Substitutions, deletions and insertions in each utterance; the same ones in both."""
    found = jiwer.process_words([_text(u) for u in said], [_text(u) for u in heard])
    return [
        sum(
            max(chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx)
            for chunk in chunks
            if chunk.type != "equal"
        )
        for chunks in found.alignments
    ]


def in_words(errors: Comparison) -> str:
    """The corpus's rates and those of each emotion, in percent."""
    of = errors.corpus
    by = ", ".join(f"{name} {percent(own.wer)}" for name, own in errors.emotions.items())
    return (
        f"transcripts: WER {percent(of.wer)} % of {of.words} words ({of.substitutions} "
        f"substituted, {of.deletions} deleted, {of.insertions} inserted), CER "
        f"{percent(of.cer)} %; by emotion {by}"
    )


def percent(rate: float | None) -> str:
    """``14.7``; ``-`` where there is no rate."""
    return "-" if rate is None else f"{100 * rate:.1f}"


def _rates(pairs: Sequence[tuple[Utterance, Utterance]]) -> ErrorRates:
    said, heard = [_text(a) for a, _ in pairs], [_text(b) for _, b in pairs]
    words = jiwer.process_words(said, heard)
    characters = jiwer.process_characters(said, heard)
    return ErrorRates(
        utterances=len(pairs),
        words=words.hits + words.substitutions + words.deletions,
        substitutions=words.substitutions,
        deletions=words.deletions,
        insertions=words.insertions,
        characters=characters.hits + characters.substitutions + characters.deletions,
        character_edits=(characters.substitutions + characters.deletions + characters.insertions),
    )


def _text(utterance: Utterance) -> str:
    return " ".join(clean_words(utterance.transcript))


def _record(rates: ErrorRates) -> dict[str, Any]:
    return {
        "wer": rates.wer,
        "cer": rates.cer,
        "words": rates.words,
        "substitutions": rates.substitutions,
        "deletions": rates.deletions,
        "insertions": rates.insertions,
    }
