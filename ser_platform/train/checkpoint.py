"""A fold's progress as one object: tensors and JSON under a digest, never a pickle."""

import numpy as np
import torch

from ser_platform.features.shard import pack, unpack
from ser_platform.results import Epoch
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.intact import read_intact, read_or_put_aside
from ser_platform.train.loop import Progress, Weights

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
    found = read_or_put_aside(store, key, unpack)
    if found is None:
        return Progress()
    tensors, meta = found
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
    tensors, _ = read_intact(store, key, unpack)
    return {name: torch.from_numpy(np.array(value)) for name, value in tensors.items()}


def has_weights(store: ObjectStore, key: str) -> bool:
    """Whether they are there and intact; damaged ones go into quarantine."""
    return read_or_put_aside(store, key, unpack) is not None
