"""espeak-ng itself: times, voices, sameness."""

import sys

import numpy as np
import pytest

from ser_platform.corpora.demo.actors import ACTORS
from ser_platform.corpora.demo.arpabet import SYMBOLS, arpabet
from ser_platform.corpora.demo.lines import read_lines
from ser_platform.corpora.demo.speech import SAMPLE_RATE_HZ, Delivery, Spoken, Synthesiser
from ser_platform.errors import CorpusError

PLAIN = Delivery(rate=170, pitch=50, pitch_range=50, word_gap=0)


@pytest.fixture(scope="module")
def espeak() -> Synthesiser:
    return Synthesiser(seed=0)


def loudness(spoken: Spoken, start: int, end: int) -> float:
    return float(np.sqrt(np.mean(spoken.samples[start:end].astype(float) ** 2)))


@pytest.mark.parametrize("voice", [actor.voice for actor in ACTORS.values()])
def test_every_word_of_every_line_is_found_in_every_voice(
    espeak: Synthesiser, voice: str, rng: np.random.Generator
) -> None:
    lines = read_lines()
    texts = [text for topic in lines.topics.values() for own in topic.values() for text in own]
    for text in rng.choice([*texts, *lines.shared], 25, replace=False):
        spoken = espeak.say(str(text), voice, PLAIN)
        assert [word.text for word in spoken.words] == text.split()
        times = [t for w in spoken.words for t in (*(start for _, start in w.phones), w.end)]
        assert times == sorted(times), text
        assert times[-1] <= len(spoken.samples)
        assert {arpabet(name) for w in spoken.words for name, _ in w.phones} <= SYMBOLS


def test_words_that_espeak_runs_together_are_told_apart(espeak: Synthesiser) -> None:
    spoken = espeak.say("He was in the house for a while.", "en-us+m3", PLAIN)
    assert all(word.end - word.start > 0.03 * SAMPLE_RATE_HZ for word in spoken.words)


def test_the_pause_after_a_comma_belongs_to_no_word_and_is_silent(espeak: Synthesiser) -> None:
    spoken = espeak.say("Sit down, please.", "en-us+m3", PLAIN)
    down, please = spoken.words[1:]
    assert please.start - down.end > 0.1 * SAMPLE_RATE_HZ
    assert loudness(spoken, down.end, please.start) < 0.01 * loudness(spoken, down.start, down.end)


def test_a_new_synthesiser_with_the_same_seed_says_the_same() -> None:
    # f5 breathes (random numbers), m1 flutters (a state that is never reset), f2 has an echo.
    def samples(seed: int) -> list[bytes]:
        espeak = Synthesiser(seed)
        voices = ("en-us+f5", "en-us+m1", "en-us+f2", "en-us+f5")
        return [espeak.say("Come here.", voice, PLAIN).samples.tobytes() for voice in voices]

    assert samples(1) == samples(1)
    assert samples(1)[0] != samples(2)[0]


def test_nothing_clips_at_the_widest_delivery(espeak: Synthesiser) -> None:
    excited = Delivery(rate=250, pitch=95, pitch_range=99, word_gap=0)
    for actor in ACTORS.values():
        spoken = espeak.say("They found it! That is amazing!", actor.voice, excited)
        assert np.abs(spoken.samples.astype(int)).max() < 32767


def test_an_unknown_voice_is_named(espeak: Synthesiser) -> None:
    with pytest.raises(CorpusError) as caught:
        espeak.say("Hello there.", "en-gb", PLAIN)
    assert str(caught.value) == f"espeak-ng {espeak.version} has no voice 'en-gb'"


def test_without_espeak_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    with pytest.raises(CorpusError) as caught:
        Synthesiser(seed=0)
    assert str(caught.value) == (
        "the demo corpus is spoken by espeak-ng, and espeakng-loader is not installed: "
        "pip install 'ser-platform[demo]'"
    )
