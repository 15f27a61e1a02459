"""A trial and its folds, one after the other or all at once; the test is its worker groups."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import cast

import pytest
import ray
from ray import tune
from ray.actor import ActorHandle

from ser_platform.config.corpus import SplitConfig
from ser_platform.config.schema import Experiment, ExperimentFile
from ser_platform.corpora.folds import make_folds
from ser_platform.runtime.tasks import fetch
from ser_platform.storage import open_store
from ser_platform.train.fold import train_fold
from ser_platform.train.jobs import FoldJob
from ser_platform.train.prepared import Prepared
from ser_platform.train.queue import FoldQueue, Standing
from ser_platform.train.ranks import Ranks
from ser_platform.train.resident import put
from ser_platform.tune.trial import FOLDS, VAL_UA, WITHDRAWN, Bench, Report, run_trial
from tests.runs import NOBODY

pytestmark = [pytest.mark.slow, pytest.mark.timeout(200), pytest.mark.usefixtures("local_ray")]

MakeBench = Callable[[str], Bench]


@pytest.fixture
def bench(local_ray: None, corpus, dataset, experiment, tmp_path: Path) -> MakeBench:
    """Three folds, ``together`` or ``apart``, on a queue and a store of their own."""
    folds = make_folds(corpus, SplitConfig())
    whole, sealed = put(dataset, folds)
    prepared = Prepared(
        *(folds, "c0de", whole, sealed, "d1ge57", {}, (), "made up", "0" * 8, False, NOBODY)
    )
    given = experiment().model_dump(include={"name", "corpus", "features", "model", "train"})

    def make(layout: str) -> Bench:
        file = ExperimentFile.model_validate(
            {**given, "cluster": {"folds": layout}, "store": str(tmp_path / layout)}, strict=False
        )
        queue = cast(ActorHandle, ray.remote(num_cpus=0)(FoldQueue).remote(3, 0))
        return Bench(file, dict.fromkeys(file.architectures, prepared), queue)

    return make


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[Report]:
    """What a trial tells Ray Tune."""
    told: list[Report] = []
    monkeypatch.setattr(tune, "report", told.append)
    return told


def take(bench: Bench, group: int) -> str:
    return cast("str", ray.get(bench.queue.take.remote(group), timeout=60))


def train(bench: Bench, group: int, name: str) -> None:
    """Do what a worker group does with a fold."""
    job: FoldJob = fetch(bench.queue.job.remote(name))
    setting = Experiment.model_validate_json(job.experiment)
    dataset, store = job.dataset.fetch(), open_store(job.store)
    result = train_fold(setting, job.run_key, job.fold, dataset, store, Ranks())
    ray.get(bench.queue.finish.remote(group, result.model_dump_json()))


def waiting(bench: Bench) -> int:
    standing: Standing = fetch(bench.queue.follow.remote(3, []))
    return standing.waiting


def test_folds_apart_are_queued_before_the_first_has_ended_and_give_the_same_numbers(
    bench: MakeBench, reports: list[Report]
) -> None:
    apart, together = bench("apart"), bench("together")
    with ThreadPoolExecutor() as threads:
        trial = threads.submit(run_trial, {}, apart)
        names = [take(apart, group) for group in range(3)]  # none of them has ended
        assert len(set(names)) == 3
        for group in (2, 1, 0):
            train(apart, group, names[group])
        trial.result(timeout=60)
        side_by_side = reports.copy()
        reports.clear()
        trial = threads.submit(run_trial, {}, together)
        for _ in range(3):
            name = take(together, 0)
            assert waiting(together) == 0  # the next one comes when this one has ended
            train(together, 0, name)
        trial.result(timeout=60)
    assert [len(report[FOLDS]) for report in side_by_side] == [1, 2, 3]
    for one, other in zip(side_by_side, reports, strict=True):
        assert one[FOLDS] == other[FOLDS]
        assert one[VAL_UA] == other[VAL_UA]


def test_a_trial_that_is_pruned_takes_back_all_its_folds(
    bench: MakeBench, reports: list[Report]
) -> None:
    apart = bench("apart")
    with ThreadPoolExecutor() as threads:
        trial = threads.submit(run_trial, {}, apart)
        train(apart, 0, take(apart, 0))
        take(apart, 1)
        assert waiting(apart) == 1
        ray.get(apart.queue.withdraw.remote(apart.run({}).key))
        trial.result(timeout=60)
    assert (reports[-1][WITHDRAWN], len(reports[-1][FOLDS])) == (True, 1)
    assert waiting(apart) == 0
    assert not ray.get(apart.queue.report.remote(1, [0.3], 1.0))  # the group is told to stop
