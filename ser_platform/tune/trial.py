"""What Ray Tune runs for one trial: submit its folds, report how they stand."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import ray
from ray import tune
from ray.actor import ActorHandle

from ser_platform.config import with_settings
from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import TrainingError, WithdrawnError
from ser_platform.redaction import protect_logs
from ser_platform.results import FoldResult
from ser_platform.runtime.tasks import fetch
from ser_platform.train.jobs import FoldJob
from ser_platform.train.prepared import Prepared
from ser_platform.train.runs import Run
from ser_platform.tune.pruning import reads_epochs
from ser_platform.tune.space import FOLD, NUMBER, chosen

Report = dict[str, Any]
"""What a trial tells Ray Tune; the keys are those below, and all are there each time."""

VAL_UA = "val_ua"
"""Mean over the folds so far of what settings are selected by: validation UA, but with
``selection: best_on_test``. NaN before the first epoch."""
FOLDS = "folds"
"""Validation UA of each finished fold, in order."""
EPOCHS = "epochs"
"""Of the fold in training; 0 between two folds."""
BEST = "best"
"""Best validation UA of the fold in training."""
SECONDS = "seconds"
"""Of training, of the finished folds."""
NUM_PARAMETERS = "num_parameters"
FAILED = "failed"
"""Why a fold failed; empty while none has."""
WITHDRAWN = "withdrawn"
"""True when its folds were taken off the queue."""


@dataclass(frozen=True)
class Bench:
    """What every trial of a study works with; travels once through Ray's object store."""

    file: ExperimentFile
    prepared: dict[str, Prepared]
    """By architecture."""
    queue: ActorHandle

    def run(self, drawn: dict[str, Any]) -> Run:
        """The run that a point of the search space stands for."""
        architecture, settings = chosen(self.file, drawn)
        prepared = self.prepared[architecture]
        if drawn.get(FOLD) is not None:
            only = tuple(fold for fold in prepared.folds if fold.number == drawn[FOLD])
            prepared = replace(prepared, folds=only)
        return Run(
            architecture=architecture,
            experiment=with_settings(self.file.experiment(architecture), settings),
            settings=settings,
            prepared=prepared,
            workers=self.file.cluster.workers,
            number=drawn.get(NUMBER),
            test_fold=drawn.get(FOLD),
        )


def run_trial(drawn: dict[str, Any], bench: Bench) -> None:
    """Train all folds of one setting; report after each, and after epochs if somebody reads them.

    A fold that fails ends the trial, and so does a trial that is no longer wanted; both are
    reports, not errors: what is raised is a fault of the cluster or the store.
    """
    protect_logs()  # of the worker
    jobs = bench.run(drawn).jobs(bench.file.store, score_test=False)
    apart = bench.file.cluster.folds == "apart"
    if apart:
        for job in jobs:  # one by one: an asynchronous actor may take calls in any order
            ray.get(bench.queue.submit.remote(job))
    done: list[FoldResult] = []
    try:
        for job in jobs:
            if not apart:
                ray.get(bench.queue.submit.remote(job))
            for epochs, best in _epochs(bench, job):
                tune.report(_report(done, epochs, best))
            done.append(FoldResult.model_validate_json(fetch(bench.queue.result.remote(job.name))))
            tune.report(_report(done))
    except TrainingError as e:
        tune.report({**_report(done), FAILED: str(e)})
    except WithdrawnError:
        tune.report({**_report(done), WITHDRAWN: True})


def _epochs(bench: Bench, job: FoldJob) -> Iterator[tuple[int, float]]:
    """How many epochs a fold has and its best, each time there are more."""
    if not reads_epochs(bench.file.study.pruner):
        return
    seen: list[float] = []
    while new := fetch(bench.queue.epochs.remote(job.name, len(seen))):
        seen += new
        yield len(seen), max(seen)


def _report(done: list[FoldResult], epochs: int = 0, best: float = float("nan")) -> Report:
    scores = [fold.selected_ua for fold in done]
    return {
        VAL_UA: float(np.mean([*scores, best] if epochs else scores or [best])),
        FOLDS: scores,
        EPOCHS: epochs,
        BEST: best,
        SECONDS: sum(fold.seconds for fold in done),
        NUM_PARAMETERS: max((fold.num_parameters for fold in done), default=0),
        FAILED: "",
        WITHDRAWN: False,
    }
