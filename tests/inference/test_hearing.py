"""Words of a recording: given, put in time, or recognised, by real engines."""

import pytest

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.config.model.base import NetworkConfig
from ser_platform.config.model.cnn_lstm import CnnLstmConfig
from ser_platform.config.model.dual_rnn import DualRnnConfig
from ser_platform.config.model.wise import WiseConfig
from ser_platform.config.recognition import PocketsphinxConfig, Times
from ser_platform.corpora import Corpus
from ser_platform.corpora.words import clean_words
from ser_platform.errors import EngineError
from ser_platform.features.audio import load
from ser_platform.features.base import Signal
from ser_platform.inference.hearing import SILENT, Ear, Hearing
from ser_platform.transcripts.alignment import pocketsphinx
from ser_platform.utterance import Word


@pytest.fixture(scope="module")
def signal(demo: Corpus) -> Signal:
    return load(demo.utterances[0].audio)


@pytest.fixture(scope="module")
def said(demo: Corpus) -> str:
    return demo.utterances[0].transcript


def ear(model: NetworkConfig, lowest_score: float = -4.0, times: Times = "align") -> Ear:
    recogniser = PocketsphinxConfig(times=times)
    return Ear(model, recogniser, AlignmentConfig(lowest_score=lowest_score))


def texts(hearing: Hearing) -> list[str]:
    return [word.text for word in hearing.words]


def test_words_that_are_given_in_time_are_taken_as_they_are(signal) -> None:
    words = (Word("well", 0.1, 0.4), Word("then", 0.4, 0.7))
    found = ear(WiseConfig()).words(signal, None, words)
    assert found == Hearing("well then", words, "given", "given")


def test_a_text_is_put_in_time(signal, said, demo) -> None:
    found = ear(WiseConfig()).words(signal, said, None)
    assert (found.text, found.source, found.timing) == (said, "given", "aligned")
    assert texts(found) == clean_words(said)
    known = demo.utterances[0].words
    assert all(abs(a.start_s - b.start_s) < 0.15 for a, b in zip(found.words, known, strict=True))
    assert all(word.phonemes for word in found.words)


def test_a_text_that_is_not_found_is_spread_and_said_so(signal, said) -> None:
    found = ear(WiseConfig(), lowest_score=0.0).words(signal, said, None)
    assert found.timing == "spread"
    assert texts(found) == clean_words(said)
    (warning,) = found.warnings
    assert warning.startswith("when its words were said is not known (its score -")
    assert warning.endswith("spread evenly")


def test_nobody_is_warned_of_times_that_the_network_does_not_read(signal, said) -> None:
    found = ear(DualRnnConfig(), lowest_score=0.0).words(signal, said, None)
    assert (found.timing, found.warnings) == ("spread", ())


def test_without_a_text_the_recogniser_is_asked_and_its_words_put_in_time(signal) -> None:
    found = ear(WiseConfig()).words(signal, None, None)
    assert found.source == "recognised"
    assert found.timing in ("aligned", "spread")
    assert texts(found) == clean_words(found.text)
    own = ear(WiseConfig(), times="engine").words(signal, None, None)
    assert (own.text, own.timing) == (found.text, "recognised")


def test_a_network_that_reads_no_words_is_not_kept_waiting_for_them(signal) -> None:
    assert ear(CnnLstmConfig()).words(signal, None, None) is SILENT


def test_a_text_without_words_is_none(signal) -> None:
    assert ear(WiseConfig()).words(signal, " ... ", None) == Hearing(" ... ", (), "given", "none")


def test_an_aligner_that_is_not_there_only_hinders_a_network_that_reads_times(
    signal, said, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> None:
        raise EngineError("pocketsphinx is not installed: pip install 'ser-platform[speech]'")

    monkeypatch.setattr(pocketsphinx.PocketsphinxAligner, "__init__", missing)
    with pytest.raises(EngineError, match="not installed"):
        ear(WiseConfig()).words(signal, said, None)
    found = ear(DualRnnConfig()).words(signal, said, None)
    assert (texts(found), found.timing) == (clean_words(said), "none")
