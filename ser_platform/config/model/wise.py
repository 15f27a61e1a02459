"""WISE: word-level interaction, phonemes to words to utterances (Shen et al. 2020)."""

from typing import Literal

from pydantic import PositiveInt, model_validator

from ser_platform.config.model.base import Limits, Modality, NetworkConfig
from ser_platform.config.sections import Probability


class WiseConfig(NetworkConfig):
    """Frame -> phoneme -> word, audio and text interacting; the paper's ablations are switches."""

    kind: Literal["wise"] = "wise"
    modality: Modality = "both"
    """``audio`` and ``text`` are one LSTM with attention (table 1)."""
    hierarchy: Literal["phonemes", "frames", "mean"] = "phonemes"
    """How a word's frames become its acoustic vector: through phonemes; by one GRU over them
    (table 2, HR-); as their mean, projected (table 2, without HR)."""
    interaction: bool = True
    """Mix the previous states of both LSTMs (table 2, IM); false leaves each its own."""
    attention: bool = True
    """Weigh the words (table 2, DMF); false takes the joint state of the last one."""
    phoneme_hidden: PositiveInt = 50
    """GRU over the frames of a phoneme (section 3.2)."""
    word_hidden: PositiveInt = 100
    """GRU over the phonemes of a word (section 3.2); size of a word's acoustic vector."""
    audio_hidden: PositiveInt = 100
    """Word-level audio LSTM (section 3.2)."""
    text_hidden: PositiveInt = 150
    """Word-level text LSTM (section 3.2)."""
    heads: PositiveInt = 1
    """Attention heads over words; the paper has one."""
    weights: PositiveInt = 200
    """Units per head of the joint state, ``R^200`` in equation 7."""
    classifier: tuple[PositiveInt, PositiveInt] = (200, 100)
    """The two hidden layers (section 3.2)."""
    dropout: Probability = 0.3
    """After each hidden layer of the classifier (section 3.2)."""
    max_frames: PositiveInt = 64
    """Frames kept of a phoneme (section 3.2); truncation, never padding."""
    max_phonemes: PositiveInt = 14
    """Phonemes kept of a word (section 3.2)."""
    max_words: PositiveInt = 128
    """Words kept of an utterance (section 3.2)."""
    swap_inputs: bool = False
    """Equations 4-5 as printed feed text to the audio LSTM and audio to the text LSTM, against
    equations 1-2 and the prose; true follows the print."""

    @model_validator(mode="after")
    def _two_inputs_to_swap(self) -> "WiseConfig":
        if self.swap_inputs and self.modality != "both":
            raise ValueError(
                f"swap_inputs needs two inputs, modality is {self.modality}; leave one of them out"
            )
        return self

    @property
    def limits(self) -> Limits:
        """Of section 3.2."""
        return Limits(
            words=self.max_words,
            phonemes=self.max_phonemes,
            frames_of_phoneme=self.max_frames,
        )

    @property
    def reads_word_times(self) -> bool:
        """Frames belong to words, and to phonemes."""
        return self.modality != "text"

    @property
    def reads_words(self) -> bool:
        """Not when it only hears."""
        return self.modality != "audio"
