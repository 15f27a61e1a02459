"""openSMILE's statistics against what is known of a tone."""

import numpy as np
import pytest

from ser_platform.config.inputs import Prosody35Config
from ser_platform.features.base import Signal
from ser_platform.features.prosody import Prosody35
from tests.features.signals import RATE, chirp, noise, silence

PITCH, SEMITONES, VOICING, HARMONICITY, LOUDNESS = range(5)
DEVIATION, MEAN, SLOPE, CENTROID, TENTH, NINETIETH, RANGE = range(7)


def values(signal: Signal) -> np.ndarray:
    """``[descriptors, statistics]``"""
    return Prosody35(Prosody35Config())(signal).reshape(5, 7)


def test_a_steady_tone_has_its_pitch_in_hertz_and_in_semitones_above_27_5_hz() -> None:
    found = values(chirp(RATE, 200, 200))
    assert found[PITCH, MEAN] == pytest.approx(200, rel=0.01)
    assert found[SEMITONES, MEAN] == pytest.approx(12 * np.log2(200 / 27.5), rel=0.01)
    assert found[PITCH, DEVIATION] < 1
    assert found[VOICING, MEAN] > 0.7
    assert found[HARMONICITY, MEAN] > 10


def test_the_statistics_of_a_rising_tone_are_those_of_a_straight_line() -> None:
    found = values(chirp(2 * RATE, 100, 300))[PITCH]
    assert found[MEAN] == pytest.approx(200, rel=0.03)
    assert found[SLOPE] == pytest.approx(1.0, rel=0.05)  # 200 Hz over 200 frames
    assert found[DEVIATION] == pytest.approx(200 / np.sqrt(12), rel=0.1)
    assert found[TENTH] == pytest.approx(120, rel=0.05)
    assert found[NINETIETH] == pytest.approx(280, rel=0.05)
    assert found[RANGE] == pytest.approx(found[NINETIETH] - found[TENTH], rel=1e-5)
    assert 0.5 < found[CENTROID] < 0.6  # the higher half weighs more


def test_loudness_is_of_all_frames_and_pitch_of_the_voiced_ones() -> None:
    tone = chirp(RATE, 200, 200)
    alone, with_silence = values(tone), values(np.concatenate([tone, silence(RATE)]))
    assert with_silence[PITCH, MEAN] == pytest.approx(alone[PITCH, MEAN], rel=0.01)
    assert with_silence[LOUDNESS, MEAN] == pytest.approx(alone[LOUDNESS, MEAN] / 2, rel=0.02)


@pytest.mark.parametrize("signal", [silence(RATE), noise(RATE)], ids=["silence", "noise"])
def test_without_a_voiced_frame_pitch_and_harmonicity_are_0(signal: Signal) -> None:
    found = values(signal)
    assert not found[[PITCH, SEMITONES, HARMONICITY]].any()
    assert found[LOUDNESS, MEAN] > 0


def test_louder_is_louder_by_the_compression_of_hearing() -> None:
    loud, faint = values(noise(RATE, peak=16_000)), values(noise(RATE, peak=4_000))
    ratio = loud[LOUDNESS, MEAN] / faint[LOUDNESS, MEAN]
    assert ratio == pytest.approx(16**0.33, rel=0.01)  # power is 16 times as much
