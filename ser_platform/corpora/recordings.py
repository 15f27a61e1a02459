"""Which recordings can be used: looked at before folds are made, so that all commands agree.

A WAV of whole numbers is told by its header and its size. All else is decoded: a damaged FLAC
is only found so, and only floats can be NaN. 5,531 recordings, 7 hours, take a second as WAV and
about six as FLAC.
"""

import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import soundfile

from ser_platform.utterance import Utterance

LOWEST_RATE_HZ, HIGHEST_RATE_HZ = 8_000, 192_000
MOST_CHANNELS = 8
SHORTEST_S, LONGEST_S = 0.05, 120.0

_WHOLE_NUMBERS = {"PCM_U8", "PCM_S8", "PCM_16", "PCM_24", "PCM_32"}
_UNKNOWN_SIZE = 0xFFFFFFFF  # a WAV written to a pipe does not know its length
_BLOCK = 1 << 18


@dataclass(frozen=True, slots=True)
class Bounds:
    """What recordings are taken."""

    longest_s: float
    containers: frozenset[str] | None
    """As libsndfile calls them; None: whatever it reads."""


UTTERANCES = Bounds(LONGEST_S, frozenset({"WAV", "WAVEX", "FLAC", "OGG", "MP3"}))
"""Of a corpus: one each, in a container of which a copy that was cut short can be told."""


@dataclass(frozen=True, slots=True)
class BadRecording:
    """An utterance that is left out because its recording cannot be used."""

    id: str
    fault: str
    """What is wrong with which file, and the remedy."""


def bad_recordings(utterances: Sequence[Utterance]) -> tuple[BadRecording, ...]:
    """Those among existing files that cannot be used, in the order given."""
    # Threads, for folders behind a network; decoding lets the others run.
    with ThreadPoolExecutor(8) as threads:
        faults = list(threads.map(lambda u: fault_of(Path(u.audio)), utterances))
    return tuple(
        BadRecording(utterance.id, fault)
        for utterance, fault in zip(utterances, faults, strict=True)
        if fault is not None
    )


def fault_of(path: Path) -> str | None:
    """Why a recording cannot be used, or None."""
    try:
        size = path.stat().st_size
        if size == 0:
            return f"its recording is empty (0 bytes): {path}; copy it again"
        with path.open("rb") as stream:
            fault = cut_wav(stream, size) or _decoding_fault(stream)
    except OSError as error:
        fault = f"cannot be read: {error.strerror or error}"
    return None if fault is None else f"{path}: {fault}"


def _decoding_fault(stream: BinaryIO) -> str | None:
    stream.seek(0)
    try:
        with soundfile.SoundFile(stream) as file:
            if fault := header_fault(file):
                return fault
            if file.format in ("WAV", "WAVEX") and file.subtype in _WHOLE_NUMBERS:
                return None
            return _content_fault(file)
    except soundfile.LibsndfileError as error:
        return undecodable(error)


def _content_fault(file: soundfile.SoundFile) -> str | None:
    found = bad = 0
    while len(block := file.read(_BLOCK, always_2d=True)):
        found += len(block)
        bad += block.size - int(np.count_nonzero(np.isfinite(block)))
    if found < file.frames:
        return cut_short(file.frames, found, "samples")
    return not_finite(bad, found * file.channels) if bad else None


def undecodable(error: soundfile.LibsndfileError) -> str:
    """What is wrong with a file that libsndfile refuses."""
    return (
        f"cannot be decoded ({error.error_string}); "
        "it is damaged, or something else than WAV or FLAC"
    )


def header_fault(file: soundfile.SoundFile, bounds: Bounds = UTTERANCES) -> str | None:
    """Why a recording is refused before it is decoded: a small file may hold hours."""
    if bounds.containers is not None and file.format not in bounds.containers:
        return f"{file.format_info}; convert it to WAV or FLAC"
    if not LOWEST_RATE_HZ <= file.samplerate <= HIGHEST_RATE_HZ:
        return (
            f"sampled at {file.samplerate} Hz; "
            f"{LOWEST_RATE_HZ} to {HIGHEST_RATE_HZ} Hz is expected"
        )
    if file.channels > MOST_CHANNELS:
        return f"{file.channels} channels; at most {MOST_CHANNELS} are expected"
    seconds = file.frames / file.samplerate
    if seconds < SHORTEST_S:
        return f"{file.frames} samples, {seconds:.4f} s; at least {SHORTEST_S} s is needed"
    if seconds > bounds.longest_s:
        hint = ", one utterance per recording" if bounds == UTTERANCES else ""
        return f"{seconds:.0f} s long; at most {bounds.longest_s:.0f} s is expected{hint}"
    return None


def not_finite(bad: int, total: int) -> str:
    """What is wrong with samples that are no numbers."""
    return (
        f"{bad} of {total} samples are NaN or infinite; "
        "write the recording again, as 16-bit WAV or FLAC"
    )


def cut_wav(stream: BinaryIO, size: int) -> str | None:
    """Compare the sizes in a WAV: libsndfile reads one that was cut off without a word.

    Args:
        stream: the file, at its beginning; anything else than a WAV is passed over.
        size: of the file in bytes.
    """
    head = stream.read(12)
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        return None
    start = len(head)
    while start + 8 <= size:
        stream.seek(start)
        kind, promised = struct.unpack("<4sI", stream.read(8))
        start += 8
        if kind == b"data":
            if promised != _UNKNOWN_SIZE and start + promised > size:
                return cut_short(promised, size - start, "bytes of sound")
            return None
        start += promised + promised % 2
    return None


def cut_short(promised: int, found: int, what: str) -> str:
    """What is wrong with a file that ends early."""
    return (
        f"cut short: its header promises {promised} {what}, {found} are there; "
        "copy the recording again"
    )
