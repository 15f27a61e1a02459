"""From the synthesiser's samples to a recording: voice, silence around it, room, noise."""

import numpy as np
import soxr

from ser_platform.corpora.demo.acting import Performance
from ser_platform.corpora.demo.speech import SAMPLE_RATE_HZ as SPOKEN_HZ

SAMPLE_RATE_HZ = 16000
LEVEL = 0.25
"""Of a sentence said with a gain of 0 dB, against what espeak-ng gives."""
LEAD_S, TAIL_S = (0.15, 0.45), (0.25, 0.6)
"""Silence before and after, drawn evenly."""
FLOOR_DB = -66.0
"""Noise of the microphone, against full scale."""
REVERBERANT, NOISY = 0.35, 0.35
"""Share of utterances in a hard room, and with something going on behind; the rest is clean."""
DECAY_S = (0.2, 0.6)
"""Until reverberation has fallen by 60 dB."""
WET_DB = (-14.0, -4.0)
"""Energy of the reverberation against the direct sound."""
SNR_DB = (6.0, 28.0)
"""Energy of the speech against the background."""


def voiced(samples: np.ndarray, performance: Performance) -> np.ndarray:
    """The sentence at 16 kHz with the performance's loudness, brightness and tremble."""
    speech = soxr.resample(samples / 32768, SPOKEN_HZ, SAMPLE_RATE_HZ)
    speech = _tilted(speech, performance.tilt_db)
    time_s = np.arange(len(speech)) / SAMPLE_RATE_HZ
    tremble = 1 + performance.tremor * np.sin(2 * np.pi * 5.5 * time_s)
    return LEVEL * _ratio(performance.gain_db) * tremble * speech


def recorded(speech: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, float]:
    """A recording as int16, and the second at which the sentence starts in it."""
    lead, tail = (round(rng.uniform(*span) * SAMPLE_RATE_HZ) for span in (LEAD_S, TAIL_S))
    sound = np.concatenate([np.zeros(lead), speech, np.zeros(tail)])
    surroundings = rng.uniform()
    if surroundings < REVERBERANT:
        sound = _in_a_room(sound, rng)
    elif surroundings < REVERBERANT + NOISY:
        snr_db = rng.uniform(*SNR_DB)
        sound = sound + _pink(len(sound), rng) * _rms(speech) * _ratio(-snr_db)
    sound = sound + rng.normal(0, _ratio(FLOOR_DB), len(sound))
    sound /= max(1.0, np.abs(sound).max() / 0.99)
    return np.rint(sound * 32767).astype(np.int16), lead / SAMPLE_RATE_HZ


def _tilted(speech: np.ndarray, tilt_db: float) -> np.ndarray:
    """The same sentence, brighter or duller, as loud as before."""
    length = _fast_length(len(speech))
    octaves = np.log2(_frequencies_hz(length).clip(200, 6000) / 1000)
    spectrum = np.fft.rfft(speech, length) * _ratio(tilt_db * octaves)
    tilted = np.fft.irfft(spectrum, length)[: len(speech)]
    return tilted * (_rms(speech) / _rms(tilted))


def _in_a_room(sound: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """With a tail of decaying noise after every sample; the direct sound stays in its place."""
    decay_s = rng.uniform(*DECAY_S)
    time_s = np.arange(1, round(decay_s * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tail = rng.normal(size=len(time_s)) * _ratio(-60 * time_s / decay_s)
    tail *= _ratio(rng.uniform(*WET_DB)) / np.sqrt(np.sum(tail**2))
    response = np.concatenate([[1.0], tail])
    length = _fast_length(len(sound) + len(response))
    spectrum = np.fft.rfft(sound, length) * np.fft.rfft(response, length)
    return np.fft.irfft(spectrum, length)[: len(sound)]


def _pink(num_samples: int, rng: np.random.Generator) -> np.ndarray:
    """Noise of energy 1 a sample that falls by 3 dB an octave, as ventilation and streets do."""
    length = _fast_length(num_samples)
    spectrum = np.fft.rfft(rng.normal(size=length))
    spectrum /= np.sqrt(_frequencies_hz(length).clip(50))
    noise = np.fft.irfft(spectrum, length)[:num_samples]
    return noise / _rms(noise)


def _fast_length(num_samples: int) -> int:
    """The next power of two: a Fourier transform of a prime length takes ten times as long."""
    return 1 << (num_samples - 1).bit_length()


def _frequencies_hz(length: int) -> np.ndarray:
    return np.fft.rfftfreq(length, 1 / SAMPLE_RATE_HZ)


def _rms(sound: np.ndarray) -> float:
    return float(np.sqrt(np.mean(sound**2)))


def _ratio(db: float | np.ndarray) -> np.ndarray:
    return 10 ** (np.asarray(db) / 20)
