"""What a corpus is made of. All times are seconds from the start of the utterance."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Phoneme:
    """One phoneme of an alignment, ``start_s <= end_s``."""

    symbol: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Word:
    """One word and the phonemes it is made of."""

    text: str
    start_s: float
    end_s: float
    phonemes: tuple[Phoneme, ...] = ()


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Mean ratings of how an utterance sounds, on the corpus's own scale (IEMOCAP: 1 to 5)."""

    valence: float
    activation: float
    dominance: float


@dataclass(frozen=True, slots=True)
class Utterance:
    """One annotated turn of one speaker.

    Attributes:
        id: unique in its corpus, e.g. ``Ses01F_impro01_F000``.
        audio: path of its recording.
        speaker: unique over the corpus; never on both sides of a fold.
        session: recording session (or group of speakers), from 1.
        emotion: one of :data:`ser_platform.emotions.EMOTIONS`.
        transcript: what was said, as written.
        words: the transcript in time; empty when the corpus gives no times.
        dialogue: the conversation it is from, e.g. ``Ses01F_impro01``; empty when unknown.
        scenario: what was played or read, the same wherever it recurs with other speakers, e.g.
            ``impro01`` or a fixed sentence; empty when unknown.
        style: ``scripted`` (read or learned by heart) or ``improvised``; empty when unknown.
        dimensions: ratings on continuous scales, where the corpus has them.
        votes: the categories that single raters gave, in the corpus's own words; a rater who
            gave two counts with both.
        sex: of the speaker, as the corpus says; empty when unknown.
    """

    id: str
    audio: str
    speaker: str
    session: int
    emotion: str
    transcript: str
    words: tuple[Word, ...] = ()
    dialogue: str = ""
    scenario: str = ""
    style: Literal["scripted", "improvised", ""] = ""
    dimensions: Dimensions | None = None
    votes: tuple[str, ...] = ()
    sex: Literal["F", "M", ""] = ""
