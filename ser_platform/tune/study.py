"""A study: search on validation, then score the best of each architecture on test, once."""

import logging
import math
import warnings
from functools import partial
from tempfile import TemporaryDirectory

import optuna
import ray
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage
from optuna.trial import TrialState
from ray import tune
from ray.tune.search import ConcurrencyLimiter
from ray.tune.search.optuna import OptunaSearch

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import StudyError
from ser_platform.results import RunResult
from ser_platform.train.finals import score_runs
from ser_platform.train.given import Given
from ser_platform.train.session import Session, open_session
from ser_platform.tune.history import (
    best_points,
    open_storage,
    open_study,
    queue_again,
    trials_left,
)
from ser_platform.tune.progress import TrialLog
from ser_platform.tune.space import NUMBER, draw
from ser_platform.tune.trial import OBJECTIVE, Bench, run_trial

_log = logging.getLogger(__name__)


def run_study(file: ExperimentFile, given: Given) -> list[RunResult]:
    """Search, select by validation, score the selected on test, log everything.

    Run again after an interruption it continues: finished trials and folds are not repeated.

    Returns:
        The best setting of each architecture, scored on test; the winner first.

    Raises:
        StudyError: when no trial finished.
        TrainingError: when a selected setting could not be scored.
        WorkersError: when the cluster gave up; the trials it interrupted are not lost.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = open_storage(file.study.storage)
    with open_session(file, given, "tune") as session:
        bench = Bench(session.file, session.prepared, session.queue)
        study = open_study(session.file, session.key, storage)
        _log_again(session, bench, study)
        if trials_left(study, file.study.trials) > 0:
            _search(session, bench, study, storage)
        best = best_points(study, session.file)
        finals = [bench.run({**t.params, NUMBER: t.number}) for t in best.values()]
        return score_runs(session, finals)


def _log_again(session: Session, bench: Bench, study: optuna.Study) -> None:
    """Hand every finished trial to the log: it adds what MLflow missed and nothing else."""
    for trial in study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,)):
        run = bench.run({**trial.params, NUMBER: trial.number})
        session.tracker.log(session.stored(run, "trial"))
    _log.info(
        "study  %s: %d of %d trials to run, %d worker group(s), objective: mean validation UA",
        study.study_name,
        max(trials_left(study, session.file.study.trials), 0),
        session.file.study.trials,
        session.groups,
    )


def _search(session: Session, bench: Bench, study: optuna.Study, storage: RDBStorage) -> None:
    settings = session.file.study
    left = trials_left(study, settings.trials)
    at_once = _at_once(session)
    folds = 1 if session.file.cluster.folds == "together" else _most_folds(session)
    session.queue.expect.remote(min(at_once, left) * folds)
    values = [t.value for t in study.get_trials(deepcopy=False) if t.value is not None]
    log = TrialLog(session, bench, settings.trials - left, max(values, default=-math.inf))
    search = OptunaSearch(
        space=partial(draw, file=session.file),
        metric=OBJECTIVE,
        mode="max",
        study_name=study.study_name,
        storage=storage,
        # A study that goes on must not draw its first points again.
        sampler=_sampler(settings.seed + len(study.trials)),
    )
    # A trial only waits for its folds; it is pinned here, where its caller is.
    here = f"node:{ray.util.get_node_ip_address()}"
    trainable = tune.with_resources(
        tune.with_parameters(run_trial, bench=bench), {"CPU": 0, here: 0.001}
    )
    with TemporaryDirectory(prefix="ser-tune-") as folder:
        tuner = tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                search_alg=ConcurrencyLimiter(search, at_once),
                num_samples=left,
                metric=OBJECTIVE,
                mode="max",
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name=session.key, storage_path=folder, verbose=0, callbacks=[log]
            ),
        )
        try:
            tuner.fit()
        except tune.TuneError:
            if log.stopped_by is None:
                raise
            number, fault = log.stopped_by
            queue_again(study, number)
            raise fault from None
    if (open_ := trials_left(study, settings.trials)) > 0:
        raise StudyError(
            f"study {study.study_name}: {open_} of its trials did not end; run the same command "
            "again to go on"
        )


def _at_once(session: Session) -> int:
    """Trials that run together: enough folds for every group, none that only waits."""
    if session.file.cluster.folds == "together":
        return session.groups
    return math.ceil(session.groups / _most_folds(session))


def _most_folds(session: Session) -> int:
    return max(len(p.folds) for p in session.prepared.values())


def _sampler(seed: int) -> optuna.samplers.TPESampler:
    """TPE that sees settings together, within each architecture's part of the space."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # of ``group``, since Optuna 2.8
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)
