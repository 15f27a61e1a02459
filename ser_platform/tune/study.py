"""A study: search on validation, then score the best of each architecture on test, once."""

import logging
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import optuna
from optuna.storages import BaseStorage
from optuna.trial import TrialState

from ser_platform.config.schema import ExperimentFile
from ser_platform.results import RunResult
from ser_platform.train.given import Given
from ser_platform.train.prepared import Prepared
from ser_platform.train.session import Session, open_session
from ser_platform.tune import attributes
from ser_platform.tune.history import own_trials, trials_left
from ser_platform.tune.opened import OpenStudy, objective, open_studies, refuse_warm_start
from ser_platform.tune.page import study_files, write_study
from ser_platform.tune.resume import Resume, key_of_study, refuse_other_file
from ser_platform.tune.scoring import score_selected
from ser_platform.tune.search import search
from ser_platform.tune.space import FOLD, NUMBER
from ser_platform.tune.storage import open_storage
from ser_platform.tune.summary import show_summary
from ser_platform.tune.trial import Bench

_log = logging.getLogger(__name__)

_NO_REASON = "ended as failed in Optuna, which gives no reason"
"""Of a trial that somebody else has closed."""


def run_study(
    file: ExperimentFile, given: Given, *, resume: Resume = "auto", search_only: bool = False
) -> list[RunResult]:
    """Search, select by validation, score the selected on test, log everything.

    Run again after an interruption it continues: finished trials and folds are not repeated.

    Args:
        file: what is searched.
        given: what it names.
        resume: what becomes of a study that is there already.
        search_only: leave the test part alone, and return nothing.

    Returns:
        The best setting of each architecture, scored on test; the winner first. With
        ``protocol: nested`` what each fold selected, as one result for each architecture.

    Raises:
        StudyError: when no trial finished, when the study has changed, when it was stopped.
        TrainingError: when a selected setting could not be scored.
        WorkersError: when the cluster gave up; the trials it interrupted are not lost.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = open_storage(file.study.storage)
    refuse_other_file(file, storage, resume)
    name_study = partial(_key, file, storage, resume)
    with open_session(file, given, "tune", name_study=name_study) as session:
        bench = Bench(session.file, session.prepared, session.queue)
        opened = open_studies(session, storage)
        for each in opened:
            _log_again(session, bench, each)
        for each in opened:
            if trials_left(each.study, each.wanted):
                search(session, bench, each)
        pages = [_publish(session, each) for each in opened]
        scored = [] if search_only else score_selected(session, bench, opened)
    for each, page in zip(opened, pages, strict=True):
        show_summary(each.study, session.file, page)
    return scored


def _key(
    file: ExperimentFile,
    storage: BaseStorage,
    resume: Resume,
    key: str,
    prepared: Mapping[str, Prepared],
) -> str:
    """What the study is called, once nothing keeps it from being run."""
    key = key_of_study(file, storage, resume, key, prepared)
    refuse_warm_start(file, storage, key, prepared)
    return key


def _publish(session: Session, opened: OpenStudy) -> Path:
    """Draw what the search has found, hand it to the log; where the page lies on this machine."""
    files = study_files(opened.study, session.file)
    folder = f"study/fold{opened.fold}" if opened.fold else "study"
    named = {f"{folder}/{path.removeprefix('study/')}": data for path, data in files.items()}
    session.tracker.attach(named)
    return write_study(opened.study, files)


def _log_again(session: Session, bench: Bench, opened: OpenStudy) -> None:
    """Hand every ended trial to the log: it adds what MLflow missed and nothing else.

    A command may die after a trial's end was told to Optuna and before it was written down here.
    """
    for trial in own_trials(opened.study):
        if attributes.RUN_KEY not in trial.user_attrs:
            continue  # somebody else has closed it before it was drawn to the end
        run = bench.run({**trial.params, NUMBER: trial.number, FOLD: opened.fold})
        reason = trial.user_attrs.get(attributes.REASON, "")
        has_failed = trial.state == TrialState.FAIL
        failure, pruned = (reason or _NO_REASON, "") if has_failed else ("", reason)
        session.tracker.log(session.stored(run, "trial", failure, pruned))
    _log.info(
        "study  %s: %d of %d trials to run, %d worker group(s), objective: %s",
        opened.study.study_name,
        trials_left(opened.study, opened.wanted),
        opened.wanted,
        session.groups,
        objective(session.file, opened),
    )
