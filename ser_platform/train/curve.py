"""What a sweep gave: scores with intervals at every point, as figure, CSV and lines of text."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rich import box
from rich.table import Table

from ser_platform.config.sweep import Point
from ser_platform.evidence.answers import Answers, answers
from ser_platform.evidence.entries import Estimate
from ser_platform.evidence.intervals import clustered
from ser_platform.evidence.scores import ua, wa
from ser_platform.results import RunResult
from ser_platform.tracking.layout import SYNTHETIC_NOTE
from ser_platform.tracking.sweep_figure import draw_sweep

WER = "transcript.wer"
_SCORES = {"UA": ua, "WA": wa}


@dataclass(frozen=True)
class Scored:
    """One architecture at one point of a sweep."""

    point: Point
    wer: float
    """Counted, of its transcripts."""
    result: RunResult

    @cached_property
    def answers(self) -> Answers:
        """To its test parts."""
        return answers([self.result])

    @cached_property
    def estimates(self) -> dict[str, Estimate]:
        """Pooled test UA and WA with 95 % intervals; the same numbers every time."""
        counts = self.answers.counts()
        return {name: clustered(counts, score) for name, score in _SCORES.items()}


def note(curve: Sequence[Scored]) -> str:
    """What the scores of a curve are, in words."""
    drawn = curve[0].answers.clustered_by
    return f"pooled over test folds, with 95 % bootstrap intervals by {drawn}"


def figure(curve: Sequence[Scored]) -> bytes:
    """UA and WA over the values of the setting, a line for each architecture, as PNG."""
    first = curve[0]
    totals = np.bincount(first.answers.true)
    chance = {"UA": 1 / np.count_nonzero(totals), "WA": totals.max() / totals.sum()}
    by_score = {
        name: (
            {
                architecture: [
                    (s.point.value, s.estimates[name])
                    for s in curve
                    if s.result.architecture == architecture
                ]
                for architecture in dict.fromkeys(s.result.architecture for s in curve)
            },
            float(chance[name]),
        )
        for name in _SCORES
    }
    is_wer = first.point.setting == WER
    notes = [note(curve), *([SYNTHETIC_NOTE] if first.result.synthetic else [])]
    return draw_sweep(
        by_score,
        "word error rate, %" if is_wer else first.point.setting,
        f"{first.result.study}: {first.result.protocol['corpus']}",
        percent=is_wer,
        note=". ".join(notes),
    )


def as_csv(curve: Sequence[Scored]) -> bytes:
    """A line for each run; shares, not rounded."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    scores = [f"{name}{part}" for name in ("ua", "wa") for part in ("", "_low", "_high")]
    writer.writerow(
        ["setting", "value", "wer", "architecture", *scores, "synthetic", "run_key", "signature"]
    )
    for scored in curve:
        estimates = scored.estimates
        writer.writerow(
            [
                scored.point.setting,
                scored.point.value,
                scored.wer,
                scored.result.architecture,
                *estimates["UA"],
                *estimates["WA"],
                str(scored.result.synthetic).lower(),
                scored.result.run_key,
                scored.result.signature,
            ]
        )
    return text.getvalue().encode()


def table(curve: Sequence[Scored]) -> Table:
    """UA and WA with their intervals, a line for each run."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    shown.add_column("model", no_wrap=True)
    for name in (curve[0].point.setting, "counted WER", "UA", "WA"):
        shown.add_column(name, justify="right", no_wrap=True)
    for scored in sorted(curve, key=lambda s: (s.result.architecture, s.point.value)):
        shown.add_row(
            scored.result.architecture,
            f"{scored.point.value:g}",
            f"{100 * scored.wer:.1f}",
            *(_cell(scored.estimates[name]) for name in _SCORES),
        )
    return shown


def _cell(estimate: Estimate) -> str:
    value, low, high = (f"{100 * share:.1f}" for share in estimate)
    return f"{value} [{low}, {high}]"
