"""What the journal costs: milliseconds until a result is on disk and training goes on.

    python -m tests.benchmarks.journal [FOLDER] [--utterances 5531] [--records 300]

``tracker.log`` while MLflow is away, into a folder on the disk to be measured; then what
of it is no disk, and a model with the code of the package.
"""

import argparse
import logging
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import ser_platform
from ser_platform.config.schema import TrackingConfig
from ser_platform.results import RunResult
from ser_platform.tracking import ModelFiles, Tracker
from ser_platform.tracking.record_file import pack, unpack
from ser_platform.tracking.records import ResultRecord
from tests.runs import FOLDS, fold_result, predictions, run_result, study_info
from tests.servers import free_port


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path(tempfile.gettempdir()))
    parser.add_argument("--utterances", type=int, default=5531, help="of the corpus")
    parser.add_argument("--records", type=int, default=300)
    arguments = parser.parse_args()
    logging.disable(logging.CRITICAL)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        trial, final = results(arguments.utterances)
        config = TrackingConfig(uri=f"http://127.0.0.1:{free_port()}", journal=folder)
        tracker = Tracker(config, study_info())
        tracker.start()
        time.sleep(5)  # MLflow is loaded in the background
        times = [seconds(lambda: tracker.log(trial)) for _ in range(arguments.records)]
        show(f"log, trial, {len(pack(ResultRecord(trial))) / 1e3:.0f} kB", times)
        show("  of which packing", [seconds(lambda: pack(ResultRecord(trial))) for _ in times])
        model = ResultRecord(final, model_files(Path(folder)))
        times = [seconds(lambda: tracker.log(final, model.model)) for _ in range(10)]
        show(f"log, final with its model, {len(pack(model)) / 1e6:.1f} MB", times)
        data = pack(ResultRecord(trial))
        show("read back and checked", [seconds(lambda: unpack(data, Path(folder))) for _ in times])
        tracker.finish(timeout_s=0.1)
    print(f"load average {load:.1f} on {os.cpu_count()} cores, {arguments.folder}")


def results(utterances: int) -> tuple[RunResult, RunResult]:
    """A trial and a final of a corpus of that size: every utterance is answered once."""
    tested = tuple(
        fold_result(n).model_copy(update={"test": predictions(0.6, n, utterances // FOLDS)})
        for n in range(1, FOLDS + 1)
    )
    validated = tuple(
        fold_result(n).model_copy(update={"validation": predictions(0.6, n, utterances // FOLDS)})
        for n in range(1, FOLDS + 1)
    )
    return run_result(0, folds=validated), run_result(0, role="final", folds=tested)


def model_files(folder: Path) -> ModelFiles:
    """Five networks of 250,000 weights, and all of our code."""
    weights = folder / "weights.safetensors"
    weights.write_bytes(np.zeros(5 * 250_000, np.float32).tobytes())
    package = Path(ser_platform.__file__).parent
    return ModelFiles("wise", package / "__init__.py", {"model": weights}, (), (package,))


def seconds(act: Callable[[], object]) -> tuple[float, float]:
    """Wall and CPU; on a busy machine the second says what a quiet one takes."""
    started, cpu = time.perf_counter(), time.thread_time()
    act()
    return time.perf_counter() - started, time.thread_time() - cpu


def show(what: str, times: list[tuple[float, float]]) -> None:
    walls, cpus = 1000 * np.array(times).T
    half, most, worst = np.percentile(walls, [50, 99, 100])
    cpu = np.median(cpus)
    print(
        f"{what}: median {half:.1f} ms, p99 {most:.1f} ms, worst {worst:.1f} ms; CPU {cpu:.1f} ms"
    )


if __name__ == "__main__":
    main()
