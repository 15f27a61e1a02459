"""What an earlier study of the same protocol has found, for a new one to learn from."""

import logging
from typing import Any

import optuna
from optuna.storages import BaseStorage
from optuna.study import StudySummary
from optuna.trial import FixedTrial, FrozenTrial, TrialState, create_trial

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import StudyError
from ser_platform.tune import attributes
from ser_platform.tune.history import own_trials, studies_named
from ser_platform.tune.identity import difference
from ser_platform.tune.resume import Resume
from ser_platform.tune.selection import order_of
from ser_platform.tune.space import draw, drawn_as, holds_all
from ser_platform.tune.stored import existing_storage

_log = logging.getLogger(__name__)


def take_over(study: optuna.Study, file: ExperimentFile, storage: BaseStorage) -> None:
    """Add the complete trials of the study that ``study.warm_start`` names, once.

    They teach the sampler and count for nothing else: neither as trials of this study nor as
    candidates for its selection. The best of each architecture is queued, to be run here; where
    setting, data and code are the same its folds are there already.

    Raises:
        StudyError: when there is no such study, or its protocol is another one.
    """
    attrs = study.user_attrs
    fold, protocol = attrs[attributes.TEST_FOLD], attrs[attributes.PROTOCOL]
    found = find_earlier(file, storage, study.study_name, fold, protocol)
    earlier = optuna.load_study(study_name=found.study_name, storage=storage)
    taken: list[tuple[str, FrozenTrial]] = []
    for trial in own_trials(earlier, (TrialState.COMPLETE,)):
        architecture = trial.user_attrs[attributes.ARCHITECTURE]
        settings = trial.user_attrs[attributes.SETTINGS]
        if architecture in file.architectures and holds_all(file, architecture, settings):
            study.add_trial(_as_of(earlier.study_name, file, architecture, trial))
            taken.append((architecture, trial))
    best: dict[str, FrozenTrial] = {}
    for architecture, trial in sorted(taken, key=lambda pair: order_of(_values(file, pair[1]))):
        best.setdefault(architecture, trial)
    for architecture, trial in best.items():
        settings = trial.user_attrs[attributes.SETTINGS]
        study.enqueue_trial(drawn_as(file, architecture, settings), skip_if_exists=False)
    _log.info(
        "study  %s: starts from %d trials of %s that lie in its space",
        study.study_name,
        len(taken),
        earlier.study_name,
    )


def refuse_missing(file: ExperimentFile, resume: Resume) -> None:
    """Refuse a ``study.warm_start`` that is nowhere, before anything is read or prepared.

    A study that goes on has what it was to start from.

    Raises:
        ConfigError: when the storage cannot be read.
        StudyError: when it holds no study of that name.
    """
    if file.study.warm_start is None:
        return
    try:
        storage = existing_storage(file.study.storage, "EXPERIMENT")
    except StudyError:
        raise _missing(file, None) from None
    goes_on = resume != "never" and studies_named(storage, file.name)
    if not goes_on and not studies_named(storage, file.study.warm_start):
        raise _missing(file, None)


def find_earlier(
    file: ExperimentFile,
    storage: BaseStorage,
    name: str,
    fold: int | None,
    protocol: dict[str, Any],
) -> StudySummary:
    """The study that ``study.warm_start`` names: the newest of them.

    Args:
        file: names it.
        storage: where it is.
        name: of the study that is to start from it.
        fold: of a nested study.
        protocol: of the study that is to start from it.

    Raises:
        StudyError: when there is none, or its protocol is another one.
    """
    assert file.study.warm_start is not None
    named = [
        summary
        for summary in studies_named(storage, file.study.warm_start)
        if summary.study_name != name and summary.user_attrs[attributes.TEST_FOLD] == fold
    ]
    if not named:
        raise _missing(file, fold)
    earlier = named[-1]
    differs = difference(earlier.user_attrs[attributes.PROTOCOL], protocol)
    if differs:
        raise StudyError(
            f"study.warm_start: {earlier.study_name} followed another protocol, so its scores say "
            "nothing here:" + "".join(f"\n  {line}" for line in differs)
        )
    return earlier


def _missing(file: ExperimentFile, fold: int | None) -> StudyError:
    return StudyError(
        f"study.warm_start: no study '{file.study.warm_start}' is in this storage"
        + (f" for fold {fold}" if fold else "")
    )


def _as_of(name: str, file: ExperimentFile, architecture: str, trial: FrozenTrial) -> FrozenTrial:
    settings: dict[str, Any] = trial.user_attrs[attributes.SETTINGS]
    point = drawn_as(file, architecture, settings)
    drawing = FixedTrial(point)
    draw(drawing, file)
    return create_trial(
        state=TrialState.COMPLETE,
        values=_values(file, trial),
        params=drawing.params,
        distributions=drawing.distributions,
        user_attrs={
            attributes.WARM: name,
            attributes.ARCHITECTURE: architecture,
            attributes.SETTINGS: settings,
        },
        intermediate_values=trial.intermediate_values,
    )


def _values(file: ExperimentFile, trial: FrozenTrial) -> list[float]:
    known = {"val_ua": trial.values[0]}
    for goal in (attributes.SECONDS, attributes.NUM_PARAMETERS):
        known[goal] = trial.user_attrs[goal]
    return [known[goal] for goal in file.study.goals]
