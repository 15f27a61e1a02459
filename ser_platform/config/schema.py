"""The experiment file as a whole; its sections have a file each beside this one.

Nothing here imports torch, ray or mlflow, so a bad file is refused before a cluster is
touched.
"""

import math
import re
from typing import Annotated, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from ser_platform.config.alignment import AlignmentConfig
from ser_platform.config.cache import CacheConfig
from ser_platform.config.corpus import CorpusConfig, SplitConfig
from ser_platform.config.inputs import (
    EmbeddingConfig,
    FeatureConfig,
    FunctionalsConfig,
    Glove50Config,
)
from ser_platform.config.model import ModelConfig
from ser_platform.config.paths import LocalPath, StoreUrl
from ser_platform.config.reading import refuse_unread
from ser_platform.config.recognition import RecognitionConfig
from ser_platform.config.sections import Name, NonNegativeFloat, PositiveFloat, Section
from ser_platform.config.selecting import refuse_unselectable
from ser_platform.config.study import (
    Architecture,
    SearchSpace,
    StudyConfig,
    SweepValues,
)
from ser_platform.config.tracking_uri import fault_of
from ser_platform.config.training import TrainConfig
from ser_platform.config.transcript import OracleConfig, RecognisedConfig, TranscriptConfig

Protocol = Literal["shared", "nested", "paper"]
"""``shared``: one study, settings selected by the mean validation UA over all folds.
``nested``: a study for each test part, which never sees that part in any role; the unbiased
estimate. ``paper``: the last of a fixed number of epochs, all but the test part is trained on,
so nothing is selected."""
Selection = Literal["validation", "best_on_test"]
"""What chooses epochs and settings."""


class ClusterConfig(Section):
    """Where it runs: not a part of the signature.

    Only ``workers`` touches numbers (ranks draw their own dropout), so results of another
    number of workers are kept apart.
    """

    workers: PositiveInt = 1
    """Ray Train workers (DDP ranks) of one fold."""
    cpus_per_worker: PositiveFloat = 1.0
    gpus_per_worker: NonNegativeFloat = 0.0
    """Above 0 trains on CUDA with NCCL, else on CPU with gloo. A share below 1 lets several
    groups use one GPU: at 0.25 four."""
    groups: PositiveInt | Literal["auto"] = "auto"
    """Worker groups that train at the same time; ``auto``: as many as the cluster has room for,
    more when nodes join. A cluster that grows by itself is asked for this many, by ``auto`` for
    one."""
    folds: Literal["together", "apart"] = "together"
    """The folds of a trial on one worker group in turn, or on all groups in parallel."""
    max_failures: Annotated[int, Field(ge=0)] = 3
    """How often a fold may lose its workers before it counts as failed."""
    frames_in_memory_gb: NonNegativeFloat = 2.0
    """Frames of one front end that are held in memory, in 10^9 bytes.

    A corpus that has more is never in memory as a whole: each node maps its frames from files,
    below ``scratch``."""
    scratch: LocalPath = ""
    """Folder for these files, on a disk of each node with room for all frames; empty: the node's
    temporary folder. They are deleted when the last worker that used them ends."""

    @model_validator(mode="after")
    def _shares_of_gpus(self) -> "ClusterConfig":
        gpus = self.gpus_per_worker
        if gpus > 1 and not gpus.is_integer():
            raise ValueError(
                f"gpus_per_worker={gpus:g}: above 1 Ray gives whole GPUs only; give "
                f"{math.ceil(gpus)}, or at most 1"
            )
        if 0 < gpus < 1 and self.workers > 1:
            raise ValueError(
                f"workers={self.workers} with gpus_per_worker={gpus:g}: NCCL refuses two workers "
                "of a fold on one GPU; give workers=1, or a whole GPU to each"
            )
        return self


class TrackingConfig(Section):
    """MLflow."""

    uri: str = "sqlite:///.ser/mlflow.db"
    """SQLite file or ``http://`` server."""
    experiment: str = "ser_platform"
    registered_model: str = ""
    """Of which registered model the winner of a study becomes a version; empty:
    ``ser-<corpus>``."""
    journal: Annotated[str, Field(min_length=1)] = ".ser/journal"
    """Folder for what MLflow has not taken yet; on a disk that outlives the program.

    ``python -m ser_platform.tracking sync`` sends it; so does the next run of a study."""

    @field_validator("uri")
    @classmethod
    def _can_be_one(cls, uri: str) -> str:
        if fault := fault_of(uri):
            raise ValueError(fault)
        return uri

    @field_validator("registered_model")
    @classmethod
    def _is_a_name(cls, name: str) -> str:
        if re.fullmatch(r"[\w.-]*", name) is None:
            raise ValueError(
                f"'{name}' cannot name a registered model; use letters, digits, '.', '_' and '-'"
            )
        return name


class Experiment(Section):
    """One setting, complete: what a trial, a fold or a registered model was made with."""

    name: str
    corpus: CorpusConfig
    split: SplitConfig = SplitConfig()
    transcript: TranscriptConfig = OracleConfig()
    alignment: AlignmentConfig = AlignmentConfig()
    embedding: EmbeddingConfig = Glove50Config()
    features: FeatureConfig
    functionals: FunctionalsConfig | None = None
    """Values of whole utterances, for a network that reads them."""
    model: ModelConfig
    train: TrainConfig = TrainConfig()
    protocol: Protocol = "shared"
    selection: Selection = "validation"

    @model_validator(mode="after")
    def _what_is_given_is_read(self) -> "Experiment":
        refuse_unread(self.model, self.functionals, self.embedding, self.transcript, self.corpus)
        return self

    @model_validator(mode="after")
    def _something_selects(self) -> "Experiment":
        refuse_unselectable(self.protocol, self.selection, {"train": self.train})
        return self

    @property
    def validates(self) -> bool:
        """Whether folds have a validation part; a paper's learn from all but the test part."""
        return self.protocol != "paper"

    @property
    def selects_on_test(self) -> bool:
        """Whether the test part chooses: a habit that is repeated on purpose, and flagged."""
        return self.selection == "best_on_test"

    @property
    def may_align(self) -> bool:
        """Whether words can meet the forced aligner, so that its settings can change results."""
        hears = isinstance(self.transcript, RecognitionConfig)
        reads = isinstance(self.transcript, RecognisedConfig) and self.transcript.times == "align"
        return hears or reads or self.corpus.missing_alignment == "align"


class ExperimentFile(Section):
    """What ``experiments/*.yaml`` says: one architecture, or several under ``study``."""

    name: Name
    corpus: CorpusConfig
    split: SplitConfig = SplitConfig()
    transcript: TranscriptConfig = OracleConfig()
    alignment: AlignmentConfig = AlignmentConfig()
    embedding: EmbeddingConfig = Glove50Config()
    features: FeatureConfig | None = None
    functionals: FunctionalsConfig | None = None
    model: ModelConfig | None = None
    train: TrainConfig | None = None
    protocol: Protocol = "shared"
    """How test parts and selection are kept apart."""
    selection: Selection = "validation"
    """``best_on_test`` repeats a habit of the literature, and is flagged wherever it shows."""
    study: StudyConfig = StudyConfig()
    sweep: dict[str, SweepValues] = Field(default_factory=dict)
    """One setting of the transcript at several values, for ``train``: dotted name -> values."""
    cluster: ClusterConfig = ClusterConfig()
    tracking: TrackingConfig = TrackingConfig()
    store: StoreUrl = ".ser/store"
    """Object store for features, checkpoints and results: a folder or ``s3://bucket/prefix``.

    Another endpoint than Amazon's: ``AWS_ENDPOINT_URL_S3``, as every AWS tool reads it."""
    cache: CacheConfig = CacheConfig()

    @model_validator(mode="after")
    def _one_or_several(self) -> "ExperimentFile":
        if not self.study.architectures and (self.features is None or self.model is None):
            raise ValueError(
                "give features and model (one architecture), or study.architectures (several)"
            )
        return self

    @model_validator(mode="after")
    def _what_is_given_is_read(self) -> "ExperimentFile":
        if self.model is not None:
            refuse_unread(
                self.model, self.functionals, self.embedding, self.transcript, self.corpus
            )
        for own in self.study.architectures.values():
            refuse_unread(own.model, own.functionals, self.embedding, self.transcript, self.corpus)
        return self

    @model_validator(mode="after")
    def _something_selects(self) -> "ExperimentFile":
        own = self.study.architectures.items()
        trained = {f"study.architectures.{name}.train": one.train for name, one in own}
        if self.train is not None:
            trained["train"] = self.train
        refuse_unselectable(self.protocol, self.selection, trained)
        return self

    @property
    def validates(self) -> bool:
        """Whether folds have a validation part; a paper's learn from all but the test part."""
        return self.protocol != "paper"

    @property
    def selects_on_test(self) -> bool:
        """Whether the test part chooses: a habit that is repeated on purpose, and flagged."""
        return self.selection == "best_on_test"

    @property
    def architectures(self) -> dict[str, Architecture]:
        """Name -> architecture; a file with one architecture names it after its model."""
        if self.study.architectures:
            return self.study.architectures
        assert self.features is not None
        assert self.model is not None
        only = Architecture(
            features=self.features,
            functionals=self.functionals,
            model=self.model,
            train=self.train or TrainConfig(),
        )
        return {self.model.kind: only}

    def experiment(self, architecture: str) -> Experiment:
        """The complete setting of one of :attr:`architectures`, as the file gives it."""
        chosen = self.architectures[architecture]
        return Experiment(
            name=self.name,
            corpus=self.corpus,
            split=self.split,
            transcript=self.transcript,
            alignment=self.alignment,
            embedding=self.embedding,
            features=chosen.features,
            functionals=chosen.functionals,
            model=chosen.model,
            train=chosen.train,
            protocol=self.protocol,
            selection=self.selection,
        )

    def search_space(self, architecture: str) -> SearchSpace:
        """What is searched for one architecture: the shared settings and its own."""
        return {**self.study.search, **self.architectures[architecture].search}
