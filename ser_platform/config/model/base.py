"""What the sections of all architectures share."""

from typing import Literal, NamedTuple

from pydantic import PositiveInt

from ser_platform.config.sections import Section

Modality = Literal["both", "audio", "text"]
"""What a network reads of an utterance: its sound, its words, or both."""


Kernel = tuple[PositiveInt, PositiveInt]
"""Of a convolution over a spectrogram: bins, frames."""


class Limits(NamedTuple):
    """How much of an utterance is read; what lies beyond is cut, None reads everything."""

    frames: int | None = None
    """Of an utterance."""
    words: int | None = None
    """Of an utterance."""
    phonemes: int | None = None
    """Of a word."""
    frames_of_phoneme: int | None = None


class NetworkConfig(Section):
    """A ``model:`` section."""

    @property
    def limits(self) -> Limits:
        """What is cut before the network sees it; nothing, unless its paper says so."""
        return Limits()

    @property
    def reads_functionals(self) -> bool:
        """Whether values of whole utterances reach it."""
        return False

    @property
    def reads_word_times(self) -> bool:
        """Whether it matters when a word or a phoneme is spoken."""
        return False

    @property
    def reads_words(self) -> bool:
        """Whether word vectors reach it."""
        return True

    @property
    def reads_phoneme_symbols(self) -> bool:
        """Whether it matters which phoneme is spoken."""
        return False
