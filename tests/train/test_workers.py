"""Folds on worker groups: the same numbers however they are laid out, or interrupted."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import ray
from ray.actor import ActorHandle

from ser_platform.config.schema import ClusterConfig, Experiment
from ser_platform.errors import TrainingError, WithdrawnError
from ser_platform.results import FoldResult
from ser_platform.runtime import fetch
from ser_platform.storage import open_store
from ser_platform.train.checkpoint import load_progress
from ser_platform.train.fold import score_fold
from ser_platform.train.jobs import FoldJob
from ser_platform.train.pool import fold_workers
from ser_platform.train.ranks import Ranks
from ser_platform.train.resident import put
from ser_platform.train.stored import FoldKeys
from ser_platform.train.waiting import Waiting

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.usefixtures("local_ray"),
]

TWO_RANKS = ClusterConfig(workers=2, max_failures=2)


def job(setting: Experiment, fold, dataset, store: Path, run_key: str) -> FoldJob:
    return FoldJob(
        run_key=run_key,
        fold=fold,
        experiment=setting.model_dump_json(),
        dataset=put(dataset, [fold])[0],
        store=str(store),
        score_test=True,
    )


def submit(queue: ActorHandle, *jobs: FoldJob) -> list[ray.ObjectRef]:
    ray.get([queue.submit.remote(one) for one in jobs])
    return [queue.result.remote(one.name) for one in jobs]


def read(result: ray.ObjectRef) -> FoldResult:
    return FoldResult.model_validate_json(fetch(result))


def test_two_ranks_train_as_one_and_outlive_a_bad_fold(
    experiment,
    fold,
    dataset,
    tmp_path: Path,
) -> None:
    """One worker group serves all of it, as it does in a study; its start is waited for."""
    setting = without_dropout(experiment("alignment", epochs=4))
    broken = replace(dataset, frames=(np.full_like(dataset.frames[0], np.nan),))
    waiting, shown = Waiting(TWO_RANKS, patience_s=0), list[str]()
    with waiting.shown_by(shown.append), fold_workers(TWO_RANKS, 1, waiting) as queue:
        bad, short = submit(
            queue,
            job(setting, fold, broken, tmp_path / "bad", "bad"),
            job(setting, fold, dataset, tmp_path / "short", "short"),
        )
        with pytest.raises(TrainingError, match="the training loss is nan"):
            fetch(bad)
        found = read(short)
    alone = score_fold(setting, "alone", fold, dataset, open_store(str(tmp_path)), Ranks())
    assert any(line.startswith("waiting: 2 folds queued; ") for line in shown)
    assert shown[-1] == ""
    assert found.workers == 2
    assert found.best_epoch == alone.best_epoch
    for ours, theirs in zip(found.epochs, alone.epochs, strict=True):
        assert ours.train_loss == pytest.approx(theirs.train_loss, abs=1e-4)
        assert ours.val_loss == pytest.approx(theirs.val_loss, abs=1e-4)
    assert found.test is not None
    assert alone.test is not None
    np.testing.assert_allclose(found.test.probabilities, alone.test.probabilities, atol=1e-3)


def test_a_withdrawn_fold_stops_on_both_ranks_and_goes_on_when_it_is_wanted_again(
    experiment,
    fold,
    dataset,
    tmp_path: Path,
) -> None:
    setting = without_dropout(experiment("alignment", epochs=60))
    work = job(setting, fold, dataset, tmp_path / "stopped", "stopped")
    progress = FoldKeys("stopped", 1).progress
    with fold_workers(TWO_RANKS, groups=1) as queue:
        (stopped,) = submit(queue, work)
        first = ray.get(queue.epochs.remote(work.name, after=0))
        ray.get(queue.withdraw.remote("stopped"))
        with pytest.raises(WithdrawnError, match="fold 1 of run stopped was withdrawn after"):
            fetch(stopped)
        (other,) = submit(queue, job(setting, fold, dataset, tmp_path / "other", "other"))
        whole = read(other)  # by the same group, which is whole
        assert open_store(str(tmp_path / "stopped")).exists(progress)
        before = len(load_progress(open_store(str(tmp_path / "stopped")), progress).epochs)
        assert len(first) <= before < len(whole.epochs)
        (again,) = submit(queue, work)
        at_once = ray.get(queue.epochs.remote(work.name, after=0))
        assert len(at_once) >= before
        resumed = read(again)
        assert ray.get(queue.losses.remote()) == {}
        assert ray.get(queue.epochs.remote(work.name, after=0)) == [
            epoch.val_ua for epoch in resumed.epochs
        ]
    assert [e.val_loss for e in resumed.epochs] == [e.val_loss for e in whole.epochs]
    assert resumed.test == whole.test


@pytest.mark.faults
def test_a_fold_whose_worker_is_killed_ends_as_if_it_had_not_been(
    experiment,
    fold,
    dataset,
    tmp_path: Path,
) -> None:
    setting = without_dropout(experiment("alignment", epochs=300))
    with fold_workers(TWO_RANKS, groups=1) as queue:
        (killed,) = submit(queue, job(setting, fold, dataset, tmp_path / "killed", "killed"))
        kill_a_worker_once_there_is_progress(tmp_path / "killed", "killed")
        resumed = read(killed)
        assert ray.get(queue.losses.remote()) == {"killed/fold1/scored": 1}
        (undisturbed,) = submit(queue, job(setting, fold, dataset, tmp_path / "again", "again"))
        assert read(undisturbed).epochs[-1].val_loss == resumed.epochs[-1].val_loss
        assert read(undisturbed).test == resumed.test


def without_dropout(setting: Experiment) -> Experiment:
    """Ranks draw their own."""
    model = setting.model.model_copy(update={"dropout": 0.0})
    return setting.model_copy(update={"model": model})


def kill_a_worker_once_there_is_progress(folder: Path, run_key: str) -> None:
    store = open_store(str(folder))
    deadline = time.monotonic() + 120  # of which most is the start of the workers
    while not store.exists(FoldKeys(run_key, 1).progress):
        assert time.monotonic() < deadline, "no progress was written"
        time.sleep(0.02)
    workers = [p for p in psutil.Process().children(recursive=True) if is_train_worker(p)]
    assert workers, "no worker process found"
    workers[-1].kill()


def is_train_worker(process: psutil.Process) -> bool:
    command = process.cmdline() or [""]
    return command[0].startswith("ray::") and "RayTrainWorker" in command[0]
