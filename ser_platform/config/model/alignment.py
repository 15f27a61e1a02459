"""Learning Alignment for Multimodal Emotion Recognition from Speech (Xu et al. 2019)."""

from typing import Literal

from pydantic import PositiveInt

from ser_platform.config.model.base import NetworkConfig
from ser_platform.config.sections import EvenInt, Probability


class AlignmentConfig(NetworkConfig):
    """Words attend to speech frames."""

    kind: Literal["alignment"] = "alignment"
    alignment: Literal["learned", "hard"] = "learned"
    """``learned``: attention, equations 7-9. ``hard``: the mean of the speech states in the
    word's own frames (Xu, table 2, "hard alignment"); it needs times of words."""
    heads: PositiveInt = 5
    """Attention heads (section 4.2)."""
    weights: EvenInt = 40
    """Units per head (section 4.2: "5 heads, each of which includes 40 weights").

    The state of each BiLSTM is ``heads * weights`` (200), half of it per direction, so every
    pair of the two is a valid network.
    """
    dropout: Probability = 0.0
    """On the inputs of the fusion BiLSTM and of the classifier; not in the paper."""
    logit_relu: bool = False
    """Equation 14 as printed puts a ReLU on the logits, which kills classes; off by default."""

    @property
    def reads_word_times(self) -> bool:
        """Attention finds out by itself."""
        return self.alignment == "hard"
