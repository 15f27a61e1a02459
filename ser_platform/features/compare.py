"""The 6,373 functionals of ComParE 2016 through openSMILE, with the file that comes with it."""

import functools
from importlib.metadata import version

from ser_platform.config.inputs import CompareConfig
from ser_platform.features import smile
from ser_platform.features.base import Frames, Signal

_SHORTEST_S = 0.060  # one frame of pitch

_ENERGY = (
    *("audspec_lengthL1norm_sma", "audspecRasta_lengthL1norm_sma"),
    *("pcm_RMSenergy_sma", "pcm_zcr_sma"),
)
_SPECTRUM = (
    *(f"audSpec_Rfilt_sma[{band}]" for band in range(26)),
    *(f"pcm_fftMag_fband{band}_sma" for band in ("250-650", "1000-4000")),
    *(f"pcm_fftMag_spectralRollOff{share}.0_sma" for share in (25, 50, 75, 90)),
    *(f"pcm_fftMag_spectral{name}_sma" for name in ("Flux", "Centroid", "Entropy", "Variance")),
    *(f"pcm_fftMag_spectral{name}_sma" for name in ("Skewness", "Kurtosis", "Slope")),
    *("pcm_fftMag_psySharpness_sma", "pcm_fftMag_spectralHarmonicity_sma"),
    *(f"mfcc_sma[{order}]" for order in range(1, 15)),
)
_VOICE = (
    *("F0final_sma", "voicingFinalUnclipped_sma", "jitterLocal_sma", "jitterDDP_sma"),
    *("shimmerLocal_sma", "logHNR_sma"),
)

_RANGE = ("range", "maxPos", "minPos")
_REGRESSION = (
    *("linregc1", "linregc2", "linregerrQ", "qregc1", "qregc2", "qregc3", "qregerrQ"),
    "centroid",
)
_ORDER = (
    *("quartile1", "quartile2", "quartile3", "iqr1-2", "iqr2-3", "iqr1-3"),
    *("percentile1.0", "percentile99.0", "pctlrange0-1", "stddev", "skewness", "kurtosis"),
)
_SEGMENTS = ("meanSegLen", "maxSegLen", "minSegLen", "segLenStddev")
_TIMES = (
    *(f"upleveltime{share}" for share in (25, 50, 75, 90)),
    *("risetime", "leftctime", "lpgain", *(f"lpc{i}" for i in range(5))),
)
_PEAKS = (
    *("rqmean", "meanPeakDist", "peakDistStddev", "peakRangeAbs", "peakRangeRel"),
    *("peakMeanAbs", "peakMeanMeanDist", "peakMeanRel", "minRangeRel"),
    *("meanRisingSlope", "stddevRisingSlope", "meanFallingSlope", "stddevFallingSlope"),
)


def _with(descriptors: tuple[str, ...], statistics: tuple[str, ...]) -> list[str]:
    return [f"{name}_{statistic}" for name in descriptors for statistic in statistics]


def _deltas(descriptors: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.replace("_sma", "_sma_de") for name in descriptors)


class Compare:
    """``[1, 6373]``, by openSMILE's names; nothing is NaN from 60 ms on."""

    names = (
        *_with(
            (*_ENERGY, *_deltas(_ENERGY), *_SPECTRUM, *_deltas(_SPECTRUM)),
            (*_RANGE, *_ORDER, *_SEGMENTS, *_TIMES),
        ),
        *_with(
            (*_VOICE, *_deltas(_VOICE)),
            ("amean", "flatness", "posamean", "rqmean", *_RANGE, *_REGRESSION, *_ORDER, *_TIMES),
        ),
        *_with(("F0final_sma",), ("ff0_nnz", *(f"ff0_{name}" for name in _SEGMENTS))),
        *_with((*_ENERGY, *_SPECTRUM), ("amean", "flatness", *_PEAKS, *_REGRESSION)),
        *_with(_deltas((*_ENERGY, *_SPECTRUM)), ("flatness", "posamean", *_PEAKS)),
    )

    def __init__(self, config: CompareConfig) -> None:
        self._config = config

    def __call__(self, signal: Signal) -> Frames:
        smile.refuse_short(signal, _SHORTEST_S, self._config.kind)
        return _smile()(signal)

    def identity(self) -> dict[str, object]:
        # The set's file comes with openSMILE, so its version stands for the text.
        own = {"version": 1, "set": "ComParE_2016", "opensmile": version("opensmile")}
        return {**self._config.model_dump(), **own}


@functools.lru_cache(maxsize=1)
def _smile() -> smile.Smile:
    import opensmile

    return smile.open_smile(opensmile.FeatureSet.ComParE_2016, "func", Compare.names)
