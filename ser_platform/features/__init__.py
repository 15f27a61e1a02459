"""Signal -> frames or functionals, computed once, cached in object storage; words -> vectors."""

from ser_platform.config.inputs import (
    CompareConfig,
    EgemapsConfig,
    ExtractorConfig,
    Mfcc39Config,
    Mfcc40Config,
    PretrainedConfig,
    Prosody35Config,
    ShortTerm34Config,
    SpectrogramConfig,
)
from ser_platform.features.base import FrameExtractor

__all__ = ["FrameExtractor", "make_extractor"]


def make_extractor(config: ExtractorConfig) -> FrameExtractor:
    """The extractor a configuration asks for."""
    match config:
        case Mfcc39Config(backend="numpy"):
            from ser_platform.features.htk import HtkMfcc39

            return HtkMfcc39(config)
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
        case PretrainedConfig():
            from ser_platform.features.pretrained import Pretrained

            return Pretrained(config)
        case Prosody35Config():
            from ser_platform.features.prosody import Prosody35

            return Prosody35(config)
        case EgemapsConfig():
            from ser_platform.features.egemaps import Egemaps

            return Egemaps(config)
        case CompareConfig():
            from ser_platform.features.compare import Compare

            return Compare(config)
