"""Made-up answers of known properties."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ser_platform.circumstances import Circumstances
from ser_platform.emotions import EMOTIONS
from ser_platform.evidence.answers import Answers
from ser_platform.results import Predictions, RunResult
from tests.runs import fold_result, run_result

CLASSES = len(EMOTIONS)
IEMOCAP = {"utterances": 5531, "dialogues": 151, "folds": 5}


def sure_of(predicted: NDArray[np.int64], confidence: float = 0.7) -> NDArray[np.float64]:
    """Rows of probabilities that name these classes: ``[..., N]`` to ``[..., N, C]``."""
    one_hot = np.eye(CLASSES)[predicted]
    return one_hot * confidence + (1 - one_hot) * (1 - confidence) / (CLASSES - 1)


def answered(
    true: NDArray[np.int64],
    predicted: NDArray[np.int64],
    clusters: NDArray[np.int64],
    **changes: object,
) -> Answers:
    """``predicted`` is ``[N]`` or, of several seeds, ``[S, N]``."""
    probabilities = sure_of(np.atleast_2d(predicted))
    fields: dict[str, object] = {
        "ids": tuple(f"u{n}" for n in range(len(true))),
        "speakers": tuple(f"speaker{k}" for k in clusters),
        "true": true,
        "probabilities": probabilities,
        "folds": np.ones_like(true),
        "clusters": clusters,
        "clustered_by": "speaker",
        "seeds": tuple(range(len(probabilities))),
        "circumstances": None,
    }
    return Answers(**(fields | changes))  # type: ignore[arg-type]


def noisy(
    rng: np.random.Generator, true: NDArray[np.int64], right: float | NDArray[np.float64]
) -> NDArray[np.int64]:
    """Answers that are right with that probability, else another class."""
    other = (true + rng.integers(1, CLASSES, len(true))) % CLASSES
    return np.where(rng.random(len(true)) < right, true, other)


def predictions(
    ids: Sequence[str],
    speakers: Sequence[str],
    true: NDArray[np.int64],
    probabilities: NDArray[np.float64],
) -> Predictions:
    return Predictions(
        ids=tuple(ids),
        speakers=tuple(speakers),
        true=tuple(true.tolist()),
        probabilities=tuple(tuple(row) for row in probabilities.tolist()),
    )


def iemocap_sized(seed: int, right: float = 0.6) -> RunResult:
    """A final with as many utterances, dialogues, speakers and folds as IEMOCAP has.

    Dialogues differ in how hard they are; probabilities are those of a softmax.
    """
    world, rng = np.random.default_rng(0), np.random.default_rng(seed)
    utterances, dialogues, folds = IEMOCAP["utterances"], IEMOCAP["dialogues"], IEMOCAP["folds"]
    dialogue = np.sort(np.arange(utterances) % dialogues)
    fold = 1 + dialogue * folds // dialogues
    woman = world.random(utterances) < 0.5
    true = world.integers(0, CLASSES, utterances)
    hard = world.normal(0, 0.5, dialogues)[dialogue]
    logits = rng.normal(size=(utterances, CLASSES))
    logits[np.arange(utterances), true] += 1.5 + hard + 2 * (right - 0.6)
    powers = np.exp(2 * logits)
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    ids = [f"u{n:04d}" for n in range(utterances)]
    speakers = [f"Ses{f:02d}{'F' if w else 'M'}" for f, w in zip(fold, woman, strict=True)]

    def part(rows: NDArray[np.int64]) -> Predictions:
        return predictions(
            [ids[r] for r in rows], [speakers[r] for r in rows], true[rows], probabilities[rows]
        )

    results = []
    for number in range(1, folds + 1):
        validation = np.flatnonzero(fold == number % folds + 1)[::2]
        parts = {"test": part(np.flatnonzero(fold == number)), "validation": part(validation)}
        results.append(fold_result(number).model_copy(update=parts))
    return run_result(
        seed,
        role="final",
        seed=seed,
        folds=tuple(results),
        circumstances=Circumstances(
            ids=tuple(ids),
            dialogues=tuple(f"dialogue{d}" for d in dialogue),
            sexes=tuple("F" if w else "M" for w in woman),
            styles=tuple("improvised" if d % 2 else "scripted" for d in dialogue),
            seconds=tuple(world.gamma(4, 1.1, utterances).tolist()),
            words=tuple(world.integers(1, 30, utterances).tolist()),
        ),
    )
