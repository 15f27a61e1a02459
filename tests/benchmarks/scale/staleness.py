"""What a search loses by running many trials at once: what is drawn knows less of what came out.

The platform's TPE sampler on a made-up response: settings are as good and as noisy, on average and
in spread, as those of tests/benchmarks/records, with a best in the middle of the space.
"""

from collections import deque

import numpy as np
import optuna

from ser_platform.config.search_method import RandomConfig, SamplerConfig, TpeConfig
from ser_platform.tune.samplers import make_sampler
from tests.benchmarks.scale.settings import Spread, recorded

NUMBERS, CHOICES = 4, (2, 3)
"""Settings that are numbers; alternatives of those that are choices."""
FOLDS = 5


def searched(trials: int, at_once: int, seed: int, sampler: SamplerConfig | None = None) -> float:
    """True UA of the setting that a search selects, below that of the best there is."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize", sampler=make_sampler(sampler or TpeConfig(), seed)
    )
    spread, rng = recorded(), np.random.default_rng(seed)
    noise = spread.rest / np.sqrt(FOLDS)
    true_of: dict[int, float] = {}
    running: deque[optuna.Trial] = deque()
    for number in range(trials + at_once):
        if len(running) >= at_once or number >= trials:
            ended = running.popleft()
            study.tell(ended, true_of[ended.number] + noise * rng.standard_normal())
        if number < trials:
            trial = study.ask()
            true_of[trial.number] = response(trial, spread)
            running.append(trial)
        if not running:
            break
    return -true_of[study.best_trial.number]


def response(trial: optuna.Trial, spread: Spread) -> float:
    """UA of a setting less that of the best: a bowl over numbers, steps over choices.

    Settings drawn at random have the standard deviation of recorded ones.
    """
    lost = 0.0
    for number in range(NUMBERS):
        lost += (trial.suggest_float(f"number{number}", 0, 1) - 0.6) ** 2
    for number, alternatives in enumerate(CHOICES):
        lost += 0.1 * trial.suggest_categorical(f"choice{number}", list(range(alternatives)))
    return -lost * spread.settings / _SPREAD_OF_RESPONSE


_DRAWS = np.random.default_rng(0)
_SPREAD_OF_RESPONSE = float(
    (
        np.square(_DRAWS.random((100_000, NUMBERS)) - 0.6).sum(axis=1)
        + 0.1 * sum(_DRAWS.integers(n, size=100_000) for n in CHOICES)
    ).std()
)


def lost_points(trials: int, seeds: int, at_once: tuple[int, ...]) -> dict[str, list[float]]:
    """Points of UA lost, a list over seeds: of TPE by trials at once, and of random search."""
    found = {
        f"tpe, {many} at once": [100 * searched(trials, many, seed) for seed in range(seeds)]
        for many in at_once
    }
    found["random"] = [100 * searched(trials, 1, seed, RandomConfig()) for seed in range(seeds)]
    return found
