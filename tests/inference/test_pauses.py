"""Long recordings are cut where nobody speaks."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_platform.features.base import SAMPLE_RATE_HZ, Signal
from ser_platform.inference import SHORTEST_STRETCH_S
from ser_platform.inference.pauses import cuts, words_between
from ser_platform.utterance import Phoneme, Word


def speech(*parts: tuple[float, float]) -> Signal:
    """Noise and silence in turn: ``(noise_s, silence_s)`` for each."""
    rng = np.random.default_rng(5)
    pieces = []
    for loud_s, quiet_s in parts:
        for length_s, scale in ((loud_s, 3000), (quiet_s, 3)):
            pieces.append(rng.normal(scale=scale, size=round(length_s * SAMPLE_RATE_HZ)))
    return np.concatenate(pieces).astype(np.int16)


def seconds(spans: list[tuple[int, int]]) -> list[tuple[float, float]]:
    return [(first / SAMPLE_RATE_HZ, behind / SAMPLE_RATE_HZ) for first, behind in spans]


def test_what_is_short_enough_stays_whole() -> None:
    signal = speech((2, 1), (2, 1))
    assert cuts(signal, 6.0) == [(0, len(signal))]


def test_it_is_cut_in_the_middle_of_the_longest_pause_of_the_second_half() -> None:
    signal = speech((3.0, 0.4), (3.0, 1.0), (2.0, 0.3), (5.0, 0.0))
    first, *_ = seconds(cuts(signal, 10.0))
    assert first == (0.0, pytest.approx(6.9, abs=0.02))


def test_where_nobody_pauses_the_quietest_moment_is_taken() -> None:
    signal = speech((12.0, 0.0))
    signal[7 * SAMPLE_RATE_HZ :][:160] //= 3  # 10 ms, too short for a pause
    assert seconds(cuts(signal, 10.0))[0][1] == pytest.approx(7.0, abs=0.011)


def test_no_cut_goes_through_a_word() -> None:
    signal = speech((3.0, 1.0), (3.0, 1.0), (3.0, 0.0))
    word = Word("well", 6.5, 7.9)  # over the pause that would be taken
    assert not any(6.5 < end_s < 7.9 for _, end_s in seconds(cuts(signal, 10.0, [word])))


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.tuples(st.floats(0.05, 4), st.floats(0, 1)), min_size=1, max_size=8),
    st.floats(SHORTEST_STRETCH_S, 5),
)
def test_stretches_are_all_of_it_and_none_is_too_long(parts, longest_s: float) -> None:
    signal = speech(*parts)
    spans = cuts(signal, longest_s)
    assert spans[0][0] == 0
    assert spans[-1][1] == len(signal)
    assert all(behind == first for (_, behind), (first, _) in pairwise(spans))
    assert all(behind - first >= 0.49 * SAMPLE_RATE_HZ for first, behind in spans[1:])
    assert all(end_s - start_s <= longest_s + 0.02 for start_s, end_s in seconds(spans))


def test_silence_is_cut_too() -> None:
    assert len(cuts(np.zeros(25 * SAMPLE_RATE_HZ, np.int16), 10.0)) == 3


def test_words_go_with_the_stretch_that_has_their_middle() -> None:
    words = (
        Word("one", 0.2, 0.6, (Phoneme("W", 0.2, 0.6),)),
        Word("two", 0.9, 1.3, (Phoneme("T", 0.9, 1.3),)),
    )
    assert [w.text for w in words_between(words, 0.0, 1.0)] == ["one"]
    (second,) = words_between(words, 1.0, 2.0)
    assert (second.text, second.start_s, second.end_s) == ("two", 0.0, pytest.approx(0.3))
    assert second.phonemes[0].start_s == 0.0
