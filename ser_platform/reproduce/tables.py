"""The tables in words: what every way of writing them shows."""

from collections.abc import Iterator
from dataclasses import dataclass

from ser_platform.evidence.entries import Estimate, Score
from ser_platform.leaderboard.published import NOTES
from ser_platform.leaderboard.rank import in_words
from ser_platform.pages.page import Table
from ser_platform.reproduce.report import Line, PaperTable, Report
from ser_platform.tracking.layout import ON_TEST_NOTE, SYNTHETIC_NOTE

COLUMNS = (
    *("row", "system", "printed WA/UA", "WA", "UA", "difference", "order", "p"),
    *("protocol", "train", "GPU", "parameters"),
)
NAMES = 2
"""So many columns from the left are text."""
_NOTHING = "-"
_LEGEND = (
    "WA and UA in %, pooled over all folds, with 95 % intervals (bootstrap over {clusters}). "
    "difference: ours less the printed, in points of WA/UA. order: place by UA among the rows of "
    "the table that are done and have a printed UA, in the paper and here. p: paired permutation "
    "test of UA against the row that the paper proposes, on the same utterances, corrected for "
    "all tests of the table (Holm); - where one of the two is not there, or they answered to "
    "different utterances. protocol: equal where results may be ranked together. train: "
    "seconds of training over all folds and seeds; GPU: the same in seconds of one GPU."
)


@dataclass(frozen=True)
class Words:
    """A report, ready to be written."""

    warnings: tuple[str, ...]
    """What makes its numbers mean less; before everything else."""
    head: tuple[str, ...]
    tables: tuple[Table, ...]
    notes: tuple[str, ...]


def in_full(report: Report) -> Words:
    """Everything."""
    return Words(
        warnings=tuple(_warnings(report)),
        head=(f"Made by: {report.command}",),
        tables=tuple(table_in_words(table) for table in report.tables),
        notes=tuple(_notes(report)),
    )


def table_in_words(table: PaperTable) -> Table:
    """One table, its rows as the paper orders them."""
    rows = [line_in_words(line) for line in table.lines]
    return Table(table.source, COLUMNS, rows, NAMES)


def line_in_words(line: Line) -> list[str]:
    """The cells of a row."""
    outcome, printed = line.outcome, line.outcome.row.printed
    ua = _NOTHING if printed.ua is None else _percent(printed.ua)
    head = [printed.name, printed.model, f"{_percent(printed.wa)}/{ua}"]
    if line.evidence is None:
        return [*head, outcome.state, *[_NOTHING] * (len(COLUMNS) - len(head) - 1)]
    results, pooled = outcome.results, line.evidence.pooled
    gpu = sum(result.gpu_seconds for result in results)
    return [
        *head,
        _interval(pooled["wa"]),
        _interval(pooled["ua"]),
        _difference(line),
        _NOTHING if line.place is None else f"{line.place_printed} → {line.place}",
        _p(line, "ua"),
        results[0].protocol_id,
        f"{sum(result.seconds for result in results):.0f} s",
        f"{gpu:.0f} s" if gpu else _NOTHING,
        f"{max(fold.num_parameters for r in results for fold in r.folds):,}",
    ]


def _warnings(report: Report) -> Iterator[str]:
    first = report.first
    if first is not None and first.synthetic:
        yield SYNTHETIC_NOTE
    if first is not None and first.selected_on_test:
        yield ON_TEST_NOTE
    if not report.is_comparable:
        yield (
            f"Printed figures are of IEMOCAP, ours of {report.corpus}: they cannot be compared. "
            "What can be read is the order of the systems, and the paired tests between ours."
        )


def _notes(report: Report) -> Iterator[str]:
    by = {line.evidence.clustered_by for line in report.lines if line.evidence}
    yield _LEGEND.format(clusters=" and ".join(f"{name}s" for name in sorted(by)) or "clusters")
    seeds = {seed for line in report.lines if line.evidence for seed in line.evidence.seeds}
    if len(seeds) > 1:
        yield f"Scores are means over {len(seeds)} seeds of training."
    for (state, reason), names in _without_score(report).items():
        yield f"{state}: {', '.join(names)}: {reason or 'the same command goes on with them'}"
    for identity, words in _protocols(report).items():
        yield f"protocol {identity}: {words}"
    papers = [paper for paper in NOTES if any(_quotes(line, paper) for line in report.lines)]
    for paper in papers:
        yield f"Printed by {paper}: {NOTES[paper]}."


def _without_score(report: Report) -> dict[tuple[str, str], list[str]]:
    """Rows by why they have no score."""
    found: dict[tuple[str, str], list[str]] = {}
    for outcome in (line.outcome for line in report.lines if line.evidence is None):
        found.setdefault((outcome.state, outcome.reason), []).append(outcome.row.name)
    return found


def _quotes(line: Line, paper: str) -> bool:
    return line.outcome.row.printed.note == NOTES[paper]


def _protocols(report: Report) -> dict[str, str]:
    results = [r for line in report.lines for r in line.outcome.results]
    return {
        r.protocol_id: " · ".join(f"{name} {in_words(v)}" for name, v in r.protocol.items())
        for r in results
    }


def _difference(line: Line) -> str:
    if line.differences is None:
        return "another corpus"
    wa, ua = line.differences
    return f"{100 * wa:+.1f}/{_NOTHING if ua is None else f'{100 * ua:+.1f}'}"


def _p(line: Line, score: Score) -> str:
    if line.is_proposed:
        return "proposed"
    if line.test is None or line.test.holm is None:
        return _NOTHING
    p = line.test.holm[score]
    return "<0.001" if p < 0.001 else f"{p:.3f}"


def _interval(estimate: Estimate) -> str:
    value, low, high = map(_percent, estimate)
    return f"{value} [{low}, {high}]"


def _percent(share: float) -> str:
    return f"{100 * share:.1f}"
