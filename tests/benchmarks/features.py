"""What features cost: extractors beside other tools, the cache beside one object per utterance.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.features [--utterances 5531]

Everything is measured in this one run, on signals and frames made here. For the row of
pyAudioAnalysis put it on the path (``pip install --no-deps --target DIR pyAudioAnalysis==0.3.14``
and ``PYTHONPATH=DIR``). ``--utterances 5531`` is IEMOCAP's size and needs 1 GB of disk.
"""

import argparse
import io
import logging
import platform
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ser_platform.config.inputs import Mfcc39Config, ShortTerm34Config
from ser_platform.features import make_extractor
from ser_platform.features.base import Frames, Signal
from ser_platform.features.cache import load_frames
from ser_platform.features.fill import ShardSummary, ShardTask, pack_shard
from ser_platform.features.plan import plan_shards
from ser_platform.storage import ObjectStore, open_store
from ser_platform.utterance import Utterance
from tests.features.signals import RATE, chirp, noise
from tests.servers import seaweedfs

CONFIG = Mfcc39Config()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--utterances", type=int, default=1_000)
    utterances = parser.parse_args().utterances
    logging.disable(logging.WARNING)
    print(f"{platform.machine()}, Python {platform.python_version()}, numpy {np.__version__}")
    compare_extractors([clip(i) for i in range(20)])
    with tempfile.TemporaryDirectory() as folder, seaweedfs(Path(folder) / "s3") as server:
        corpus = make_corpus(Path(folder), utterances)
        compare_caches("folder", open_store(f"{folder}/store"), corpus)
        with pytest.MonkeyPatch.context() as environment:
            for name, value in server.environment.items():
                environment.setenv(name, value)
            compare_caches("SeaweedFS", open_store(f"s3://{server.bucket}"), corpus)


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


def compare_caches(name: str, store: ObjectStore, corpus: list[Utterance]) -> None:
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
    print(f"{'':44}{'CPU s':>8}{'wall s':>8}")
    show("shards, write", *np.sum(writing, axis=0))
    show(
        "shards, load_frames warm, whole", *best(lambda: load_frames(store, corpus, CONFIG, none))
    )
    show("  of which reading and hashing recordings", *best(lambda: plan(corpus)))
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
    print(f"{what:44}{cpu:8.2f}{wall:8.2f}")


if __name__ == "__main__":
    main()
