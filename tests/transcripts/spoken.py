"""Utterances written in a line: words of a tenth of a second, a phoneme for each letter."""

from ser_platform.corpora.base import Corpus
from ser_platform.utterance import Phoneme, Utterance, Word

STEP_S = 0.1


def word(text: str, start_s: float, end_s: float) -> Word:
    step_s = (end_s - start_s) / len(text)
    phonemes = tuple(
        Phoneme(letter.upper(), start_s + i * step_s, start_s + (i + 1) * step_s)
        for i, letter in enumerate(text)
    )
    return Word(text, start_s, end_s, phonemes)


def utterance(
    id_: str, text: str, emotion: str = "neu", speaker: str = "s", session: int = 1
) -> Utterance:
    words = tuple(word(t, i * STEP_S, (i + 1) * STEP_S) for i, t in enumerate(text.split()))
    return Utterance(id_, f"{id_}.wav", speaker, session, emotion, text, words)


def corpus(*utterances: Utterance) -> Corpus:
    return Corpus("mine", utterances, synthetic=False, notes=())
