"""Scoring selected settings on test, and handing them to the log."""

import logging
from collections.abc import Sequence

import ray

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import SerError, StudyTakenError, TrainingError
from ser_platform.results import RunResult, score
from ser_platform.runtime.tasks import fetch
from ser_platform.tracking import ModelFiles, layout
from ser_platform.train.attention import pictures
from ser_platform.train.checkpoint import has_weights
from ser_platform.train.given import Given
from ser_platform.train.jobs import FoldJob
from ser_platform.train.package import package
from ser_platform.train.runs import AnyRun, NestedRun, Run
from ser_platform.train.session import Session, open_session
from ser_platform.train.stored import FoldKeys

_log = logging.getLogger(__name__)


def train_file(file: ExperimentFile, given: Given, seeds: int = 1) -> list[RunResult]:
    """Train each architecture of a file with its settings as they stand, score, log.

    Args:
        file: what is trained.
        given: what it names.
        seeds: how many times each, with ``train.seed`` and those after it. All are runs of the
            study that the first belongs to, so one may ask for more later; a model is made of a
            first one.

    Raises:
        TrainingError: when a fold failed.
    """
    with open_session(file, given, "train") as session:
        first = [
            Run(name, file.experiment(name), {}, session.prepared[name], file.cluster.workers)
            for name in file.architectures
        ]
        others = [run.reseeded(later) for later in range(1, seeds) for run in first]
        return score_runs(session, [*first, *others], of_model=first)


def score_runs(
    session: Session,
    runs: Sequence[AnyRun],
    *,
    of_model: Sequence[AnyRun] | None = None,
    scoring: int = 1,
) -> list[RunResult]:
    """Train what is not trained yet, score every fold on test, once, and log it.

    The run that validation prefers is logged with its model, every complete one with pictures of
    its attention.

    Args:
        session: what everything runs in.
        runs: the selected settings.
        of_model: those of which the best gets a model; None: all of them.
        scoring: 1 for the first selection of a study that is scored on test, 2 and up for those
            after it, which have seen what came of the first; whoever selects counts.

    Raises:
        StudyTakenError: when another process has taken the study over.
        TrainingError: when folds failed; after all others were scored and logged.
    """
    session.lease.confirm()
    jobs = {run.key: _jobs(session, run) for run in runs}
    ray.get([session.queue.submit.remote(job) for some in jobs.values() for job in some])
    scored = [(run, _await(session, run, jobs[run.key], scoring)) for run in runs]
    keys = {run.key for run in (runs if of_model is None else of_model)}
    preferred = _preferred([result for run, result in scored if run.key in keys])
    for run, result in scored:
        model = None
        if result is preferred:
            model = _model(session, run, result)
        shown = {}
        if result.complete:
            first = run.of_fold(result.folds[0].fold)
            shown = pictures(first, result, session.store, session.utterances)
        session.lease.confirm()
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
    _mend_weights(session, run)
    return package(run, result, session.store, session.utterances, session.folder)


def _mend_weights(session: Session, run: Run) -> None:
    """Train again, to the same numbers, the folds whose weights were damaged since."""
    lost = [
        job
        for job in run.jobs(session.store.url, score_test=True)
        if not has_weights(session.store, FoldKeys(run.key, job.fold.number).weights)
    ]
    ray.get([session.queue.submit.remote(job) for job in lost])
    for job in lost:
        fetch(session.queue.result.remote(job.name))


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
    except StudyTakenError:
        raise
    except SerError as e:
        return str(e)
    return ""


def _scores(result: RunResult) -> str:
    test = score(result.fold_matrices("test"))
    seed = f"seed {result.seed}  " if "train.seed" in result.settings else ""
    flagged = f"\n       {layout.selected_on_test_note(result)}" * result.selected_on_test
    return (
        f"test   {result.architecture:<10} {seed}"
        f"WA {test.wa:.3f} ({test.wa_mean:.3f} ± {test.wa_std:.3f} over folds)  "
        f"UA {test.ua:.3f} ({test.ua_mean:.3f} ± {test.ua_std:.3f} over folds){flagged}"
    )
