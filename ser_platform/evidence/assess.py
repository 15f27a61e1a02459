"""Everything that the test answers of one system say."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ser_platform.emotions import EMOTIONS
from ser_platform.evidence.answers import Answers, answers
from ser_platform.evidence.calibration import calibration
from ser_platform.evidence.entries import SCORES, Estimate, Evidence, Spread
from ser_platform.evidence.intervals import clustered
from ser_platform.evidence.scores import SCORERS, recalls
from ser_platform.evidence.subgroups import subgroups
from ser_platform.results import RunResult


def assess(results: Sequence[RunResult]) -> Evidence:
    """Assess one system by its complete finals, which differ by their seed.

    Raises:
        ResultError: when they are not of the same utterances.
    """
    found = answers(results)
    counts = found.counts()
    total = counts.sum(axis=0) * len(results)
    matrices = [np.stack(result.fold_matrices("test")) for result in results]
    return Evidence(
        utterances=len(found.ids),
        clusters=found.num_clusters,
        clustered_by=found.clustered_by,
        seeds=found.seeds,
        pooled={name: clustered(counts, SCORERS[name]) for name in SCORES},
        recalls=_recalls(found),
        of_folds={name: _spread(SCORERS[name](matrices[0])) for name in SCORES},
        of_seeds={
            name: _spread(SCORERS[name](np.stack([m.sum(axis=0) for m in matrices])))
            for name in SCORES
        },
        matrix=tuple(tuple(row) for row in np.rint(total).astype(int).tolist()),
        calibration=calibration(results),
        subgroups=subgroups(found),
    )


def _recalls(found: Answers) -> dict[str, Estimate]:
    """Of each class by the utterances that have it: a class is a fraction of them all."""
    return {
        emotion: clustered(found.counts(of_class), lambda sums, i=number: recalls(sums)[:, i])
        for number, emotion in enumerate(EMOTIONS)
        for of_class in [found.true == number]
        if of_class.any()
    }


def _spread(values: NDArray[np.float64]) -> Spread:
    std = float(np.std(values, ddof=1)) if len(values) > 1 else 0.0
    return Spread(values=tuple(values.tolist()), mean=float(np.mean(values)), std=std)
