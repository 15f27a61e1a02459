"""The corpus before it sounds: conversations of labelled turns."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Turn:
    """One utterance to be spoken.

    Attributes:
        utterance: its id, e.g. ``Ses01F_impro01_F000``.
        session: 1 to 5.
        sex: F or M, of the speaker.
        emotion: how it is acted.
        code: the label that is written, one of IEMOCAP's.
        text: what is said.
    """

    utterance: str
    session: int
    sex: str
    emotion: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One conversation, named as IEMOCAP names them."""

    name: str
    session: int
    turns: tuple[Turn, ...]
