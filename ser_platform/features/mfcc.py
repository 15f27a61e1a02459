"""39-dim MFCC through openSMILE (Shen, section 3.2).

openSMILE is licensed by audEERING for research and non-commercial use; it is imported on the
first extraction, not before.
"""

import functools
import hashlib
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import numpy as np

from ser_platform.config.inputs import Mfcc39Config
from ser_platform.errors import FeatureError
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
        smile = _smile(self._window, self._hop)
        # openSMILE multiplies by 32768 and truncates to 16 bit: these are the samples again.
        features = smile(np.divide(signal, 2**15, dtype=np.float32), SAMPLE_RATE_HZ)
        return np.ascontiguousarray(features[0].T, np.float32)

    def identity(self) -> dict[str, object]:
        return {
            **self._config.model_dump(),
            "version": 1,
            "configuration_sha256": hashlib.sha256(_CONFIGURATION.read_bytes()).hexdigest(),
            "opensmile": version("opensmile"),
        }


@functools.lru_cache(maxsize=4)
def _smile(window: int, hop: int) -> Callable[[Frames, int], Frames]:
    """The openSMILE object for frames of so many samples, built once per process.

    It gives ``[1, dim, frames]``. Seconds that are no whole number of samples would shift its
    frequency axis, so it gets those that are.
    """
    import opensmile

    try:
        smile = opensmile.Smile(
            str(_CONFIGURATION),
            feature_level="lld",
            options={"winSec": window / SAMPLE_RATE_HZ, "hopSec": hop / SAMPLE_RATE_HZ},
            sampling_rate=SAMPLE_RATE_HZ,
        )
    except UnicodeEncodeError as error:
        raise FeatureError(
            f"openSMILE cannot open {_CONFIGURATION}: it takes plain ASCII paths only; move the "
            "project and its environment to a folder without accents, or use shortterm34"
        ) from error
    assert smile.num_features == len(NAMES), smile.feature_names
    return smile
