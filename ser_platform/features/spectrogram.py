"""Logarithmic power spectrogram (Satt 2017, Yenigalla 2018)."""

import numpy as np

from ser_platform.config.inputs import SpectrogramConfig
from ser_platform.features.base import SAMPLE_RATE_HZ, Frames, Signal

_FLOOR = 1e-10  # of |X|^2, with samples of -1 to 1: digital silence is -23


class Spectrogram:
    """``log(|X|^2 + 1e-10)`` of frames under a Hamming window, zeros after each frame.

    Librosa gives the same when its window is as long as its FFT. A shorter ``win_length`` it
    puts into the middle of ``n_fft`` samples, even with ``center=False``: its frame i then
    starts ``(n_fft - win_length) / 2`` samples late, and its last frames are missing.
    """

    def __init__(self, config: SpectrogramConfig) -> None:
        self._config = config
        self._hop = round(config.hop_s * SAMPLE_RATE_HZ)
        window = round(config.window_s * SAMPLE_RATE_HZ)
        self._weights = np.hamming(window + 1)[:-1]  # periodic, as librosa's and scipy's
        self.names = tuple(f"{k * config.grid_hz:g}_hz" for k in range(config.bins))

    def __call__(self, signal: Signal) -> Frames:
        window, bins = len(self._weights), self._config.bins
        if len(signal) < window:
            return np.empty((0, bins), np.float32)
        frames = np.lib.stride_tricks.sliding_window_view(signal / 2.0**15, window)[:: self._hop]
        spectrum = np.fft.rfft(frames * self._weights, self._config.fft_length)[:, :bins]
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        return np.log(power + _FLOOR).astype(np.float32)

    def identity(self) -> dict[str, object]:
        return {**self._config.model_dump(), "version": 1}
