"""Folds on worker groups: the same numbers however they are laid out, or interrupted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import ray
from ray.actor import ActorHandle

from ser_platform.config.schema import ClusterConfig, Experiment
from ser_platform.errors import TrainingError, WithdrawnError
from ser_platform.results import FoldResult
from ser_platform.runtime.tasks import fetch
from ser_platform.storage import open_store
from ser_platform.train import group as group_module
from ser_platform.train.checkpoint import load_progress
from ser_platform.train.fold import score_fold
from ser_platform.train.jobs import FoldJob
from ser_platform.train.pool import fold_workers
from ser_platform.train.ranks import Ranks
from ser_platform.train.resident import put
from ser_platform.train.stored import FoldKeys
from ser_platform.train.waiting import Waiting
from tests.injection import injected

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
    for one in jobs:  # one by one: an asynchronous actor may take calls in any order
        ray.get(queue.submit.remote(one))
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
        with pytest.raises(TrainingError, match=r"^non-finite loss: fold 1, epoch 1, step 1 of "):
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
def test_a_fold_whose_worker_is_killed_ends_as_if_it_had_not_been_and_one_without_memory_fails(
    experiment, fold, dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With dropout, of which every rank draws its own; one group serves all three."""
    monkeypatch.setattr(group_module, "serve_folds", group_module.serve_folds)  # put back after
    faults = injected(
        ["kill@rank1:epoch3", "memory@rank1:epoch2:train.batch_size=4"], tmp_path / "marks"
    )
    setting, large = experiment(epochs=5), experiment(epochs=5, batch_size=4)
    with fold_workers(TWO_RANKS, groups=1) as queue:
        killed, starved, whole = submit(
            queue,
            job(setting, fold, dataset, tmp_path / "killed", "killed"),
            job(large, fold, dataset, tmp_path / "starved", "starved"),
            job(setting, fold, dataset, tmp_path / "whole", "whole"),
        )
        resumed, undisturbed = read(killed), read(whole)
        with pytest.raises(TrainingError) as failed:
            fetch(starved)
        assert ray.get(queue.losses.remote()) == {"killed/fold1/scored": 1}
    assert [mark.name for mark in faults.struck("")] == ["kill-0-0", "memory-1-0"]
    untimed = [
        [epoch.model_copy(update={"seconds": 0}) for epoch in result.epochs]
        for result in (resumed, undisturbed)
    ]
    assert untimed[0] == untimed[1]
    assert (resumed.validation, resumed.test) == (undisturbed.validation, undisturbed.test)
    assert str(failed.value).startswith(
        "out of memory: fold 1 of run starved: MemoryError: Unable to allocate 8.00 TiB"
    )
    progress = load_progress(
        open_store(str(tmp_path / "starved")), FoldKeys("starved", 1).progress
    )
    assert len(progress.epochs) == 1


def without_dropout(setting: Experiment) -> Experiment:
    """Ranks draw their own."""
    model = setting.model.model_copy(update={"dropout": 0.0})
    return setting.model_copy(update={"model": model})
