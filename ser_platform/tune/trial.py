"""What Ray Tune runs for one trial: submit its folds, report the validation UA so far."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import ray
from ray import tune
from ray.actor import ActorHandle

from ser_platform.config import with_settings
from ser_platform.config.schema import ExperimentFile
from ser_platform.results import FoldResult
from ser_platform.runtime import fetch
from ser_platform.train.prepared import Prepared
from ser_platform.train.runs import Run
from ser_platform.tune.space import NUMBER, chosen

OBJECTIVE = "val_ua"
"""Mean validation UA over the folds: what a study maximises."""


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
        return Run(
            architecture=architecture,
            experiment=with_settings(self.file.experiment(architecture), settings),
            settings=settings,
            prepared=self.prepared[architecture],
            workers=self.file.cluster.workers,
            number=drawn.get(NUMBER),
        )


def run_trial(drawn: dict[str, Any], bench: Bench) -> None:
    """Train all folds of one setting; after each, report the mean of those that are done.

    Raises:
        TrainingError: when a fold failed; Optuna then records the trial as failed.
    """
    jobs = bench.run(drawn).jobs(bench.file.store, score_test=False)
    apart = bench.file.cluster.folds == "apart"
    if apart:
        ray.get([bench.queue.submit.remote(job) for job in jobs])
    scores: list[float] = []
    for job in jobs:
        if not apart:
            ray.get(bench.queue.submit.remote(job))
        result = fetch(bench.queue.result.remote(job.name))
        scores.append(FoldResult.model_validate_json(result).val_ua)
        tune.report({OBJECTIVE: float(np.mean(scores)), "folds": len(scores)})
