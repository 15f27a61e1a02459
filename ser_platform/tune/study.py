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
from ray import tune
from ray.tune.search import ConcurrencyLimiter
from ray.tune.search.optuna import OptunaSearch

from ser_platform.config.schema import ExperimentFile
from ser_platform.results import RunResult
from ser_platform.train.finals import score_runs
from ser_platform.train.session import Session, open_session
from ser_platform.tune.history import best_points, open_storage, open_study, trials_left
from ser_platform.tune.progress import TrialLog
from ser_platform.tune.space import NUMBER, draw
from ser_platform.tune.trial import OBJECTIVE, Bench, run_trial

_log = logging.getLogger(__name__)


def run_study(file: ExperimentFile) -> list[RunResult]:
    """Search, select by validation, score the selected on test, log everything.

    Run again after an interruption it continues: finished trials and folds are not repeated.

    Returns:
        The best setting of each architecture, scored on test; the winner first.

    Raises:
        StudyError: when no trial finished.
        TrainingError: when a selected setting could not be scored.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with open_session(file) as session:
        file = file.model_copy(update={"store": session.store.url})
        bench = Bench(file, session.prepared, session.queue)
        storage = open_storage(file.study.storage)
        study = open_study(file, session.key, storage)
        _search(session, bench, study, storage)
        best = best_points(study, file)
        finals = [bench.run({**t.params, NUMBER: t.number}) for t in best.values()]
        return score_runs(session, finals)


def _search(session: Session, bench: Bench, study: optuna.Study, storage: RDBStorage) -> None:
    settings = session.file.study
    left = trials_left(study, settings.trials)
    ended = settings.trials - left
    _log.info(
        "study  %s: %d of %d trials to run, %d worker group(s), objective: mean validation UA",
        study.study_name,
        max(left, 0),
        settings.trials,
        session.groups,
    )
    if left <= 0:
        return
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
        tune.Tuner(
            trainable,
            tune_config=tune.TuneConfig(
                search_alg=ConcurrencyLimiter(search, _at_once(session)),
                num_samples=left,
                metric=OBJECTIVE,
                mode="max",
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(
                name=session.key,
                storage_path=folder,
                verbose=0,
                callbacks=[TrialLog(session, bench, ended)],
            ),
        ).fit()


def _at_once(session: Session) -> int:
    """Trials that run together: enough folds for every group, none that only waits."""
    if session.file.cluster.folds == "together":
        return session.groups
    folds = max(len(p.folds) for p in session.prepared.values())
    return math.ceil(session.groups / folds)


def _sampler(seed: int) -> optuna.samplers.TPESampler:
    """TPE that sees settings together, within each architecture's part of the space."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # of ``group``, since Optuna 2.8
        return optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True)
