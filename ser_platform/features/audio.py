"""From the bytes of a recording to the one signal that every extractor reads.

Decode, mean over channels, soxr HQ to 16 kHz, round, clip to 16 bit. Resampling overshoots,
and what is not clipped would wrap round in openSMILE; rounding halves its error.
"""

import io
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ser_platform.corpora.recordings import (
    LONGEST_S,
    UTTERANCES,
    Bounds,
    cut_short,
    cut_wav,
    header_fault,
    not_finite,
    undecodable,
)
from ser_platform.errors import FeatureError
from ser_platform.features.base import SAMPLE_RATE_HZ, Signal

_PIECE_S = 60
_BLOCK = 1 << 18
"""Samples that are decoded together."""


def identity() -> dict[str, object]:
    """What fixes the signal besides the bytes: part of every cache key."""
    return {"version": 1, "mono": "mean", "resampler": f"soxr HQ {soxr.__version__}"}


def decoder() -> str:
    """What reads files: another version may read more of them."""
    return f"libsndfile {soundfile.__libsndfile_version__}"


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


def decode(data: bytes, name: str, bounds: Bounds = UTTERANCES) -> Signal:
    """Mono samples at 16 kHz, ``[samples]``, of a recording in memory.

    What is longer than an utterance of a corpus may be is resampled in pieces: the same sound,
    but perhaps not to the last bit.

    Args:
        data: the file as it is.
        name: what messages call it.
        bounds: what is taken: of a corpus, 120 s of WAV, FLAC, OGG or MP3.

    Raises:
        FeatureError: for anything but 0.05 s and more of finite samples, 8 to 192 kHz, at most
            8 channels, none missing at the end, within the bounds.
    """
    if not data:
        raise FeatureError(f"{name}: the file is empty")
    _refuse(cut_wav(io.BytesIO(data), len(data)), name)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _refuse(header_fault(file, bounds), name)
            if file.frames <= LONGEST_S * file.samplerate:
                return _whole(file, name)
            return _in_pieces(file, name)
    except soundfile.LibsndfileError as error:
        raise FeatureError(f"{name}: {undecodable(error)}") from error


def _whole(file: soundfile.SoundFile, name: str) -> Signal:
    samples = _mono(file, file.frames, name)
    if file.samplerate != SAMPLE_RATE_HZ:
        samples = soxr.resample(samples, file.samplerate, SAMPLE_RATE_HZ, quality="HQ")
    return _rounded(samples)


def _in_pieces(file: soundfile.SoundFile, name: str) -> Signal:
    """The same of a long one, of which no process holds all channels at full rate."""
    stream = soxr.ResampleStream(file.samplerate, SAMPLE_RATE_HZ, 1, "float64", "HQ")
    left, found = file.frames, list[Signal]()
    while left:
        samples = _mono(file, min(left, _PIECE_S * file.samplerate), name)
        left -= len(samples)
        found.append(_rounded(stream.resample_chunk(samples, last=not left)))
    return np.concatenate(found)


def _mono(file: soundfile.SoundFile, count: int, name: str) -> NDArray[np.float64]:
    """So many samples, mean over channels; all channels of a block are in memory, not more."""
    found, done, bad = np.empty(count), 0, 0
    while done < count:
        asked = min(_BLOCK, count - done)
        channels = np.asarray(file.read(asked, always_2d=True), np.float64)
        if len(channels) < asked:
            _refuse(cut_short(file.frames, file.tell(), "samples"), name)
        bad += int(channels.size - np.count_nonzero(np.isfinite(channels)))
        found[done : done + asked] = channels.mean(axis=1)
        done += asked
    if bad:
        _refuse(not_finite(bad, count * file.channels), name)
    return found


def _rounded(samples: NDArray[np.float64]) -> Signal:
    return np.clip(np.rint(samples * 2**15), -(2**15), 2**15 - 1).astype(np.int16)


def _refuse(fault: str | None, name: str) -> None:
    if fault is not None:
        raise FeatureError(f"{name}: {fault}")
