"""Speech Emotion Recognition Using Spectrogram & Phoneme Embedding (Yenigalla et al. 2018).

"(M)" marks what was set from memory: of the paper only the abstract could be read.
"""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from ser_platform.config.model.base import Kernel, Modality, NetworkConfig
from ser_platform.config.sections import Probability


class CnnPhonemeConfig(NetworkConfig):
    """Parallel convolutions over a spectrogram and over phonemes, the maximum of each map."""

    kind: Literal["cnn_phoneme"] = "cnn_phoneme"
    modality: Modality = "both"
    """``audio`` is the spectrogram alone, ``text`` the phonemes alone."""
    kernels: Annotated[tuple[Kernel, ...], Field(min_length=1)] = (
        (12, 16),
        (18, 24),
        (24, 32),
        (30, 40),
    )
    """Of the parallel convolutions over the spectrogram (M)."""
    maps: PositiveInt = 200
    """Maps of each of them (M)."""
    steps_per_kernel: PositiveInt = 2
    """A kernel moves by this part of its size: 2 is by half of it; ours."""
    phoneme_dim: PositiveInt = 100
    """Size of a phoneme's learned vector (M)."""
    phoneme_kernels: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (3, 5, 7, 9)
    """Phonemes that the parallel convolutions over phonemes put together (M)."""
    phoneme_maps: PositiveInt = 200
    """Maps of each of them (M)."""
    hidden: PositiveInt = 400
    """Units of the layer before the classifier (M)."""
    dropout: Probability = 0.5
    """Before and behind that layer; ours."""

    @property
    def reads_words(self) -> bool:
        """Its text is phonemes."""
        return False

    @property
    def reads_phoneme_symbols(self) -> bool:
        """Not when it only hears."""
        return self.modality != "audio"
