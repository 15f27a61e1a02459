"""What a trial costs the process that searches: CPU milliseconds of Optuna, the queue, the log.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.scale.measure_search [--only searcher]

Everything is the real thing, with a history made here and no training: the searcher on a SQLite
study, the queue in a process of Ray, the tracker on a SQLite MLflow.
"""

import argparse
import logging
import pickle
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import optuna
import psutil
import ray
from ray.actor import ActorHandle

from ser_platform.config.schema import ExperimentFile, TrackingConfig
from ser_platform.corpora.folds import Fold
from ser_platform.results import Epoch, FoldResult, RunResult
from ser_platform.runtime.connection import cluster
from ser_platform.storage import open_store
from ser_platform.tracking import Tracker
from ser_platform.train.jobs import FoldJob
from ser_platform.train.pool import start_queue
from ser_platform.train.prepared import Prepared
from ser_platform.train.resident import Resident
from ser_platform.train.session import Session
from ser_platform.train.stored import read_result, write_result
from ser_platform.tune import attributes
from ser_platform.tune import trial as reports
from ser_platform.tune.history import open_study
from ser_platform.tune.opened import OpenStudy
from ser_platform.tune.pruning import make_pruner
from ser_platform.tune.samplers import make_sampler
from ser_platform.tune.searcher import Audience, StudySearch
from ser_platform.tune.storage import open_storage
from ser_platform.tune.trial import Bench, Report
from tests.runs import NOBODY, fold_result, predictions, run_result, study_info

FOLDS = 5
SPACE = {
    "train.learning_rate": {"log_uniform": [3e-4, 3e-3]},
    "train.l2": {"log_uniform": [1e-6, 1e-3]},
    "train.batch_size": {"choice": [16, 32, 64]},
    "model.heads": {"choice": [1, 2, 4]},
    "model.audio_hidden": {"choice": [50, 100, 150]},
    "model.dropout": {"uniform": [0.1, 0.6]},
}
PARTS = ("searcher", "queue", "log")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS)
    parser.add_argument("--finished", type=int, nargs="+", default=[20, 100])
    parser.add_argument("--running", type=int, nargs="+", default=[1, 30, 200])
    arguments = parser.parse_args()
    parts = [arguments.only] if arguments.only else PARTS
    logging.disable(logging.WARNING)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    with cluster():
        if "searcher" in parts:
            measure_searcher(arguments.finished, arguments.running)
        if "queue" in parts:
            measure_queue()
        if "log" in parts:
            measure_log()


def cpu_ms(act: Callable[[], Any]) -> tuple[Any, float]:
    """What it gives, and the CPU milliseconds of this process."""
    started = time.process_time()
    found = act()
    return found, 1000 * (time.process_time() - started)


# --- searcher ---------------------------------------------------------------------------------


def measure_searcher(finished: list[int], running: list[int]) -> None:
    print("\nCPU ms of the searcher's calls, medians of 6 trials; 6 settings, TPE, Wilcoxon")
    print(f"{'finished':>9}{'running':>9}{'draw':>9}{'look':>9}{'fold':>9}{'end':>9}")
    for before in finished:
        for beside in running:
            with tempfile.TemporaryDirectory() as folder:
                search = Search(Path(folder), before, beside)
                found = {name: float(np.median(ms)) for name, ms in search.measure().items()}
            row = "".join(f"{ms:9.1f}" for ms in found.values())
            print(f"{before:9}{beside:9}{row}", flush=True)


class Search:
    """A searcher with so many finished trials behind it, and so many running beside."""

    def __init__(self, folder: Path, finished: int, running: int) -> None:
        file = experiment(folder, finished + running + 100)
        self._at_once = 1
        self._rng = np.random.default_rng(0)
        self._study = open_study(
            file,
            "study",
            open_storage(file.study.storage),
            {attributes.NAME: file.name, attributes.NUM_FOLDS: FOLDS, attributes.STOP: False},
            make_pruner(file.study.pruner),
            lambda _: optuna.samplers.RandomSampler(seed=0),
        )
        result = run_result(0)
        session = SimpleNamespace(
            lease=SimpleNamespace(confirm=lambda: None), stored=lambda *_: result
        )
        silent = SimpleNamespace(started=_no, fold=_no, ended=_no, failed=_no)
        self._searcher = StudySearch(
            cast(Session, session),
            Bench(file, {"wise": prepared(("a",))}, start_queue(1, 0)),
            OpenStudy(self._study, file.study.trials, FOLDS, None),
            lambda: self._at_once,
            cast(Audience, silent),
        )
        for number in range(finished):
            self._trial(f"finished{number}")
        self._at_once = running
        for number in range(running - 1):
            assert self._searcher.suggest(f"running{number}")
        self._study.sampler = make_sampler(file.study.sampler, 0)

    def measure(self) -> dict[str, list[float]]:
        """CPU ms: a trial drawn, a look that finds enough running, a fold told, an end told."""
        found: dict[str, list[float]] = {"draw": [], "look": [], "fold": [], "end": []}
        for number in range(6):
            draw, looked, folds, end = self._trial(f"measured{number}")
            for name, ms in zip(found, ([draw], [looked], folds, [end]), strict=True):
                found[name] += ms
        return found

    def _trial(self, name: str) -> tuple[float, float, list[float], float]:
        drawn, draw = cpu_ms(lambda: self._searcher.suggest(name))
        assert drawn
        waits, looked = cpu_ms(lambda: self._searcher.suggest("one too many"))
        assert waits is None
        running = self._searcher._running[name]
        ua = 0.45 + 0.1 * self._rng.standard_normal()
        scores = (ua + 0.03 * self._rng.standard_normal(FOLDS)).tolist()
        folds: list[float] = []
        told = report(scores[:1])
        for done in range(1, FOLDS + 1):
            told = report(scores[:done])
            folds.append(cpu_ms(partial(self._searcher.on_trial_result, name, told))[1])
            if running.pruned:
                break
        last = {**told, reports.WITHDRAWN: bool(running.pruned)}
        end = cpu_ms(lambda: self._searcher.on_trial_complete(name, last))[1]
        return draw, looked, folds, end


def _no(*_: object) -> None:
    pass


def experiment(folder: Path, trials: int) -> ExperimentFile:
    return ExperimentFile.model_validate(
        {
            "name": "measured",
            "corpus": {"kind": "demo"},
            "features": {"kind": "mfcc39"},
            "model": {"kind": "wise"},
            "study": {
                "trials": trials,
                "search": SPACE,
                "papers_first": False,
                "storage": f"sqlite:///{folder}/optuna.db",
            },
        },
        strict=False,
    )


def prepared(ids: tuple[str, ...]) -> Prepared:
    """Data that nobody fetches, of folds that train on these utterances."""
    anything = ray.put(0)
    resident = Resident(anything, anything, ())
    folds = tuple(
        Fold(number, f"session {number}", train=ids, validation=(f"v{number}",), test=("t",))
        for number in range(1, FOLDS + 1)
    )
    return Prepared(
        folds, "code", resident, {("t",): resident}, "digest", {}, (), "demo", "u", False, NOBODY
    )


def report(scores: list[float]) -> Report:
    return {
        reports.VAL_UA: float(np.mean(scores)),
        reports.FOLDS: scores,
        reports.EPOCHS: 0,
        reports.BEST: float("nan"),
        reports.SECONDS: 10.0 * len(scores),
        reports.NUM_PARAMETERS: 1,
        reports.FAILED: "",
        reports.WITHDRAWN: False,
    }


# --- queue ------------------------------------------------------------------------------------


def measure_queue() -> None:
    """CPU of the queue's process, by how many wait in it and how many ids a fold has."""
    print("\nCPU ms of the queue's process")
    for waiting in (1, 100, 900):
        queue = start_queue(1000, 0)
        for number in range(waiting + 1):
            ray.get(queue.submit.remote(job(f"run{number}", ("a",))))
        ray.get(queue.take.remote(0))
        pending = [
            queue.epochs.remote(job(f"run{number}", ("a",)).name, 0)
            for number in range(1, waiting + 1)
        ]
        scores = [0.5] * 25
        before = of_actor(queue)
        for _ in range(1000):
            ray.get(queue.report.remote(0, scores, 1.0))
        print(f"an epoch, {waiting:4} trials waiting{of_actor(queue) - before:26.2f}")
        del pending
        ray.kill(queue)
    for utterances in (1_000, 50_000, 200_000):
        ids = tuple(f"MSP-PODCAST_{n:06d}_0001" for n in range(utterances))
        queue = start_queue(1, 0)
        ray.get(queue.submit.remote(job("warm", ids)))
        before, held, times = of_actor(queue), resident_mb(queue), 20
        own = job("run", ids)
        for number in range(times):
            own = replace(own, run_key=f"run{number}")
            ray.get(queue.submit.remote(own))
            ray.get(queue.job.remote(own.name))
        each_ms = 1000 * (of_actor(queue) - before) / times
        each_mb = (resident_mb(queue) - held) / times
        print(
            f"a fold of {utterances:6} ids, {len(pickle.dumps(own)) / 1e6:.2f} MB, in and out"
            f"{each_ms:8.2f}   held for it: {each_mb:.2f} MB"
        )
        ray.kill(queue)


def job(run: str, ids: tuple[str, ...]) -> FoldJob:
    data = prepared(ids)
    return FoldJob(run, data.folds[0], "{}", data.whole, "store", False)


def process_of(queue: ActorHandle) -> psutil.Process:
    call = cast(Any, queue).__ray_call__
    return psutil.Process(ray.get(call.remote(_pid)))


def _pid(_: object) -> int:
    import os

    return os.getpid()


def of_actor(queue: ActorHandle) -> float:
    """CPU seconds of its process so far: of 1,000 calls the milliseconds of one."""
    times = process_of(queue).cpu_times()
    return times.user + times.system


def resident_mb(queue: ActorHandle) -> float:
    return process_of(queue).memory_full_info().uss / 1e6


# --- log --------------------------------------------------------------------------------------


def measure_log() -> None:
    """The end of a trial: its folds read from the store, written down, and sent to MLflow."""
    print("\nCPU ms of the end of a trial of 5 folds of 25 epochs, by answers on validation")
    print(f"{'answers':>9}{'read':>9}{'keep':>9}{'send':>9}")
    for utterances in (100, 1_000, 10_000):
        with tempfile.TemporaryDirectory() as folder:
            found = ending(Path(folder), [trained(n, utterances) for n in range(1, FOLDS + 1)])
        print(f"{FOLDS * utterances:9}" + "".join(f"{ms:9.1f}" for ms in found))


def ending(folder: Path, folds: list[FoldResult], times: int = 12) -> tuple[float, float, float]:
    store = open_store(str(folder / "store"))
    keys = [f"runs/a/fold{fold.fold}/trained.json" for fold in folds]
    for key, fold in zip(keys, folds, strict=True):
        write_result(store, key, fold)
    _, read = cpu_ms(lambda: [read_result(store, key) for key in keys])
    config = TrackingConfig(
        uri=f"sqlite:///{folder}/mlflow.db", journal=str(folder / "journal"), experiment="x"
    )
    tracker = Tracker(config, study_info())
    tracker.start()
    tracker.log(run(0, folds))
    _empty(tracker)  # MLflow is loaded, its database made
    before = time.process_time()
    keeping = sum(_thread_ms(lambda n=n: tracker.log(run(n, folds))) for n in range(1, times + 1))
    _empty(tracker)
    all_ms = 1000 * (time.process_time() - before)
    tracker.finish(timeout_s=60)
    return read, keeping / times, (all_ms - keeping) / times


def _thread_ms(act: Callable[[], None]) -> float:
    started = time.thread_time()
    act()
    return 1000 * (time.thread_time() - started)


def _empty(tracker: Tracker) -> None:
    while tracker._waiting:
        time.sleep(0.01)


def run(number: int, folds: list[FoldResult]) -> RunResult:
    return run_result(number, folds=tuple(folds))


def trained(number: int, utterances: int) -> FoldResult:
    epoch = Epoch(train_loss=1.0, val_loss=1.0, val_wa=0.5, val_ua=0.5, seconds=1.0)
    return fold_result(number).model_copy(
        update={
            "epochs": (epoch,) * 25,
            "validation": predictions(0.6, number, utterances),
        }
    )


if __name__ == "__main__":
    main()
