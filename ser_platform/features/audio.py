"""From the bytes of a recording to the one signal that every extractor reads.

Decode, mean over channels, soxr HQ to 16 kHz, round, clip to 16 bit. Resampling overshoots,
and what is not clipped would wrap round in openSMILE; rounding halves its error.
"""

import io
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ser_platform.corpora.recordings import (
    cut_short,
    cut_wav,
    header_fault,
    not_finite,
    undecodable,
)
from ser_platform.errors import FeatureError
from ser_platform.features.base import SAMPLE_RATE_HZ, Signal


def identity() -> dict[str, object]:
    """What fixes the signal besides the bytes: part of every cache key."""
    return {"version": 1, "mono": "mean", "resampler": f"soxr HQ {soxr.__version__}"}


def load(path: str | Path) -> Signal:
    """Mono samples at 16 kHz, ``[samples]``.

    Raises:
        FeatureError: for a file that is missing, or no usable recording.
    """
    return decode(read_bytes(path), str(path))


def read_bytes(path: str | Path) -> bytes:
    """The file as it is.

    Raises:
        FeatureError: when it cannot be read.
    """
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise FeatureError(cannot_read(path, error)) from error


def cannot_read(path: str | Path, error: OSError) -> str:
    """What to say of a recording that the system does not give."""
    if isinstance(error, FileNotFoundError):
        return f"{path}: no such recording; check the corpus folder"
    return f"{path}: cannot be read: {error.strerror or error}"


def decode(data: bytes, name: str) -> Signal:
    """Mono samples at 16 kHz, ``[samples]``, of a recording in memory.

    Args:
        data: the file as it is: WAV, FLAC, OGG or MP3.
        name: what messages call it.

    Raises:
        FeatureError: for anything but 0.05 to 120 s of finite samples, 8 to 192 kHz, at most
            8 channels, none missing at the end.
    """
    if not data:
        raise FeatureError(f"{name}: the file is empty")
    _refuse(cut_wav(io.BytesIO(data), len(data)), name)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _refuse(header_fault(file), name)
            rate_hz, promised = file.samplerate, file.frames
            channels = np.asarray(file.read(always_2d=True), np.float64)
    except soundfile.LibsndfileError as error:
        raise FeatureError(f"{name}: {undecodable(error)}") from error
    if len(channels) < promised:
        _refuse(cut_short(promised, len(channels), "samples"), name)
    if bad := channels.size - np.count_nonzero(np.isfinite(channels)):
        _refuse(not_finite(bad, channels.size), name)
    samples = channels.mean(axis=1)
    if rate_hz != SAMPLE_RATE_HZ:
        samples = soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ, quality="HQ")
    return np.clip(np.rint(samples * 2**15), -(2**15), 2**15 - 1).astype(np.int16)


def _refuse(fault: str | None, name: str) -> None:
    if fault is not None:
        raise FeatureError(f"{name}: {fault}")
