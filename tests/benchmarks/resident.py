"""A corpus in Ray's object store: its bytes, and the time until a worker holds a fold's part.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.resident [--utterances 5531] [--folds 5]

Random numbers with lengths spread as IEMOCAP's are, 39 values a frame. ``one object`` is the
dataset put whole, where every worker can read all of it; ``sealed`` is what training does.
"""

import argparse
import os
import time
import tracemalloc
from collections.abc import Callable
from statistics import median
from typing import cast

import numpy as np
import psutil
import ray
from ray.actor import ActorHandle
from ray.experimental import get_object_locations

from ser_platform.corpora.folds import Fold
from ser_platform.dataset import Dataset
from ser_platform.runtime.connection import cluster
from ser_platform.train.resident import Resident, put
from tests.benchmarks.models.lengths import dataset, spoken

REPEATS = 20


def folds_of(data: Dataset, count: int) -> list[Fold]:
    """Every ``count``-th utterance is tested, the next ones are validation, the rest training."""
    place = np.arange(len(data.ids)) % count

    def side(*places: int) -> tuple[str, ...]:
        return tuple(data.ids[row] for row in np.flatnonzero(np.isin(place, places)))

    return [
        Fold(
            number + 1,
            f"group {number}",
            train=side(*({*range(count)} - {number, (number + 1) % count})),
            validation=side((number + 1) % count),
            test=side(number),
        )
        for number in range(count)
    ]


def utterance_bytes(count: int) -> int:
    """Of utterances with words and phonemes as a corpus is read into."""
    rng = np.random.default_rng(0)
    tracemalloc.start()
    made = [spoken(row, rng) for row in range(count)]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(made) == count
    return size


def stored_bytes(*references: ray.ObjectRef) -> int:
    """Bytes of these objects."""
    found = get_object_locations(list(references))
    return sum(found[reference]["object_size"] for reference in references)


class Worker:
    """Another process, as those that train are."""

    def fetched(self, data: Resident) -> tuple[float, list[float], int]:
        """Milliseconds of the first time and of the others; bytes this process grew by."""
        own = psutil.Process(os.getpid())
        before = own.memory_full_info().uss
        first, held = self._fetch(data)
        grown = own.memory_full_info().uss - before
        assert sum(map(len, held.frames)) >= held.lengths.sum()
        return first, [self._fetch(data)[0] for _ in range(REPEATS)], grown

    def _fetch(self, data: Resident) -> tuple[float, Dataset]:
        started = time.perf_counter()
        held = data.fetch()
        return 1000 * (time.perf_counter() - started), held


def timed_ms(what: str, call: Callable[[], object]) -> None:
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - started))
    print(f"{what:<44}{median(times):10.1f} ms, at most {max(times):.1f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=5531)
    parser.add_argument("--folds", type=int, default=5)
    asked = parser.parse_args()
    data = dataset(39, window_s=0.025, hop_s=0.010, count=asked.utterances)
    folds = folds_of(data, asked.folds)
    print(
        f"{asked.utterances} utterances, {len(data.frames[0])} frames of {data.frame_dim} values "
        f"({data.frames[0].nbytes / 1e6:.1f} MB), {len(data.word_ids)} words, "
        f"{len(data.phoneme_ids)} phonemes, {asked.folds} folds"
    )
    objects = utterance_bytes(asked.utterances)
    print(f"{'utterances as Python objects':<44}{objects / 1e6:10.1f} MB")
    with cluster():
        measure(data, folds)


def measure(data: Dataset, folds: list[Fold]) -> None:
    started = time.perf_counter()
    one = ray.put(data)
    print(
        f"{'one object':<44}{stored_bytes(one) / 1e6:10.1f} MB, "
        f"put in {time.perf_counter() - started:.2f} s"
    )
    del one
    started = time.perf_counter()
    whole, sealed = put(data, folds)
    seconds = time.perf_counter() - started
    indexes = [resident.index for resident in sealed.values()]
    frames = [part for part in whole.frames if part is not None]
    everything = (*frames, whole.word_vectors, whole.index, *indexes)
    for what, references in {
        f"sealed: frames, {len(frames)} parts": frames,
        "word vectors": [whole.word_vectors],
        "index of the whole": [whole.index],
        f"{len(indexes)} sealed indexes": indexes,
    }.items():
        print(f"{what:<44}{stored_bytes(*references) / 1e6:10.1f} MB")
    print(
        f"{'sealed, together':<44}{stored_bytes(*everything) / 1e6:10.1f} MB, "
        f"put in {seconds:.2f} s"
    )
    worker = cast(ActorHandle, ray.remote(num_cpus=1)(Worker).remote())
    for what, resident in (("sealed", sealed[folds[0].test]), ("whole", whole)):
        first, others, grown = ray.get(worker.fetched.remote(resident))
        print(
            f"{f'a worker fetches the {what}':<44}{median(others):10.1f} ms, at most "
            f"{max(others):.1f}, the first time {first:.1f}; grows by {grown / 1e6:.1f} MB"
        )
    timed_ms("a scoring job seals the whole to train", lambda: data.without(folds[0].test))


if __name__ == "__main__":
    main()
