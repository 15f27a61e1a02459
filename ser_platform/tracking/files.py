"""The files of a run: its whole result, and what people open in the UI."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ser_platform.emotions import EMOTIONS
from ser_platform.results import Part, RunResult, score
from ser_platform.tracking.entries import StudyInfo
from ser_platform.tracking.figure import draw_confusion
from ser_platform.tracking.layout import ON_TEST_NOTE, SYNTHETIC_NOTE
from ser_platform.tracking.previews import draw_curves, draw_reliability
from ser_platform.tracking.proof import Final
from ser_platform.tracking.result_file import RESULT_FILE, result_bytes


def write_files(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files by their paths in the folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def write_run_files(run: RunResult, folder: Path) -> None:
    """Write every artifact of a trial or a final."""
    (folder / RESULT_FILE).write_bytes(result_bytes(run))
    _write_json(folder / "experiment.json", run.experiment)
    _write_json(folder / "environment.json", run.environment)
    _write_json(folder / "data.json", run.data)
    if not run.folds:
        return
    _write_json(folder / "confusion.json", confusions(run))
    part: Part = "test" if run.fold_matrices("test") else "validation"
    matrices = run.fold_matrices(part)
    scores = score(matrices)
    draw_confusion(
        np.sum(matrices, axis=0),
        EMOTIONS,
        f"{run.study}, {run.architecture}: {part}, {len(matrices)} of {run.num_folds} folds\n"
        f"WA {scores.wa:.1%}, UA {scores.ua:.1%} (pooled)",
        folder / "confusion.png",
        note="\n".join([ON_TEST_NOTE] * run.selected_on_test + [SYNTHETIC_NOTE] * run.synthetic),
    )


def write_evidence_files(final: Final, folder: Path) -> None:
    """Write what only a complete final has: MLflow draws the curves of trials itself."""
    (folder / "evidence.json").write_text(final.evidence.model_dump_json(indent=1) + "\n")
    draw_curves(final.run, folder / "curves.png")
    draw_reliability(
        final.evidence.calibration,
        f"{final.run.study}, {final.run.architecture}: test, {final.run.num_folds} folds",
        folder / "reliability.png",
    )


def write_study_files(study: StudyInfo, folder: Path) -> None:
    """Write every artifact of the parent run."""
    _write_json(folder / "experiment.json", study.experiment)
    _write_json(folder / "environment.json", study.environment)


def confusions(run: RunResult) -> dict[str, Any]:
    """Confusion matrices of each part, pooled and by fold; rows are the true classes."""
    parts: tuple[Part, ...] = ("validation", "test", "honest_test")
    return {
        "labels": list(EMOTIONS),
        "rows": "true",
        "columns": "predicted",
        **{part: _confusions(run, part) for part in parts if run.fold_matrices(part)},
    }


def _confusions(run: RunResult, part: Part) -> dict[str, Any]:
    pooled = np.sum(run.fold_matrices(part), axis=0)
    by_fold = {
        f"fold{fold.fold}": predictions.matrix.tolist()
        for fold in run.folds
        if (predictions := getattr(fold, part)) is not None
    }
    return {"pooled": pooled.tolist(), **by_fold}


def _write_json(path: Path, content: dict[str, Any]) -> None:
    path.write_text(json.dumps(content, indent=2) + "\n")
