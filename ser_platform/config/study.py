"""What a study searches: domains of settings, and the architectures that share it."""

from typing import Annotated, Any

from pydantic import (
    Discriminator,
    Field,
    PositiveInt,
    Tag,
    field_validator,
    model_validator,
)

from ser_platform.config.inputs import FeatureConfig, FunctionalsConfig
from ser_platform.config.model import ModelConfig
from ser_platform.config.paths import DatabaseUrl
from ser_platform.config.problems import shown
from ser_platform.config.search_method import (
    Goal,
    NoPrunerConfig,
    PrunerConfig,
    SamplerConfig,
    TpeConfig,
    WilcoxonConfig,
)
from ser_platform.config.sections import NAME, NAME_IN_WORDS, Name, Section, Seed
from ser_platform.config.training import TrainConfig


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


SweepValues = Annotated[tuple[int | float, ...], Field(min_length=2)]
"""What one setting is set to, one after the other; a curve has at least two points."""


class Architecture(Section):
    """One architecture of a study over several, with the features it reads."""

    features: FeatureConfig
    functionals: FunctionalsConfig | None = None
    model: ModelConfig
    train: TrainConfig = TrainConfig()
    search: SearchSpace = Field(default_factory=dict)
    """Searched only for this architecture."""


def _pruner_for(checked: dict[str, Any]) -> PrunerConfig:
    """A pruner knows one goal; ``checked`` has the fields before it."""
    return NoPrunerConfig() if len(checked.get("goals", ())) > 1 else WilcoxonConfig()


class StudyConfig(Section):
    """What a study searches, how, and for how long."""

    trials: PositiveInt = 20
    """Of each study; with ``protocol: nested`` there is one for every test part."""
    seed: Seed = 0
    """Of the sampler."""
    sampler: SamplerConfig = TpeConfig()
    goals: Annotated[tuple[Goal, ...], Field(min_length=1, max_length=2)] = ("val_ua",)
    """Validation UA, or that against another; the setting that is scored on test is the one of
    the highest validation UA either way."""
    pruner: PrunerConfig = Field(default_factory=_pruner_for)
    """Where nothing is said, the signed-rank test (56 to 70 % of the seconds for no regret in
    replays, docs/search.md), or none where there are two goals."""
    search: SearchSpace = Field(default_factory=dict)
    """Searched for every architecture."""
    min_share: Annotated[float, Field(ge=0, le=1)] | None = None
    """Share of the trials that each architecture gets at least: null for half of an equal share,
    0 leaves it to the sampler."""
    papers_first: bool = True
    """Try the papers' own values among the first, as far as the space holds them; the file's own
    come before them in any case."""
    enqueue: tuple[dict[str, bool | int | float | str], ...] = ()
    """Points to try after those: dotted settings, and ``architecture`` where there are several.
    What a point leaves out is drawn."""
    warm_start: Name | None = None
    """Name of an earlier study in the same storage, of the same protocol, to learn from."""
    architectures: dict[str, Architecture] = Field(default_factory=dict)
    """Several architectures in one study; then the file has no ``features``/``model`` itself."""
    storage: DatabaseUrl = "sqlite:///.ser/optuna.db"
    """Optuna's own storage, so that optuna-dashboard opens it; a PostgreSQL URL on clusters."""

    @field_validator("architectures")
    @classmethod
    def _plain_names(cls, architectures: dict[str, Architecture]) -> dict[str, Architecture]:
        for name in architectures:
            if not NAME.fullmatch(name):
                raise ValueError(f"the name {shown(name)} is not {NAME_IN_WORDS}")
        return architectures

    @model_validator(mode="after")
    def _goals_make_sense(self) -> "StudyConfig":
        if self.goals[0] != "val_ua" or len(set(self.goals)) < len(self.goals):
            raise ValueError(
                f"goals={list(self.goals)}: val_ua comes first, and at most one other after it"
            )
        if len(self.goals) > 1 and self.pruner.kind != "none":
            raise ValueError(
                f"pruner {self.pruner.kind} compares trials by one goal, and goals has two; "
                "give pruner: {kind: none}, or val_ua alone"
            )
        if len(self.goals) > 1 and self.sampler.kind == "cmaes":
            raise ValueError(
                "sampler cmaes searches for one goal, and goals has two; give tpe, gp or nsga2"
            )
        return self

    @model_validator(mode="after")
    def _shares_fit(self) -> "StudyConfig":
        if self.min_share is not None and self.min_share * len(self.architectures) > 1:
            raise ValueError(
                f"min_share={self.min_share:g} for each of {len(self.architectures)} "
                f"architectures is more than all; give at most {1 / len(self.architectures):.2g}"
            )
        return self
