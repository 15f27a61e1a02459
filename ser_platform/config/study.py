"""What a study searches: domains of settings, and the architectures that share it."""

from typing import Annotated, Any

from pydantic import (
    Discriminator,
    Field,
    PositiveInt,
    Tag,
    field_validator,
)

from ser_platform.config.inputs import FeatureConfig, FunctionalsConfig
from ser_platform.config.model import ModelConfig
from ser_platform.config.problems import shown
from ser_platform.config.sections import NAME, NAME_IN_WORDS, Section, Seed
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


class StudyConfig(Section):
    """What a study searches, and for how long. Objective: mean validation UA over folds."""

    trials: PositiveInt = 20
    seed: Seed = 0
    """Of the TPE sampler."""
    search: SearchSpace = Field(default_factory=dict)
    """Searched for every architecture."""
    architectures: dict[str, Architecture] = Field(default_factory=dict)
    """Several architectures in one study; then the file has no ``features``/``model`` itself."""
    storage: str = "sqlite:///.ser/optuna.db"
    """Optuna's own storage, so that optuna-dashboard opens it; a PostgreSQL URL on clusters."""

    @field_validator("architectures")
    @classmethod
    def _plain_names(cls, architectures: dict[str, Architecture]) -> dict[str, Architecture]:
        for name in architectures:
            if not NAME.fullmatch(name):
                raise ValueError(f"the name {shown(name)} is not {NAME_IN_WORDS}")
        return architectures
