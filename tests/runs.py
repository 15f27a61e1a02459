"""Made-up results that are valid throughout, for tests of what comes after training."""

import numpy as np

from ser_platform.circumstances import Circumstances
from ser_platform.emotions import EMOTIONS
from ser_platform.results import Epoch, FoldResult, Predictions, RunResult
from ser_platform.tracking import StudyInfo

FOLDS = 5
STUDY_KEY = "5" * 16
FINISHED_AT = 1_600_000_000.0
NOBODY = Circumstances(ids=(), dialogues=(), sexes=(), styles=(), seconds=(), words=())
"""A corpus without utterances."""
PROTOCOL = {
    "corpus": {"kind": "iemocap"},
    "split": {"by": "session", "validation": {"by": "speaker", "seed": 0}},
    "selection": "shared",
}


def predictions(right: float, fold: int, utterances: int = 40) -> Predictions:
    """A share ``right`` of the answers is right; the others name the next class."""
    true = np.arange(utterances) % len(EMOTIONS)
    is_right = np.arange(utterances) < right * utterances
    predicted = np.where(is_right, true, (true + 1) % len(EMOTIONS))
    probabilities = np.full((utterances, len(EMOTIONS)), 0.1)
    probabilities[np.arange(utterances), predicted] = 0.7
    return Predictions(
        ids=tuple(f"fold{fold}-{i}" for i in range(utterances)),
        speakers=tuple(f"speaker{fold}-{i % 2}" for i in range(utterances)),
        true=tuple(true.tolist()),
        probabilities=tuple(tuple(row) for row in probabilities.tolist()),
    )


def fold_result(fold: int, *, right: float = 0.5, test: bool = False) -> FoldResult:
    """Three epochs, the second of which is the best."""
    epochs = tuple(
        Epoch(train_loss=1.4 / n, val_loss=1.5 / n, val_wa=right, val_ua=ua, seconds=2.0)
        for n, ua in enumerate((right / 2, right, right / 4), start=1)
    )
    return FoldResult(
        fold=fold,
        held_out=f"session {fold}",
        best_epoch=2,
        epochs=epochs,
        validation=predictions(right, fold),
        test=predictions(right, fold) if test else None,
        num_parameters=12_345,
        workers=1,
        device="CPU",
        seconds=6.0,
        finished_at=FINISHED_AT + 10 * fold,
    )


def looked_result(fold: int, *, right: float, honest: float) -> FoldResult:
    """A fold whose third epoch was kept by its test score, and whose second would have been."""
    own = fold_result(fold, right=honest)
    return own.model_copy(
        update={
            "best_epoch": 3,
            "honest_epoch": 2,
            "test": predictions(right, fold),
            "honest_test": predictions(honest, fold),
            "epochs": tuple(
                e.model_copy(update={"test_loss": 1 / n, "test_wa": ua, "test_ua": ua})
                for n, (e, ua) in enumerate(
                    zip(own.epochs, (0.2, honest, right), strict=True), start=1
                )
            ),
        }
    )


def looked_run(
    number: int | None = 0, *, right: float = 0.8, honest: float = 0.7, **changes: object
) -> RunResult:
    """As :func:`run_result`, selected on test."""
    folds = tuple(looked_result(n, right=right, honest=honest) for n in range(1, FOLDS + 1))
    return run_result(
        number, **{"folds": folds, "protocol": {**PROTOCOL, "selected_on": "test"}, **changes}
    )


def unvalidated(run: RunResult) -> RunResult:
    """The same with ``protocol: paper``."""
    bare = {"val_loss": None, "val_wa": None, "val_ua": None}
    folds = tuple(
        fold.model_copy(
            update={
                "validation": None,
                "epochs": tuple(epoch.model_copy(update=bare) for epoch in fold.epochs),
            }
        )
        for fold in run.folds
    )
    protocol = {**run.protocol, "split": {"by": "session"}, "selection": "paper"}
    return run.model_copy(update={"folds": folds, "protocol": protocol})


def run_result(number: int | None = 0, *, right: float = 0.5, **changes: object) -> RunResult:
    """A trial, or with ``role="final"`` a final; ``changes`` are fields of RunResult."""
    test = changes.get("role") == "final"
    fields: dict[str, object] = {
        "role": "trial",
        "study": "demo",
        "study_key": STUDY_KEY,
        "architecture": "wise",
        "number": number,
        "run_key": f"{number or 0:016x}",
        "signature": "0a1b2c3d",
        "experiment": {"name": "demo", "model": {"kind": "wise", "dropout": 0.3}},
        "settings": {"model.dropout": 0.3},
        "protocol": PROTOCOL,
        "data": {"features": "feedbeef"},
        "environment": {"torch": "2.13.0"},
        "synthetic": False,
        "folds": tuple(fold_result(n, right=right, test=test) for n in range(1, FOLDS + 1)),
        "num_folds": FOLDS,
    }
    return RunResult.model_validate(fields | changes)


def study_info(study_key: str = STUDY_KEY, *, synthetic: bool = False) -> StudyInfo:
    """The study those results belong to."""
    return StudyInfo(
        name="demo",
        study_key=study_key,
        experiment={"name": "demo"},
        command="python -m ser_platform.tune experiments/demo.yaml",
        environment={"torch": "2.13.0"},
        architectures=("wise",),
        synthetic=synthetic,
    )
