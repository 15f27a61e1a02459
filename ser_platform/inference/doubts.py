"""What whoever reads an answer should know before believing it."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from ser_platform.config.signature import canonical_json
from ser_platform.corpora.problems import listed
from ser_platform.features.base import SAMPLE_RATE_HZ, Signal
from ser_platform.inference.hearing import Hearing
from ser_platform.inference.predictor import Predictor
from ser_platform.utterance import Word

_SHORT_S = 0.5
_FULL_SCALE = 2**15 - 1
_MUCH_CLIPPED = 0.001
"""Of the samples."""
_QUIET = 0.01
"""Of full scale, the loudest sample."""
_MANY_UNKNOWN = 0.2
"""Of the words."""


def of_model(predictor: Predictor) -> Iterator[str]:
    """About every answer of a model."""
    saved = predictor.saved
    if saved.about.get("synthetic"):
        yield "the model was trained on synthetic speech: it knows nothing about people"
    if not saved.temperatures:
        yield "probabilities are as the networks give them: nothing calibrated this model"
    here, there = predictor.front_end, saved.front_end
    if other := [part for part in there if _differ(there[part], here.get(part))]:
        yield (
            f"this machine computes {' and '.join(other)} with other software or settings than "
            "the training did; answers may differ"
        )


def of_sound(signal: Signal) -> Iterator[str]:
    """About a recording."""
    duration_s = len(signal) / SAMPLE_RATE_HZ
    if duration_s < _SHORT_S:
        yield f"very short: {duration_s:.2f} s; less than {_SHORT_S:g} s says little"
    loudest = np.abs(signal.astype(np.int32))
    if (share := float(np.mean(loudest >= _FULL_SCALE))) > _MUCH_CLIPPED:
        yield f"clipped: {share:.1%} of the samples are at full scale"
    if (peak := loudest.max(initial=0) / _FULL_SCALE) < _QUIET:
        yield f"very quiet: its loudest sample is {peak:.2%} of full scale"


def of_words(hearing: Hearing, known: Collection[str], *, reads_words: bool) -> Iterator[str]:
    """About the words of a recording.

    Args:
        hearing: its words.
        known: those that the model has vectors of.
        reads_words: whether they reach the network.
    """
    if hearing.source == "recognised":
        said = "were recognised, and may be wrong" if hearing.words else "none were recognised"
        yield f"words: {said}"
    elif reads_words and not hearing.words:
        yield "no words are given, and the network reads them"
    yield from hearing.warnings
    unknown = _unknown(hearing.words, known) if reads_words else []
    if len(unknown) > _MANY_UNKNOWN * len(hearing.words):
        yield (
            f"{len(unknown)} of {len(hearing.words)} words are unknown to the model: "
            f"{listed(dict.fromkeys(unknown), most=5)}"
        )


def _unknown(words: Sequence[Word], known: Collection[str]) -> list[str]:
    return [word.text for word in words if word.text not in known]


def _differ(one: object, other: object) -> bool:
    """As JSON has them: a model's come from a file."""
    return canonical_json(one) != canonical_json(other)
