"""Real pocketsphinx on utterances whose times are known."""

import numpy as np
import pytest

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.corpora import Corpus
from ser_platform.corpora.demo.arpabet import SYMBOLS
from ser_platform.corpora.words import clean_words
from ser_platform.errors import EngineError
from ser_platform.features import audio
from ser_platform.features.base import Signal
from ser_platform.transcripts.alignment.pronounce import Pronouncer
from ser_platform.transcripts.engines import make_engine
from ser_platform.transcripts.engines.base import Engine, Result


@pytest.fixture(scope="module")
def aligner() -> Engine:
    return make_engine(AlignmentConfig())


@pytest.fixture(scope="module")
def signals(demo: Corpus) -> list[Signal]:
    return [audio.load(u.audio) for u in demo.utterances[:6]]


def said(demo: Corpus, i: int) -> tuple[str, ...]:
    return tuple(clean_words(demo.utterances[i].transcript))


@pytest.fixture(scope="module")
def results(aligner: Engine, demo: Corpus, signals: list[Signal]) -> list[Result]:
    return [aligner(signal, said(demo, i)) for i, signal in enumerate(signals)]


def test_words_are_found_where_they_were_said(demo, results) -> None:
    errors_s = [
        error
        for u, result in zip(demo.utterances, results, strict=False)
        for word, (text, start_s, end_s, _) in zip(u.words, result["words"], strict=True)
        for error in (abs(word.start_s - start_s), abs(word.end_s - end_s))
        if word.text == text
    ]
    assert len(errors_s) == 2 * sum(len(u.words) for u in demo.utterances[:6])
    assert np.median(errors_s) < 0.03


def test_phonemes_fill_their_word_in_arpabet_without_silence(results) -> None:
    for result in results:
        for _, start_s, end_s, phonemes in result["words"]:
            assert {symbol for symbol, _, _ in phonemes} <= SYMBOLS
            edges = [start_s, *(end for _, _, end in phonemes)]
            assert [start for _, start, _ in phonemes] == edges[:-1]
            assert edges[-1] == end_s


def test_the_same_recording_gives_the_same_times_whatever_came_before(aligner, demo) -> None:
    """Twelve, because a front end that is not started anew changes only about half of them."""
    every = {i: audio.load(demo.utterances[i].audio) for i in range(12)}
    forward = {i: aligner(signal, said(demo, i)) for i, signal in every.items()}
    backward = {i: aligner(every[i], said(demo, i)) for i in reversed(every)}
    alone = {i: make_engine(AlignmentConfig())(every[i], said(demo, i)) for i in every}
    assert forward == backward == alone


def test_a_quiet_recording_is_aligned_like_a_loud_one(aligner, demo, signals, results) -> None:
    quiet = (signals[0] // 32).astype(np.int16)
    result = aligner(quiet, tuple(clean_words(demo.utterances[0].transcript)))
    for found, expected in zip(result["words"], results[0]["words"], strict=True):
        assert found[1:3] == pytest.approx(expected[1:3], abs=0.05)


def test_a_wrong_transcript_is_aligned_but_scores_low(aligner, demo, signals, results) -> None:
    wrong = aligner(signals[0], ("nobody", "brought", "the", "yellow", "kitchen", "chairs"))
    assert "reason" in wrong or wrong["score"] < AlignmentConfig().lowest_score
    assert results[0]["score"] > AlignmentConfig().lowest_score


@pytest.mark.parametrize(
    ("word", "sounds"),
    [
        ("zorblax", ["Z", "AO", "R", "B", "L", "AE", "K", "S"]),
        ("forty-two", ["F", "AO", "R", "T", "IY", "T", "UW"]),
        ("don\u2019t", ["D", "OW", "N", "T"]),
        ("20", ["T", "W", "EH", "N", "T", "IY"]),
    ],
)
def test_a_word_that_the_dictionary_lacks_is_sounded_out(aligner, signals, word, sounds) -> None:
    result = aligner(signals[0], (word,))
    assert [(text, [p[0] for p in inner]) for text, _, _, inner in result["words"]] == [
        (word, sounds)
    ]


def test_a_word_of_another_language_is_a_reason(aligner, signals) -> None:
    reason = aligner(signals[0], ("\u0928\u092e",))["reason"]
    assert "', and espeak-ng says it with sounds that are not English: " in reason


def test_an_unknown_word_without_espeak_is_a_reason(signals, monkeypatch) -> None:
    monkeypatch.setattr(Pronouncer, "version", "")
    bare = make_engine(AlignmentConfig())
    assert bare(signals[0], ("well", "zorblax")) == {
        "reason": "the dictionary lacks 'zorblax', and espeakng-loader, which knows how words "
        "sound, is not installed: pip install 'ser-platform[demo]'"
    }
    assert bare.identity() != make_engine(AlignmentConfig(beam=1e-90)).identity()


def test_silence_and_noise_are_reasons(aligner, rng) -> None:
    nothing = np.zeros(16_000, np.int16)
    assert aligner(nothing, ("a",)) == {"reason": "its recording is silent: all samples are zero"}
    noise = rng.normal(0, 100, 16_000).astype(np.int16)
    found = aligner(noise, ("hello", "world"))
    assert "reason" in found or found["score"] < AlignmentConfig().lowest_score


def test_more_words_than_a_recording_has_room_for_are_a_reason(aligner, signals) -> None:
    reason = aligner(signals[0][:4_000], ("characteristically",) * 9)["reason"]
    assert reason.startswith("its words were not found in the recording")


def test_what_is_not_installed_is_said_with_the_command_that_installs_it(monkeypatch) -> None:
    from importlib import metadata

    def absent(name: str) -> str:
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(metadata, "version", absent)
    with pytest.raises(
        EngineError,
        match=r"^pocketsphinx is not installed: pip install 'ser-platform\[speech\]'$",
    ):
        make_engine(AlignmentConfig()).identity()
