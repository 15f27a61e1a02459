"""Satt et al. 2017: Efficient Emotion Recognition from Speech Using Deep Learning on Spectrograms.

"(M)" marks what was set from memory: the paper could not be read when this was written.
"""

from typing import Literal

from pydantic import PositiveInt, model_validator

from ser_platform.config.model.base import Kernel, NetworkConfig
from ser_platform.config.sections import Probability


class CnnLstmConfig(NetworkConfig):
    """Convolutions and a BiLSTM over segments of a spectrogram; posteriors are averaged."""

    kind: Literal["cnn_lstm"] = "cnn_lstm"
    segment_frames: PositiveInt = 300
    """Frames of a segment: 3 s at a hop of 10 ms."""
    shortest_rest: PositiveInt = 50
    """A rest of fewer frames than this is joined to the segment before it."""
    maps: tuple[PositiveInt, ...] = (16, 24, 32)
    """Maps of each convolution (M)."""
    kernels: tuple[Kernel, ...] = ((12, 16), (8, 12), (5, 7))
    """Of each convolution (M)."""
    pool: PositiveInt = 2
    """Frames and bins that become one behind each convolution (M)."""
    hidden: PositiveInt = 128
    """Units of the BiLSTM, per direction (M)."""
    dropout: Probability = 0.3
    """On the last states, before the classifier; ours."""

    @model_validator(mode="after")
    def _a_kernel_for_each_layer(self) -> "CnnLstmConfig":
        if len(self.maps) != len(self.kernels):
            raise ValueError(
                f"maps has {len(self.maps)} and kernels has {len(self.kernels)} entries; "
                "give each convolution one of both"
            )
        return self

    @property
    def reads_words(self) -> bool:
        """It only hears."""
        return False
