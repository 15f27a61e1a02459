"""How a study searches: which points are drawn, which trials are cut short, towards what."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt

from ser_platform.config.sections import Section

Goal = Literal["val_ua", "num_parameters", "seconds"]
"""Mean validation UA over folds, as high as it gets; weights of a network, or training seconds
over all folds, as few as it gets."""


class TpeConfig(Section):
    """Tree-structured Parzen estimator, over settings together and by architecture."""

    kind: Literal["tpe"] = "tpe"
    startup_trials: PositiveInt = 10
    """Drawn at random before it models anything."""


class RandomConfig(Section):
    """Every point by itself: the baseline that a sampler has to beat."""

    kind: Literal["random"] = "random"


class GridConfig(Section):
    """Every combination once, in random order; all settings are choices or whole numbers."""

    kind: Literal["grid"] = "grid"


class GpConfig(Section):
    """A Gaussian process: few, expensive trials of one architecture."""

    kind: Literal["gp"] = "gp"
    startup_trials: PositiveInt = 10
    """Drawn at random before it models anything."""


class CmaesConfig(Section):
    """CMA-ES: many trials of one architecture over numbers."""

    kind: Literal["cmaes"] = "cmaes"


class Nsga2Config(Section):
    """NSGA-II: a front of settings that trade two goals against each other."""

    kind: Literal["nsga2"] = "nsga2"
    population: Annotated[int, Field(ge=2)] = 20
    """Trials of a generation."""


SamplerConfig = Annotated[
    TpeConfig | RandomConfig | GridConfig | GpConfig | CmaesConfig | Nsga2Config,
    Field(discriminator="kind"),
]


class NoPrunerConfig(Section):
    """Every trial trains all its folds."""

    kind: Literal["none"] = "none"


class WilcoxonConfig(Section):
    """Stops a trial that is worse than the best one, fold against fold (signed-rank test)."""

    kind: Literal["wilcoxon"] = "wilcoxon"
    p_threshold: Annotated[float, Field(gt=0, lt=1)] = 0.3
    """Stops below it. Two folds can reach 0.25, three 0.125, four 0.0625. Replayed searches of 40
    settings (docs/search.md): the best is always kept, for 56 to 70 % of the seconds."""
    startup_folds: PositiveInt = 2
    """Folds that every trial trains."""


class AshaConfig(Section):
    """Asynchronous successive halving over the epochs of all folds, one after the other."""

    kind: Literal["asha"] = "asha"
    reduction: Annotated[int, Field(ge=2)] = 2
    """Of so many trials that reach a rung, one goes on."""
    first_rung: Annotated[float, Field(gt=0, lt=1)] = 0.4
    """Share of a trial's epochs before its first rung: 0.4 is two folds of five. In these replays
    the best of each architecture loses 0.04 points on average, at times 0.5, for 67 to 68 % of the
    seconds. With a reduction of 3 from 0.2: 43 to 48 %, 0.25 to 0.75 points, at times 5."""


PrunerConfig = Annotated[NoPrunerConfig | WilcoxonConfig | AshaConfig, Field(discriminator="kind")]
