"""Signals made by integer arithmetic only: the same samples on every machine."""

import io

import numpy as np
import soundfile
from numpy.typing import NDArray

from ser_platform.features.base import SAMPLE_RATE_HZ, Signal

RATE = SAMPLE_RATE_HZ
_MASK = (1 << 32) - 1


def seconds(duration_s: float) -> int:
    return round(duration_s * RATE)


def silence(samples: int) -> Signal:
    return np.zeros(samples, np.int16)


def noise(samples: int, peak: int = 4_000) -> Signal:
    """Uniform noise: a hash of the sample's number."""
    x = np.arange(1, samples + 1, dtype=np.int64) * 2654435761 & _MASK
    for shift, factor in ((16, 0x7FEB352D), (15, 0x5BD1E995)):
        x = (x ^ (x >> shift)) * factor & _MASK
    return _scaled((x >> 8) - (1 << 23), 1 << 23, peak)


def chirp(samples: int, from_hz: int = 120, to_hz: int = 3_500, peak: int = 12_000) -> Signal:
    """A triangle wave that rises in pitch; its harmonics fill the band as a voice does."""
    n = np.arange(samples, dtype=np.int64)
    phase = ((from_hz * n + (to_hz - from_hz) * n * n // (2 * samples)) << 24) // RATE
    position = phase & ((1 << 24) - 1)
    return _scaled(np.abs(2 * position - (1 << 24)) - (1 << 23), 1 << 23, peak)


def square(samples: int, period: int = 50, peak: int = 32_767) -> Signal:
    """Full scale: whatever overshoots here, wraps round."""
    up = np.arange(samples) % period < period // 2
    return np.where(up, peak, -peak - 1).astype(np.int16)


def mixture() -> Signal:
    """One second: silence, rising tone, tone in noise, noise, full scale, silence."""
    tone = chirp(seconds(0.4))
    tone[seconds(0.2) :] += noise(seconds(0.2), peak=3_000)
    parts = [silence(seconds(0.1)), tone, noise(seconds(0.2)), square(seconds(0.2))]
    return np.concatenate([*parts, silence(seconds(0.1))])


def recording(
    samples: NDArray[np.int16] | NDArray[np.int32] | NDArray[np.float64],
    rate: int = RATE,
    container: str = "WAV",
    subtype: str | None = None,
) -> bytes:
    """The bytes of a file, of ``[samples]`` or ``[samples, channels]``."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=container, subtype=subtype)
    return file.getvalue()


def _scaled(values: NDArray[np.int64], full: int, peak: int) -> Signal:
    return (values * peak // full).astype(np.int16)
