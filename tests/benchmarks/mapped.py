"""An epoch on frames that are mapped from files, beside the same one on frames in memory.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.mapped [--utterances 5531] [--dim 39]

Random numbers with lengths spread as IEMOCAP's are. ``batches`` cuts all batches of an epoch and
does nothing with them; ``epoch`` trains a small alignment network on a fifth of the utterances.
Memory and files take turns. ``cold``: the system is told to give up the pages of the files before
each time, so they are read from the disk.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch

from ser_platform.batches import collate, epoch_batches
from ser_platform.config.schema import Experiment
from ser_platform.dataset import Dataset
from ser_platform.features.fill import pack_shard
from ser_platform.features.mapped import mapped_parts
from ser_platform.features.parts import StoredFrames
from ser_platform.features.plan import Recording, Shard
from ser_platform.features.scratch import leave
from ser_platform.storage import open_store
from ser_platform.train.loop import Progress, fit
from ser_platform.train.ranks import Ranks
from tests.benchmarks.models.lengths import dataset

PER_SHARD = 256
SETTING = {
    "name": "mapped",
    "corpus": {"kind": "demo"},
    "features": {"kind": "shortterm34"},
    "model": {"kind": "alignment", "heads": 2, "weights": 16},
    "train": {"epochs": 1},
}


def stored(data: Dataset, folder: Path) -> StoredFrames:
    """The frames of a dataset as shards of a store in a folder."""
    store = open_store(str(folder))
    shards = []
    for start in range(0, len(data.ids), PER_SHARD):
        rows = range(start, min(start + PER_SHARD, len(data.ids)))
        recordings = tuple(Recording(data.ids[row], "", "") for row in rows)
        shards.append(Shard(f"features/v1/00/{start:08d}.st", recordings))
        store.create(shards[-1].key, pack_shard(shards[-1], [data.frames_of(row) for row in rows]))
    offsets = np.concatenate([[0], np.cumsum(data.lengths)])
    names = tuple(map(str, range(data.frame_dim)))
    return StoredFrames(store, tuple(shards), offsets, data.ids, names, 0.025, 0.01, "")


def cut(data: Dataset, experiment: Experiment) -> None:
    rows = np.arange(len(data.ids))
    for batch in epoch_batches(data, rows, 32, np.random.default_rng(0)):
        collate(data, batch, experiment.model)


def train(data: Dataset, experiment: Experiment) -> None:
    rows = np.arange(0, len(data.ids), 5)
    few = np.arange(1, len(data.ids), 50)
    fit(experiment, data, 1, rows, few, Ranks(), Progress(), lambda _: None)


def give_up_pages(folder: Path) -> None:
    for path in folder.rglob("*.npy"):
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def measure(held: Dataset, folder: Path, repeats: int) -> None:
    part = stored(held, folder / "store").part(np.arange(len(held.ids)))
    experiment = Experiment.model_validate(SETTING, strict=False)

    def mapped() -> Dataset:
        (laid,) = mapped_parts([part], str(folder))
        return replace(held, frames=(laid.frames,), moments=(laid.moments,))

    print(f"laid in {seconds(mapped):.2f} s, {part.size_bytes / 1e6:.0f} MB")
    for what, do in {"batches": cut, "epoch": train}.items():
        times: dict[str, list[float]] = {"memory": [], "mapped": [], "cold": []}
        for _ in range(repeats):
            times["memory"].append(seconds(partial(do, held, experiment)))
            times["mapped"].append(seconds(partial(do, mapped(), experiment)))
            give_up_pages(folder)  # mapped by nobody now, or they would stay
            times["cold"].append(seconds(partial(do, mapped(), experiment)))
        show(what, times)
    leave()


def show(what: str, times: dict[str, list[float]]) -> None:
    """Medians, and the median of the ratios within a turn, which the load changes least."""
    for name, own in times.items():
        ratios = [a / b for a, b in zip(own, times["memory"], strict=True)]
        print(
            f"{what:<8} {name:<7} {median(own):8.3f} s (least {min(own):.3f})   "
            f"{median(ratios):5.2f} times memory"
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=5531)
    parser.add_argument("--dim", type=int, default=39)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--folder", default=None, help="on the disk to be measured")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    held = dataset(asked.dim, window_s=0.025, hop_s=0.010, count=asked.utterances)
    print(
        f"{asked.utterances} utterances, {len(held.frames[0])} frames of {asked.dim} values "
        f"({held.frames[0].nbytes / 1e6:.0f} MB); load {os.getloadavg()[0]:.1f}"
    )
    with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
        measure(held, Path(folder), asked.repeats)


if __name__ == "__main__":
    main()
