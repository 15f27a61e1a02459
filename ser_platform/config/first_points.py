"""Which points of the space a study tries first, and what is wrong with those a file names."""

import math
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

from ser_platform.config.papers import paper_value
from ser_platform.config.problems import Problem, nearest, shown
from ser_platform.config.schema import ExperimentFile
from ser_platform.config.search import holds, refusals, value_of
from ser_platform.config.study import Choice, Domain, Uniform

ARCHITECTURE = "architecture"
"""Names the architecture of a point where a study has several."""
Point = tuple[str, dict[str, Any]]
"""Architecture, and dotted settings of it; what is left out is drawn."""

_GRID_AT_MOST = 100_000


def first_points(file: ExperimentFile) -> list[Point]:
    """The file's own settings of each architecture, the papers', and what the file names.

    An own value that the space does not hold is left to the sampler. What a paper
    leaves open is drawn; a space that does not hold all it says does not hold the paper.
    """
    names = list(file.architectures)
    found: list[Point] = [(name, _held(file, name, _own(file, name))) for name in names]
    if file.study.papers_first:
        papers = [(name, _papers(file, name)) for name in names]
        found += [
            (name, point) for name, point in papers if point and _held(file, name, point) == point
        ]
    for given in file.study.enqueue:
        settings = {k: v for k, v in given.items() if k != ARCHITECTURE}
        found.append((str(given.get(ARCHITECTURE, names[0])), settings))
    says_nothing = (names[0], {}) if len(names) == 1 else None
    return [p for i, p in enumerate(found) if p not in found[:i] and p != says_nothing]


def grid(file: ExperimentFile) -> list[Point]:
    """Every combination of every architecture, in the order of the file."""
    return [
        (name, dict(zip(space, values, strict=True)))
        for name in file.architectures
        for space in [file.search_space(name)]
        for values in product(*(_values(domain) for domain in space.values()))
    ]


def method_problems(file: ExperimentFile) -> Iterator[Problem]:
    """What a sampler cannot search, and what is wrong with the points to try first."""
    yield from _sampler_problems(file)
    for number, point in enumerate(file.study.enqueue):
        for name, message in _point_problems(file, point):
            yield Problem(("study", "enqueue", number, *([name] if name else [])), message)


def _own(file: ExperimentFile, name: str) -> dict[str, Any]:
    experiment = file.experiment(name)
    return {setting: value_of(experiment, setting) for setting in file.search_space(name)}


def _papers(file: ExperimentFile, name: str) -> dict[str, Any]:
    experiment = file.experiment(name)
    said = {setting: paper_value(experiment, setting) for setting in file.search_space(name)}
    return {setting: value for setting, value in said.items() if value is not None}


def _held(file: ExperimentFile, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    space = file.search_space(name)
    return {setting: v for setting, v in settings.items() if holds(space[setting], v)}


def _values(domain: Domain) -> tuple[Any, ...]:
    match domain:
        case Choice(choice=choices):
            return choices
        case Uniform(uniform=(int(low), int(high))):
            return tuple(range(low, high + 1))
        case _:
            return ()


def _sampler_problems(file: ExperimentFile) -> Iterator[Problem]:
    at, kind = ("study", "sampler"), file.study.sampler.kind
    several = len(file.architectures) > 1
    if several and kind in ("gp", "cmaes"):
        yield Problem(
            at,
            f"{kind} models one space, and each of {len(file.architectures)} architectures has "
            "its own; give tpe, random, grid or nsga2, or one architecture",
        )
    domains = [(s, d) for name in file.architectures for s, d in file.search_space(name).items()]
    if kind == "cmaes" and sum(not isinstance(domain, Choice) for _, domain in domains) < 2:
        yield Problem(
            at, "cmaes moves along numbers; give at least two settings as uniform or log_uniform"
        )
    if kind == "grid":
        for setting, domain in domains:
            if not _values(domain):
                yield Problem(
                    at, f"grid tries every value, and {setting} has no end of them; give a choice"
                )
        size = sum(
            math.prod(len(_values(d)) for d in file.search_space(name).values())
            for name in file.architectures
        )
        if size > _GRID_AT_MOST:
            yield Problem(at, f"a grid of {size} points; give fewer values, or another sampler")


def _point_problems(file: ExperimentFile, point: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Key of the point, or none for all of it, and what is wrong."""
    names = list(file.architectures)
    name = point.get(ARCHITECTURE, names[0])
    if ARCHITECTURE not in point and len(names) > 1:
        yield "", f"names no architecture; there is: {', '.join(names)}"
        return
    if name not in names:
        yield ARCHITECTURE, f"found {shown(name)}, expected one of {', '.join(names)}"
        return
    space = file.search_space(str(name))
    settings = {k: v for k, v in point.items() if k != ARCHITECTURE}
    for setting, value in settings.items():
        if setting not in space:
            near = nearest(setting, space)
            hint = f"; did you mean '{near}'?" if near else ""
            yield setting, f"is not searched{hint}"
        elif not holds(space[setting], value):
            yield setting, f"{shown(value)} is not in what is searched: {_said(space[setting])}"
    if all(setting in space for setting in settings):
        for problem in refusals(file.experiment(str(name)), settings):
            yield "", problem.message


def _said(domain: Domain) -> str:
    (kind, values), *_ = domain.model_dump(mode="json").items()
    return f"{kind} {list(values)}"
