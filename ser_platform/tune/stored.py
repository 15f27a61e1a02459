"""Studies of an experiment file as they lie in its storage: read, never made."""

import re
from pathlib import Path

import optuna
import sqlalchemy
from optuna.storages import RDBStorage

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import ConfigError, StudyError
from ser_platform.redaction import without_password
from ser_platform.tune import attributes
from ser_platform.tune.storage import UNUSABLE, engine_settings, parsed_url, storage_at, why

_SAID = ("version_info", "alembic_version")
"""Tables that say of which version the others are; filled last."""


def stored_studies(file: ExperimentFile, experiment: str) -> list[optuna.Study]:
    """Every study of the file's name, the newest first; several with ``protocol: nested``.

    Args:
        file: the experiment.
        experiment: path of its file, for what is said when there is none.

    Raises:
        ConfigError: when the storage cannot be read.
        StudyError: when it holds no study of that name.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = existing_storage(file.study.storage, experiment)
    named = [
        summary.study_name
        for summary in optuna.get_all_study_summaries(storage, include_best_trial=False)
        if _is_of(summary.study_name, summary.user_attrs.get(attributes.NAME), file.name)
    ]
    if not named:
        raise StudyError(
            f"{without_password(file.study.storage)} holds no study named '{file.name}'; "
            f"`python -m ser_platform.tune {experiment}` makes one"
        )
    # Optuna lists them in the order in which they were made.
    return [optuna.load_study(study_name=name, storage=storage) for name in reversed(named)]


def run_keys(url: str) -> set[str]:
    """Keys of the runs that trials of any study there stand for; none where there is no study.

    Raises:
        ConfigError: when the storage cannot be read.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        storage = existing_storage(url, "EXPERIMENT")
    except StudyError:
        return set()
    named = (
        trial.user_attrs.get(attributes.RUN_KEY)
        for name in optuna.get_all_study_names(storage)
        for trial in optuna.load_study(study_name=name, storage=storage).get_trials(deepcopy=False)
    )
    return {key for key in named if key is not None}


def _is_of(study: str, name: object, wanted: str) -> bool:
    """Studies from before names were recorded are told by their own, which ends with a key."""
    if name is not None:
        return name == wanted
    return re.fullmatch(rf"{re.escape(wanted)}-[0-9a-f]+", study) is not None


def existing_storage(url: str, experiment: str) -> RDBStorage:
    """Optuna's database, to be read; nothing is made.

    Raises:
        ConfigError: when it cannot be read.
        StudyError: when it is not there, or holds nothing of Optuna's.
    """
    none = (
        f"study.storage: '{without_password(url)}' holds no studies yet; "
        f"`python -m ser_platform.tune {experiment}` makes one"
    )
    try:
        parsed = parsed_url(url)
        if parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").is_file():
            raise StudyError(none)
        looking = sqlalchemy.create_engine(parsed, **engine_settings(parsed))
        try:
            if not _is_optunas(looking):
                raise StudyError(none)
        finally:
            looking.dispose()
        return storage_at(parsed, skip_table_creation=True)
    except UNUSABLE as e:
        raise ConfigError(
            f"study.storage: '{without_password(url)}' cannot be read: {why(e)}; give the "
            "database that the search writes"
        ) from e


def _is_optunas(looking: sqlalchemy.Engine) -> bool:
    """Whether Optuna has made all its tables, and said of which version they are.

    While somebody else makes them, opening the storage would write the version too.
    """
    tables = sqlalchemy.inspect(looking)
    if not all(tables.has_table(name) for name in ("studies", *_SAID)):
        return False
    with looking.connect() as connection:
        counts = [
            sqlalchemy.text(f"SELECT count(*) FROM {name}")  # nosec B608  # names are ours
            for name in _SAID
        ]
        return all(connection.scalar(count) for count in counts)
