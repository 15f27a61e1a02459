"""The Optuna studies of an experiment file: one, or one for each test part."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import optuna
from optuna.storages import BaseStorage

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.secrets import recorded
from ser_platform.process import this_process
from ser_platform.train.identity import protocol
from ser_platform.train.prepared import Prepared
from ser_platform.train.session import Session
from ser_platform.tune import attributes
from ser_platform.tune.history import open_study, wanted_trials
from ser_platform.tune.pruning import make_pruner
from ser_platform.tune.resume import identity
from ser_platform.tune.samplers import make_sampler
from ser_platform.tune.selection import score_by
from ser_platform.tune.warm import find_earlier, take_over


@dataclass(frozen=True)
class OpenStudy:
    """A study that can be searched."""

    study: optuna.Study
    wanted: int
    """Trials that it is to have."""
    num_folds: int
    """That a trial trains."""
    fold: int | None
    """The only one that its trials train; None: all."""


def open_studies(session: Session, storage: BaseStorage) -> list[OpenStudy]:
    """The study of a session; with ``protocol: nested`` one for each fold, which it is all about.

    Raises:
        StudyError: when the study that it is to start from cannot be used.
        StudyTakenError: when another process has taken the study over.
    """
    session.lease.confirm()
    return [_open(session, storage, fold) for fold in _folds(session.file, session.prepared)]


def refuse_warm_start(
    file: ExperimentFile, storage: BaseStorage, key: str, prepared: Mapping[str, Prepared]
) -> None:
    """Refuse a study to start from whose protocol is another, before the new one is logged.

    Raises:
        StudyError: when it is, or there is none.
    """
    if file.study.warm_start is None:
        return
    known = optuna.get_all_study_names(storage)
    for fold in _folds(file, prepared):
        name = _name(file, key, fold)
        if name not in known:
            find_earlier(file, storage, name, fold, _protocol(file, prepared))


def objective(file: ExperimentFile, opened: OpenStudy) -> str:
    """What the study maximises, in words."""
    score = score_by(on_test=file.selects_on_test).words
    ua = f"{score} of fold {opened.fold}" if opened.fold else f"mean {score}"
    return " and ".join([ua, *(f"few {goal}" for goal in file.study.goals[1:])])


def _folds(file: ExperimentFile, prepared: Mapping[str, Prepared]) -> Iterator[int | None]:
    if file.protocol != "nested":
        yield None
        return
    yield from (fold.number for fold in next(iter(prepared.values())).folds)


def _name(file: ExperimentFile, key: str, fold: int | None) -> str:
    return f"{file.name}-{key}" + (f"-fold{fold}" if fold else "")


def _protocol(file: ExperimentFile, prepared: Mapping[str, Prepared]) -> dict[str, Any]:
    first = next(iter(prepared.values()))
    experiment = file.experiment(next(iter(file.architectures)))
    return protocol(experiment, first.corpus, first.utterances)


def _open(session: Session, storage: BaseStorage, fold: int | None) -> OpenStudy:
    file = session.file
    name = _name(file, session.key, fold)
    is_new = name not in optuna.get_all_study_names(storage)
    study = open_study(
        file,
        name,
        storage,
        _attributes(session, fold),
        make_pruner(file.study.pruner),
        partial(_sampler, file, fold or 0),
    )
    if is_new and file.study.warm_start:
        take_over(study, file, storage)
    return OpenStudy(study, wanted_trials(file), _num_folds(session, fold), fold)


def _sampler(file: ExperimentFile, fold: int, trials: int) -> optuna.samplers.BaseSampler:
    # Studies of several folds draw different points; Optuna's seeds have 32 bits.
    return make_sampler(file.study.sampler, (file.study.seed + 10_000 * fold + trials) % 2**32)


def _attributes(session: Session, fold: int | None) -> dict[str, Any]:
    file, prepared = session.file, next(iter(session.prepared.values()))
    return {
        attributes.NAME: file.name,
        attributes.KEY: session.key,
        attributes.STARTED_AT: time.time(),
        attributes.IDENTITY: identity(file, session.prepared),
        attributes.EXPERIMENT: recorded(file),
        attributes.PROTOCOL: _protocol(file, session.prepared),
        attributes.SYNTHETIC: prepared.synthetic,
        attributes.TEST_FOLD: fold,
        attributes.NUM_FOLDS: _num_folds(session, fold),
        attributes.WANTED: wanted_trials(file),
        attributes.PROCESS: this_process(),
        attributes.STOP: False,
    }


def _num_folds(session: Session, fold: int | None) -> int:
    return 1 if fold else len(next(iter(session.prepared.values())).folds)
