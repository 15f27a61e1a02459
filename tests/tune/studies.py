"""Real Optuna studies as a search leaves them, without the training."""

import math
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.trial import TrialState

from ser_platform.config.first_points import first_points
from ser_platform.config.schema import ExperimentFile
from ser_platform.tune import attributes, space
from ser_platform.tune.storage import open_storage

FOLDS = 5


def both(tmp_path: Path, **study: Any) -> ExperimentFile:
    """Two architectures that share the learning rate, each with settings of its own."""
    return _file(
        tmp_path,
        study={
            "search": {"train.learning_rate": {"log_uniform": [3e-4, 3e-3]}},
            "architectures": {
                "wise": {
                    "features": {"kind": "mfcc39"},
                    "model": {"kind": "wise"},
                    "search": {
                        "model.heads": {"choice": [1, 2, 4]},
                        "model.audio_hidden": {"choice": [50, 100, 150]},
                        "model.dropout": {"uniform": [0.1, 0.6]},
                    },
                },
                "alignment": {
                    "features": {"kind": "shortterm34"},
                    "model": {"kind": "alignment"},
                    "search": {
                        "model.heads": {"choice": [1, 2, 5, 8]},
                        "model.dropout": {"uniform": [0.0, 0.5]},
                    },
                },
            },
            **study,
        },
    )


def single(tmp_path: Path, **study: Any) -> ExperimentFile:
    """One architecture, one setting."""
    search = {"model.heads": {"choice": [1, 2, 4]}, "model.dropout": {"uniform": [0.1, 0.5]}}
    return _file(
        tmp_path,
        features={"kind": "mfcc39"},
        model={"kind": "wise"},
        study={"search": search, **study},
    )


def _file(tmp_path: Path, study: dict[str, Any], **sections: Any) -> ExperimentFile:
    settings = {
        "name": "x",
        "corpus": {"kind": "demo"},
        "study": {"storage": f"sqlite:///{tmp_path}/optuna.db", "trials": 20, **study},
        **sections,
    }
    return ExperimentFile.model_validate(settings, strict=False)


def make(
    file: ExperimentFile,
    states: Sequence[str],
    key: str = "ab12",
    attrs: Mapping[str, Any] = MappingProxyType({}),
) -> optuna.Study:
    """A study with one trial of each of ``states``, in turn, drawn as a search draws them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(seed=0, multivariate=True, group=True)
    study = optuna.create_study(
        storage=open_storage(file.study.storage),
        study_name=f"{file.name}-{key}",
        directions=["maximize" if g == "val_ua" else "minimize" for g in file.study.goals],
        sampler=sampler,
    )
    given = {
        attributes.NAME: file.name,
        attributes.NUM_FOLDS: FOLDS,
        attributes.WANTED: file.study.trials,
        **attrs,
    }
    for name, value in given.items():
        study.set_user_attr(name, value)
    rng = np.random.default_rng(3)
    for point in first_points(file):
        study.enqueue_trial(space.drawn_as(file, *point))
    for state in states:
        add(study, file, state, rng)
    return study


def add(study: optuna.Study, file: ExperimentFile, state: str, rng: np.random.Generator) -> None:
    """One trial more."""
    if state == "waiting":
        study.enqueue_trial({}, skip_if_exists=False)
        return
    trial = study.ask()
    space.draw(trial, file)
    architecture, settings = space.chosen(file, trial.params)
    ua = _ua(architecture, settings)
    folds = [float(ua + 0.03 * rng.standard_normal()) for _ in range(FOLDS)]
    done = {"complete": FOLDS, "pruned": 2, "failed": 1, "running": 3}[state]
    seconds = (60.0 if architecture == "wise" else 25.0) * done
    for name, value in {
        attributes.ARCHITECTURE: architecture,
        attributes.SETTINGS: settings,
        attributes.FOLDS: folds[:done],
        attributes.SECONDS: seconds,
        attributes.GPU_SECONDS: seconds / 2,
        attributes.NUM_PARAMETERS: 100_000 * settings["model.heads"],
    }.items():
        trial.set_user_attr(name, value)
    match state:
        case "complete":
            values = {"val_ua": float(np.mean(folds)), "seconds": seconds,
                      "num_parameters": 1e5 * settings["model.heads"]}  # fmt: skip
            study.tell(trial, [values[goal] for goal in file.study.goals])
        case "pruned":
            trial.set_user_attr(attributes.REASON, "worse than trial 1 on 2 folds, p = 0.25")
            study.tell(trial, state=TrialState.PRUNED)
        case "failed":
            trial.set_user_attr(attributes.REASON, "fold 2: the loss is not finite in epoch 3")
            study.tell(trial, state=TrialState.FAIL)
        case _:
            assert state == "running"


def _ua(architecture: str, settings: dict[str, Any]) -> float:
    rate = settings.get("train.learning_rate", 1e-3)
    ua = 0.58 - 0.05 * abs(math.log10(rate / 1e-3)) - 0.15 * (settings["model.dropout"] - 0.3) ** 2
    ua += 0.02 * math.log2(settings["model.heads"])
    return ua - (0.04 if architecture == "alignment" else 0.0)
