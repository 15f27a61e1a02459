"""Training steps of our networks against plain renditions of the same networks.

    python -m tests.benchmarks.models [wise] [alignment] [...] [--threads 1 2]

A step makes the batch from the corpus, goes forward and backward, clips and updates; 32
utterances, paper sizes. "plain" is what one writes first (plain.py), on random batches and on
batches of like length; "ours" are the networks and batches of the package. All use the same
weights and give the same logits, which is checked. Batches stand for an epoch: of n, the i-th
has the median length of the i-th n-th. As n is small, rates are scaled to utterances that need
the multiplications of the mean one, and a step is 32 of these. Where a plain step grows faster
than these do (packed backward passes), few batches understate it.

Steps are interleaved and the least time of several passes counts, so that neighbours on the
machine disturb little. The limit is the time the multiplications of a step (flops.py) would take
at the speed of a product of two squares, measured in between. Memory is what a process of its
own grows by over one step on the longest of the batches; for WISE's plain step on random batches
it swings between forks (94 to 476 MB), the others are steady. On a machine that others use, wall
times and the times of two threads, which wait for each other by spinning, mean nothing.
"""

import argparse
import ctypes
import multiprocessing
import resource
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import psutil
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ser_platform.batches import collate, epoch_batches
from ser_platform.config.model import (
    AlignmentConfig,
    CnnLstmConfig,
    CnnPhonemeConfig,
    DualRnnConfig,
    LstmAttentionConfig,
    ModelConfig,
    TdnnLstmConfig,
    WiseConfig,
)
from ser_platform.dataset import Dataset, Rows
from ser_platform.models import build_model
from ser_platform.models.inputs import Inputs
from tests.benchmarks.models import flops, plain
from tests.benchmarks.models.lengths import UTTERANCES, dataset
from tests.benchmarks.models.rectangles import Padded

BATCH_SIZE, SIDE, PRODUCTS = 32, 384, 20
Step = Callable[[Rows], object]


@dataclass(frozen=True)
class Case:
    """A network to measure; another one is one line in ``CASES``."""

    config: ModelConfig
    dim: int
    window_s: float
    hop_s: float
    plain: Callable[..., Tensor]
    flops: Callable[[Padded], int]
    random: int = 8
    """Random batches to measure; all are about alike."""
    like_length: int = 8
    """Batches of like length to measure."""
    passes: int = 5
    plain_passes: int = 3


CASES = {
    "wise": Case(WiseConfig(), 39, 0.025, 0.015, plain.plain_wise, flops.flops_wise),
    # The backward pass of a packed kernel takes up to half a minute a step.
    "alignment": Case(
        AlignmentConfig(), 34, 0.020, 0.010, plain.plain_alignment, flops.flops_alignment,
        random=1, like_length=2, plain_passes=1,
    ),
    "hard_alignment": Case(
        AlignmentConfig(alignment="hard"), 34, 0.020, 0.010,
        plain.plain_hard_alignment, flops.flops_hard_alignment,
        random=1, like_length=2, plain_passes=1,
    ),
    "lstm_attention": Case(
        LstmAttentionConfig(), 34, 0.020, 0.010,
        plain.plain_lstm_attention, flops.flops_lstm_attention,
        random=1, like_length=2, plain_passes=1,
    ),
    "dual_rnn": Case(
        DualRnnConfig(), 39, 0.025, 0.010, plain.plain_dual_rnn, flops.flops_dual_rnn,
        random=4, like_length=4, passes=3, plain_passes=2,
    ),
    "tdnn_lstm": Case(
        TdnnLstmConfig(), 40, 0.025, 0.010, plain.plain_tdnn_lstm, flops.flops_tdnn_lstm,
        random=2, like_length=3, passes=3, plain_passes=2,
    ),
    "cnn_phoneme": Case(
        CnnPhonemeConfig(), 257, 0.025, 0.010, plain.plain_cnn_phoneme, flops.flops_cnn_phoneme,
        random=1, like_length=3, passes=2, plain_passes=2,
    ),
    "cnn_lstm": Case(
        CnnLstmConfig(), 200, 0.040, 0.010, plain.plain_cnn_lstm, flops.flops_cnn_lstm,
        random=1, like_length=2, passes=1, plain_passes=1,
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Variant:
    step: Step
    batches: list[Rows]
    passes: int


def variants(case: Case, data: Dataset) -> dict[str, Variant]:
    """The three ways to train one network, and the check that they agree."""
    with torch.random.fork_rng():
        torch.manual_seed(0)  # noqa: TID251 - a benchmark, not the package
        vectors = torch.from_numpy(data.word_vectors)
        inputs = Inputs(case.dim, vectors, False, data.functionals.shape[1], len(data.phonemes))
        net = build_model(case.config, inputs)
    limits = case.config.limits
    optimizer = torch.optim.Adam(net.parameters(), fused=True)

    def update(logits: Tensor, rows: Rows) -> None:
        optimizer.zero_grad()
        cross_entropy(logits, torch.from_numpy(data.labels[rows])).backward()
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        optimizer.step()

    def ours(rows: Rows) -> None:
        update(net(collate(data, rows, case.config)), rows)

    def plain(rows: Rows) -> None:
        update(case.plain(net, Padded(data, rows, limits)), rows)

    rng = np.random.default_rng(0)
    every = np.arange(UTTERANCES)
    shuffled = np.array_split(rng.permutation(every), UTTERANCES // BATCH_SIZE)
    of_like_length = epoch_batches(data, every, BATCH_SIZE, rng)
    shortest = min(of_like_length, key=lambda rows: data.lengths[rows].sum())
    net.eval()
    with torch.inference_mode():
        logits = net(collate(data, shortest, case.config))
        torch.testing.assert_close(
            logits, case.plain(net, Padded(data, shortest, limits)), rtol=0, atol=1e-4
        )
    net.train()
    ours(shortest)  # compiles
    random = _spread(data, shuffled, case.random)
    alike = _spread(data, of_like_length, case.like_length)
    return {
        "plain, random": Variant(plain, random, case.plain_passes),
        "plain, like length": Variant(plain, alike, case.plain_passes),
        "ours": Variant(ours, alike, case.passes),
    }


def _spread(data: Dataset, batches: Sequence[Rows], count: int) -> list[Rows]:
    """Batches that stand for all: the middle one of each part, from short to long."""
    by_length = sorted(batches, key=lambda rows: data.lengths[rows].sum())
    return [by_length[int(len(by_length) * (i + 0.5) / count)] for i in range(count)]


def measure(all_variants: dict[str, Variant]) -> tuple[dict[str, tuple[float, float]], float]:
    """CPU and wall seconds of a pass over a variant's batches; FLOP a second of a product."""
    clocks = time.process_time, time.perf_counter
    least = {name: np.full((2, len(v.batches)), np.inf) for name, v in all_variants.items()}
    square, product_s = torch.randn(SIDE, SIDE), np.inf

    def timed(call: Callable[[], object]) -> np.ndarray:
        started = np.array([clock() for clock in clocks])
        call()
        return np.array([clock() for clock in clocks]) - started

    for turn in range(max(v.passes for v in all_variants.values())):
        for name, variant in all_variants.items():
            for i, rows in enumerate(variant.batches if turn < variant.passes else ()):
                taken = timed(partial(variant.step, rows))
                least[name][:, i] = np.minimum(least[name][:, i], taken)
        for _ in range(PRODUCTS):
            product_s = min(product_s, timed(lambda: square @ square)[1])
    return {name: tuple(t.sum(axis=1)) for name, t in least.items()}, 2 * SIDE**3 / product_s


_measured: Variant


def peak_megabytes(variant: Variant) -> float:
    """What a fork of this process grows by over a step on the longest batch."""
    global _measured  # noqa: PLW0603 - inherited by the fork: a closure cannot be sent
    _measured = variant
    with ProcessPoolExecutor(1, multiprocessing.get_context("fork")) as pool:
        return pool.submit(_grown).result()


def _grown() -> float:
    ctypes.CDLL(None).malloc_trim(0)  # what is free already would hide what a step takes
    before = psutil.Process().memory_info().rss
    _measured.step(_measured.batches[-1])
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6 - before / 1e6


def report(name: str, case: Case, numbers_of_threads: Sequence[int]) -> None:
    """Print all variants of one network with each of these numbers of threads."""
    data = dataset(case.dim, case.window_s, case.hop_s)
    torch.set_num_threads(1)
    all_variants = variants(case, data)
    memory = {name: peak_megabytes(variant) for name, variant in all_variants.items()}

    def work_of(batches: Sequence[Rows]) -> int:
        return sum(case.flops(Padded(data, rows, case.config.limits)) for rows in batches)

    work = {name: work_of(v.batches) for name, v in all_variants.items()}
    of_utterance = work_of([np.arange(UTTERANCES)]) / UTTERANCES
    # Few batches are not as long as all: utterances of mean work, not those that were read.
    utterances = {name: flop / of_utterance for name, flop in work.items()}
    started = time.process_time()
    for rows in all_variants["ours"].batches:
        collate(data, rows, case.config)
    collate_us = (
        1e6 * (time.process_time() - started) / sum(map(len, all_variants["ours"].batches))
    )
    for threads in numbers_of_threads:
        torch.set_num_threads(threads)
        seconds, speed = measure(all_variants)
        print(f"{name}, {threads} thread(s), a product of squares at {speed / 1e9:.0f} GFLOP/s")
        print(f"  {'':20}ms a step  utt/CPU s      x  utt/wall s      x  of limit  peak MB")
        rate = {n: [utterances[n] / s for s in both] for n, both in seconds.items()}
        slow = rate["plain, random"]
        for n, (cpu, wall) in rate.items():
            print(
                f"  {n:20}{1000 * BATCH_SIZE / cpu:9.1f}{cpu:11.1f}{cpu / slow[0]:7.1f}"
                f"{wall:12.1f}{wall / slow[1]:7.1f}"
                f"{100 * work[n] / speed / min(seconds[n]):8.0f} %{memory[n]:9.0f}"
            )
    print(f"  of which batches: {collate_us:.0f} us an utterance in ours")


def main() -> None:
    """Report the networks named, or all."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.models")
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(CASES))
    parser.add_argument("--threads", type=int, nargs="+", default=[1], metavar="n")
    arguments = parser.parse_args()
    unknown = [name for name in arguments.names if name not in CASES]
    if unknown:
        parser.error(f"no case is called {', '.join(unknown)}; there are {', '.join(CASES)}")
    for name in arguments.names or CASES:
        report(name, CASES[name], arguments.threads)


if __name__ == "__main__":
    main()
