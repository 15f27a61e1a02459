"""What features cost: extractors beside other tools, the cache beside one object per utterance.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.features [--utterances 5531]

Everything is measured in this one run, on signals and frames made here; ``--only scale`` (or
``extractors``, ``caches``) measures a part. For the row of
pyAudioAnalysis put it on the path (``pip install --no-deps --target DIR pyAudioAnalysis==0.3.14``
and ``PYTHONPATH=DIR``). ``--utterances 5531`` is IEMOCAP's size and needs 1 GB of disk.
"""

import argparse
import io
import logging
import os
import platform
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ser_platform.config.inputs import Mfcc39Config, ShortTerm34Config
from ser_platform.features import make_extractor
from ser_platform.features.base import Frames, Signal
from ser_platform.features.cache import load_frames
from ser_platform.features.fill import ShardSummary, ShardTask, pack_shard
from ser_platform.features.plan import plan_shards
from ser_platform.features.recordings import RecordingDigests
from ser_platform.storage import ObjectStore, open_store
from ser_platform.storage.cached import CachedStore
from ser_platform.utterance import Utterance
from tests.features.signals import RATE, chirp, noise
from tests.servers import seaweedfs

CONFIG = Mfcc39Config()
Fill = Callable[[ShardTask], ShardSummary]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=1_000)
    parser.add_argument("--only", choices=["extractors", "caches", "scale"])
    arguments = parser.parse_args()
    parts = [arguments.only] if arguments.only else ["extractors", "caches", "scale"]
    logging.disable(logging.WARNING)
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}")
    if "extractors" in parts:
        compare_extractors([clip(i) for i in range(20)])
    if "caches" in parts:
        measure_caches(arguments.utterances)
    if "scale" in parts:
        with tempfile.TemporaryDirectory() as folder:
            measure_scale(Path(folder))


def measure_caches(utterances: int) -> None:
    with tempfile.TemporaryDirectory() as folder, seaweedfs(Path(folder) / "s3") as server:
        corpus = make_corpus(Path(folder), utterances)
        time.sleep(2.1)  # what is younger is not remembered: see features/recordings.py
        compare_caches("folder", open_store(f"{folder}/store"), corpus, Path(folder))
        with pytest.MonkeyPatch.context() as environment:
            for name, value in server.environment.items():
                environment.setenv(name, value)
            store = open_store(f"s3://{server.bucket}")
            compare_caches("SeaweedFS", store, corpus, Path(folder))


# --- extractors -------------------------------------------------------------------------------


def clip(i: int) -> Signal:
    """2 to 4 seconds of a tone in noise."""
    samples = 2 * RATE + 1_600 * i
    return chirp(samples, to_hz=1_000 + 100 * i) + noise(samples, peak=500)


def compare_extractors(clips: list[Signal]) -> None:
    seconds = sum(len(c) for c in clips) / RATE
    print(f"\n{len(clips)} clips, {seconds:.0f} s; CPU time, best of 3")
    print(f"{'':28}{'ms/clip':>10}{'x real time':>14}")
    costs: dict[str, float] = {}
    for name, extract in extractors().items():
        extract(clips[0])
        costs[name] = min(cpu_seconds(lambda e=extract: [e(c) for c in clips])[0] for _ in "123")
        cost = costs[name]
        print(f"{name:28}{1_000 * cost / len(clips):10.2f}{seconds / cost:14.0f}")
    factor = costs["mfcc39 (openSMILE)"] / costs["mfcc39 (numpy)"]
    print(f"mfcc39 in numpy is {factor:.1f} times as fast as openSMILE")
    if "pyAudioAnalysis 0.3.14" in costs:
        factor = costs["pyAudioAnalysis 0.3.14"] / costs["shortterm34"]
        print(f"shortterm34 is {factor:.0f} times as fast as pyAudioAnalysis")
    else:
        print("pyAudioAnalysis is not importable here: see the head of this file")


def extractors() -> dict[str, Callable[[Signal], object]]:
    import librosa

    def librosa_39(signal: Signal) -> object:
        mfcc = librosa.feature.mfcc(
            y=signal / np.float32(2**15), sr=RATE, n_mfcc=13, n_fft=512, hop_length=240
        )
        return mfcc, librosa.feature.delta(mfcc), librosa.feature.delta(mfcc, order=2)

    found: dict[str, Callable[[Signal], object]] = {
        "mfcc39 (openSMILE)": make_extractor(CONFIG),
        "librosa, 13 + deltas": librosa_39,
        "mfcc39 (numpy)": make_extractor(Mfcc39Config(backend="numpy")),
        "shortterm34": make_extractor(ShortTerm34Config()),
    }
    try:
        from pyAudioAnalysis import ShortTermFeatures  # type: ignore[import-not-found]
    except ImportError:
        return found
    extract = ShortTermFeatures.feature_extraction
    found["pyAudioAnalysis 0.3.14"] = lambda signal: extract(signal, RATE, 320, 160, deltas=False)
    return found


# --- filling on one worker and on two -----------------------------------------------------------


def measure_scale(folder: Path) -> None:
    """The whole way of a fill, from recordings to a folder, on a Ray cluster of this machine.

    Workers are up before the clock starts; what one takes to come up is shown apart.
    """
    from ser_platform.runtime.connection import cluster
    from ser_platform.runtime.tasks import spread

    corpus = [replace(u, session=i % 12) for i, u in enumerate(make_corpus(folder, 720))]
    stores = (open_store(str(folder / f"store{number}")) for number in count())
    found: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    started: list[float] = []
    used: list[float] = []

    def timed_spread(function: Fill, tasks: Iterable[ShardTask]) -> Iterator[ShardSummary]:
        for summary, seconds in spread(partial(timed, function), tasks):
            used.append(seconds)
            yield summary

    with cluster():
        for cpus in (1, 2) * 5:
            used.clear()
            with workers(cpus):
                started.append(max(spread(come_up, [time.time()] * cpus)))
                here, wall = cpu_seconds(
                    lambda: load_frames(next(stores), corpus, CONFIG, timed_spread)
                )
            found[cpus].append((wall, here + sum(used)))
    print(f"\nfilling {len(corpus)} utterances, mfcc39 (openSMILE), 12 shards; best of 5")
    print(f"{'Ray workers':14}{'wall s':>8}{'CPU s':>8}{'utterances/s':>14}")
    for cpus, times in found.items():
        wall, cpu = np.min(times, axis=0)
        print(f"{cpus:<14}{wall:8.1f}{cpu:8.1f}{len(corpus) / wall:14.0f}")
    (wall, cpu), (walls, cpus_) = (np.min(times, axis=0) for times in found.values())
    print(f"efficiency from 1 to 2: {wall / walls / 2:.2f} by the wall, {cpu / cpus_:.2f} by CPU")
    print(f"a new worker takes {np.median(started):.1f} s until it extracts, once")
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def come_up(asked_at: float) -> float:
    """Load what a fill loads, and stay until the other worker has too; seconds since asked."""
    make_extractor(CONFIG)(noise(RATE, peak=500))
    seconds = time.time() - asked_at
    time.sleep(max(0.0, 6 - seconds))
    return seconds


@contextmanager
def workers(cpus: int) -> Iterator[None]:
    """All CPUs of the cluster but ``cpus`` are held by actors that do nothing."""
    import ray

    idle: Any = ray.remote(num_cpus=1)(Idle)
    held = [idle.remote() for _ in range(int(ray.cluster_resources()["CPU"]) - cpus)]
    ray.get([actor.ready.remote() for actor in held])
    yield
    for actor in held:
        ray.kill(actor)
    while held and ray.available_resources().get("CPU", 0) < ray.cluster_resources()["CPU"]:
        time.sleep(0.1)


class Idle:
    def ready(self) -> None:
        """Answers once it holds its CPU."""


def timed(function: Fill, task: ShardTask) -> tuple[ShardSummary, float]:
    """With the CPU seconds that it took."""
    start = time.process_time()
    return function(task), time.process_time() - start


# --- cache ------------------------------------------------------------------------------------


def make_corpus(folder: Path, utterances: int) -> list[Utterance]:
    """Recordings in five sessions with IEMOCAP's mean length of 4.5 s; noise, all different."""
    lengths = np.random.default_rng(0).lognormal(1.35, 0.55, utterances).clip(0.6, 34)
    made = []
    sound = noise(40 * RATE)
    for i, length_s in enumerate(lengths):
        path = folder / f"{i:05d}.wav"
        soundfile.write(path, np.roll(sound, i)[: round(length_s * RATE)], RATE)
        made.append(Utterance(path.stem, str(path), "speaker", 1 + i % 5, "neu", ""))
    return made


def compare_caches(name: str, store: ObjectStore, corpus: list[Utterance], folder: Path) -> None:
    """Frames are drawn, not extracted, so that only storing is measured."""

    def fill(_: object, tasks: Iterable[ShardTask]) -> Iterator[ShardSummary]:
        for task in tasks:
            data = pack_shard(task.shard, [frames_like(u) for u in task.audio])
            writing.append(cpu_seconds(lambda t=task, d=data: t.store.create(t.shard.key, d)))
            yield ShardSummary(task.shard.key, ())

    writing: list[tuple[float, float]] = []
    table = load_frames(store, corpus, CONFIG, fill)
    megabytes = table.values.nbytes / 1e6
    print(f"\n{name}: {len(corpus)} utterances, {megabytes:.0f} MB of frames")
    print(f"{'':50}{'CPU s':>8}{'wall s':>8}")
    show("shards, write", *np.sum(writing, axis=0))
    warm = "shards, load_frames warm"
    show(f"{warm}, recordings hashed", *best(lambda: load_frames(store, corpus, CONFIG, none)))
    show("  of which reading and hashing recordings", *best(lambda: plan(corpus)))
    show(f"{warm}, digests remembered", *best(lambda: remembering(store, corpus, folder)))
    if store.url.startswith("s3://"):
        cached = CachedStore(store, folder / "copies", 10**10)
        show(
            "the same, and copies made", *cpu_seconds(lambda: remembering(cached, corpus, folder))
        )
        show("the same, from copies", *best(lambda: remembering(cached, corpus, folder)))
    objects = {f"single/{u}": to_npy(table.frames(i)) for i, u in enumerate(table.ids)}
    show(
        "one object per utterance, write, 8 threads",
        *cpu_seconds(
            lambda: in_threads(lambda key: store.write(key, objects[key]), list(objects))
        ),
    )
    show(
        "one object per utterance, read, 8 threads",
        *best(lambda: in_threads(lambda key: np.load(io.BytesIO(store.read(key))), list(objects))),
    )


def remembering(store: ObjectStore, corpus: list[Utterance], folder: Path) -> None:
    """As a command starts: what is remembered is read from its file."""
    load_frames(store, corpus, CONFIG, none, digests=RecordingDigests(folder, "corpus"))


def plan(corpus: Sequence[Utterance]) -> object:
    return plan_shards(corpus, make_extractor(CONFIG))


def none(_: object, tasks: Iterable[ShardTask]) -> Iterator[ShardSummary]:
    assert not list(tasks), "everything should be stored"
    return iter(())


def frames_like(recording: bytes) -> Frames:
    frames = ((len(recording) - 44) // 2 - 400) // 240 + 1
    return np.random.default_rng(frames).normal(size=(frames, 39)).astype(np.float32)


def to_npy(frames: Frames) -> bytes:
    file = io.BytesIO()
    np.save(file, frames, allow_pickle=False)
    return file.getvalue()


def in_threads(act: Callable[[str], object], keys: list[str]) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(act, keys))


def cpu_seconds(act: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds of this process, and seconds on the wall."""
    cpu, wall = time.process_time(), time.perf_counter()
    act()
    return time.process_time() - cpu, time.perf_counter() - wall


def best(act: Callable[[], object]) -> tuple[float, float]:
    return min(cpu_seconds(act) for _ in range(3))


def show(what: str, cpu: float, wall: float) -> None:
    print(f"{what:50}{cpu:8.2f}{wall:8.2f}")


if __name__ == "__main__":
    main()
