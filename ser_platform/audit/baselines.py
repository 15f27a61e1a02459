"""What each baseline scores over all folds."""

from dataclasses import dataclass

import numpy as np

from ser_platform.audit import guessers
from ser_platform.audit.given import Given, of_style
from ser_platform.audit.guessers import Guesser
from ser_platform.emotions import EMOTIONS
from ser_platform.metrics import confusion, unweighted_accuracy, weighted_accuracy
from ser_platform.utterance import Utterance

BASELINES: dict[str, tuple[str, Guesser]] = {
    "majority": ("majority class", guessers.majority),
    "speaker": ("speaker alone", guessers.by_speaker),
    "shuffled": ("words, shuffled labels", guessers.by_shuffled_text),
    "duration": ("duration alone", guessers.by_duration),
    "loudness": ("loudness alone", guessers.by_loudness),
    "scenario": ("scenario alone", guessers.by_scenario),
    "text": ("words: TF-IDF + SVM", guessers.by_text),
}


@dataclass(frozen=True)
class Score:
    """Pooled over folds."""

    utterances: int
    wa: float
    ua: float


@dataclass(frozen=True)
class Baseline:
    """One baseline: its name, and its scores by style."""

    kind: str
    title: str
    scores: dict[str, Score]


def baselines(given: Given, seed: int) -> list[Baseline]:
    """All that the corpus has the means for; test sides are only scored."""
    known = {
        "scenario": all(u.scenario for u in given.corpus.utterances),
        "text": any(given.texts.values()),
        "shuffled": any(given.texts.values()),
    }
    return [
        Baseline(kind, title, _scores(given, _guesses(given, guesser, seed)))
        for kind, (title, guesser) in BASELINES.items()
        if known.get(kind, True)
    ]


def _guesses(given: Given, guesser: Guesser, seed: int) -> list[tuple[Utterance, str]]:
    guesses: list[tuple[Utterance, str]] = []
    for sides in given.sides:
        guess = guesser(given, sides.train, seed)
        guesses += zip(sides.test, guess(sides.test), strict=True)
    return guesses


def _scores(given: Given, guesses: list[tuple[Utterance, str]]) -> dict[str, Score]:
    scores: dict[str, Score] = {}
    for style in given.styles:
        own = [(u.emotion, guess) for u, guess in guesses if of_style(u, style)]
        true, guessed = (
            np.array([EMOTIONS.index(e) for e in side]) for side in zip(*own, strict=True)
        )
        matrix = confusion(true, guessed, len(EMOTIONS))
        scores[style] = Score(len(own), weighted_accuracy(matrix), unweighted_accuracy(matrix))
    return scores
