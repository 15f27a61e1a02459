"""Folds of utterances that are known by construction."""

from collections.abc import Callable
from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from ser_platform.audit.given import Given
from ser_platform.config.corpus import SplitConfig
from ser_platform.corpora.base import Corpus
from ser_platform.corpora.folds import make_folds
from ser_platform.corpora.sound import Sound
from ser_platform.emotions import EMOTIONS
from ser_platform.utterance import Utterance

SCENARIOS = tuple(f"s{i}" for i in range(4))
Change = Callable[[Utterance], Utterance]


def utterances(change: Change = lambda u: u) -> list[Utterance]:
    """Four sessions of two speakers: each says a sentence of its own per scenario and class."""
    return [
        change(
            Utterance(
                id=f"{session}{sex}_{scenario}_{emotion}",
                audio="",
                speaker=f"{session}{sex}",
                session=session,
                emotion=emotion,
                transcript=f"{session}{sex} alone said {scenario}{emotion}{session}{sex}",
                dialogue=f"{session}_{scenario}",
                scenario=scenario,
                style="scripted" if scenario in SCENARIOS[:2] else "improvised",
            )
        )
        for session, sex, scenario, emotion in product(range(1, 5), "FM", SCENARIOS, EMOTIONS)
    ]


def given_of(own: list[Utterance], sounds: dict[str, Sound] | None = None, **split: Any) -> Given:
    """Audited material; recordings of one second at -20 dB unless told otherwise."""
    config = SplitConfig.model_validate(split)
    made = {u.id: Sound(1.0, -20.0, u.id) for u in own} | (sounds or {})
    corpus = Corpus("built", tuple(own), synthetic=False, notes=())
    return Given(corpus, make_folds(own, config), made, config.scenarios is not None)


@pytest.fixture
def scenario_tells() -> list[Utterance]:
    """Each scenario has one class only."""
    emotions = dict(zip(SCENARIOS, EMOTIONS, strict=True))
    return utterances(lambda u: replace(u, emotion=emotions[u.scenario]))
