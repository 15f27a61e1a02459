"""Signal -> frames, computed once and cached in object storage; words -> vectors."""

from ser_platform.config.inputs import (
    FeatureConfig,
    Mfcc39Config,
    Mfcc40Config,
    ShortTerm34Config,
    SpectrogramConfig,
)
from ser_platform.features.base import FrameExtractor

__all__ = ["FrameExtractor", "make_extractor"]


def make_extractor(config: FeatureConfig) -> FrameExtractor:
    """The extractor a configuration asks for."""
    match config:
        case Mfcc39Config():
            from ser_platform.features.mfcc import Mfcc39

            return Mfcc39(config)
        case ShortTerm34Config():
            from ser_platform.features.shortterm import ShortTerm34

            return ShortTerm34(config)
        case SpectrogramConfig():
            from ser_platform.features.spectrogram import Spectrogram

            return Spectrogram(config)
        case Mfcc40Config():
            from ser_platform.features.mfcc40 import Mfcc40

            return Mfcc40(config)
