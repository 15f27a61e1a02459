"""A fold's progress as one object: tensors and JSON under a digest, never a pickle."""

import logging

import numpy as np
import torch

from ser_platform.errors import CorruptObjectError, ObjectNotFoundError
from ser_platform.features.shard import pack, unpack
from ser_platform.results import Epoch
from ser_platform.storage.base import ObjectStore
from ser_platform.train.loop import Progress, Weights

_log = logging.getLogger(__name__)

_PARTS = ("weights", "best_weights", "test_weights", "optimizer")


def save_progress(store: ObjectStore, key: str, progress: Progress) -> None:
    """Write the progress of a fold; a reader finds the old one or the new one."""
    tensors = {
        f"{part}/{name}": value.numpy()
        for part in _PARTS
        for name, value in getattr(progress, part).items()
    }
    meta = {
        "epochs": [epoch.model_dump() for epoch in progress.epochs],
        "best_epoch": progress.best_epoch,
        "test_epoch": progress.test_epoch,
        "step": progress.step,
    }
    store.write(key, pack(tensors, meta))


def load_progress(store: ObjectStore, key: str) -> Progress:
    """What :func:`save_progress` wrote; a fresh start when there is none or it is damaged."""
    try:
        tensors, meta = unpack(store.read(key))
    except ObjectNotFoundError:
        return Progress()
    except CorruptObjectError as e:
        _log.warning("%s in %s: %s; the fold starts again", key, store.url, e)
        return Progress()
    parts: dict[str, Weights] = {part: {} for part in _PARTS}
    for name, value in tensors.items():
        part, parameter = name.split("/", 1)
        parts[part][parameter] = torch.from_numpy(np.array(value))
    return Progress(
        epochs=[Epoch.model_validate(epoch) for epoch in meta["epochs"]],
        best_epoch=meta["best_epoch"],
        test_epoch=meta["test_epoch"],
        step=meta["step"],
        **parts,
    )


def save_weights(store: ObjectStore, key: str, weights: Weights, meta: dict[str, object]) -> None:
    """Write a trained network's weights with what one must know to use them."""
    store.write(key, pack({name: value.numpy() for name, value in weights.items()}, meta))


def load_weights(store: ObjectStore, key: str) -> Weights:
    """What :func:`save_weights` wrote.

    Raises:
        ObjectNotFoundError: when there is none.
        CorruptObjectError: when it is not what was written.
    """
    try:
        tensors, _ = unpack(store.read(key))
    except CorruptObjectError as e:
        raise CorruptObjectError(
            f"{key} in {store.url}: {e}; delete the folder it lies in to train the fold again"
        ) from e
    return {name: torch.from_numpy(np.array(value)) for name, value in tensors.items()}
