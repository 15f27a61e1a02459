"""What grows with a corpus: CPU of its dataset, of a fold's start, of handing on recordings.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.scale.measure_data [--utterances 5531]

A corpus of random numbers, as long as IEMOCAP's and four times as long.
"""

import argparse
import pickle
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from ser_platform.batches import epoch_batches
from ser_platform.config.inputs import Mfcc39Config
from ser_platform.config.schema import Experiment
from ser_platform.dataset import Dataset
from ser_platform.features import make_extractor
from ser_platform.features.fill import ShardTask
from ser_platform.features.plan import plan_shards, read_recording
from ser_platform.storage import open_store
from ser_platform.train.loop import new_model
from tests.benchmarks.features import make_corpus
from tests.benchmarks.models import lengths
from tests.benchmarks.resident import folds_of

SETTING = {
    "name": "x",
    "corpus": {"kind": "demo"},
    "features": {"kind": "mfcc39"},
    "model": {"kind": "wise"},
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=5531)
    first = parser.parse_args().utterances
    torch.set_num_threads(1)
    print("CPU seconds")
    print(f"{'utterances':>11}{'dataset built':>15}{'a fold starts':>15}")
    for utterances in (first, 4 * first):
        data, built_s = built(utterances)
        seconds = min(cpu_s(lambda d=data: start_fold(d)) for _ in range(3))
        print(f"{utterances:11}{built_s:15.2f}{seconds:15.3f}", flush=True)
    measure_shipping(first // 4)


def built(utterances: int) -> tuple[Dataset, float]:
    """A corpus of random frames, and what joining frames, words and phonemes took of it."""
    taken: list[float] = []
    build = lengths.build_dataset

    def timed(*given: Any) -> Dataset:
        started = time.process_time()
        data = build(*given)
        taken.append(time.process_time() - started)
        return data

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lengths, "build_dataset", timed)
        return lengths.dataset(39, 0.025, 0.015, utterances), taken[0]


def start_fold(data: Dataset) -> None:
    """What a worker does around the epochs of a fold, requests to the store and answers apart."""
    experiment = Experiment.model_validate(SETTING, strict=False)
    fold = folds_of(data, 5)[0]
    index = pickle.loads(pickle.dumps(data.ids + data.speakers))  # of an index that is fetched
    assert len(index) == 2 * len(data.ids)
    train, _ = data.rows(fold.train), data.rows(fold.validation)
    for _ in range(2):
        new_model(experiment, data, train, fold.number)
    epoch_batches(data, train, 32, np.random.default_rng(0))


def measure_shipping(utterances: int) -> None:
    """The driver's part of a fill: recordings read, hashed, made ready for a task."""
    with tempfile.TemporaryDirectory() as folder:
        corpus = make_corpus(Path(folder), utterances)
        store, extractor = open_store(f"{folder}/store"), make_extractor(Mfcc39Config())
        shards = plan_shards(corpus, extractor)
        sizes: list[int] = []

        def ship() -> None:
            for shard in shards:
                recordings = tuple(map(read_recording, shard.recordings))
                task = ShardTask(store, Mfcc39Config(), shard, recordings, replace=False)
                sizes.append(len(pickle.dumps(task, protocol=5)))

        seconds = cpu_s(ship)
    print(
        f"recordings read, hashed and packed by the driver: {sum(sizes) / seconds / 1e9:.2f} GB/s"
    )


def cpu_s(act: Callable[[], object]) -> float:
    started = time.process_time()
    act()
    return time.process_time() - started


if __name__ == "__main__":
    main()
