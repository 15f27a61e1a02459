"""Multimodal Speech Emotion Recognition using Audio and Text (Yoon et al. 2018): dual RNNs."""

from typing import Literal

from pydantic import PositiveInt

from ser_platform.config.model.base import Limits, Modality, NetworkConfig
from ser_platform.config.sections import Probability


class DualRnnConfig(NetworkConfig):
    """A GRU over frames and one over words, their last states side by side."""

    kind: Literal["dual_rnn"] = "dual_rnn"
    modality: Modality = "both"
    """``audio`` and ``text`` are the paper's single encoders (ARE, TRE)."""
    audio_hidden: PositiveInt = 200
    """GRU over frames."""
    text_hidden: PositiveInt = 200
    """GRU over words."""
    audio_dropout: Probability = 0.3
    """On what goes into the audio GRU and comes out of it; the published recipe keeps 0.7."""
    text_dropout: Probability = 0.7
    """The same of the text GRU; the published recipe keeps 0.3."""
    max_frames: PositiveInt = 750
    """Frames kept of an utterance."""
    max_words: PositiveInt = 128
    """Words kept of an utterance."""

    @property
    def limits(self) -> Limits:
        """Of the published recipe."""
        return Limits(frames=self.max_frames, words=self.max_words)

    @property
    def reads_functionals(self) -> bool:
        """The prosodic vector joins the audio encoder."""
        return self.modality != "text"

    @property
    def reads_words(self) -> bool:
        """Not when it only hears."""
        return self.modality != "audio"
