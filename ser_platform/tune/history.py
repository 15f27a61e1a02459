"""The study in Optuna's own storage: made, or taken up again where it was interrupted."""

import sqlite3
from contextlib import closing
from pathlib import Path

import optuna
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import ConfigError, StudyError
from ser_platform.tune.space import ARCHITECTURE, own_settings

_INTERRUPTED = "interrupted"
_UNUSABLE = (
    *(ArgumentError, OperationalError, sqlite3.Error),
    *(ImportError, OSError, RuntimeError),  # no driver, no folder, a schema of another version
)


def open_storage(url: str) -> RDBStorage:
    """Optuna's database; a SQLite file is made where there is none.

    Raises:
        ConfigError: when the URL is not one of a database that works.
    """
    try:
        parsed = make_url(url)
        engine: dict[str, object] = {}
        if parsed.get_backend_name() == "sqlite" and parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(parsed.database)) as connection:
                # Readers such as optuna-dashboard never block the study's writer.
                connection.execute("PRAGMA journal_mode=WAL")
            engine = {"connect_args": {"timeout": 30}}
        return RDBStorage(url, engine_kwargs=engine)
    except _UNUSABLE as e:
        reason = str(e).splitlines()[0]
        shown = url.rpartition("@")[2]  # never the password
        raise ConfigError(
            f"study.storage: '{shown}' cannot be opened: {reason}; give a "
            "database URL such as sqlite:///.ser/optuna.db or postgresql://user@host/db"
        ) from e


def open_study(file: ExperimentFile, key: str, storage: RDBStorage) -> optuna.Study:
    """The study of an experiment file; a new one first tries the file's own settings.

    Trials that were running when an earlier attempt died are closed and queued again with
    the same settings, so that they go on from their folds' last epochs.
    """
    study = optuna.create_study(
        storage=storage,
        study_name=f"{file.name}-{key}",
        direction="maximize",
        load_if_exists=True,
    )
    for trial in study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)):
        queue_again(study, trial.number)
    if not study.get_trials(deepcopy=False):
        for architecture in file.architectures:
            study.enqueue_trial(own_settings(file, architecture))
    return study


def queue_again(study: optuna.Study, number: int) -> None:
    """Close a trial that was interrupted, and let its settings be the next to be tried."""
    trial = study.trials[number]
    study.set_user_attr(_INTERRUPTED, [*_interrupted(study), number])
    if not trial.state.is_finished():
        study.tell(number, state=TrialState.FAIL)
    study.enqueue_trial(trial.params)


def trials_left(study: optuna.Study, wanted: int) -> int:
    """How many trials are still to be run; interrupted ones do not count as run."""
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.FAIL))
    return wanted - len({t.number for t in ended} - set(_interrupted(study)))


def best_points(study: optuna.Study, file: ExperimentFile) -> dict[str, optuna.trial.FrozenTrial]:
    """The complete trial with the highest objective of each architecture.

    Raises:
        StudyError: when no trial is complete.
    """
    complete = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    if not complete:
        raise StudyError(
            f"study {study.study_name}: none of its trials finished; the reasons are above and "
            "in MLflow"
        )
    best: dict[str, optuna.trial.FrozenTrial] = {}
    only = next(iter(file.architectures))
    for trial in sorted(complete, key=lambda t: -(t.value or 0.0)):
        best.setdefault(trial.params.get(ARCHITECTURE, only), trial)
    return best


def _interrupted(study: optuna.Study) -> list[int]:
    return study.user_attrs.get(_INTERRUPTED, [])
