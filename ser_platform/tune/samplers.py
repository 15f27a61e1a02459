"""Optuna's samplers, as ``study.sampler`` names them."""

import warnings

from optuna import samplers
from optuna.exceptions import ExperimentalWarning

from ser_platform.config.search_method import (
    CmaesConfig,
    GpConfig,
    GridConfig,
    Nsga2Config,
    RandomConfig,
    SamplerConfig,
    TpeConfig,
)


def make_sampler(config: SamplerConfig, seed: int) -> samplers.BaseSampler:
    """A sampler that draws the same points for the same seed and history.

    For ``grid`` the points are queued (see ``first.py``), so what draws them has no say.
    """
    with warnings.catch_warnings():
        # ``group`` and ``constant_liar`` of TPE since Optuna 2.8, GP since 3.6: no longer news.
        warnings.simplefilter("ignore", ExperimentalWarning)
        match config:
            case TpeConfig():
                # Settings together, in each architecture's part of the space by itself; what
                # runs counts as bad until it has ended, so that two at once do not try one point.
                return samplers.TPESampler(
                    n_startup_trials=config.startup_trials,
                    multivariate=True,
                    group=True,
                    constant_liar=True,
                    seed=seed,
                )
            case RandomConfig() | GridConfig():
                return samplers.RandomSampler(seed=seed)
            case GpConfig():
                return samplers.GPSampler(n_startup_trials=config.startup_trials, seed=seed)
            case CmaesConfig():
                return samplers.CmaEsSampler(seed=seed, warn_independent_sampling=False)
            case Nsga2Config():
                return samplers.NSGAIISampler(population_size=config.population, seed=seed)
