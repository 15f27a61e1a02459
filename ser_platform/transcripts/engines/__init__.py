"""Engines that listen to recordings: recognisers, and the forced aligner.

Each is a file of its own that loads its heavy package when it is first asked.
"""

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.config.recognition import (
    FasterWhisperConfig,
    GoogleSpeechConfig,
    PocketsphinxConfig,
    RecognitionConfig,
)
from ser_platform.transcripts.engines.base import Engine

EngineConfig = AlignmentConfig | RecognitionConfig


def make_engine(config: EngineConfig) -> Engine:
    """The engine that a section describes.

    Raises:
        EngineError: when it cannot be used on this machine.
    """
    match config:
        case AlignmentConfig():
            from ser_platform.transcripts.alignment.pocketsphinx import PocketsphinxAligner

            return PocketsphinxAligner(config)
        case PocketsphinxConfig():
            from ser_platform.transcripts.engines.pocketsphinx import PocketsphinxRecogniser

            return PocketsphinxRecogniser()
        case FasterWhisperConfig():
            from ser_platform.transcripts.engines.faster_whisper import WhisperRecogniser

            return WhisperRecogniser(config)
        case GoogleSpeechConfig():
            from ser_platform.transcripts.engines.google_speech import GoogleRecogniser

            return GoogleRecogniser(config)
