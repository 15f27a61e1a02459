"""The search space of a file as Optuna draws it."""

from typing import Any

import optuna
import pytest

from ser_platform.config.schema import ExperimentFile
from ser_platform.tune.space import ARCHITECTURE, chosen, draw, drawn_as, holds_all

WISE: dict[str, Any] = {"features": {"kind": "mfcc39"}, "model": {"kind": "wise"}}
ALIGNMENT: dict[str, Any] = {
    "features": {"kind": "shortterm34"},
    "model": {"kind": "alignment"},
}


def file(study: dict[str, Any], **sections: Any) -> ExperimentFile:
    settings = {"name": "x", "corpus": {"kind": "demo"}, "study": study, **sections}
    return ExperimentFile.model_validate(settings, strict=False)


@pytest.fixture
def both() -> ExperimentFile:
    return file(
        {
            "search": {"train.learning_rate": {"log_uniform": [1e-4, 1e-2]}},
            "architectures": {
                "wise": {**WISE, "search": {"model.dropout": {"uniform": [0.1, 0.5]}}},
                "alignment": {
                    **ALIGNMENT,
                    "search": {
                        "model.heads": {"choice": [1, 5]},
                        "model.dropout": {"uniform": [0.0, 0.2]},
                    },
                },
            },
        }
    )


def draws(file: ExperimentFile, number: int) -> list[dict[str, Any]]:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    drawn = []
    for _ in range(number):
        trial = study.ask()
        draw(trial, file)
        drawn.append(trial.params)
    return drawn


def test_a_trial_draws_the_shared_settings_and_those_of_its_architecture_only(both) -> None:
    for drawn in draws(both, 20):
        architecture, settings = chosen(both, drawn)
        own = {"wise": {"model.dropout"}, "alignment": {"model.dropout", "model.heads"}}
        assert set(settings) == {"train.learning_rate", *own[architecture]}
        assert 0.0 <= settings["model.dropout"] <= (0.5 if architecture == "wise" else 0.2)


def test_both_architectures_are_drawn(both) -> None:
    assert {chosen(both, drawn)[0] for drawn in draws(both, 20)} == {"wise", "alignment"}


def test_one_architecture_needs_no_choice_and_no_prefix() -> None:
    single = file({"search": {"model.heads": {"choice": [1, 2]}}}, **WISE)
    (drawn,) = draws(single, 1)
    assert set(drawn) == {"model.heads"}
    assert chosen(single, drawn) == ("wise", {"model.heads": drawn["model.heads"]})


def test_whole_bounds_draw_whole_numbers() -> None:
    single = file({"search": {"model.heads": {"uniform": [1, 8]}}}, **WISE)
    assert {type(d["model.heads"]) for d in draws(single, 5)} == {int}


def test_settings_become_the_point_that_would_have_drawn_them(both) -> None:
    settings = {"train.learning_rate": 1e-3, "model.heads": 5, "model.dropout": 0.0}
    point = drawn_as(both, "alignment", settings)
    assert point == {
        ARCHITECTURE: "alignment",
        "train.learning_rate": 1e-3,
        "alignment.model.heads": 5,
        "alignment.model.dropout": 0.0,
    }
    assert chosen(both, point) == ("alignment", settings)


@pytest.mark.parametrize(
    ("settings", "held"),
    [
        ({"train.learning_rate": 1e-3, "model.dropout": 0.3}, True),
        ({"train.learning_rate": 1e-3, "model.dropout": 0.6}, False),
        ({"train.learning_rate": 1e-3}, False),
        ({"train.learning_rate": 1e-3, "model.dropout": 0.3, "model.heads": 1}, False),
    ],
)
def test_only_a_point_with_every_setting_and_no_other_lies_in_the_space(
    both, settings: dict[str, Any], held: bool
) -> None:
    assert holds_all(both, "wise", settings) is held
