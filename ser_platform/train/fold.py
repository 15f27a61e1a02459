"""One fold of one setting, from where it stands to its result in the object store."""

import time
from collections.abc import Callable, Sequence

import numpy as np
import torch

from ser_platform.config.schema import Experiment
from ser_platform.corpora.folds import Fold
from ser_platform.dataset import Dataset, Rows
from ser_platform.errors import CorruptObjectError, WithdrawnError
from ser_platform.results import Epoch, FoldResult, Predictions
from ser_platform.storage.base import ObjectStore
from ser_platform.train.checkpoint import (
    has_weights,
    load_progress,
    load_weights,
    save_progress,
    save_weights,
)
from ser_platform.train.loop import Progress, Weights, fit, new_model
from ser_platform.train.ranks import Ranks
from ser_platform.train.scoring import predict
from ser_platform.train.stored import FoldKeys, read_result, write_result

AfterEpoch = Callable[[Sequence[Epoch]], bool]
"""Asked on rank 0 with all epochs so far whenever there is one more: whether to go on."""


def _to_the_end(epochs: Sequence[Epoch]) -> bool:
    return True


def train_fold(
    experiment: Experiment,
    run_key: str,
    fold: Fold,
    dataset: Dataset,
    store: ObjectStore,
    ranks: Ranks,
    after_epoch: AfterEpoch = _to_the_end,
) -> FoldResult:
    """Train a fold, or go on with it, or return what is already there.

    No test data is read, but with ``selection: best_on_test``. Every rank calls this; only rank 0
    writes.

    Raises:
        TrainingError: when the loss is not finite.
        WithdrawnError: when ``after_epoch`` says so; on all ranks alike, progress is stored.
    """
    keys = FoldKeys(run_key, fold.number)
    done = _done(store, keys, keys.trained, ranks)
    if done is not None:
        return done
    train, validation = dataset.rows(fold.train), dataset.rows(fold.validation)
    looked_at = dataset.rows(fold.test) if experiment.selects_on_test else None

    def save(progress: Progress) -> None:
        if ranks.rank == 0:
            save_progress(store, keys.progress, progress)
        ask(progress)

    def ask(progress: Progress) -> None:
        if not ranks.agree(ranks.rank == 0 and after_epoch(progress.epochs)):
            raise WithdrawnError(
                f"fold {fold.number} of run {run_key} was withdrawn after "
                f"{len(progress.epochs)} epochs"
            )

    before = _progress(store, keys, ranks)
    if before.epochs:
        ask(before)
    progress = fit(
        experiment,
        dataset,
        fold.number,
        train,
        validation,
        ranks,
        before,
        save,
        looked_at,
    )
    model = new_model(experiment, dataset, train, fold.number).to(ranks.device)

    def answers(weights: Weights, rows: Rows | None) -> Predictions | None:
        if rows is None or not len(rows):
            return None
        model.load_state_dict(weights)
        return _predictions(experiment, model, dataset, rows, ranks)

    best, weights = progress.best_epoch, progress.best_weights
    if looked_at is not None:
        best, weights = progress.test_epoch, progress.test_weights
    result = FoldResult(
        fold=fold.number,
        held_out=fold.held_out,
        best_epoch=best,
        epochs=tuple(progress.epochs),
        validation=answers(weights, validation),
        test=answers(weights, looked_at),
        honest_epoch=None if looked_at is None else progress.best_epoch,
        honest_test=answers(progress.best_weights, looked_at),
        num_parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        workers=ranks.world,
        device=_device_name(ranks.device),
        gpus=ranks.gpus * ranks.world,
        seconds=sum(epoch.seconds for epoch in progress.epochs),
        finished_at=time.time(),
    )
    if ranks.rank == 0:
        save_weights(store, keys.weights, weights, {"run_key": run_key})
        write_result(store, keys.trained, result)
        store.delete(keys.progress)
    ranks.wait()  # the others read what this one wrote
    return result


def score_fold(
    experiment: Experiment,
    run_key: str,
    fold: Fold,
    dataset: Dataset,
    store: ObjectStore,
    ranks: Ranks,
    after_epoch: AfterEpoch = _to_the_end,
) -> FoldResult:
    """The result of a selected setting with its test part, scored once and stored."""
    keys = FoldKeys(run_key, fold.number)
    done = _done(store, keys, keys.scored, ranks)
    if done is not None:
        return done
    allowed = dataset if experiment.selects_on_test else dataset.without(fold.test)
    trained = train_fold(experiment, run_key, fold, allowed, store, ranks, after_epoch)
    if trained.test is not None:  # by a selection that looked at it all along
        if ranks.rank == 0:
            write_result(store, keys.scored, trained)
        return trained
    started = time.perf_counter()
    model = new_model(experiment, dataset, dataset.rows(fold.train), fold.number)
    model.to(ranks.device).load_state_dict(load_weights(store, keys.weights))
    test = _predictions(experiment, model, dataset, dataset.rows(fold.test), ranks)
    seconds = trained.seconds + time.perf_counter() - started
    result = trained.model_copy(
        update={"test": test, "seconds": seconds, "finished_at": time.time()}
    )
    if ranks.rank == 0:
        write_result(store, keys.scored, result)
    return result


def _done(store: ObjectStore, keys: FoldKeys, key: str, ranks: Ranks) -> FoldResult | None:
    """A stored result whose weights are there too, the same on every rank; else it is made again.

    Rank 0 looks first, and puts aside what is damaged: two ranks that saw different things would
    wait for each other.

    Raises:
        CorruptObjectError: when another rank cannot read what rank 0 could.
    """
    found = read_result(store, key) if ranks.rank == 0 else None
    if not ranks.agree(found is not None and has_weights(store, keys.weights)):
        return None
    found = found or read_result(store, key)
    if found is None:
        raise _only_by_rank_0(store, key)
    if ranks.rank == 0:
        store.delete(keys.progress)  # left by a worker that died after the result was stored
    return found


def _progress(store: ObjectStore, keys: FoldKeys, ranks: Ranks) -> Progress:
    """What an earlier attempt left, the same on every rank.

    Raises:
        CorruptObjectError: when another rank cannot read what rank 0 could.
    """
    found = load_progress(store, keys.progress) if ranks.rank == 0 else Progress()
    is_any = ranks.agree(bool(found.epochs))
    if is_any and not found.epochs:
        found = load_progress(store, keys.progress)
        if not found.epochs:
            raise _only_by_rank_0(store, keys.progress)
    return found


def _only_by_rank_0(store: ObjectStore, key: str) -> CorruptObjectError:
    return CorruptObjectError(f"'{key}' in {store.url} can be read by rank 0 only")


def _predictions(
    experiment: Experiment, model: torch.nn.Module, dataset: Dataset, rows: Rows, ranks: Ranks
) -> Predictions:
    probabilities = predict(experiment, model, dataset, rows, ranks).astype(np.float64)
    return Predictions(
        ids=tuple(dataset.ids[row] for row in rows),
        speakers=tuple(dataset.speakers[row] for row in rows),
        true=tuple(dataset.labels[rows].tolist()),
        probabilities=tuple(tuple(row) for row in probabilities.tolist()),
    )


def _device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
