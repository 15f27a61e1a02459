"""Whole recordings: words, stretches, attention, all in one answer."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ser_platform.corpora import Corpus
from ser_platform.emotions import EMOTIONS
from ser_platform.features.audio import load
from ser_platform.features.base import SAMPLE_RATE_HZ
from ser_platform.inference.answer import Answer
from ser_platform.inference.listener import Listener
from ser_platform.inference.pieces import Question
from ser_platform.inference.predictor import Clip, Predictor

STORED = Path(__file__).with_name("formats") / "5"


def listener(kind: str, longest_s: float = 20.0) -> Listener:
    return Listener(STORED / kind, "a name", longest_s=longest_s)


@pytest.fixture(scope="module")
def question(demo: Corpus) -> Question:
    """The first utterance, with its words in time."""
    first = demo.utterances[0]
    return Question(first.id, load(first.audio), first.transcript, first.words)


@pytest.fixture(scope="module")
def long(demo: Corpus) -> Question:
    """Four utterances with a second of silence behind each."""
    silence = np.zeros(SAMPLE_RATE_HZ, np.int16)
    some = demo.utterances[:4]
    signal = np.concatenate([part for u in some for part in (load(u.audio), silence)])
    return Question("long", signal, " ".join(u.transcript for u in some))


def test_a_short_recording_is_answered_as_the_model_does(question) -> None:
    answer = listener("wise").answer(question)
    clip = Clip("x", question.signal, question.words)
    (scores,) = Predictor.load(STORED / "wise").scores([clip])
    np.testing.assert_allclose(
        [answer.probabilities[name] for name in EMOTIONS], scores.probabilities, atol=1e-6
    )
    assert answer.label == EMOTIONS[int(scores.probabilities.argmax())]
    assert answer.confidence == max(answer.probabilities.values())
    assert (answer.source, answer.timing, answer.calibrated) == ("given", "given", True)
    assert len(answer.stretches) == 1
    assert answer.duration_s == pytest.approx(len(question.signal) / SAMPLE_RATE_HZ)


def test_attention_to_words_sums_to_one(question) -> None:
    answer = listener("wise").answer(question)
    assert [w.text for w in answer.words] == [w.text for w in question.words]
    assert sum(w.attention or 0.0 for w in answer.words) == pytest.approx(1, abs=1e-5)


def test_what_each_word_listens_to_is_told_where_it_has_frames_of_its_own(question) -> None:
    answer = listener("alignment").answer(question)
    assert {w.attention for w in answer.words} == {None}
    for word in answer.words:
        assert word.listens_from_s is not None
        assert word.listens_to_s is not None
        assert 0 <= word.listens_from_s < word.listens_to_s <= answer.duration_s + 0.02


def test_a_long_one_is_the_mean_of_its_stretches_by_their_length(long) -> None:
    answer = listener("wise", longest_s=5.0).answer(long)
    assert len(answer.stretches) > 1
    lengths_s = np.array([s.end_s - s.start_s for s in answer.stretches])
    each = np.array([[s.probabilities[name] for name in EMOTIONS] for s in answer.stretches])
    mean = (lengths_s / lengths_s.sum()) @ each
    np.testing.assert_allclose([answer.probabilities[n] for n in EMOTIONS], mean, atol=1e-6)
    assert answer.transcript == long.text
    assert sum(w.attention or 0.0 for w in answer.words) == pytest.approx(1, abs=1e-5)
    starts_s = [word.start_s for word in answer.words]
    assert starts_s == sorted(starts_s)


def test_a_stretch_is_answered_as_if_it_were_alone(long) -> None:
    several = listener("wise", longest_s=5.0).answer(replace(long, text=None, words=()))
    first = several.stretches[0]
    signal = long.signal[: round(first.end_s * SAMPLE_RATE_HZ)]
    alone = listener("wise").answer(Question("alone", signal, None, ()))
    assert first.probabilities == pytest.approx(alone.probabilities, abs=1e-5)


def test_each_stretch_is_listened_to_where_nobody_says_what_was_said(long) -> None:
    answer = listener("wise", longest_s=5.0).answer(replace(long, text=None))
    assert answer.source == "recognised"
    assert answer.words[-1].start_s > answer.stretches[-1].start_s > 0
    assert "words: were recognised, and may be wrong" in answer.warnings


def test_an_answer_survives_json(question) -> None:
    answer = listener("wise").answer(question)
    assert Answer.model_validate_json(answer.model_dump_json()) == answer


def test_the_digest_of_a_model_tells_it_from_others() -> None:
    wise, alignment = listener("wise").model, listener("alignment").model
    assert wise.digest != alignment.digest
    assert wise.digest == listener("wise").model.digest
    assert (wise.name, wise.architecture) == ("a name", "wise")
