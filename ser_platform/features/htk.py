"""39-dim MFCC as HTK and openSMILE compute them, in numpy: no licence, many times as fast."""

import functools

import numpy as np
from numpy.typing import NDArray

from ser_platform.config.inputs import Mfcc39Config
from ser_platform.features.base import SAMPLE_RATE_HZ, Frames, Signal
from ser_platform.features.mfcc import names_of

Array = NDArray[np.float64]

_COEFFICIENTS, _BANDS, _LIFTER = 13, 26, 22
_PREEMPHASIS = 0.97
_FLOOR = 1.0  # HTK's, of the power in a band and of the energy, with samples of 16 bit
_REACH = 2  # frames to each side that a delta is a regression over


class HtkMfcc39:
    """What openSMILE gives with our configuration: 1e-3 in the statics, 2e-4 in the deltas.

    Extract whole utterances. With fewer than 4 frames the two differ: openSMILE's deltas read
    zeros beyond the end, these repeat the last frame.
    """

    def __init__(self, config: Mfcc39Config) -> None:
        self.names = names_of(config.energy)
        self._config = config
        self._window = round(config.window_s * SAMPLE_RATE_HZ)
        self._hop = round(config.hop_s * SAMPLE_RATE_HZ)

    def __call__(self, signal: Signal) -> Frames:
        if len(signal) < self._window:
            return np.empty((0, len(self.names)), np.float32)
        samples = signal.astype(np.float64)
        frames_NS = np.lib.stride_tricks.sliding_window_view(samples, self._window)[:: self._hop]
        static_NC = _cepstra(frames_NS)
        if self._config.energy == "log":
            energy_N = np.einsum("ns,ns->n", frames_NS, frames_NS)
            static_NC[:, 0] = np.log(np.maximum(energy_N, _FLOOR))
            static_NC = np.roll(static_NC, -1, axis=1)
        return _with_deltas(static_NC).astype(np.float32)

    def identity(self) -> dict[str, object]:
        return {**self._config.model_dump(), "version": 1}


def _cepstra(frames_NS: Array) -> Array:
    """c0 to c12 of frames of samples; a frame's first sample is emphasised with itself."""
    tables = _tables(frames_NS.shape[1])
    emphasised_NS = np.empty(frames_NS.shape)
    emphasised_NS[:, 0] = (1 - _PREEMPHASIS) * frames_NS[:, 0]
    np.multiply(frames_NS[:, :-1], -_PREEMPHASIS, out=emphasised_NS[:, 1:])
    emphasised_NS[:, 1:] += frames_NS[:, 1:]
    emphasised_NS *= tables.hamming
    spectrum = np.fft.rfft(emphasised_NS, tables.fft_length)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    return np.log(np.maximum(power @ tables.filters, _FLOOR)) @ tables.cosines


def _with_deltas(static_NC: Array) -> Array:
    """Statics, deltas and accelerations side by side, ``[frames, 3 x 13]``.

    openSMILE's edges: at the start each stage repeats its first frame; at the end the statics
    repeat their last one, the deltas run on for two frames more, and the accelerations read
    those.
    """
    longer = np.concatenate([static_NC, static_NC[-1:].repeat(2 * _REACH, axis=0)])
    deltas = _delta(longer)
    accelerations = _delta(deltas)
    return np.concatenate([static_NC, deltas[: len(static_NC)], accelerations], axis=1)


def _delta(values_NC: Array) -> Array:
    """Regression over two frames to each side, of all frames but the last two."""
    padded = np.concatenate([values_NC[:1].repeat(_REACH, axis=0), values_NC])
    at = [padded[shift : len(padded) - 2 * _REACH + shift] for shift in range(2 * _REACH + 1)]
    return (at[3] - at[1] + 2 * (at[4] - at[0])) / 10


class _Tables:
    """Constant arrays for a window of so many samples."""

    def __init__(self, window: int) -> None:
        self.fft_length = 1 << (window - 1).bit_length()
        self.hamming = np.hamming(window)
        """``[window]``, symmetric."""
        self.filters = _mel_filters(self.fft_length)
        order = np.arange(_COEFFICIENTS)[None]
        band = np.arange(_BANDS)[:, None] + 0.5
        cosines = np.sqrt(2 / _BANDS) * np.cos(np.pi * order / _BANDS * band)
        self.cosines = cosines * (1 + _LIFTER / 2 * np.sin(np.pi * order / _LIFTER))
        """``[bands, coefficients]``: cosine transform, c0 as the others, then the lifter."""


_tables = functools.lru_cache(maxsize=8)(_Tables)


def _mel_filters(fft_length: int) -> Array:
    """``[bins, bands]``: triangles linear in mel from 0 to 8 kHz, without first and last bin."""
    position = _mel(np.arange(fft_length // 2 + 1) * SAMPLE_RATE_HZ / fft_length)
    corners = np.linspace(0, _mel(np.array(SAMPLE_RATE_HZ / 2)), _BANDS + 2)
    rising = (position[:, None] - corners[:-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[2:] - position[:, None]) / (corners[2:] - corners[1:-1])
    filters = np.clip(np.minimum(rising, falling), 0, None)
    filters[[0, -1]] = 0
    return filters


def _mel(hertz: Array) -> Array:
    return 1127 * np.log1p(hertz / 700)
