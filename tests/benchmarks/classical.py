"""Classical baselines on the folds of an experiment: what a network has to beat.

    python tests/benchmarks/classical.py experiments/emodb.yaml

Majority class, and openSMILE's eGeMAPS functionals (88 values per utterance) with a linear
support vector machine. In each fold C is the one with the best validation UA; then the machine
is trained on training and validation part together and scored on test once. The scaling is that
of what it is trained on or, as a variant, of each speaker by himself: the usual and better one,
which needs all utterances of a test speaker, though not their labels.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import opensmile
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ser_platform.config import load_experiment_file
from ser_platform.corpora import Corpus, read_corpus
from ser_platform.corpora.folds import Fold, make_folds
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import SerError
from ser_platform.features.audio import load
from ser_platform.features.base import SAMPLE_RATE_HZ
from ser_platform.metrics import Confusion, confusion, unweighted_accuracy
from ser_platform.results import score

C_VALUES = tuple(float(c) for c in np.logspace(-5, 0, 11))

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Data:
    """The corpus as arrays: one row per utterance."""

    values: Values
    labels: NDArray[np.int64]
    row: dict[str, int]
    """Utterance id -> row."""

    def side(self, ids: Sequence[str]) -> tuple[Values, NDArray[np.int64]]:
        rows = [self.row[i] for i in ids]
        return self.values[rows], self.labels[rows]


Scored = list[tuple[Confusion, float | None]]
"""For each fold the test part's confusion matrix, and the C that validation chose."""


def main() -> int:
    arguments = argparse.ArgumentParser(
        description="Classical baselines on the folds of an experiment."
    )
    arguments.add_argument("experiment", help="an experiment file; its corpus and split are used")
    arguments.add_argument("--set", action="append", default=[], metavar="key=value", dest="sets")
    given = arguments.parse_args()
    console = Console()
    try:
        file = load_experiment_file(given.experiment, given.sets)
        corpus = read_corpus(file.corpus)
        folds = make_folds(corpus.utterances, file.split)
        start = time.perf_counter()
        values = functionals(corpus, console)
    except SerError as error:
        console.print(f"error: {error}", style="red", markup=False)
        return error.exit_code
    console.print(f"eGeMAPS of {len(values)} recordings: {time.perf_counter() - start:.1f} s")
    console.print(table(corpus, baselines(corpus, folds, values)))
    return 0


def baselines(corpus: Corpus, folds: Sequence[Fold], values: Values) -> dict[str, Scored]:
    labels = np.array([EMOTIONS.index(u.emotion) for u in corpus.utterances])
    row = {u.id: i for i, u in enumerate(corpus.utterances)}
    data = Data(values, labels, row)
    by_speaker = Data(standardised(values, [u.speaker for u in corpus.utterances]), labels, row)
    return {
        "majority class": [(majority(data, fold), None) for fold in folds],
        "eGeMAPS + linear SVM": [machine(data, fold) for fold in folds],
        "the same, scaled per speaker": [machine(by_speaker, fold) for fold in folds],
    }


def table(corpus: Corpus, results: Mapping[str, Scored]) -> Table:
    folds = len(next(iter(results.values())))
    made = Table(title=f"{corpus.name}: {len(corpus.utterances)} utterances, {folds} folds, test")
    for column in ("", "WA", "UA", "WA over folds", "UA over folds", "C of each fold"):
        made.add_column(column)
    for name, scored in results.items():
        s = score([matrix for matrix, _ in scored])
        made.add_row(
            name,
            f"{s.wa:.3f}",
            f"{s.ua:.3f}",
            f"{s.wa_mean:.3f} ± {s.wa_std:.3f}",
            f"{s.ua_mean:.3f} ± {s.ua_std:.3f}",
            " ".join(f"{c:.0e}" for _, c in scored if c is not None),
        )
    return made


def functionals(corpus: Corpus, console: Console) -> Values:
    """``[utterances, 88]``."""
    smile = opensmile.Smile(
        feature_set=opensmile.FeatureSet.eGeMAPSv02,
        feature_level=opensmile.FeatureLevel.Functionals,
    )
    recordings = track(corpus.utterances, "eGeMAPS", console=console, transient=True)
    rows = [
        smile.process_signal(load(u.audio) / np.float32(2**15), SAMPLE_RATE_HZ).to_numpy()
        for u in recordings
    ]
    return np.concatenate(rows).astype(np.float64)


def standardised(values: Values, speakers: Sequence[str]) -> Values:
    """Each speaker's values with mean 0 and deviation 1."""
    scaled = np.empty_like(values)
    for speaker in set(speakers):
        own = np.array([s == speaker for s in speakers])
        scaled[own] = StandardScaler().fit_transform(values[own])
    return scaled


def majority(data: Data, fold: Fold) -> Confusion:
    """Always the most frequent emotion of training and validation."""
    _, known = data.side([*fold.train, *fold.validation])
    _, true = data.side(fold.test)
    most = np.bincount(known).argmax()
    return confusion(true, np.full_like(true, most), len(EMOTIONS))


def machine(data: Data, fold: Fold) -> tuple[Confusion, float | None]:
    """The support vector machine, its C chosen on the validation part."""
    by_c = {
        c: unweighted_accuracy(matrix)
        for c, matrix in zip(C_VALUES, _validation(data, fold), strict=True)
    }
    best = max(by_c, key=lambda c: by_c[c])  # the smallest of equals
    return _score(data, [*fold.train, *fold.validation], fold.test, best), best


def _validation(data: Data, fold: Fold) -> Iterator[Confusion]:
    for c in C_VALUES:
        yield _score(data, fold.train, fold.validation, c)


def _score(data: Data, known: Sequence[str], unknown: Sequence[str], c: float) -> Confusion:
    model = make_pipeline(StandardScaler(), SVC(kernel="linear", C=c, class_weight="balanced"))
    model.fit(*data.side(known))
    values, true = data.side(unknown)
    return confusion(true, model.predict(values), len(EMOTIONS))


if __name__ == "__main__":
    sys.exit(main())
