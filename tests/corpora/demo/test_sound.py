"""What is done to the synthesiser's samples."""

import numpy as np
import pytest

from ser_platform.corpora.demo import sound
from ser_platform.corpora.demo.acting import Performance
from ser_platform.corpora.demo.speech import Delivery

SAID = Delivery(rate=170, pitch=50, pitch_range=50, word_gap=0)


def performance(**wanted: float) -> Performance:
    return Performance(SAID, **{"gain_db": 0.0, "tilt_db": 0.0, "tremor": 0.0, **wanted})


def hiss(seconds: float, rng: np.random.Generator) -> np.ndarray:
    return np.rint(rng.normal(0, 3000, int(seconds * 22050))).astype(np.int16)


def rms(samples: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=float))))


def test_gain_is_in_decibels(rng: np.random.Generator) -> None:
    samples = hiss(1, rng)
    plain, louder = (sound.voiced(samples, performance(gain_db=g)) for g in (0, 6))
    assert 20 * np.log10(rms(louder) / rms(plain)) == pytest.approx(6)


def test_tilt_makes_a_voice_brighter_but_not_louder(rng: np.random.Generator) -> None:
    samples = hiss(1, rng)
    plain, bright = (sound.voiced(samples, performance(tilt_db=t)) for t in (0, 3))
    assert rms(bright) == pytest.approx(rms(plain))
    assert rms(np.diff(bright)) > 1.1 * rms(np.diff(plain))


@pytest.mark.parametrize("seed", range(12))
def test_a_sentence_starts_where_it_is_said_to_start(seed: int) -> None:
    # Whatever is drawn: clean, a room, or noise behind.
    rng = np.random.default_rng(seed)
    speech = sound.voiced(hiss(1, rng), performance())
    samples, start_s = sound.recorded(speech, rng)
    start = round(start_s * sound.SAMPLE_RATE_HZ)
    assert rms(samples[start : start + 800]) > 1.5 * rms(samples[:start])
    assert len(samples) > start + len(speech)


def test_a_shout_is_scaled_rather_than_clipped(rng: np.random.Generator) -> None:
    speech = sound.voiced(hiss(1, rng), performance(gain_db=30))
    samples, _ = sound.recorded(speech, rng)
    assert np.abs(samples.astype(int)).max() == round(0.99 * 32767)
