"""What a study tries first, and what is said of points and samplers before anything runs."""

from collections.abc import Callable
from typing import Any

import pytest

from ser_platform.config.first_points import first_points, grid
from ser_platform.config.schema import ExperimentFile

Refusal = Callable[..., str]

WISE = """\
name: wise
corpus: {kind: demo}
features: {kind: mfcc39}
model: {kind: wise, heads: 2}
study:
  search:
    model.heads: {choice: [1, 2, 4]}
    model.dropout: {uniform: [0.1, 0.5]}
"""
BOTH = """\
name: both
corpus: {kind: demo}
study:
  search:
    train.learning_rate: {log_uniform: [1.0e-4, 1.0e-2]}
  architectures:
    wise: {features: {kind: mfcc39}, model: {kind: wise}}
    alignment:
      features: {kind: shortterm34}
      model: {kind: alignment}
      search:
        model.heads: {choice: [1, 5]}
"""


def wise(**study: Any) -> ExperimentFile:
    search = {"model.heads": {"choice": [1, 2, 4]}, "model.dropout": {"uniform": [0.1, 0.5]}}
    return ExperimentFile.model_validate(
        {
            "name": "x",
            "corpus": {"kind": "demo"},
            "features": {"kind": "mfcc39"},
            "model": {"kind": "wise", "heads": 2, "dropout": 0.2},
            "study": {"search": search, **study},
        },
        strict=False,
    )


def test_the_files_own_settings_come_before_the_papers_and_those_before_what_is_named() -> None:
    file = wise(enqueue=[{"model.heads": 4}])
    assert first_points(file) == [
        ("wise", {"model.heads": 2, "model.dropout": 0.2}),
        ("wise", {"model.heads": 1, "model.dropout": 0.3}),  # Shen 2020, section 3.2
        ("wise", {"model.heads": 4}),
    ]


def test_an_own_value_outside_the_space_is_left_to_the_sampler() -> None:
    file = wise(search={"model.heads": {"choice": [1, 4]}, "train.epochs": {"choice": [50]}})
    assert first_points(file)[0] == ("wise", {"train.epochs": 50})


def test_a_space_without_the_papers_values_does_not_hold_the_paper() -> None:
    file = wise(search={"model.heads": {"choice": [2, 4]}})
    assert first_points(file) == [("wise", {"model.heads": 2})]


def test_the_papers_can_be_left_out() -> None:
    assert len(first_points(wise(papers_first=False))) == 1


def test_a_grid_has_every_combination_of_choices_and_whole_numbers() -> None:
    search = {"model.heads": {"choice": [1, 4]}, "train.epochs": {"uniform": [2, 4]}}
    points = grid(wise(search=search))
    assert len(points) == 6
    assert ("wise", {"model.heads": 4, "train.epochs": 3}) in points


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "enqueue: [{model.heads: 3}]",
            "line 9, study.enqueue[0].model.heads: 3 is not in what is searched: choice [1, 2, 4]",
        ),
        (
            "enqueue: [{model.head: 1}]",
            "line 9, study.enqueue[0].model.head: is not searched; did you mean 'model.heads'?",
        ),
        (
            "enqueue: [{architecture: tdnn}]",
            "line 9, study.enqueue[0].architecture: found 'tdnn', expected one of wise",
        ),
        (
            "sampler: {kind: grid}",
            "line 9, study.sampler: grid tries every value, and model.dropout has no end of "
            "them; give a choice",
        ),
        (
            "sampler: {kind: cmaes}",
            "line 9, study.sampler: cmaes moves along numbers; give at least two settings as "
            "uniform or log_uniform",
        ),
        (
            "goals: [num_parameters]",
            "line 5, study: goals=['num_parameters']: val_ua comes first, and at most one other "
            "after it",
        ),
        (
            "goals: [val_ua, seconds]\n  pruner: {kind: asha}",
            "line 5, study: pruner asha compares trials by one goal, and goals has two; give "
            "pruner: {kind: none}, or val_ua alone",
        ),
        (
            "goals: [val_ua, seconds]\n  sampler: {kind: cmaes}",
            "line 5, study: sampler cmaes searches for one goal, and goals has two; give tpe, gp "
            "or nsga2",
        ),
    ],
)
def test_it_is_refused_with_what_would_be_right(refusal: Refusal, line: str, problem: str) -> None:
    assert f"  {problem}" in refusal(WISE + f"  {line}\n").splitlines()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (
            "enqueue: [{model.heads: 1}]",
            "line 13, study.enqueue[0]: names no architecture; there is: wise, alignment",
        ),
        (
            "enqueue: [{architecture: wise, model.heads: 1}]",
            "line 13, study.enqueue[0].model.heads: is not searched",
        ),
        (
            "sampler: {kind: gp}",
            "line 13, study.sampler: gp models one space, and each of 2 architectures has its "
            "own; give tpe, random, grid or nsga2, or one architecture",
        ),
        (
            "min_share: 0.6",
            "line 3, study: min_share=0.6 for each of 2 architectures is more than all; give at "
            "most 0.5",
        ),
    ],
)
def test_of_several_architectures_too(refusal: Refusal, line: str, problem: str) -> None:
    assert f"  {problem}" in refusal(BOTH + f"  {line}\n").splitlines()
