"""Reading what a study has left: its store, its Optuna storage, its MLflow."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import optuna
from mlflow import MlflowClient
from mlflow.entities import Run

from ser_platform.leaderboard.rank import rank
from ser_platform.results import FoldResult
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.sealed import unsealed_json
from ser_platform.tracking import layout
from ser_platform.tracking.connection import search
from ser_platform.tracking.read import read_finals
from ser_platform.tune import attributes
from tests.chaos.found import Found, Logged, Row, Trial
from tests.chaos.stored import damaged
from tests.chaos.study import EXPERIMENT

_OF_TIME = ("seconds", "finished_at")


def gather(store: ObjectStore, optuna_url: str, mlflow_uri: str) -> Found:
    """Everything, read through the platform's own readers where it has some."""
    keys = tuple(store.keys())
    client = MlflowClient(mlflow_uri)
    finals = read_finals(mlflow_uri, EXPERIMENT)
    board = rank(finals.runs)
    return Found(
        folds={key: fold_of(store, key) for key in keys if _is_result(key)},
        trials=tuple(_trials(optuna_url)),
        logged=tuple(_logged(client, run) for run in search(client, finals.experiment_id, "")),
        versions={
            model.name: tuple(
                client.get_run(version.run_id or "").data.tags[layout.ARCHITECTURE]
                for version in client.search_model_versions(f"name='{model.name}'")
            )
            for model in client.search_registered_models()
        },
        board=tuple(
            Row(
                architecture=row.result.architecture,
                run_key=row.result.run_key,
                settings=tuple(sorted(row.result.settings.items())),
                folds=len(row.result.folds),
                wa=row.evidence.pooled["wa"].value,
                ua=row.ua,
            )
            for group in board.groups
            for row in group.rows
        ),
        unranked=tuple(f"{final.architecture}: {final.problem}" for final in board.unranked),
        keys=keys,
        damaged=tuple(damaged(store, keys)),
    )


def _is_result(key: str) -> bool:
    return key.startswith("runs/") and PurePosixPath(key).suffix == ".json"


def fold_of(store: ObjectStore, key: str) -> dict[str, Any]:
    """What a stored result says, but for what measures time."""
    result = FoldResult.model_validate_json(unsealed_json(key, store.read(key)))
    return _timeless(result.model_dump())


def _timeless(value: Any) -> Any:
    """Without what measures time: nothing else may differ between two runs."""
    if isinstance(value, dict):
        return {k: _timeless(v) for k, v in value.items() if k not in _OF_TIME}
    if isinstance(value, (list, tuple)):
        return [_timeless(each) for each in value]
    return value


def _trials(url: str) -> Iterator[Trial]:
    for name in optuna.get_all_study_names(url):
        study = optuna.load_study(study_name=name, storage=url)
        interrupted = study.user_attrs.get(attributes.INTERRUPTED, [])
        for trial in study.trials:
            setting = tuple(sorted(trial.params.items()))
            yield Trial(trial.number, trial.state.name, setting, trial.number in interrupted)


def _logged(client: MlflowClient, run: Run) -> Logged:
    tags, found = run.data.tags, run.data.metrics
    names = [name for name in found if "seconds" not in name]
    if tags.get(layout.ROLE) == "study":
        # Its numbers follow its runs; how often they were brought up to date is no result.
        metrics = {name: ((0, found[name]),) for name in names}
    else:
        metrics = {
            name: tuple(
                (m.step, m.value) for m in client.get_metric_history(run.info.run_id, name)
            )
            for name in names
        }
    return Logged(
        role=tags.get(layout.ROLE, ""),
        run_key=tags.get(layout.RUN_KEY, ""),
        number=tags.get(layout.NUMBER, ""),
        status=run.info.status,
        metrics=metrics,
    )


def optuna_of(folder: Path) -> str:
    """The URL of the study's own storage in a folder of the command."""
    return f"sqlite:///{folder}/.ser/optuna.db"
