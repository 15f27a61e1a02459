"""One fold and the object store: nothing twice, nothing half, test only when asked."""

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ser_platform.config.schema import Experiment
from ser_platform.dataset import Dataset
from ser_platform.errors import StoreError, TrainingError, WithdrawnError
from ser_platform.results import Epoch, FoldResult
from ser_platform.storage import open_store
from ser_platform.train import fold as fold_module
from ser_platform.train.checkpoint import load_progress, save_progress
from ser_platform.train.fold import score_fold, train_fold
from ser_platform.train.loop import Progress, fit
from ser_platform.train.ranks import Ranks
from ser_platform.train.stored import FoldKeys, read_result, write_result
from tests.full_disk import files_at_most

KEYS = FoldKeys("run", 1)


@pytest.fixture
def store(tmp_path):
    return open_store(str(tmp_path))


def test_a_trained_fold_leaves_its_result_and_weights_and_no_test_score(
    experiment, fold, dataset, store
) -> None:
    result = train_fold(experiment(), "run", fold, dataset, store, Ranks())
    assert result.test is None
    assert sorted(store.keys()) == [KEYS.trained, KEYS.weights]
    assert result.validation is not None
    assert set(result.validation.ids) == set(fold.validation)


def test_a_trained_fold_is_never_trained_again(
    experiment, fold, dataset, store, monkeypatch
) -> None:
    first = train_fold(experiment(), "run", fold, dataset, store, Ranks())
    monkeypatch.setattr(fold_module, "fit", None)
    assert train_fold(experiment(), "run", fold, dataset, store, Ranks()) == first


def test_progress_is_gone_also_where_a_worker_died_before_it_took_it_away(
    experiment, fold, dataset, store, monkeypatch
) -> None:
    def write_and_die(*args: Any) -> None:
        write_result(*args)
        raise SystemExit

    monkeypatch.setattr(fold_module, "write_result", write_and_die)
    with pytest.raises(SystemExit):
        train_fold(experiment(), "run", fold, dataset, store, Ranks())
    assert store.exists(KEYS.progress)
    monkeypatch.setattr(fold_module, "write_result", write_result)
    train_fold(experiment(), "run", fold, dataset, store, Ranks())
    assert sorted(store.keys()) == [KEYS.trained, KEYS.weights]


def test_scoring_uses_the_weights_of_the_best_epoch_and_trains_nothing(
    experiment, fold, dataset, store, monkeypatch
) -> None:
    trained = train_fold(experiment(), "run", fold, dataset, store, Ranks())
    monkeypatch.setattr(fold_module, "fit", None)
    scored = score_fold(experiment(), "run", fold, dataset, store, Ranks())
    assert scored.test is not None
    assert set(scored.test.ids) == set(fold.test)
    assert scored.validation == trained.validation
    assert score_fold(experiment(), "run", fold, dataset, store, Ranks()) == scored


def test_scoring_trains_on_a_dataset_that_lacks_the_test_part(
    experiment, fold, dataset, store, monkeypatch
) -> None:
    seen: list[Dataset] = []

    def watched(setting: Experiment, data: Dataset, *rest: Any) -> Progress:
        seen.append(data)
        return fit(setting, data, *rest)

    monkeypatch.setattr(fold_module, "fit", watched)
    score_fold(experiment(), "run", fold, dataset, store, Ranks())
    (trained_on,) = seen
    assert set(trained_on.ids) == set(dataset.ids) - set(fold.test)


def test_a_fold_goes_on_from_the_progress_a_dead_worker_left(
    experiment, fold, dataset, store, tmp_path
) -> None:
    whole = train_fold(experiment(), "run", fold, dataset, open_store(f"{tmp_path}/2"), Ranks())
    setting = experiment()

    def die(progress: Progress) -> None:
        save_progress(store, KEYS.progress, progress)
        if len(progress.epochs) == 2:
            raise SystemExit

    train, validation = dataset.rows(fold.train), dataset.rows(fold.validation)
    with pytest.raises(SystemExit):
        fit(setting, dataset, 1, train, validation, Ranks(), Progress(), die)
    resumed = train_fold(setting, "run", fold, dataset, store, Ranks())
    assert [e.val_loss for e in resumed.epochs] == [e.val_loss for e in whole.epochs]
    assert resumed.validation == whole.validation
    assert KEYS.progress not in set(store.keys())


def test_a_fold_stops_after_the_epoch_that_nobody_wants_to_go_beyond(
    experiment, fold, dataset, tmp_path
) -> None:
    store, other = open_store(f"{tmp_path}/1"), open_store(f"{tmp_path}/2")
    whole = train_fold(experiment(), "run", fold, dataset, other, Ranks())
    asked: list[int] = []

    def two(epochs: Sequence[Epoch]) -> bool:
        asked.append(len(epochs))
        return len(epochs) < 2

    with pytest.raises(WithdrawnError, match="fold 1 of run run was withdrawn after 2 epochs"):
        train_fold(experiment(), "run", fold, dataset, store, Ranks(), two)
    assert asked == [1, 2]
    assert list(store.keys()) == [KEYS.progress]
    # Going on, it is first asked with the epochs that are there.
    resumed = train_fold(
        experiment(), "run", fold, dataset, store, Ranks(), lambda e: not asked.append(len(e))
    )
    assert asked == [1, 2, 2, 3]
    assert resumed.validation == whole.validation
    assert (resumed.gpus, resumed.gpu_seconds) == (0, 0)


def test_progress_survives_the_store_bit_for_bit(experiment, fold, dataset, store) -> None:
    kept: list[Progress] = []
    train, validation = dataset.rows(fold.train), dataset.rows(fold.validation)
    fit(experiment(), dataset, 1, train, validation, Ranks(), Progress(), kept.append)
    save_progress(store, "p", kept[-1])
    read = load_progress(store, "p")
    assert read.epochs == kept[-1].epochs
    assert (read.best_epoch, read.step) == (kept[-1].best_epoch, kept[-1].step)
    for part in ("weights", "best_weights", "optimizer"):
        for name, value in getattr(kept[-1], part).items():
            assert torch.equal(getattr(read, part)[name], value), name


def test_damaged_progress_is_put_aside_and_the_fold_starts_afresh(store) -> None:
    store.write("p", b"not a checkpoint")
    assert load_progress(store, "p").epochs == []
    assert store.read("quarantine/p") == b"not a checkpoint"


def test_a_full_disk_leaves_the_progress_before_and_no_rest(store) -> None:
    before = Progress(weights={"w": torch.zeros(8)}, step=1)
    save_progress(store, "p", before)
    larger = Progress(weights={"w": torch.zeros(100_000)}, step=2)
    with files_at_most(10_000), pytest.raises(StoreError, match="File too large"):
        save_progress(store, "p", larger)
    assert load_progress(store, "p").step == 1
    assert [path.name for path in Path(store.url).iterdir()] == ["p"]


@pytest.mark.parametrize("name", ["trained.json", "scored.json", "weights.st"])
def test_what_a_damaged_object_held_is_made_again_to_the_same_numbers(
    experiment, fold, dataset, store, name: str
) -> None:
    first = score_fold(experiment(epochs=1), "run", fold, dataset, store, Ranks())
    key = f"runs/run/fold1/{name}"
    good = store.read(key)
    middle = len(good) // 2
    damaged = good[:middle] + bytes([good[middle] ^ 1]) + good[middle + 1 :]
    store.write(key, damaged)
    if name == "trained.json":
        store.delete("runs/run/fold1/scored.json")
    again = score_fold(experiment(epochs=1), "run", fold, dataset, store, Ranks())
    assert (again.test, again.validation) == (first.test, first.validation)
    assert store.read(f"quarantine/{key}") == damaged
    assert store.exists(key)


def test_a_result_is_readable_json_and_one_without_a_seal_is_not_used(store, caplog) -> None:
    result = FoldResult.model_construct(fold=1)
    write_result(store, "runs/r/fold1/trained.json", result)
    assert json.loads(store.read("runs/r/fold1/trained.json"))["content"]["fold"] == 1
    store.write("runs/old/fold1/trained.json", result.model_dump_json().encode())
    assert read_result(store, "runs/old/fold1/trained.json") is None
    assert caplog.messages == [
        f"'runs/old/fold1/trained.json' in {store.url} is damaged: it has no seal: cut short, or "
        "of a version that wrote none; kept as quarantine/runs/old/fold1/trained.json, and made "
        "again where it is needed"
    ]


def test_a_fold_that_cannot_be_trained_leaves_no_result(experiment, fold, dataset, store) -> None:
    broken = replace(dataset, frames=(np.full_like(dataset.frames[0], np.nan),))
    with pytest.raises(TrainingError):
        train_fold(experiment(), "run", fold, broken, store, Ranks())
    assert KEYS.trained not in set(store.keys())
