"""``python -m tests.train.streaming FOLDER GB``: what a large corpus takes of two processes.

Prepares 400 MB of frames with so many GB of them in memory, as a study does, and goes through an
epoch of a fold in a worker. Prints by how much the anonymous memory of either grew at most, in MB:
what the system cannot give to others, unlike pages of files.
"""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import numpy as np
import ray

from ser_platform.batches import collate, epoch_batches
from ser_platform.config.corpus import SplitConfig
from ser_platform.config.schema import ClusterConfig, Experiment
from ser_platform.corpora.folds import Fold
from ser_platform.runtime.connection import start_here
from ser_platform.train.loop import new_model
from ser_platform.train.prepare import prepare
from ser_platform.train.resident import Resident
from tests.train.conftest import utterances
from tests.train.stored_worlds import given_with_stored_frames

SESSIONS, EACH, FRAMES = 100, 10, 1470  # 400 MB in shards of 4 MB
SETTING = {
    "name": "x",
    "corpus": {"kind": "demo"},
    "features": {"kind": "shortterm34"},
    "model": {"kind": "alignment", "heads": 2, "weights": 4},
}


def anonymous_mb() -> float:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    found = re.search(r"RssAnon:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1000


@contextmanager
def watched(growth: list[float]) -> Iterator[None]:
    """Append by how much anonymous memory grew at most."""
    over, before = Event(), anonymous_mb()
    most = [before]

    def look() -> None:
        while not over.wait(0.002):
            most[0] = max(most[0], anonymous_mb())

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
        growth.append(most[0] - before)


def epoch(experiment: Experiment, fold: Fold, resident: Resident) -> tuple[float, int]:
    """Everything that a fold reads of its dataset; growth in MB, and the bytes read."""
    growth, read = list[float](), 0
    with watched(growth):
        dataset = resident.fetch()
        train = dataset.rows(fold.train)
        new_model(experiment, dataset, train, fold.number)
        for rows in epoch_batches(dataset, train, 8, np.random.default_rng(0)):
            read += collate(dataset, rows, experiment.model).frames.numpy().nbytes
    return growth[0], read


def main() -> None:
    folder, limit_gb = Path(sys.argv[1]), float(sys.argv[2])
    split = SplitConfig(by="kfold", folds=4)
    given = given_with_stored_frames(folder, utterances(SESSIONS, EACH), split, FRAMES)
    vectors = folder / "vectors.txt"  # reading those of a language takes as much as a few shards
    vectors.write_text("well 0.1 0.2\nthen 0.3 0.4\n")
    embedding = {"kind": "file", "path": str(vectors)}
    experiment = Experiment.model_validate({**SETTING, "embedding": embedding}, strict=False)
    cluster = ClusterConfig(frames_in_memory_gb=limit_gb, scratch=str(folder / "scratch"))
    few = given_with_stored_frames(folder / "few", utterances(8), split, frames=10)
    start_here(num_cpus=1)
    prepare({"x": experiment}, few, cluster)  # what everything takes that is no matter of size
    growth = list[float]()
    with watched(growth):
        prepared = prepare({"x": experiment}, given, cluster)["x"]
    fold = given.folds[0]
    task = ray.remote(num_cpus=1)(epoch)
    worker, read = ray.get(task.remote(experiment, fold, prepared.sealed[fold.test]))
    found = {
        "frames": prepared.data["frames"] * 34 * 4 / 1e6,
        "driver": growth[0],
        "worker": worker,
        "read": read / 1e6,
        "files": len(list(folder.glob("scratch/ser-frames-*/*/frames.npy"))),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
