"""How an emotion sounds: an actor's habits, moved by the emotion, and by chance."""

from dataclasses import dataclass

import numpy as np

from ser_platform.corpora.demo.actors import Actor
from ser_platform.corpora.demo.speech import Delivery


@dataclass(frozen=True, slots=True)
class Manner:
    """What one emotion, fully acted, adds to an actor's habits.

    Attributes:
        rate: share of the actor's own rate.
        pitch: in espeak-ng's units.
        pitch_range: likewise.
        word_gap: in espeak-ng's units.
        gain_db: loudness.
        tilt_db: brightness: what each octave above 1 kHz gains.
        tremor: depth of a tremble in loudness, 0 to 1.
    """

    rate: float
    pitch: float
    pitch_range: float
    word_gap: float
    gain_db: float
    tilt_db: float
    tremor: float


MANNERS = {
    "ang": Manner(0.14, 5, 14, 0.0, 6.0, 2.0, 0.0),
    "hap": Manner(0.10, 16, 28, 0.0, 2.5, 0.6, 0.0),
    "neu": Manner(0.05, 0, -10, 0.0, 0.0, 0.0, 0.0),
    "sad": Manner(-0.18, -7, -14, 2.2, -5.0, -1.6, 0.3),
}
SPREAD = Manner(0.055, 4.5, 9, 0.5, 1.6, 0.6, 0.04)
"""Standard deviation of what no emotion explains, in the same units."""
STRENGTH = (0.5, 1.4)
"""How strongly an utterance is acted, drawn evenly between the two."""


@dataclass(frozen=True, slots=True)
class Performance:
    """How one sentence is to be said: what espeak-ng does, and what is done to its samples."""

    delivery: Delivery
    gain_db: float
    tilt_db: float
    tremor: float


def act(emotion: str, actor: Actor, rng: np.random.Generator) -> Performance:
    """One acted sentence; neither strength nor chance is the same twice."""
    manner, strength = MANNERS[emotion], rng.uniform(*STRENGTH)

    def draw(knob: str) -> float:
        return strength * getattr(manner, knob) + rng.normal(0, getattr(SPREAD, knob))

    return Performance(
        Delivery(
            rate=_within(actor.rate * (1 + draw("rate")), 100, 300),
            pitch=_within(actor.pitch + draw("pitch"), 0, 99),
            pitch_range=_within(actor.pitch_range + draw("pitch_range"), 0, 99),
            word_gap=_within(draw("word_gap"), 0, 6),
        ),
        gain_db=actor.gain_db + draw("gain_db"),
        tilt_db=draw("tilt_db"),
        tremor=float(np.clip(draw("tremor"), 0, 0.6)),
    )


def _within(value: float, low: int, high: int) -> int:
    return int(np.clip(round(value), low, high))
