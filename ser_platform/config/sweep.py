"""One setting of the transcript at several values: the points of a curve.

A search looks for the best setting; a sweep shows what every value does, each as a run of its
own with a protocol of its own, so that no leaderboard takes two points for rivals.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from ser_platform.config.draft import key_path, put
from ser_platform.config.explain import unknown_setting
from ser_platform.config.places import place_of
from ser_platform.config.problems import Problem, shown
from ser_platform.config.schema import Experiment, ExperimentFile
from ser_platform.config.search import refusals
from ser_platform.errors import ConfigError

SWEPT = "transcript"
"""The section whose settings can be swept: what is computed of sound is the same for all."""


@dataclass(frozen=True)
class Point:
    """A file at one value of what it sweeps."""

    setting: str
    """Dotted name."""
    value: float
    file: ExperimentFile
    """Without a sweep, at this value."""

    def __str__(self) -> str:
        return f"{self.setting}={self.value:g}"


def points(file: ExperimentFile) -> list[Point]:
    """The points of a checked file, in its order."""
    return [
        Point(setting, value, _at(file, setting, value))
        for setting, values in file.sweep.items()
        for value in values
    ]


def refuse_sweep(file: ExperimentFile) -> None:
    """For a door that runs a file at one point.

    Raises:
        ConfigError: when the file sweeps.
    """
    for setting in file.sweep:
        raise ConfigError(
            f"the file sweeps {setting}, which a search cannot choose from; run it with "
            "`python -m ser_platform.train`, or take the section sweep out"
        )


def sweep_problems(file: ExperimentFile) -> Iterator[Problem]:
    """What is wrong with the sweep, for each architecture; each problem once."""
    if len(file.sweep) > 1:
        yield Problem(("sweep",), f"found {len(file.sweep)} settings; a curve has one")
    if file.sweep and any(file.search_space(name) for name in file.architectures):
        yield Problem(("sweep",), "given beside study.search; a file searches or sweeps, not both")
    if file.sweep and file.selects_on_test:
        yield Problem(
            ("selection",), "best_on_test cannot be swept: a curve has no place for its warning"
        )
    seen: set[tuple[object, ...]] = set()
    for name in file.architectures:
        for setting, values in file.sweep.items():
            for problem in _problems(file.experiment(name), setting, values):
                if (problem.path, problem.message) not in seen:
                    seen.add((problem.path, problem.message))
                    yield problem


def _problems(
    experiment: Experiment, setting: str, values: tuple[int | float, ...]
) -> Iterator[Problem]:
    if reason := _unswept(experiment, setting):
        yield Problem(("sweep", setting), reason)
        return
    for place, value in enumerate(values):
        if value in values[:place]:
            yield Problem(("sweep", setting, place), f"{shown(value)} is there twice")
        for problem in refusals(experiment, {setting: value}):
            yield Problem(("sweep", setting, place), problem.message)


def _unswept(experiment: Experiment, setting: str) -> str | None:
    section, _, name = setting.partition(".")
    kind = experiment.transcript.kind
    if section not in Experiment.model_fields or not name:
        return unknown_setting(Experiment, (setting,), full=True).message
    if section != SWEPT or name == "kind":
        return f"cannot be swept; numbers of {SWEPT} can be, such as transcript.wer"
    if name not in place_of(Experiment).child(SWEPT).narrowed(kind).settings:
        return unknown_setting(Experiment, (SWEPT, kind, name), full=True).message
    if kind != "corrupted":
        return f"cannot be swept with transcript.kind {kind}; only errors made on purpose can be"
    return None


def _at(file: ExperimentFile, setting: str, value: float) -> ExperimentFile:
    settings = file.model_dump(mode="json", exclude={"sweep"})
    put(settings, key_path(setting), value)
    return ExperimentFile.model_validate_json(json.dumps(settings))
