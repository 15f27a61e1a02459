"""The columns of a board that people read, and which of them give way where it is narrow."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from ser_platform.evidence.entries import Estimate, Score
from ser_platform.leaderboard.comparison import LEVEL, Against, Comparisons
from ser_platform.leaderboard.rank import Group, Row


@dataclass(frozen=True)
class Column:
    """A name, and what stands under it for a row."""

    name: str
    cell: Callable[[Row, Against], str]
    means: str = ""
    """For the legend; empty where the name says it."""


TEXTS = ("model", "study", "run", "transcript", "printed in")
"""To the left, in every table; numbers to the right."""
GIVE_WAY = (
    *(
        ("train",),
        ("params",),
        ("McNemar",),
        ("WA folds",),
        ("ECE",),
        ("F1",),
        ("scripted", "improvised"),
    ),
    *(("seeds",), ("UA folds",), ("study",), ("honest WA",)),
)
"""First to last, some together. Never: rank, model, UA, WA, what test's choice added, the test,
the run."""


def columns(group: Group, against: Against) -> list[Column]:
    """All that a group has."""
    return [
        _RANK,
        _MODEL,
        *_POOLED,
        *(_HONEST if group.selected_on_test else ()),
        *(_DIFFERENCE if against.asked else ()),
        _P,
        *(_MCNEMAR if against.asked else ()),
        *_SPREADS,
        *_styles(group),
        *_REST,
    ]


def explained(shown: Iterable[Column]) -> str:
    """What columns mean, in one line."""
    meanings = {column.name: column.means for column in shown if column.means}
    return f"In %. {'; '.join(f'{name}: {means}' for name, means in meanings.items())}."


def legend(groups: Iterable[Group], tested: Comparisons) -> str:
    """The same for all columns of some groups."""
    return explained(c for group in groups for c in columns(group, tested[group.protocol_id]))


def marks(row: Row) -> list[str]:
    """Behind the name of a model: what makes its score mean less."""
    flag = ["!TEST"] * row.result.selected_on_test
    return flag + [f"({row.result.scoring})"] * (row.result.scoring > 1)


def percent(share: float) -> str:
    """In %, to a tenth."""
    return f"{100 * share:.1f}"


def _estimate(value: Estimate) -> str:
    return f"{percent(value.value)} [{percent(value.low)}, {percent(value.high)}]"


def _difference(row: Row, against: Against) -> str:
    test = against.tests.get(row.run_id)
    if test is None:
        return "-"
    found = test.differences["ua"]
    return f"{100 * found.value:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"


def _p(row: Row, against: Against) -> str:
    test = against.tests.get(row.run_id)
    if test is None or test.holm is None:
        return "-"
    return _marked(test.holm["ua"])


def _mcnemar(row: Row, against: Against) -> str:
    test = against.tests.get(row.run_id)
    return "-" if test is None or test.mcnemar_holm is None else _marked(test.mcnemar_holm)


def _marked(p: float) -> str:
    return ("<0.001" if p < 0.001 else f"{p:.3f}") + "*" * (p < LEVEL)


def _spread(row: Row, score: Score) -> str:
    found = row.evidence.of_folds[score]
    return f"{percent(found.mean)}±{percent(found.std)}"


def _seeds(row: Row, _against: Against) -> str:
    found = row.evidence.of_seeds["ua"]
    several = len(found.values) > 1
    return f"{len(found.values)} ±{percent(found.std)}" if several else "1"


def _styles(group: Group) -> Iterator[Column]:
    """UA by style, where the corpus has styles."""
    there = {part.name for row in group.rows for part in row.evidence.subgroups}
    for style in ("scripted", "improvised"):
        if style in there:
            means = f"UA of {style} utterances"
            yield Column(style, lambda row, _, style=style: of_style(row, style), means)


def of_style(row: Row, style: str) -> str:
    """UA of the utterances of one style; empty where it is not known."""
    found = [s.ua for s in row.evidence.subgroups if (s.trait, s.name) == ("style", style)]
    return percent(found[0]) if found else ""


_RANK = Column("#", lambda row, _: str(row.rank))
_MODEL = Column("model", lambda row, _: " ".join([row.result.architecture, *marks(row)]))
_POOLED = (
    Column(
        "UA",
        lambda row, _: _estimate(row.evidence.pooled["ua"]),
        "recall averaged over classes, pooled over folds (the mean of several seeds), with its "
        "95 % interval",
    ),
    Column(
        "WA",
        lambda row, _: _estimate(row.evidence.pooled["wa"]),
        "accuracy over utterances, likewise",
    ),
)
_HONEST = (
    Column("honest WA", lambda row, _: percent(row.honest.wa) if row.honest else ""),
    Column("honest UA", lambda row, _: percent(row.honest.ua) if row.honest else ""),
    Column("gap", lambda row, _: "" if row.gap_ua is None else f"{100 * row.gap_ua:+.1f}"),
)
_DIFFERENCE = (Column("ΔUA", _difference, "UA less that of the row named, in points"),)
_P = Column("p", _p)
_MCNEMAR = (
    Column(
        "McNemar",
        _mcnemar,
        "exact p of right answers as if utterances were independent, Holm-corrected, of single "
        "seeds",
    ),
)
_SPREADS = (
    Column("F1", lambda row, _: percent(row.evidence.pooled["macro_f1"].value), "macro-averaged"),
    Column(
        "UA folds",
        lambda row, _: _spread(row, "ua"),
        "mean±standard deviation over folds, of the first seed",
    ),
    Column("WA folds", lambda row, _: _spread(row, "wa"), "likewise"),
    Column("seeds", _seeds, "how many, ±standard deviation of UA over them"),
)
_REST = (
    Column(
        "ECE",
        lambda row, _: percent(row.evidence.calibration.plain.ece),
        "expected calibration error in %",
    ),
    Column("params", lambda row, _: f"{row.num_parameters:,}", "weights of one network"),
    Column("train", lambda row, _: f"{row.result.seconds:.0f} s", "training of all folds"),
    Column("study", lambda row, _: row.result.study),
    Column("run", lambda row, _: row.run_id[:8]),
)
