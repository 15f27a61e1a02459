"""Every sampler draws the spaces it is allowed to, and the same points for the same seed."""

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.study import StudyDirection
from pydantic import TypeAdapter

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.search import holds
from ser_platform.config.search_method import SamplerConfig
from ser_platform.tune import space
from ser_platform.tune.samplers import make_sampler
from tests.tune.studies import both, single

TRIALS = 24
DIRECTIONS = [StudyDirection.MAXIMIZE, StudyDirection.MINIMIZE]


def config(kind: str) -> SamplerConfig:
    return TypeAdapter(SamplerConfig).validate_python({"kind": kind})


def points(file: ExperimentFile, kind: str, seed: int, goals: int = 1) -> list[dict[str, Any]]:
    study = optuna.create_study(
        sampler=make_sampler(config(kind), seed), directions=DIRECTIONS[:goals]
    )
    drawn = []
    for number in range(TRIALS):
        trial = study.ask()
        space.draw(trial, file)
        drawn.append(trial.params)
        _, settings = space.chosen(file, trial.params)
        ua = 0.5 + settings["model.dropout"] / 2 + 0.001 * (number % 3)
        study.tell(trial, [ua, float(settings["model.heads"])][:goals])
    return drawn


@pytest.mark.parametrize("kind", ["tpe", "random", "nsga2"])
@pytest.mark.parametrize("goals", [1, 2])
def test_two_architectures(tmp_path: Path, kind: str, goals: int) -> None:
    file = both(tmp_path)
    drawn = points(file, kind, 3, goals)
    assert {p[space.ARCHITECTURE] for p in drawn} == {"wise", "alignment"}
    assert drawn == points(file, kind, 3, goals)
    assert drawn != points(file, kind, 4, goals)


@pytest.mark.parametrize("kind", ["tpe", "random", "gp", "cmaes", "nsga2"])
def test_one_architecture(tmp_path: Path, kind: str) -> None:
    file = single(tmp_path)
    drawn = points(file, kind, 3)
    domains = file.search_space("wise")
    assert all(holds(domains[name], value) for p in drawn for name, value in p.items())
    assert drawn == points(file, kind, 3)


@pytest.mark.parametrize("kind", ["tpe", "gp", "cmaes"])
def test_it_finds_what_is_good_sooner_than_chance(tmp_path: Path, kind: str) -> None:
    """The score rises with dropout: the last points lie above the middle of the space."""
    file = single(tmp_path)

    def late(kind: str) -> float:
        last = [p["model.dropout"] for seed in range(3) for p in points(file, kind, seed)[-8:]]
        return sum(last) / len(last)

    assert late(kind) > late("random") + 0.05
