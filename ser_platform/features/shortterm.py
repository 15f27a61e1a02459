"""34 short-term features of pyAudioAnalysis (Xu, section 4.2), vectorised over frames."""

import functools
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ser_platform.config.inputs import ShortTerm34Config
from ser_platform.features.base import SAMPLE_RATE_HZ, Frames, Signal

# N frames, S samples of a frame (320), K bins of its spectrum (160)
Array = NDArray[np.float64]
Version = Literal["0.3.14", "2018"]

NAMES = (
    *("zcr", "energy", "energy_entropy", "spectral_centroid", "spectral_spread"),
    *("spectral_entropy", "spectral_flux", "spectral_rolloff"),
    *(f"mfcc_{i}" for i in range(1, 14)),
    *(f"chroma_{i}" for i in range(1, 13)),
    "chroma_std",
)

_BLOCKS = 10  # of a frame or a spectrum, for the entropies
_ROLLOFF = 0.9
_MFCC = 13
_CHROMA = 12


class ShortTerm34:
    """pyAudioAnalysis's ``feature_extraction`` without deltas; loudness is normalised away."""

    names = NAMES

    def __init__(self, config: ShortTerm34Config) -> None:
        self._config = config
        self._window = round(config.window_s * SAMPLE_RATE_HZ)
        self._hop = round(config.hop_s * SAMPLE_RATE_HZ)

    def __call__(self, signal: Signal) -> Frames:
        features = short_term_features(signal, self._window, self._hop, self._config.version)
        return features.astype(np.float32)

    def identity(self) -> dict[str, object]:
        # The toolkit's version has a field of its own; "version" counts ours.
        settings = self._config.model_dump(exclude={"version"})
        return {**settings, "pyaudioanalysis": self._config.version, "version": 1}


def short_term_features(signal: Signal, window: int, hop: int, version: Version) -> Array:
    """``[frames, 34]`` in float64; ``window`` and ``hop`` in samples.

    Agrees with the toolkit to 1e-10, its slips included, but for utterances of digital
    silence, where the code of 2018 gave NaN and this gives the zeros of 0.3.14.
    """
    if len(signal) < window:
        return np.empty((0, len(NAMES)))
    tiny = float(np.finfo(np.float64).eps) if version == "0.3.14" else 1e-8
    samples = _normalised(signal, version)
    views = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    frames_NS = np.ascontiguousarray(views)
    squares_NS = np.square(frames_NS)
    energy_N = squares_NS.sum(axis=1)

    bins = window // 2
    spectrum_NK = np.abs(np.fft.rfft(frames_NS, axis=1)[:, :bins])
    spectrum_NK /= bins
    power_NK = np.square(spectrum_NK)
    total_N = power_NK.sum(axis=1)

    centroid_N, spread_N = _centroid_and_spread(spectrum_NK, tiny)
    tables = _tables(window)
    chroma_N12 = power_NK @ tables.chroma / np.where(total_N == 0, tiny, total_N)[:, None]
    columns = [
        _zero_crossings(frames_NS) / (window - 1),
        energy_N / window,
        _entropy(squares_NS, energy_N, tiny),
        centroid_N,
        spread_N,
        _entropy(power_NK, total_N, tiny),
        _flux(spectrum_NK, tiny),
        _rolloff(power_NK, total_N, tiny),
        np.log10(spectrum_NK @ tables.filters + tiny) @ tables.cosines,
        chroma_N12,
        chroma_N12.std(axis=1),
    ]
    return np.column_stack(columns)


def _normalised(signal: Signal, version: Version) -> Array:
    """Without mean, divided by the peak: the loudness of an utterance is lost."""
    samples = signal / 2.0**15
    centred = samples - samples.mean()
    # In 2018 the peak was taken before the mean was removed.
    extremes = centred if version == "0.3.14" else samples
    centred /= max(extremes.max(), -extremes.min()) + 1e-10
    return centred


def _zero_crossings(frames_NS: Array) -> Array:
    """Changes of sign; to zero or from it is half a change."""
    sign_NS = np.subtract(frames_NS > 0, frames_NS < 0, dtype=np.int8)
    return np.abs(np.diff(sign_NS, axis=1)).sum(axis=1) / 2


def _entropy(parts_NX: Array, total_N: Array, tiny: float) -> Array:
    """Entropy, in bits, of the energy over ten equal blocks; the rest after them is left out."""
    frames, width = parts_NX.shape
    length = width // _BLOCKS
    blocks = parts_NX[:, : length * _BLOCKS].reshape(frames, _BLOCKS, length).sum(axis=2)
    shares = blocks / (total_N[:, None] + tiny)
    return -(shares * np.log2(shares + tiny)).sum(axis=1)


def _centroid_and_spread(spectrum_NK: Array, tiny: float) -> tuple[Array, Array]:
    """Centre of gravity of the spectrum and the deviation from it, as shares of half the rate."""
    bins = spectrum_NK.shape[1]
    peak_N1 = spectrum_NK.max(axis=1, keepdims=True)
    weights_NK = spectrum_NK / np.where(peak_N1 == 0, tiny, peak_N1)
    frequency_K = np.arange(1, bins + 1) / bins  # bin k is taken for bin k + 1
    weight_N = weights_NK.sum(axis=1) + tiny
    centroid_N = weights_NK @ frequency_K / weight_N
    distance_NK = frequency_K - centroid_N[:, None]
    spread_N = np.sqrt(np.einsum("nk,nk,nk->n", weights_NK, distance_NK, distance_NK) / weight_N)
    return centroid_N, spread_N


def _flux(spectrum_NK: Array, tiny: float) -> Array:
    """Squared distance to the frame before, both as shares of their sums; 0 for the first."""
    shares_NK = spectrum_NK / (spectrum_NK + tiny).sum(axis=1, keepdims=True)
    steps = np.diff(shares_NK, axis=0)
    return np.concatenate([[0.0], np.square(steps).sum(axis=1)])


def _rolloff(power_NK: Array, total_N: Array, tiny: float) -> Array:
    """Where the power up to a bin first exceeds nine tenths, as a share of the bins."""
    reached_NK = np.cumsum(power_NK, axis=1) + tiny > _ROLLOFF * total_N[:, None]
    return np.where(reached_NK.any(axis=1), reached_NK.argmax(axis=1) / power_NK.shape[1], 0.0)


class _Tables:
    """Constant matrices for a window of so many samples."""

    def __init__(self, window: int) -> None:
        bins = window // 2
        self.filters = _mel_filters(bins)
        order = np.arange(_MFCC)[:, None]
        band = np.arange(self.filters.shape[1])[None]
        cosines = np.cos(np.pi * order * (2 * band + 1) / (2 * band.size))
        cosines *= np.sqrt(np.where(order == 0, 1, 2) / band.size)
        self.cosines = cosines.T.copy()
        """``[bands, 13]``: orthonormal cosine transform."""
        self.chroma = _chroma_weights(bins)


_tables = functools.lru_cache(maxsize=8)(_Tables)


def _mel_filters(bins: int) -> Array:
    """``[bins, 40]``: 13 triangles evenly spaced in frequency, then 27 in its logarithm.

    The toolkit lays bin k at ``k * rate / bins``, twice its true frequency.
    """
    linear = 133.33 + np.arange(13) * 200 / 3
    corners = np.concatenate([linear, linear[-1] * 1.0711703 ** np.arange(1, 30)])
    axis = np.arange(bins) / bins * SAMPLE_RATE_HZ
    starts = np.floor(corners * bins / SAMPLE_RATE_HZ).astype(int) + 1
    filters = np.zeros((bins, len(corners) - 2))
    for band, (low, centre, high) in enumerate(
        zip(corners[:-2], corners[1:-1], corners[2:], strict=True)
    ):
        height = 2 / (high - low)
        rising = slice(starts[band], starts[band + 1])
        falling = slice(starts[band + 1], starts[band + 2])
        filters[rising, band] = height / (centre - low) * (axis[rising] - low)
        filters[falling, band] = height / (high - centre) * (high - axis[falling])
    return filters


def _chroma_weights(bins: int) -> Array:
    """``[bins, 12]``: power to pitch classes, from A.

    Two slips of the toolkit: of the bins that fall on one note only the last counts, since it
    assigns where it means to add; and the divisor of note n is the number of bins on the note
    of bin n, not on note n. Notes below 27.5 Hz are negative and count from the end.
    """
    frequency = np.arange(1, bins + 1) * SAMPLE_RATE_HZ / (2 * bins)
    note = np.round(12 * np.log2(frequency / 27.5)).astype(int) % bins
    sharing = np.array([np.count_nonzero(note == one) for one in note])
    divisor = sharing[note]
    weights = np.zeros((bins, _CHROMA))
    for one in np.unique(note):
        last = np.flatnonzero(note == one)[-1]
        weights[last, one % _CHROMA] = 1 / divisor[one]
    return weights
