"""A study for other programs: trials as CSV or JSON, the best setting as an experiment file."""

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

import optuna
import yaml

from ser_platform.config import load_experiment_file, with_settings
from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import StudyError
from ser_platform.tune import attributes
from ser_platform.tune.best_settings import scored
from ser_platform.tune.record import Record, best, best_of_each, counted, num_folds, records
from ser_platform.tune.selection import TEST, score_of

Row = dict[str, Any]
STDOUT = Path("-")
"""In the place of a file."""


def rows(studies: Sequence[optuna.Study], file: ExperimentFile) -> list[Row]:
    """A row for each trial of each study; all have the same columns, settings last.

    Studies that select on test have ``test_ua`` in the place of ``val_ua``; where both are, both.
    """
    found = [(study, r) for study in studies for r in records(study, file)]
    keys = {study.study_name: score_of(study, file).key for study in studies}
    folds = max((num_folds(study, [r]) for study, r in found), default=0)
    settings = list(dict.fromkeys(s for _, r in found for s in r.settings))
    return [
        {
            "study": study.study_name,
            "test_fold": study.user_attrs.get(attributes.TEST_FOLD),
            "trial": r.number,
            "state": r.state,
            "architecture": r.architecture,
            **{
                key: r.val_ua if key == keys[study.study_name] else None
                for key in dict.fromkeys(keys.values())
            },
            **{
                f"fold{k + 1}": r.fold_uas[k] if k < len(r.fold_uas) else None
                for k in range(folds)
            },
            "seconds": r.seconds,
            "gpu_seconds": r.gpu_seconds,
            "num_parameters": r.num_parameters,
            "started": r.started.isoformat() if r.started else None,
            "ended": r.ended.isoformat() if r.ended else None,
            "reason": r.reason,
            **{s: r.settings.get(s) for s in settings},
        }
        for study, r in found
    ]


def write_csv(found: Sequence[Row], path: Path) -> None:
    """A line for each trial; what is not known is empty, folds are in the order of training."""
    if path == STDOUT:
        _write_lines(found, sys.stdout, "\n")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        _write_lines(found, file, "\r\n")


def _write_lines(found: Sequence[Row], file: TextIO, end: str) -> None:
    columns = list(found[0]) if found else ["study"]
    writer = csv.DictWriter(file, columns, lineterminator=end)
    writer.writeheader()
    writer.writerows(found)


def as_json(found: Sequence[Row]) -> str:
    """The same as JSON, null for what is not known."""
    return json.dumps({"trials": list(found)}, indent=2) + "\n"


def write_best(
    study: optuna.Study, file: ExperimentFile, architecture: str | None, path: Path
) -> Record:
    """Write an experiment file for ``train`` with the best setting in the place of its own.

    Args:
        study: one over all folds.
        file: what it was made of.
        architecture: of the study; None: that of the best trial.
        path: to write; an existing file is replaced.

    Raises:
        StudyError: when there is no such setting, or it is no setting for all folds.
    """
    top = _chosen(study, file, architecture)
    experiment = with_settings(file.experiment(top.architecture), top.settings)
    sections = experiment.model_dump(mode="json")
    own = {
        **sections,
        "name": f"{file.name[:59]}-best",
        "cluster": file.cluster.model_dump(mode="json"),
        "tracking": file.tracking.model_dump(mode="json"),
        "store": file.store,
        "cache": file.cache.model_dump(mode="json"),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(own, sort_keys=False, allow_unicode=True, width=95)
    path.write_text(_head(study, file, top, path) + text, encoding="utf-8")
    load_experiment_file(path)  # what we write is what we read
    return top


def _chosen(study: optuna.Study, file: ExperimentFile, architecture: str | None) -> Record:
    fold = study.user_attrs.get(attributes.TEST_FOLD)
    if fold is not None:
        raise StudyError(
            f"study {study.study_name} is for test part {fold} alone: what it selected has seen "
            "the other test parts, so it is no setting for all folds; search with protocol: "
            "shared for one, or take the settings of each part from --csv"
        )
    found = records(study, file)
    each = best_of_each(found)
    top = best(found) if architecture is None else each.get(architecture)
    if top is None:
        of = "" if architecture is None else f" of '{architecture}'"
        there = f"; there are {', '.join(each)}" if each else ""
        raise StudyError(f"study {study.study_name} has no complete trial{of}{there}")
    return top


def _head(study: optuna.Study, file: ExperimentFile, top: Record, path: Path) -> str:
    warnings = ["# Synthetic speech: scores mean nothing about people.\n"]
    if not study.user_attrs.get(attributes.SYNTHETIC):
        warnings = []
    score = score_of(study, file)
    if score == TEST:
        warnings.append("# Selected on the test part: its test scores say nothing.\n")
    return (
        f"# Best setting of {top.architecture} in study {study.study_name}, trial {top.number}:\n"
        f"# {score.words} {scored(top)} % over {counted(len(top.fold_uas), 'fold')}, on which it "
        "was selected.\n"
        f"{''.join(warnings)}#   python -m ser_platform.train {path}\n"
    )
