"""The architectures and their sizes.

"Xu" is Xu et al. 2019 (alignment), "Shen" is Shen et al. 2020 (WISE); section numbers are theirs.
"""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from ser_platform.config.sections import EvenInt, Probability, Section


class AlignmentConfig(Section):
    """Xu et al. 2019: words attend to speech frames."""

    kind: Literal["alignment"] = "alignment"
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


class WiseConfig(Section):
    """Shen et al. 2020 (WISE): frame -> phoneme -> word, audio and text interacting."""

    kind: Literal["wise"] = "wise"
    phoneme_hidden: PositiveInt = 50
    """GRU over the frames of a phoneme (section 3.2)."""
    word_hidden: PositiveInt = 100
    """GRU over the phonemes of a word (section 3.2)."""
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


ModelConfig = Annotated[AlignmentConfig | WiseConfig, Field(discriminator="kind")]
