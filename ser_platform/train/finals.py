"""Scoring selected settings on test, and handing them to the log."""

import logging
from collections.abc import Sequence

import ray

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import SerError, TrainingError
from ser_platform.results import RunResult, score
from ser_platform.runtime import fetch
from ser_platform.tracking import ModelFiles, layout
from ser_platform.train.attention import pictures
from ser_platform.train.given import Given
from ser_platform.train.jobs import FoldJob
from ser_platform.train.package import package
from ser_platform.train.runs import AnyRun, NestedRun, Run
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


def score_runs(
    session: Session, runs: Sequence[AnyRun], *, with_model: bool = True, scoring: int = 1
) -> list[RunResult]:
    """Train what is not trained yet, score every fold on test, once, and log it.

    The run that validation prefers is logged with its model, if one is wanted, every complete
    one with pictures of its attention.

    Args:
        session: what everything runs in.
        runs: the selected settings.
        with_model: whether a model is made of the best.
        scoring: 1 for the first selection of a study that is scored on test, 2 and up for those
            after it, which have seen what came of the first; whoever selects counts.

    Raises:
        TrainingError: when folds failed; after all others were scored and logged.
    """
    jobs = {run.key: _jobs(session, run) for run in runs}
    ray.get([session.queue.submit.remote(job) for some in jobs.values() for job in some])
    scored = [(run, _await(session, run, jobs[run.key], scoring)) for run in runs]
    preferred = _preferred([result for _, result in scored])
    for run, result in scored:
        model = None
        if with_model and result is preferred:
            model = _model(session, run, result)
        shown = {}
        if result.complete:
            first = run.of_fold(result.folds[0].fold)
            shown = pictures(first, result, session.store, session.utterances)
        session.tracker.log(result, model, {f"attention/{n}": p for n, p in shown.items()})
    if failed := [result for _, result in scored if not result.complete]:
        raise TrainingError("; ".join(f"{r.architecture}: {r.shortfall}" for r in failed))
    return [result for _, result in scored]


def _preferred(results: Sequence[RunResult]) -> RunResult | None:
    """The only one, or the complete one that is best by what the experiment selects by.

    None where several are there and nothing selects: test has no say in it.
    """
    complete = [result for result in results if result.complete]
    if len(results) == 1 or not complete:
        return next(iter(complete), None)
    if not all(result.selectable for result in complete):
        _log.info("no model: nothing says which of %d architectures is the best", len(results))
        return None
    return max(complete, key=lambda result: result.selected_ua)


def _model(session: Session, run: AnyRun, result: RunResult) -> ModelFiles | None:
    if isinstance(run, NestedRun):
        _log.info(
            "no model of %s: with protocol nested each fold has settings of its own; the setting "
            "to use is found by protocol shared",
            run.architecture,
        )
        return None
    return package(run, result, session.store, session.utterances, session.folder)


def _jobs(session: Session, run: AnyRun) -> list[FoldJob]:
    """None for a run that is stored already: nobody starts workers to find that out."""
    if session.stored(run, "final").complete:
        return []
    return run.jobs(session.store.url, score_test=True)


def _await(session: Session, run: AnyRun, jobs: list[FoldJob], scoring: int) -> RunResult:
    failures = [failure for job in jobs if (failure := _failure(session, job))]
    result = session.stored(run, "final", "; ".join(failures), scoring=scoring)
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
    flagged = f"\n       {layout.selected_on_test_note(result)}" * result.selected_on_test
    return (
        f"test   {result.architecture:<10} "
        f"WA {test.wa:.3f} ({test.wa_mean:.3f} ± {test.wa_std:.3f} over folds)  "
        f"UA {test.ua:.3f} ({test.ua_mean:.3f} ± {test.ua_std:.3f} over folds){flagged}"
    )
