"""Which settings mattered, by fANOVA on the trials of one architecture (Hutter et al. 2014).

Optuna's fANOVA assesses only what all trials have, so a study over several architectures would
lose all settings but the shared ones. Each architecture is therefore put into a study of its
own in memory: within one, nothing is conditional. Optuna's default, PED-ANOVA, takes conditional
settings, but looks at what sets the best tenth apart, and a tenth of forty trials is four.
"""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, create_trial

from ser_platform.tune.record import Record
from ser_platform.tune.space import ARCHITECTURE

MIN_TRIALS = 10
"""Complete trials of an architecture below which a forest would be fitted to noise."""

CAVEAT = (
    "Share of the variation of UA that a forest, fitted to the complete trials, puts "
    "down to each setting (fANOVA). It describes these trials: the sampler crowds them where UA "
    "is high, a narrow range looks unimportant, and with few trials shares move by chance."
)


class Importance(NamedTuple):
    """Of the settings of one architecture."""

    shares: dict[str, float]
    """Dotted setting -> share, the largest first; they sum to one. Empty: see ``missing``."""
    missing: str = ""
    """Why there are none."""


def importance(study: optuna.Study, found: Sequence[Record], architecture: str) -> Importance:
    """Importance of each setting that was varied; the same numbers every time."""
    numbers = {r.number for r in found if r.architecture == architecture and r.state == "complete"}
    trials = [t for t in study.get_trials(deepcopy=False) if t.number in numbers]
    if len(trials) < MIN_TRIALS:
        return Importance(
            {}, f"{architecture}: complete trials: {len(trials)}, importance needs {MIN_TRIALS}"
        )
    names = [
        name
        for name in trials[0].params
        if name != ARCHITECTURE and len({t.params.get(name) for t in trials}) > 1
    ]
    if not names:
        return Importance({}, f"{architecture}: no setting was varied")
    if len({t.values[0] for t in trials}) == 1:
        return Importance({}, f"{architecture}: all trials have the same UA")
    alone = optuna.create_study(direction="maximize")
    alone.add_trials([_plain(trial, names, f"{architecture}.") for trial in trials])
    shares = get_param_importances(alone, evaluator=FanovaImportanceEvaluator(seed=0))
    return Importance(dict(sorted(shares.items(), key=lambda item: -item[1])))


def _plain(trial: FrozenTrial, names: Sequence[str], prefix: str) -> FrozenTrial:
    """A trial with its settings by plain names, and logarithmic ones on the scale of the draw.

    Optuna's fANOVA would take a learning rate between 1e-4 and 1e-2 as evenly drawn, so that
    nine tenths of the range were its last decade.
    """
    params: dict[str, Any] = {}
    distributions: dict[str, BaseDistribution] = {}
    for name in names:
        value, drawn = trial.params[name], trial.distributions[name]
        if isinstance(drawn, FloatDistribution | IntDistribution) and drawn.log:
            value = math.log(value)
            drawn = FloatDistribution(math.log(drawn.low), math.log(drawn.high))
        setting = name.removeprefix(prefix)
        params[setting], distributions[setting] = value, drawn
    return create_trial(params=params, distributions=distributions, value=trial.values[0])
