"""39-dim MFCC through openSMILE (Shen, section 3.2)."""

import functools
from pathlib import Path
from typing import Literal

import numpy as np

from ser_platform.config.inputs import Mfcc39Config
from ser_platform.features import smile
from ser_platform.features.base import SAMPLE_RATE_HZ, Frames, Signal

_CONFIGURATION = Path(__file__).with_name("mfcc39.conf")
_COEFFICIENTS = 13


def names_of(energy: Literal["c0", "log"]) -> tuple[str, ...]:
    """What the 39 values of a frame are."""
    static = [f"mfcc_{i}" for i in range(_COEFFICIENTS)]
    if energy == "log":
        static = [*static[1:], "log_energy"]
    return tuple(name + kind for kind in ("", "_delta", "_acceleration") for name in static)


class Mfcc39:
    """13 coefficients, deltas, accelerations; liftered, not normalised. Extract whole utterances.

    The filter, the lifter and the delta window are HTK's defaults, which the paper does not
    state; c0 instead of log energy is our reading of "13 cepstral coefficients". With fewer
    than 4 frames openSMILE's deltas read zeros beyond the end.
    """

    def __init__(self, config: Mfcc39Config) -> None:
        self.names = names_of(config.energy)
        self._config = config
        statics = np.arange(_COEFFICIENTS) + (config.energy == "log")
        self._columns = np.concatenate([statics + i * (_COEFFICIENTS + 1) for i in range(3)])
        self._window = round(config.window_s * SAMPLE_RATE_HZ)
        self._hop = round(config.hop_s * SAMPLE_RATE_HZ)

    def __call__(self, signal: Signal) -> Frames:
        if len(signal) < self._window:
            return np.empty((0, len(self.names)), np.float32)
        return _smile(self._window, self._hop)(signal).take(self._columns, axis=1)

    def identity(self) -> dict[str, object]:
        return {**self._config.model_dump(), "version": 2, **smile.identity(_CONFIGURATION)}


@functools.lru_cache(maxsize=4)
def _smile(window: int, hop: int) -> smile.Smile:
    """For frames of so many samples, built once per process.

    Seconds that are no whole number of samples would shift openSMILE's frequency axis, so it
    gets those that are.
    """
    options = {"winSec": window / SAMPLE_RATE_HZ, "hopSec": hop / SAMPLE_RATE_HZ}
    return smile.open_smile(_CONFIGURATION, "lld", options=options)
