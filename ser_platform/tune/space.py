"""The search space of an experiment file, as Optuna sees it.

With several architectures the space is conditional: first the architecture is chosen, then
the settings that are shared, then those of its own, under ``<architecture>.<setting>``.
"""

from typing import Any

import optuna

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.search import holds, value_of
from ser_platform.config.study import Choice, Domain, LogUniform, Uniform

ARCHITECTURE = "architecture"
NUMBER = "number"
"""Key of Optuna's trial number in the configuration of a Ray Tune trial."""


def draw(trial: optuna.Trial, file: ExperimentFile) -> dict[str, Any]:
    """Draw every setting of one trial; with the file bound, Optuna's define-by-run function."""
    architecture = next(iter(file.architectures))
    if len(file.architectures) > 1:
        architecture = trial.suggest_categorical(ARCHITECTURE, list(file.architectures))
    for parameter, (_, domain) in _parameters(file, architecture).items():
        _suggest(trial, parameter, domain)
    return {NUMBER: trial.number}


def chosen(file: ExperimentFile, drawn: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The architecture and its dotted settings in what :func:`draw` drew."""
    architecture = drawn.get(ARCHITECTURE) or next(iter(file.architectures))
    parameters = _parameters(file, architecture)
    return architecture, {
        setting: drawn[parameter] for parameter, (setting, _) in parameters.items()
    }


def own_settings(file: ExperimentFile, architecture: str) -> dict[str, Any]:
    """The file's own values as a point of the space: what a study tries first.

    A value that the space does not hold is left to the sampler.
    """
    experiment = file.experiment(architecture)
    point: dict[str, Any] = {}
    if len(file.architectures) > 1:
        point[ARCHITECTURE] = architecture
    for parameter, (setting, domain) in _parameters(file, architecture).items():
        value = value_of(experiment, setting)
        if holds(domain, value):
            point[parameter] = value
    return point


def _parameters(file: ExperimentFile, architecture: str) -> dict[str, tuple[str, Domain]]:
    """Name in Optuna -> (dotted setting, domain)."""
    own = file.architectures[architecture].search
    prefix = f"{architecture}." if len(file.architectures) > 1 else ""
    return {
        prefix + setting if setting in own else setting: (setting, domain)
        for setting, domain in file.search_space(architecture).items()
    }


def _suggest(trial: optuna.Trial, name: str, domain: Domain) -> None:
    match domain:
        case Choice(choice=choices):
            trial.suggest_categorical(name, choices)
        case Uniform(uniform=(int(low), int(high))):
            trial.suggest_int(name, low, high)
        case LogUniform(log_uniform=(int(low), int(high))):
            trial.suggest_int(name, low, high, log=True)
        case Uniform(uniform=(low, high)):
            trial.suggest_float(name, low, high)
        case LogUniform(log_uniform=(low, high)):
            trial.suggest_float(name, low, high, log=True)
