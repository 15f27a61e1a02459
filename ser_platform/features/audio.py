"""From the bytes of a recording to the one signal that every extractor reads.

Decode, mean over channels, soxr HQ to 16 kHz, round, clip to 16 bit. Resampling overshoots,
and what is not clipped would wrap round in openSMILE; rounding halves its error.
"""

import io
import struct
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ser_platform.errors import FeatureError
from ser_platform.features.base import SAMPLE_RATE_HZ, Signal

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 192_000
MOST_CHANNELS = 8
SHORTEST_S, LONGEST_S = 0.05, 120.0

# Those of which a copy that was cut short can be told.
_CONTAINERS = {"WAV", "WAVEX", "FLAC", "OGG", "MP3"}
_UNKNOWN_SIZE = 0xFFFFFFFF  # a WAV written to a pipe does not know its length


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
    _refuse_cut_wav(data, name)
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as file:
            _refuse_header(file, name)  # before decoding: a small file may hold hours
            rate_hz, promised = file.samplerate, file.frames
            channels = np.asarray(file.read(always_2d=True), np.float64)
    except soundfile.LibsndfileError as error:
        raise FeatureError(
            f"{name}: cannot be decoded ({error.error_string}); "
            "it is damaged, or something else than WAV or FLAC"
        ) from error
    if len(channels) < promised:
        raise _cut_short(name, promised, len(channels), "samples")
    _refuse_not_finite(channels, name)
    samples = channels.mean(axis=1)
    if rate_hz != SAMPLE_RATE_HZ:
        samples = soxr.resample(samples, rate_hz, SAMPLE_RATE_HZ, quality="HQ")
    return np.clip(np.rint(samples * 2**15), -(2**15), 2**15 - 1).astype(np.int16)


def _refuse_header(file: soundfile.SoundFile, name: str) -> None:
    if file.format not in _CONTAINERS:
        raise FeatureError(f"{name}: {file.format_info}; convert it to WAV or FLAC")
    if not LOWEST_RATE_HZ <= file.samplerate <= HIGHEST_RATE_HZ:
        raise FeatureError(
            f"{name}: sampled at {file.samplerate} Hz; "
            f"{LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz is expected"
        )
    if file.channels > MOST_CHANNELS:
        raise FeatureError(
            f"{name}: {file.channels} channels; at most {MOST_CHANNELS} are expected"
        )
    seconds = file.frames / file.samplerate
    if seconds < SHORTEST_S:
        raise FeatureError(
            f"{name}: {file.frames} samples, {seconds:.4f} s; at least {SHORTEST_S} s is needed"
        )
    if seconds > LONGEST_S:
        raise FeatureError(
            f"{name}: {seconds:.0f} s long; at most {LONGEST_S:.0f} s is expected, "
            "one utterance per recording"
        )


def _refuse_not_finite(channels: NDArray[np.float64], name: str) -> None:
    bad = channels.size - np.count_nonzero(np.isfinite(channels))
    if bad:
        raise FeatureError(
            f"{name}: {bad} of {channels.size} samples are NaN or infinite; "
            "write the recording again, as 16-bit WAV or FLAC"
        )


def _refuse_cut_wav(data: bytes, name: str) -> None:
    """Compare the sizes in a WAV: libsndfile reads one that was cut off without a word."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        return
    start = 12
    while start + 8 <= len(data):
        kind, size = struct.unpack_from("<4sI", data, start)
        start += 8
        if kind == b"data":
            if size != _UNKNOWN_SIZE and start + size > len(data):
                raise _cut_short(name, size, len(data) - start, "bytes of sound")
            return
        start += size + size % 2


def _cut_short(name: str, promised: int, found: int, what: str) -> FeatureError:
    return FeatureError(
        f"{name}: cut short: its header promises {promised} {what}, {found} are there; "
        "copy the recording again"
    )
