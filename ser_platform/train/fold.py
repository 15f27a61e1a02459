"""One fold of one setting, from where it stands to its result in the object store."""

import time

import numpy as np
import torch

from ser_platform.config.schema import Experiment
from ser_platform.corpora.folds import Fold
from ser_platform.dataset import Dataset, Rows
from ser_platform.results import FoldResult, Predictions
from ser_platform.storage.base import ObjectStore
from ser_platform.train.checkpoint import (
    load_progress,
    load_weights,
    save_progress,
    save_weights,
)
from ser_platform.train.loop import Progress, fit, new_model
from ser_platform.train.ranks import Ranks
from ser_platform.train.scoring import predict
from ser_platform.train.stored import FoldKeys, read_result


def train_fold(
    experiment: Experiment,
    run_key: str,
    fold: Fold,
    dataset: Dataset,
    store: ObjectStore,
    ranks: Ranks,
) -> FoldResult:
    """Train a fold, or go on with it, or return what is already there. No test data is read.

    Every rank calls this; only rank 0 writes.

    Raises:
        TrainingError: when the loss is not finite.
    """
    keys = FoldKeys(run_key, fold.number)
    done = read_result(store, keys.trained)
    if done is not None:
        return done
    train, validation = dataset.rows(fold.train), dataset.rows(fold.validation)

    def save(progress: Progress) -> None:
        if ranks.rank == 0:
            save_progress(store, keys.progress, progress)

    progress = fit(
        experiment,
        dataset,
        fold.number,
        train,
        validation,
        ranks,
        load_progress(store, keys.progress),
        save,
    )
    model = new_model(experiment, dataset, train, fold.number).to(ranks.device)
    model.load_state_dict(progress.best_weights)
    result = FoldResult(
        fold=fold.number,
        held_out=fold.held_out,
        best_epoch=progress.best_epoch,
        epochs=tuple(progress.epochs),
        validation=_predictions(experiment, model, dataset, validation, ranks),
        test=None,
        num_parameters=sum(p.numel() for p in model.parameters() if p.requires_grad),
        workers=ranks.world,
        device=_device_name(ranks.device),
        seconds=sum(epoch.seconds for epoch in progress.epochs),
        finished_at=time.time(),
    )
    if ranks.rank == 0:
        save_weights(store, keys.weights, progress.best_weights, {"run_key": run_key})
        store.write(keys.trained, result.model_dump_json().encode())
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
) -> FoldResult:
    """The result of a selected setting with its test part, scored once and stored."""
    keys = FoldKeys(run_key, fold.number)
    done = read_result(store, keys.scored)
    if done is not None:
        return done
    trained = train_fold(experiment, run_key, fold, dataset, store, ranks)
    started = time.perf_counter()
    model = new_model(experiment, dataset, dataset.rows(fold.train), fold.number)
    model.to(ranks.device).load_state_dict(load_weights(store, keys.weights))
    test = _predictions(experiment, model, dataset, dataset.rows(fold.test), ranks)
    seconds = trained.seconds + time.perf_counter() - started
    result = trained.model_copy(
        update={"test": test, "seconds": seconds, "finished_at": time.time()}
    )
    if ranks.rank == 0:
        store.write(keys.scored, result.model_dump_json().encode())
    return result


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
