"""The search space is checked before any trial runs: each setting alone, then drawn together."""

import math
import random
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pydantic import ValidationError

from ser_platform.config.draft import key_path, put
from ser_platform.config.explain import explain, unknown_setting
from ser_platform.config.places import place_of
from ser_platform.config.problems import MAX_PROBLEMS, KeyPath, Problem, dotted, shown
from ser_platform.config.schema import Experiment, ExperimentFile
from ser_platform.config.study import Choice, Domain, LogUniform, SearchSpace, Uniform

DRAWS = 200
SEARCHABLE = ("model", "train")


def search_problems(file: ExperimentFile) -> list[Problem]:
    """What is wrong with the search space of each architecture; each problem once."""
    found = (p for name in file.architectures for p in _architecture_problems(file, name))
    some = islice(found, MAX_PROBLEMS)
    return list({(problem.path, problem.message): problem for problem in some}.values())


def draw(domain: Domain, rng: random.Random) -> Any:
    """One value of a domain."""
    match domain:
        case Choice(choice=values):
            return rng.choice(values)
        case Uniform(uniform=(int(low), int(high))):
            return rng.randint(low, high)
        case Uniform(uniform=(low, high)):
            return rng.uniform(low, high)
        case LogUniform(log_uniform=(low, high)):
            value = math.exp(rng.uniform(math.log(low), math.log(high)))
            value = min(max(value, low), high)  # exp(log(x)) can miss x by a rounding
            return round(value) if isinstance(low, int) and isinstance(high, int) else value


def holds(domain: Domain, value: Any) -> bool:
    """Whether a value can be drawn from a domain."""
    match domain:
        case Choice(choice=choices):
            return value in choices
        case Uniform(uniform=(low, high)) | LogUniform(log_uniform=(low, high)):
            return isinstance(value, int | float) and low <= value <= high


def value_of(experiment: Experiment, setting: str) -> Any:
    """What an experiment has at a dotted name."""
    value: Any = experiment
    for part in setting.split("."):
        value = getattr(value, part)
    return value


def _ends(domain: Domain) -> tuple[Any, ...]:
    match domain:
        case Choice(choice=values) | Uniform(uniform=values) | LogUniform(log_uniform=values):
            return values


def _architecture_problems(file: ExperimentFile, name: str) -> Iterator[Problem]:
    experiment = file.experiment(name)
    own = file.architectures[name].search
    shared_at: KeyPath = ("study", "search")
    own_at: KeyPath = ("study", "architectures", name, "search")
    places: dict[str, KeyPath] = {}
    space: SearchSpace = {}
    for setting, domain in file.search_space(name).items():
        places[setting] = (*(own_at if setting in own else shared_at), setting)
        if reason := _unsearchable(experiment, setting):
            yield Problem(places[setting], reason)
        else:
            space[setting] = domain
    yield from _refused_draws(experiment, space, places)


def _unsearchable(experiment: Experiment, setting: str) -> str | None:
    kind = experiment.model.kind
    section, _, name = setting.partition(".")
    if setting == "model.kind":
        return "cannot be searched; put each kind under study.architectures"
    if name and section in SEARCHABLE:
        place = place_of(Experiment).child(section)
        loc = (section, kind, name) if place.has_kinds else (section, name)
        if name in (place.narrowed(kind) if place.has_kinds else place).settings:
            return None
        return unknown_setting(Experiment, loc, full=True).message
    if section in Experiment.model_fields:
        return (
            "cannot be searched: one study has one protocol and one set of features; "
            "settings in model and train can be"
        )
    return unknown_setting(Experiment, (setting,), full=True).message


def _refused_draws(
    experiment: Experiment, space: SearchSpace, places: dict[str, KeyPath]
) -> Iterator[Problem]:
    """What the schema says to both ends of each setting, and to settings drawn together."""
    rng = random.Random(0)  # nosec B311  # the same draws each time, and no secret
    alone = [{name: value} for name, domain in space.items() for value in _ends(domain)]
    together = [{name: draw(d, rng) for name, d in space.items()} for _ in range(DRAWS)]
    seen: set[KeyPath] = set()
    for values in alone + together:
        for problem in refusals(experiment, values):
            if problem.path in seen:
                continue
            seen.add(problem.path)
            if dotted(problem.path) in values:
                yield Problem(places[dotted(problem.path)], problem.message)
            else:
                inside = [k for k in values if key_path(k)[: len(problem.path)] == problem.path]
                said = " and ".join(f"{name}={shown(values[name])}" for name in inside)
                at = places[inside[0]][:-1]
                yield Problem(at, f"with {said}: {problem.message}")


def refusals(experiment: Experiment, values: dict[str, Any]) -> list[Problem]:
    """What the schema says to an experiment with dotted settings replaced."""
    settings = experiment.model_dump()
    for name, value in values.items():
        put(settings, key_path(name), value)
    try:
        type(experiment).model_validate(settings)
    except ValidationError as e:
        return explain(e, type(experiment))
    return []
