"""39-dim MFCC through openSMILE (Shen, section 3.2)."""

import functools
from pathlib import Path

import numpy as np

from ser_platform.config.inputs import Mfcc39Config
from ser_platform.features import smile
from ser_platform.features.base import SAMPLE_RATE_HZ, Frames, Signal

_CONFIGURATION = Path(__file__).with_name("mfcc39.conf")
_COEFFICIENTS = 13

NAMES = tuple(
    f"mfcc_{i}{kind}" for kind in ("", "_delta", "_acceleration") for i in range(_COEFFICIENTS)
)


class Mfcc39:
    """c0 to c12, deltas, accelerations; liftered, not normalised. Extract whole utterances.

    The filter, the lifter and the delta window are HTK's defaults, which the paper does not
    state; c0 instead of log energy is our reading of "13 cepstral coefficients". With fewer
    than 4 frames openSMILE's deltas read zeros beyond the end.
    """

    names = NAMES

    def __init__(self, config: Mfcc39Config) -> None:
        self._config = config
        self._window = round(config.window_s * SAMPLE_RATE_HZ)
        self._hop = round(config.hop_s * SAMPLE_RATE_HZ)

    def __call__(self, signal: Signal) -> Frames:
        if len(signal) < self._window:
            return np.empty((0, len(self.names)), np.float32)
        return _smile(self._window, self._hop)(signal)

    def identity(self) -> dict[str, object]:
        return {**self._config.model_dump(), "version": 1, **smile.identity(_CONFIGURATION)}


@functools.lru_cache(maxsize=4)
def _smile(window: int, hop: int) -> smile.Smile:
    """For frames of so many samples, built once per process.

    Seconds that are no whole number of samples would shift openSMILE's frequency axis, so it
    gets those that are.
    """
    options = {"winSec": window / SAMPLE_RATE_HZ, "hopSec": hop / SAMPLE_RATE_HZ}
    return smile.open_smile(_CONFIGURATION, "lld", options=options)
