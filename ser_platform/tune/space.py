"""The search space of an experiment file, as Optuna sees it.

With several architectures the space is conditional: first the architecture is chosen, then
the settings that are shared, then those of its own, under ``<architecture>.<setting>``.
"""

from typing import Any

import optuna

from ser_platform.config.first_points import ARCHITECTURE
from ser_platform.config.schema import ExperimentFile
from ser_platform.config.search import holds
from ser_platform.config.study import Choice, Domain, LogUniform, Uniform

NUMBER = "number"
"""Key of Optuna's trial number in the configuration of a Ray Tune trial."""
FOLD = "fold"
"""Key of the number of the only fold that a trial trains, where it does not train all."""


def draw(trial: optuna.trial.BaseTrial, file: ExperimentFile) -> None:
    """Draw every setting of one trial into it."""
    architecture = next(iter(file.architectures))
    if len(file.architectures) > 1:
        architecture = trial.suggest_categorical(ARCHITECTURE, list(file.architectures))
    for parameter, (_, domain) in _parameters(file, architecture).items():
        _suggest(trial, parameter, domain)


def chosen(file: ExperimentFile, drawn: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The architecture and its dotted settings in what :func:`draw` drew."""
    architecture = drawn.get(ARCHITECTURE) or next(iter(file.architectures))
    parameters = _parameters(file, architecture)
    return architecture, {
        setting: drawn[parameter] for parameter, (setting, _) in parameters.items()
    }


def drawn_as(file: ExperimentFile, architecture: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The other way round: dotted settings as what :func:`draw` would have drawn."""
    point = {ARCHITECTURE: architecture} if len(file.architectures) > 1 else {}
    named = {setting: name for name, (setting, _) in _parameters(file, architecture).items()}
    return point | {named[setting]: value for setting, value in settings.items()}


def holds_all(file: ExperimentFile, architecture: str, settings: dict[str, Any]) -> bool:
    """Whether these are the settings that are searched, each with a value of its domain."""
    space = file.search_space(architecture)
    return space.keys() == settings.keys() and all(
        holds(domain, settings[setting]) for setting, domain in space.items()
    )


def _parameters(file: ExperimentFile, architecture: str) -> dict[str, tuple[str, Domain]]:
    """Name in Optuna -> (dotted setting, domain)."""
    own = file.architectures[architecture].search
    prefix = f"{architecture}." if len(file.architectures) > 1 else ""
    return {
        prefix + setting if setting in own else setting: (setting, domain)
        for setting, domain in file.search_space(architecture).items()
    }


def _suggest(trial: optuna.trial.BaseTrial, name: str, domain: Domain) -> None:
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
