"""35 prosodic values of an utterance through openSMILE (Yoon 2018)."""

import functools
from pathlib import Path

from ser_platform.config.inputs import Prosody35Config
from ser_platform.features import smile
from ser_platform.features.base import Frames, Signal

_CONFIGURATION = Path(__file__).with_name("prosody35.conf")
_SHORTEST_S = 0.055  # one frame of pitch

_DESCRIPTORS = (
    "F0final",  # Hz
    "F0finalLog",  # semitones above 27.5 Hz
    "voicingFinalUnclipped",  # 0 to 1
    "HarmonicsToNoiseRatioACFLogdB",
    "loudness",
)
_STATISTICS = (
    *("stddev", "amean", "linregc1", "centroid"),
    *("percentile10.0", "percentile90.0", "pctlrange0-1"),
)


class Prosody35:
    """7 statistics of 5 descriptors over the whole utterance, by openSMILE's names.

    Those of pitch and harmonicity are over their non-zero frames; without any they are 0, which
    is openSMILE's own answer. The slope is per frame, the centroid a share of the utterance.
    """

    names = tuple(f"{d}_sma_{statistic}" for d in _DESCRIPTORS for statistic in _STATISTICS)

    def __init__(self, config: Prosody35Config) -> None:
        self._config = config

    def __call__(self, signal: Signal) -> Frames:
        smile.refuse_short(signal, _SHORTEST_S, self._config.kind)
        return _smile()(signal)

    def identity(self) -> dict[str, object]:
        return {**self._config.model_dump(), "version": 1, **smile.identity(_CONFIGURATION)}


@functools.lru_cache(maxsize=1)
def _smile() -> smile.Smile:
    return smile.open_smile(_CONFIGURATION, "func", Prosody35.names)
