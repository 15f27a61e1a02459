"""Learning curves of settings drawn at random, nothing cut short: what pruners are compared on.

    OMP_NUM_THREADS=1 python -m tests.benchmarks.record tests/benchmarks/records/emodb.yaml \
        --set corpus.root=FOLDER [--minutes 30]

Trains without Ray, one fold after the other in this process, and writes after each setting, so it
can be stopped; the same command goes on where it stopped. Architectures take turns. The record
holds scores and times alone, neither sound nor features nor what was said of a recording.
"""

import argparse
import itertools
import json
import logging
import platform
import random
import time
from pathlib import Path
from typing import Any

import torch

from ser_platform.config import load_experiment_file
from ser_platform.config.draft import key_path, put
from ser_platform.config.schema import Experiment, ExperimentFile
from ser_platform.config.search import draw
from ser_platform.corpora.folds import Fold
from ser_platform.dataset import Dataset
from ser_platform.features.cache import load_frames
from ser_platform.features.embeddings import load_vectors
from ser_platform.joining import build_dataset
from ser_platform.train.given import Given, look
from ser_platform.train.loop import Progress, fit
from ser_platform.train.ranks import Ranks

Setting = tuple[str, dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("experiment", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="key=value", dest="sets")
    parser.add_argument("--minutes", type=float, default=1e9)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    torch.set_num_threads(1)
    file = load_experiment_file(str(arguments.experiment), arguments.sets)
    given = look(file)
    datasets = {name: data(file.experiment(name), given) for name in file.architectures}
    path: Path = arguments.experiment.with_suffix(".json")
    trials = json.loads(path.read_text(encoding="utf-8"))["trials"] if path.exists() else []
    ends = time.monotonic() + 60 * arguments.minutes
    for architecture, values in settings(file)[len(trials) :]:
        if time.monotonic() > ends:
            break
        experiment = with_values(file.experiment(architecture), values)
        folds = [curves(experiment, datasets[architecture], fold) for fold in given.folds]
        trials.append({"architecture": architecture, "values": values, "folds": folds})
        write(path, file, given, trials)
        best = sum(max(fold["val_ua"]) for fold in folds) / len(folds)
        spent_s = sum(sum(fold["seconds"]) for fold in folds)
        print(f"{len(trials)} {architecture} {best:.3f} {spent_s:.0f} s", flush=True)


def settings(file: ExperimentFile) -> list[Setting]:
    """As many as the study has trials, the architectures in turn; the same list every time."""
    rng = random.Random(file.study.seed)
    names = list(file.architectures)
    turns = [names[i % len(names)] for i in range(file.study.trials)]
    return [
        (name, {key: draw(domain, rng) for key, domain in file.search_space(name).items()})
        for name in turns
    ]


def with_values(experiment: Experiment, values: dict[str, Any]) -> Experiment:
    changed = experiment.model_dump()
    for name, value in values.items():
        put(changed, key_path(name), value)
    return type(experiment).model_validate(changed)


def data(experiment: Experiment, given: Given) -> Dataset:
    utterances = given.corpus.utterances
    table = load_frames(given.store, utterances, experiment.features, digests=given.digests)
    vocabulary = {word.text for utterance in utterances for word in utterance.words}
    return build_dataset(utterances, table, load_vectors(experiment.embedding, vocabulary))


def curves(experiment: Experiment, dataset: Dataset, fold: Fold) -> dict[str, list[float]]:
    """Validation UA and CPU seconds of each epoch; the test part is not given to anybody."""
    clock = [time.process_time()]
    progress = fit(
        experiment,
        dataset,
        fold.number,
        dataset.rows(fold.train),
        dataset.rows(fold.validation),
        Ranks(),
        Progress(),
        lambda _: clock.append(time.process_time()),
    )
    return {
        "val_ua": [round(e.val_ua, 4) for e in progress.epochs if e.val_ua is not None],
        "seconds": [round(b - a, 3) for a, b in itertools.pairwise(clock)],
    }


def write(path: Path, file: ExperimentFile, given: Given, trials: list[dict[str, Any]]) -> None:
    """One line for each setting; replaced as a whole, so that no reader meets half of it."""
    made = {
        "corpus": given.corpus.name,
        "machine": f"one core, {platform.machine()}, torch {torch.__version__}",
        "utterances": len(given.corpus.utterances),
        "validation": [len(fold.validation) for fold in given.folds],
        "epochs": {name: file.experiment(name).train.epochs for name in file.architectures},
    }
    lines = ",\n".join(json.dumps(trial, separators=(",", ":")) for trial in trials)
    partial = path.with_suffix(".partial")
    record = f'{{"made":{json.dumps(made)},\n"trials":[\n{lines}\n]}}\n'
    partial.write_text(record, encoding="utf-8")
    partial.replace(path)


if __name__ == "__main__":
    main()
