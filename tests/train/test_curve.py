"""Scores along a sweep, as figure, CSV and table."""

import csv
import io

import pytest
from rich.console import Console

from ser_platform.config.sweep import Point
from ser_platform.results import score
from ser_platform.train.curve import Scored, as_csv, figure, note, table
from tests.runs import fold_result, run_result

VALUES = {0.0: 0.8, 0.147: 0.6, 0.5: 0.4}
"""Word error rate -> share of right answers."""


def scored(architecture: str, wer: float, right: float, *, synthetic: bool = False) -> Scored:
    folds = tuple(fold_result(n, right=right + n / 100, test=True) for n in range(1, 6))
    result = run_result(
        None,
        role="final",
        architecture=architecture,
        folds=folds,
        protocol={"corpus": "demo"},
        synthetic=synthetic,
    )
    # Nothing here looks at the file of a point.
    return Scored(Point("transcript.wer", wer, None), wer, result)  # type: ignore[arg-type]


@pytest.fixture
def curve() -> list[Scored]:
    return [
        scored(name, wer, right, synthetic=True)
        for wer, right in VALUES.items()
        for name in ("wise", "alignment")
    ]


def test_the_note_says_what_is_drawn(curve: list[Scored]) -> None:
    assert note(curve) == "pooled over test folds, with 95 % bootstrap intervals by speaker"


def test_estimates_are_the_pooled_scores_inside_their_intervals() -> None:
    point = scored("wise", 0.1, 0.6)
    pooled = score(point.result.fold_matrices("test"))
    ua, wa = point.estimates["UA"], point.estimates["WA"]
    assert (ua.value, wa.value) == (pooled.ua, pooled.wa)
    assert ua.low <= ua.value <= ua.high
    assert wa.low <= wa.value <= wa.high
    assert point.estimates == point.estimates


def test_the_csv_has_a_line_for_each_run(curve: list[Scored]) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(curve).decode())))
    assert [(row["architecture"], float(row["value"])) for row in rows] == [
        (name, wer) for wer in VALUES for name in ("wise", "alignment")
    ]
    assert float(rows[0]["ua"]) == curve[0].estimates["UA"].value
    assert {row["synthetic"] for row in rows} == {"true"}


def test_the_table_shows_scores_with_their_intervals(curve: list[Scored]) -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(table(curve))
    lines = [line.split() for line in console.export_text().splitlines() if "wise" in line]
    assert [line[1] for line in lines] == ["0", "0.147", "0.5"]
    ua = curve[0].estimates["UA"]
    assert f"{100 * ua.value:.1f} [{100 * ua.low:.1f}, {100 * ua.high:.1f}]" in " ".join(lines[0])


def test_the_figure_is_a_picture(curve: list[Scored]) -> None:
    assert figure(curve).startswith(b"\x89PNG")
