"""Emotion Identification from Raw Speech Signals Using DNNs (Sarma et al. 2018): TDNN and LSTM.

"(M)" marks what was set from memory: of the paper only the abstract could be read.
"""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from ser_platform.config.model.base import NetworkConfig
from ser_platform.config.sections import Probability


class TdnnLstmConfig(NetworkConfig):
    """Convolutions over time that see ever more of it, an LSTM, one row for the utterance."""

    kind: Literal["tdnn_lstm"] = "tdnn_lstm"
    hidden: PositiveInt = 256
    """Units of each TDNN layer (M)."""
    kernel: PositiveInt = 3
    """Frames that a TDNN layer puts together (M)."""
    dilations: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (1, 1, 3, 3)
    """How far apart these are, for each layer (M)."""
    lstm_step: PositiveInt = 3
    """The last TDNN layer is computed at every third frame, and the LSTM reads these (M)."""
    heads: PositiveInt = 1
    """Attention heads, each over its own slice of the state; ours."""
    weights: PositiveInt = 256
    """Units per head; the LSTM's state is ``heads * weights`` (M)."""
    pooling: Literal["attention", "statistics", "mean"] = "attention"
    """How states become one; ``statistics``: mean and standard deviation of each unit."""
    dropout: Probability = 0.2
    """On what goes into the LSTM and into the classifier; ours."""

    @property
    def reads_words(self) -> bool:
        """It only hears."""
        return False
