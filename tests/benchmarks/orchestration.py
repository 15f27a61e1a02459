"""What a study costs beside its training: per trial, fold and epoch, and over simulated nodes.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.orchestration [--trials 4] [--epochs 2]

``--only overhead`` runs a study of WISE as published on the demo corpus the whole way (Ray Tune,
queue, worker group) beside the same number of equal trainings in a plain loop in this process.
``--epochs 90 --trials 1`` makes folds of more than half a minute. ``--only epoch`` measures
what telling the queue of an epoch takes. ``--only scale`` runs folds that sleep on 1, 2, 4 and 8
nodes that are all simulated on this machine: it measures scheduling, not training.
"""

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pytest
import ray
import torch
from ray.actor import ActorHandle
from ray.cluster_utils import Cluster

from ser_platform.config import with_settings
from ser_platform.config.schema import ExperimentFile
from ser_platform.corpora.folds import Fold
from ser_platform.results import Epoch
from ser_platform.runtime.connection import RAY_SETTINGS, cluster
from ser_platform.storage import open_store
from ser_platform.train import prepare as prepare_module
from ser_platform.train.fold import train_fold
from ser_platform.train.given import Given, look
from ser_platform.train.group import _report
from ser_platform.train.jobs import FoldJob
from ser_platform.train.prepare import prepare
from ser_platform.train.queue import FoldQueue
from ser_platform.train.ranks import Ranks
from ser_platform.train.resident import Resident
from ser_platform.train.stored import read_result
from ser_platform.tune.study import run_study
from tests.benchmarks.sleeping import SLEEP_S, sleeping

GOAL = 0.03
NODES = (1, 2, 4, 8)
TRIALS_PER_NODE = 3
FOLDS = 5


class Trained(NamedTuple):
    """When a fold ended, and how long it trained."""

    run: str
    ended_s: float
    seconds: float


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--nodes", type=int, nargs="+", default=NODES)
    parser.add_argument("--only", choices=["overhead", "epoch", "scale"])
    arguments = parser.parse_args()
    parts = [arguments.only] if arguments.only else ["overhead", "epoch", "scale"]
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("RAY_AUTH_MODE", "disabled")
        for name, value in RAY_SETTINGS.items():
            environment.setenv(name, value)
        if parts != ["scale"]:
            with cluster():
                if "overhead" in parts:
                    measure_overhead(Path(folder), arguments.trials, arguments.epochs)
                if "epoch" in parts:
                    measure_epoch()
        if "scale" in parts:
            measure_scale(Path(folder), arguments.nodes)


def experiment(
    folder: Path, name: str, trials: int, size: str, train: dict[str, Any], model: dict[str, Any]
) -> ExperimentFile:
    return ExperimentFile.model_validate(
        {
            "name": name,
            "corpus": {"kind": "demo", "size": size, "root": str(folder / f"demo-{size}")},
            "split": {"by": "kfold", "folds": FOLDS},
            "features": {"kind": "mfcc39", "backend": "numpy"},
            "model": {"kind": "wise", **model},
            "train": train,
            "study": {
                "trials": trials,
                # What is searched makes no epoch longer or shorter.
                "search": {"model.dropout": {"uniform": [0.1, 0.5]}},
                "storage": f"sqlite:///{folder / name}-optuna.db",
            },
            "store": str(folder / name),
            "cache": {"folder": str(folder / "cache")},
            "tracking": {"uri": f"sqlite:///{folder / name}-mlflow.db"},
        },
        strict=False,
    )


# --- overhead ---------------------------------------------------------------------------------


def measure_overhead(folder: Path, trials: int, epochs: int) -> None:
    train = {"epochs": epochs, "patience": None}
    file = experiment(folder, "study", trials, "full", train, {})
    file = file.model_copy(update={"cluster": file.cluster.model_copy(update={"groups": 1})})
    given = look(file)
    print(f"\nWISE as published, {FOLDS} folds of {epochs} epochs, {trials} trials; {load()}")
    plain_started_s = time.time()
    plain = plain_loop(folder, file, given, trials)  # with Ray up and the features computed
    print(f"plain loop done; {load()}")
    study_started_s = time.time()
    run_study(file, given)
    wall = time.time() - study_started_s
    study = in_store(file.store)
    print(f"study done, {wall:.1f} s with start, end and scoring on test; {load()}\n")
    print(f"{'seconds':44}{'plain':>10}{'study':>10}{'more':>10}")
    row("training of a fold, median", seconds(plain), seconds(study))
    cold = [first_start(plain) - plain_started_s], [first_start(study) - study_started_s]
    row("until the first fold trains", *cold)
    row("around a warm fold of the same trial, median", *(rest(t, "fold") for t in (plain, study)))
    if trials > 1:
        row("around the first fold of a next trial, median", *(rest(t) for t in (plain, study)))
    per_trial = around_trial(study) - around_trial(plain)
    share = per_trial / (FOLDS * float(np.median(seconds(study))))
    print(
        f"\noverhead of a trial of {FOLDS} folds once workers are up: {per_trial:.2f} s, ", end=""
    )
    print(f"{share:.1%} of its training; 3 % of trials of {per_trial / GOAL:.0f} s")


def plain_loop(folder: Path, file: ExperimentFile, given: Given, trials: int) -> list[Trained]:
    setting = file.experiment(next(iter(file.architectures)))
    (prepared,) = prepare({"wise": setting}, given, file.cluster).values()
    dataset = prepared.whole.fetch()
    store = open_store(str(folder / "plain"))
    trained: list[Trained] = []
    for trial in range(trials):
        own = with_settings(setting, {"model.dropout": 0.1 + 0.4 * trial / trials})
        for fold in given.folds:
            result = train_fold(own, f"plain{trial}", fold, dataset, store, Ranks())
            trained.append(Trained(f"plain{trial}", time.time(), result.seconds))
    return trained


def in_store(url: str) -> list[Trained]:
    """The folds that a study trained, in the order in which they ended."""
    store = open_store(url)
    found = [
        (key, read_result(store, key))
        for key in store.keys()  # noqa: SIM118  # of an object store
        if key.endswith("/trained.json")
    ]
    trained = [Trained(key.split("/")[1], r.finished_at, r.seconds) for key, r in found if r]
    return sorted(trained, key=lambda t: t.ended_s)


def seconds(trained: Sequence[Trained]) -> list[float]:
    return [t.seconds for t in trained]


def first_start(trained: Sequence[Trained]) -> float:
    return trained[0].ended_s - trained[0].seconds


def rest(trained: Sequence[Trained], of: str = "trial") -> list[float]:
    """From the end of one fold to that of the next, less its training."""
    pairs = list(pairwise(trained))
    same = of == "fold"
    return [b.ended_s - a.ended_s - b.seconds for a, b in pairs if (a.run == b.run) == same]


def around_trial(trained: Sequence[Trained]) -> float:
    """All that a trial takes beside training, from medians."""
    within = float(np.median(rest(trained, "fold")))
    between = rest(trained)
    return (FOLDS - 1) * within + (float(np.median(between)) if between else within)


def row(what: str, plain: Sequence[float], study: Sequence[float]) -> None:
    a, b = float(np.median(plain)), float(np.median(study))
    print(f"{what:44}{a:10.2f}{b:10.2f}{b - a:10.2f}")


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"


# --- epoch ------------------------------------------------------------------------------------


def reports(queue: Any, epochs: int) -> list[float]:
    """Seconds that each report takes, from a worker's process."""
    epoch = Epoch(train_loss=1.0, val_loss=1.0, val_wa=0.5, val_ua=0.5, seconds=1.0)
    taken = []
    for number in range(1, epochs + 1):
        started = time.perf_counter()
        assert _report(queue, 0, [epoch] * number)
        taken.append(time.perf_counter() - started)
    return taken


def measure_epoch(epochs: int = 300) -> None:
    queue = cast(ActorHandle, ray.remote(num_cpus=0)(FoldQueue).remote(1, 0))
    fold = Fold(1, "session 1", train=("a",), validation=("b",), test=("c",))
    nowhere = Resident(ray.put(None), ray.put(None), ())
    ray.get(queue.submit.remote(FoldJob("run", fold, "{}", nowhere, "store", False)))
    ray.get(queue.take.remote(0))
    taken = 1_000 * np.array(ray.get(ray.remote(num_cpus=1)(reports).remote(queue, epochs)))
    print(f"\ntelling the queue of an epoch, {epochs} times; {load()}")
    print(f"median {np.median(taken):.2f} ms, 95 of 100 in {np.percentile(taken, 95):.2f} ms")


# --- scale ------------------------------------------------------------------------------------


def measure_scale(folder: Path, nodes: Sequence[int]) -> None:
    print(
        f"\nstudies of folds that sleep {SLEEP_S:g} s and train next to nothing, on nodes that "
        f"are all\nprocesses of this machine: SCHEDULING IS MEASURED, NOT TRAINING; {load()}"
    )
    print(
        f"{'nodes':>6}{'first fold, s':>15}{'trials/min':>12}{'of all slots':>14}{'per node':>10}"
    )
    first: float | None = None
    for count in nodes:
        rate, busy, cold = throughput(folder, count)
        first = first or rate / count
        print(
            f"{count:6}{cold:15.1f}{rate:12.2f}{busy:14.1%}{rate / count / first:10.1%}"
            f"   {load()}",
            flush=True,
        )


def throughput(folder: Path, nodes: int) -> tuple[float, float, float]:
    """Trials a minute while all groups are up, the share of their time slept, cold start."""
    simulated = Cluster(initialize_head=True, head_node_args={"num_cpus": 0})
    for _ in range(nodes):
        simulated.add_node(num_cpus=1)
    ray.init(address=simulated.address, log_to_driver=False, logging_level=logging.ERROR)
    small = dict.fromkeys(("phoneme_hidden", "word_hidden", "audio_hidden", "text_hidden"), 4)
    model = {**small, "weights": 4, "classifier": (4, 4)}
    train = {"epochs": 1, "batch_size": 64}
    trials = (1 + TRIALS_PER_NODE) * nodes
    file = experiment(folder, f"nodes{nodes}", trials, "small", train, model)
    given = look(file)
    build = prepare_module.build_dataset
    try:
        with pytest.MonkeyPatch.context() as patch:
            # Features first, in tasks: the folds alone are to be measured.
            prepare({"wise": file.experiment("wise")}, given, file.cluster)
            patch.setattr(prepare_module, "build_dataset", lambda *a: sleeping(build(*a)))
            started_s = time.time()
            run_study(file, given)
    finally:
        ray.shutdown()
        simulated.shutdown()
    ends = [t.ended_s for t in in_store(file.store)]
    # From when every group can have trained a fold until the first group may have run dry.
    begin, end = ends[FOLDS * nodes], ends[-FOLDS * nodes]
    folds = sum(begin < at <= end for at in ends)
    busy = folds * SLEEP_S / (nodes * (end - begin))
    return 60 * folds / FOLDS / (end - begin), busy, ends[0] - SLEEP_S - started_s


if __name__ == "__main__":
    main()
