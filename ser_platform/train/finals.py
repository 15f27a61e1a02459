"""Scoring selected settings on test, and handing them to the log."""

import logging

import ray

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import SerError, TrainingError
from ser_platform.results import RunResult, score
from ser_platform.runtime import fetch
from ser_platform.train.attention import pictures
from ser_platform.train.given import Given
from ser_platform.train.jobs import FoldJob
from ser_platform.train.package import package
from ser_platform.train.runs import Run
from ser_platform.train.session import Session, open_session

_log = logging.getLogger(__name__)


def train_file(file: ExperimentFile, given: Given) -> list[RunResult]:
    """Train each architecture of a file with its settings as they stand, score, log.

    Raises:
        TrainingError: when a fold failed.
    """
    with open_session(file, given, "train") as session:
        runs = [
            Run(name, file.experiment(name), {}, session.prepared[name], file.cluster.workers)
            for name in file.architectures
        ]
        return score_runs(session, runs)


def score_runs(session: Session, runs: list[Run], *, with_model: bool = True) -> list[RunResult]:
    """Train what is not trained yet, score every fold on test, once, and log it.

    The run with the best validation UA is logged with its model, if one is wanted, every
    complete one with pictures of its attention.

    Raises:
        TrainingError: when folds failed; after all others were scored and logged.
    """
    jobs = {run.key: _jobs(session, run) for run in runs}
    ray.get([session.queue.submit.remote(job) for some in jobs.values() for job in some])
    scored = [(run, _await(session, run, jobs[run.key])) for run in runs]
    complete = [(run, result) for run, result in scored if result.complete]
    winner, _ = max(complete, key=lambda pair: pair[1].val_ua, default=(None, None))
    for run, result in scored:
        model = None
        if with_model and run is winner:
            model = package(run, result, session.store, session.utterances, session.folder)
        shown = {}
        if result.complete:
            shown = pictures(run, result, session.store, session.utterances)
        session.tracker.log(result, model, {f"attention/{n}": p for n, p in shown.items()})
    if len(complete) < len(scored):
        raise TrainingError(
            "; ".join(f"{r.architecture}: {r.shortfall}" for _, r in scored if not r.complete)
        )
    return [result for _, result in scored]


def _jobs(session: Session, run: Run) -> list[FoldJob]:
    """None for a run that is stored already: nobody starts workers to find that out."""
    if session.stored(run, "final").complete:
        return []
    return run.jobs(session.store.url, score_test=True)


def _await(session: Session, run: Run, jobs: list[FoldJob]) -> RunResult:
    failures = [failure for job in jobs if (failure := _failure(session, job))]
    result = session.stored(run, "final", "; ".join(failures))
    if result.complete:
        _log.info("%s", _scores(result))
    return result


def _failure(session: Session, job: FoldJob) -> str:
    """Wait for a fold; why it failed, if it did."""
    try:
        fetch(session.queue.result.remote(job.name))
    except SerError as e:
        return str(e)
    return ""


def _scores(result: RunResult) -> str:
    test = score(result.fold_matrices("test"))
    return (
        f"test   {result.architecture:<10} "
        f"WA {test.wa:.3f} ({test.wa_mean:.3f} ± {test.wa_std:.3f} over folds)  "
        f"UA {test.ua:.3f} ({test.ua_mean:.3f} ± {test.ua_std:.3f} over folds)"
    )
