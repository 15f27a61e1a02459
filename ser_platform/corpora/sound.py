"""What is measured of each recording: length, loudness, bytes."""

import hashlib
import io
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from ser_platform.utterance import Utterance

SILENCE_DB = -100.0
"""Of a recording of zeros, which has no level."""


@dataclass(frozen=True, slots=True)
class Sound:
    """One recording.

    Attributes:
        duration_s: its length.
        level_db: root mean square over all samples and channels, in dB of full scale.
        sha256: of the bytes of the file.
    """

    duration_s: float
    level_db: float
    sha256: str


def sounds_of(utterances: Sequence[Utterance]) -> dict[str, Sound]:
    """By utterance id; recordings are those that reading the corpus found good."""
    with ThreadPoolExecutor(8) as threads:
        sounds = threads.map(lambda u: _measured(Path(u.audio)), utterances)
        return {u.id: sound for u, sound in zip(utterances, sounds, strict=True)}


def _measured(path: Path) -> Sound:
    data = path.read_bytes()
    samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32", always_2d=True)
    power = float(np.mean(np.square(samples, dtype=np.float64)))
    return Sound(
        duration_s=len(samples) / rate_hz,
        level_db=max(SILENCE_DB, 10 * float(np.log10(power))) if power else SILENCE_DB,
        sha256=hashlib.sha256(data).hexdigest(),
    )
