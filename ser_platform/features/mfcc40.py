"""40-dim "high resolution" MFCC as Kaldi computes them (Sarma 2018)."""

import functools

import numpy as np
from numpy.typing import NDArray

from ser_platform.config.inputs import Mfcc40Config
from ser_platform.features.base import SAMPLE_RATE_HZ, Frames, Signal

Array = NDArray[np.float64]

_COEFFICIENTS = 40  # and as many mel bands
_LOWEST_HZ, _HIGHEST_HZ = 20.0, SAMPLE_RATE_HZ / 2 - 400
_PREEMPHASIS = 0.97
_LIFTER = 22
_FLOOR = float(np.finfo(np.float32).eps)  # of the power in a band, with samples of 16 bit


class Mfcc40:
    """c0 to c39, liftered, not normalised: no energy, no dither, Povey's window.

    Agrees with kaldi-native-fbank, which computes in float32, to 3e-3 where values reach 200.
    """

    names = tuple(f"mfcc_{i}" for i in range(_COEFFICIENTS))

    def __init__(self, config: Mfcc40Config) -> None:
        self._config = config
        self._window = round(config.window_s * SAMPLE_RATE_HZ)
        self._hop = round(config.hop_s * SAMPLE_RATE_HZ)

    def __call__(self, signal: Signal) -> Frames:
        if len(signal) < self._window:
            return np.empty((0, _COEFFICIENTS), np.float32)
        tables = _tables(self._window)
        samples = signal.astype(np.float64)
        frames = np.lib.stride_tricks.sliding_window_view(samples, self._window)[:: self._hop]
        frames = frames - frames.mean(axis=1, keepdims=True)
        before = np.concatenate([frames[:, :1], frames[:, :-1]], axis=1)
        emphasised = (frames - _PREEMPHASIS * before) * tables.weights
        spectrum = np.fft.rfft(emphasised, tables.fft_length)
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        logs = np.log(np.maximum(power @ tables.filters, _FLOOR))
        return (logs @ tables.cosines).astype(np.float32)

    def identity(self) -> dict[str, object]:
        return {**self._config.model_dump(), "version": 1}


class _Tables:
    """Constant arrays for a window of so many samples."""

    def __init__(self, window: int) -> None:
        self.fft_length = 1 << (window - 1).bit_length()
        hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / (window - 1))
        self.weights = hann**0.85
        """``[window]``: Povey's."""
        self.filters = _mel_filters(self.fft_length)
        band = np.arange(_COEFFICIENTS)[:, None]
        order = np.arange(_COEFFICIENTS)[None]
        cosines = np.cos(np.pi / _COEFFICIENTS * order * (band + 0.5))
        cosines *= np.sqrt(np.where(order == 0, 1, 2) / _COEFFICIENTS)
        self.cosines = cosines * (1 + _LIFTER / 2 * np.sin(np.pi * order / _LIFTER))
        """``[bands, coefficients]``: orthonormal cosine transform, then the lifter."""


_tables = functools.lru_cache(maxsize=8)(_Tables)


def _mel_filters(fft_length: int) -> Array:
    """``[bins, bands]``: triangles evenly spaced, and linear, in mel."""
    position = _mel(np.arange(fft_length // 2 + 1) * SAMPLE_RATE_HZ / fft_length)
    lowest, highest = _mel(np.array([_LOWEST_HZ, _HIGHEST_HZ]))
    corners = np.linspace(lowest, highest, _COEFFICIENTS + 2)
    rising = (position[:, None] - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - position[:, None]) / (corners[2:] - corners[1:-1])
    return np.clip(np.minimum(rising, falling), 0, None)


def _mel(hertz: Array) -> Array:
    return 1127 * np.log1p(hertz / 700)
