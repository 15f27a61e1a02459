"""A BiLSTM with attention over speech, over text, or over each of them."""

from typing import Literal

from pydantic import PositiveInt

from ser_platform.config.model.base import Modality, NetworkConfig
from ser_platform.config.sections import EvenInt, Probability


class LstmAttentionConfig(NetworkConfig):
    """Xu's unimodal rows, and with ``modality: both`` his "Concat"; Mirsamadi et al. 2017."""

    kind: Literal["lstm_attention"] = "lstm_attention"
    modality: Modality = "both"
    """``both`` puts the two pooled states side by side (Xu, "Concat")."""
    dense: tuple[PositiveInt, ...] = ()
    """ReLU layers that frames pass before the LSTM; Mirsamadi: two of 512."""
    pooling: Literal["attention", "mean", "last"] = "attention"
    """How states become one; Mirsamadi compares the three."""
    heads: PositiveInt = 1
    """Attention heads, each over its own slice of the state; Mirsamadi has one."""
    weights: EvenInt = 200
    """Units per head; the BiLSTM's state is ``heads * weights``, half of it per direction.
    Xu: 200 (section 4.2); Mirsamadi: 256."""
    dropout: Probability = 0.0
    """Behind each dense layer and before the classifier; Mirsamadi: 0.5 behind dense layers."""

    @property
    def reads_words(self) -> bool:
        """Not when it only hears."""
        return self.modality != "audio"
