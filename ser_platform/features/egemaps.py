"""The 88 functionals of eGeMAPS v02 through openSMILE, with the file that comes with it."""

import functools
from importlib.metadata import version

from ser_platform.config.inputs import EgemapsConfig
from ser_platform.features import smile
from ser_platform.features.base import Frames, Signal

_SHORTEST_S = 0.060  # one frame of pitch

_CONTOUR = (
    *("amean", "stddevNorm", "percentile20.0", "percentile50.0", "percentile80.0"),
    *("pctlrange0-2", "meanRisingSlope", "stddevRisingSlope"),
    *("meanFallingSlope", "stddevFallingSlope"),
)
_SPREAD = ("amean", "stddevNorm")
_FORMANT = ("frequency", "bandwidth", "amplitudeLogRelF0")
_CEPSTRA = ("mfcc1", "mfcc2", "mfcc3", "mfcc4")
_VOICE = ("jitterLocal", "shimmerLocaldB", "HNRdBACF", "logRelF0-H1-H2", "logRelF0-H1-A3")
_VOICED = ("alphaRatioV", "hammarbergIndexV", "slopeV0-500", "slopeV500-1500", "spectralFluxV")
_DESCRIPTORS = {
    "F0semitoneFrom27.5Hz_sma3nz": _CONTOUR,
    "loudness_sma3": _CONTOUR,
    **{f"{name}_sma3": _SPREAD for name in ("spectralFlux", *_CEPSTRA)},
    **{f"{name}_sma3nz": _SPREAD for name in _VOICE},
    **{f"F{n}{name}_sma3nz": _SPREAD for n in (1, 2, 3) for name in _FORMANT},
    **{f"{name}_sma3nz": _SPREAD for name in (*_VOICED, *(f"{c}V" for c in _CEPSTRA))},
    **{f"{name.replace('V', 'UV')}_sma3nz": ("amean",) for name in _VOICED},
}


class Egemaps:
    """``[1, 88]``, by openSMILE's names.

    Without voiced frames, pitch and formants are 0 and the amplitudes of formants against the
    pitch -201 dB, which is openSMILE's own answer; nothing is NaN from 60 ms on.
    """

    names = (
        *(f"{name}_{statistic}" for name, found in _DESCRIPTORS.items() for statistic in found),
        *("loudnessPeaksPerSec", "VoicedSegmentsPerSec"),
        *("MeanVoicedSegmentLengthSec", "StddevVoicedSegmentLengthSec"),
        *("MeanUnvoicedSegmentLength", "StddevUnvoicedSegmentLength"),
        "equivalentSoundLevel_dBp",
    )

    def __init__(self, config: EgemapsConfig) -> None:
        self._config = config

    def __call__(self, signal: Signal) -> Frames:
        smile.refuse_short(signal, _SHORTEST_S, self._config.kind)
        return _smile()(signal)

    def identity(self) -> dict[str, object]:
        # The set's file comes with openSMILE, so its version stands for the text.
        own = {"version": 1, "set": "eGeMAPSv02", "opensmile": version("opensmile")}
        return {**self._config.model_dump(), **own}


@functools.lru_cache(maxsize=1)
def _smile() -> smile.Smile:
    import opensmile

    return smile.open_smile(opensmile.FeatureSet.eGeMAPSv02, "func", Egemaps.names)
