"""What the page shows of one row when it is opened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ser_platform.leaderboard.charts import colour, curves, reliability
from ser_platform.leaderboard.page_settings import Setting, differing
from ser_platform.leaderboard.page_subgroups import Subgroups, subgroups
from ser_platform.leaderboard.pictures import Galleries, Gallery
from ser_platform.leaderboard.rank import Group, Row
from ser_platform.results import FoldResult
from ser_platform.tracking.layout import scoring_note, selected_on_test_note


@dataclass(frozen=True)
class Chart:
    """A drawing under its title."""

    title: str
    drawing: Markup
    caption: str


@dataclass(frozen=True)
class Fold:
    """A line of the table of folds, which is the legend of the curves."""

    number: int
    colour: str
    held_out: str
    ua: float
    kept: str
    seconds: float


@dataclass(frozen=True)
class Opened:
    """All of one row."""

    row: Row
    notes: tuple[str, ...]
    folds: tuple[Fold, ...]
    charts: tuple[Chart, ...]
    subgroups: Subgroups
    settings: tuple[Setting, ...]
    gallery: Gallery


def opened(group: Group, galleries: Galleries) -> list[Opened]:
    """Every row of a group, in its order."""
    return [
        Opened(
            row=row,
            notes=tuple(_notes(row)),
            folds=tuple(_folds(row)),
            charts=tuple(_charts(row)),
            subgroups=subgroups(row),
            settings=settings,
            gallery=galleries.of(row),
        )
        for row, settings in zip(group.rows, differing(group), strict=True)
    ]


def _notes(row: Row) -> Iterator[str]:
    if row.result.selected_on_test:
        yield selected_on_test_note(row.result)
    if row.result.scoring > 1:
        yield scoring_note(row.result.scoring)


def _folds(row: Row) -> Iterator[Fold]:
    uas = row.evidence.of_folds["ua"].values
    for fold, ua in zip(row.result.folds, uas, strict=True):
        kept = f"{fold.best_epoch} of {len(fold.epochs)}"
        yield Fold(fold.fold, colour(fold.fold), fold.held_out, ua, kept, fold.seconds)


def _charts(row: Row) -> Iterator[Chart]:
    folds: Sequence[FoldResult] = row.result.folds
    seed = f" Seed {row.result.seed}." if len(row.results) > 1 else ""
    loss = curves(folds, lambda e: e.train_loss, "Training loss by epoch and fold")
    part = "Test" if row.result.selected_on_test else "Validation"
    ua = curves(
        folds,
        lambda e: None if e.selected_ua is None else 100 * e.selected_ua,
        f"{part} UA by epoch and fold",
    )
    if loss is not None:
        yield Chart("Training loss", loss, f"A line for each fold; dots are kept epochs.{seed}")
    if ua is not None:
        chose = "It chose the epoch that is kept." if part == "Test" else "It chooses the epoch."
        yield Chart(f"{part} UA, %", ua, f"{chose}{seed}")
    yield Chart(
        "Calibration: right answers, %", reliability(row.evidence.calibration), _calibrated(row)
    )


def _calibrated(row: Row) -> str:
    found = row.evidence.calibration
    plain = f"As it answers (blue): ECE {100 * found.plain.ece:.1f} %."
    if found.scaled is None:
        return f"{plain} No validation part to choose a temperature by."
    low, high = (f"{end(found.temperatures):.2f}" for end in (min, max))
    by = low if low == high else f"{low} to {high}"
    return (
        f"{plain} With a temperature that validation chose ({by}; orange): "
        f"ECE {100 * found.scaled.ece:.1f} %. Bars: share of all answers."
    )
