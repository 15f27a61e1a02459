"""The best settings of a study beside the file's own and the papers', and as text to paste."""

import shlex
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import yaml

from ser_platform.config.draft import key_path, put
from ser_platform.config.papers import paper_value
from ser_platform.config.schema import ExperimentFile
from ser_platform.config.search import value_of
from ser_platform.pages.page import Table
from ser_platform.tune.record import Record, counted, shown_value
from ser_platform.tune.selection import Score


def settings_table(
    file: ExperimentFile, found: Sequence[Record], top: Record, score: Score
) -> Table:
    """Searched settings of one architecture: best found, the file's own, the paper's."""
    experiment = file.experiment(top.architecture)
    names = list(file.search_space(top.architecture))
    own = {s: value_of(experiment, s) for s in names}
    papers = {s: paper_value(experiment, s) for s in names}
    like = [r for r in found if r.architecture == top.architecture and r.state == "complete"]
    scores = [f"{score.words}, %", scored(top), *(_score_of(like, s) for s in (own, papers))]
    rows = [[s, *(_cell(point.get(s)) for point in (top.settings, own, papers))] for s in names]
    return Table(
        f"{top.architecture}: best of {counted(len(like), 'complete trial')}. Scores: mean and "
        "deviation over folds; a dash: not tried, or not in the paper.",
        ["", f"best: trial {top.number}", "the file's own", "the paper's own"],
        [scores, *rows],
    )


def scored(record: Record) -> str:
    """Mean and deviation over folds, in percent; the deviation as results have theirs."""
    several = len(record.fold_uas) > 1
    spread = f" ± {100 * np.std(record.fold_uas, ddof=1):.1f}" if several else ""
    return f"{100 * (record.val_ua or 0):.1f}{spread}"


def as_yaml(settings: Mapping[str, Any]) -> str:
    """Lines of an experiment file; with every digit, so that stored results are found again."""
    nested: dict[str, Any] = {}
    for name, value in settings.items():
        put(nested, key_path(name), value)
    return yaml.safe_dump(nested, default_flow_style=None, sort_keys=False, width=1000)


def as_overrides(file: ExperimentFile, architecture: str, settings: Mapping[str, Any]) -> str:
    """The same as ``--set`` arguments of a shell."""
    prefix = f"study.architectures.{architecture}." if file.study.architectures else ""
    return " ".join(
        f"--set {shlex.quote(f'{prefix}{name}={_scalar(value)}')}"
        for name, value in settings.items()
    )


def _scalar(value: Any) -> str:
    return yaml.safe_dump(value, default_flow_style=True, width=1000).splitlines()[0]


def _score_of(found: Sequence[Record], settings: Mapping[str, Any]) -> str:
    """Of the trial that tried those settings."""
    tried = (r for r in found if all(r.settings.get(s) == v for s, v in settings.items()))
    record = next(tried, None)
    return "-" if record is None or None in settings.values() else scored(record)


def _cell(value: Any) -> str:
    return "-" if value is None else shown_value(value)
