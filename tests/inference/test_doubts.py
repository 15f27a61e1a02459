"""What is to be known before an answer is believed."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_platform.features.base import SAMPLE_RATE_HZ
from ser_platform.inference import doubts
from ser_platform.inference.hearing import Hearing
from ser_platform.inference.predictor import Predictor
from ser_platform.utterance import Word

STORED = Path(__file__).with_name("formats") / "5" / "wise"
TONE = (8000 * np.sin(np.arange(SAMPLE_RATE_HZ) / 20)).astype(np.int16)


@pytest.fixture
def predictor() -> Predictor:
    return Predictor.load(STORED)


def changed(predictor: Predictor, **changes: object) -> Predictor:
    return replace(predictor, saved=replace(predictor.saved, **changes))


def test_a_model_that_is_well_made_raises_none(predictor: Predictor) -> None:
    assert list(doubts.of_model(predictor)) == []


def test_synthetic_training_data_and_missing_calibration_are_said(predictor: Predictor) -> None:
    assert list(doubts.of_model(changed(predictor, about={"synthetic": True}))) == [
        "the model was trained on synthetic speech: it knows nothing about people"
    ]
    assert list(doubts.of_model(changed(predictor, temperatures=()))) == [
        "probabilities are as the networks give them: nothing calibrated this model"
    ]


def test_another_front_end_than_the_training_had_is_named(predictor: Predictor) -> None:
    then = {**predictor.saved.front_end, "features": {"kind": "mfcc39", "opensmile": "2.0"}}
    (said,) = doubts.of_model(changed(predictor, front_end=then))
    assert said.startswith("this machine computes features with other software")


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda tone: tone, []),
        (lambda tone: tone[:4000], ["very short: 0.25 s; less than 0.5 s says little"]),
        (lambda tone: tone // 100, ["very quiet: its loudest sample is 0.24% of full scale"]),
        (
            lambda tone: np.clip(tone.astype(int) * 8, -(2**15), 2**15 - 1).astype(np.int16),
            ["clipped: 66.7% of the samples are at full scale"],
        ),
    ],
    ids=["well", "short", "quiet", "clipped"],
)
def test_what_is_wrong_with_a_sound(spoil: Callable, said: list[str]) -> None:
    found = list(doubts.of_sound(spoil(TONE)))
    assert [f.split(":")[0] for f in found] == [s.split(":")[0] for s in said]
    if said and "clipped" not in said[0]:
        assert found == said


def hearing(*texts: str, **changes: object) -> Hearing:
    words = tuple(Word(text, 0.0, 0.1) for text in texts)
    return replace(Hearing(" ".join(texts), words, "given", "aligned"), **changes)


@pytest.mark.parametrize(
    ("heard", "said"),
    [
        (hearing("well", "then", "well", "well", "oh"), []),
        (
            hearing("well", "oh", "ah"),
            ["2 of 3 words are unknown to the model: oh, ah"],
        ),
        (hearing(source="none"), ["no words are given, and the network reads them"]),
        (
            hearing("well", source="recognised"),
            ["words: were recognised, and may be wrong"],
        ),
        (hearing(source="recognised"), ["words: none were recognised"]),
        (hearing("well", warnings=("spread",)), ["spread"]),
    ],
)
def test_what_is_wrong_with_words(heard: Hearing, said: list[str]) -> None:
    assert list(doubts.of_words(heard, {"well", "then"}, reads_words=True)) == said


def test_unknown_words_do_not_matter_to_a_network_that_reads_none() -> None:
    assert list(doubts.of_words(hearing("oh"), (), reads_words=False)) == []
