"""Other words for a corpus than its own: what a recogniser heard, or errors made on purpose."""

from ser_platform.config.corruption import CorruptedConfig
from ser_platform.config.recognition import (
    FasterWhisperConfig,
    GoogleSpeechConfig,
    PocketsphinxConfig,
)
from ser_platform.config.transcript import OracleConfig, RecognisedConfig, TranscriptConfig
from ser_platform.corpora.base import Corpus

__all__ = ["with_transcripts"]


def with_transcripts(corpus: Corpus, config: TranscriptConfig) -> Corpus:
    """The corpus with the transcripts that an experiment names.

    Raises:
        CorpusError: when they cannot be read, or are not those of the corpus.
    """
    match config:
        case OracleConfig():
            return corpus
        case RecognisedConfig():
            from ser_platform.transcripts.recognised import read_recognised

            return read_recognised(corpus, config)
        case CorruptedConfig():
            from ser_platform.transcripts.corrupted import corrupt

            return corrupt(corpus, config)
        case PocketsphinxConfig() | FasterWhisperConfig() | GoogleSpeechConfig():
            return corpus  # hearing takes a cluster: transcripts.stage
