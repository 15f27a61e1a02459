"""What the page shows of a group: protocol, scores beside each other, tests, rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ser_platform.evidence.entries import Estimate
from ser_platform.leaderboard.page_rows import Opened, opened
from ser_platform.leaderboard.page_tests import against_each, as_texts
from ser_platform.leaderboard.pictures import Galleries
from ser_platform.leaderboard.published import Published
from ser_platform.leaderboard.rank import Group, Row, in_words
from ser_platform.leaderboard.reference import CORPUS
from ser_platform.leaderboard.strips import Axis, axis, interval, printed
from ser_platform.tracking.layout import ON_TEST_NOTE, SYNTHETIC_NOTE


@dataclass(frozen=True)
class Line:
    """A row's score beside those of others."""

    row: Row
    strip: Markup


@dataclass(frozen=True)
class Printed:
    """The scores of one printed table."""

    source: str
    best: float
    strip: Markup


@dataclass(frozen=True)
class ShownGroup:
    """A group as the page's template reads it."""

    group: Group
    facts: tuple[tuple[str, str], ...]
    """Its protocol, in words."""
    banners: tuple[tuple[str, str], ...]
    """Tone and text."""
    axis: Axis
    lines: tuple[Line, ...]
    printed: tuple[Printed, ...]
    rows: tuple[Opened, ...]
    tests: dict[str, dict[str, dict[str, list[str | float]]]]


def shown(group: Group, galleries: Galleries, published: Sequence[Published]) -> ShownGroup:
    """A group, with printed figures beside where they are of its corpus."""
    beside = _by_source(published) if group.corpus == CORPUS else {}
    estimates = [row.evidence.pooled["ua"] for row in group.rows]
    shares = [ua for named in beside.values() for _, ua in named]
    on = axis([share for estimate in estimates for share in estimate] + shares)
    return ShownGroup(
        group=group,
        facts=tuple((name, in_words(value)) for name, value in group.protocol.items()),
        banners=tuple(_banners(group)),
        axis=on,
        lines=tuple(
            Line(row, _interval(on, found))
            for row, found in zip(group.rows, estimates, strict=True)
        ),
        printed=tuple(_printed(on, source, named) for source, named in beside.items()),
        rows=tuple(opened(group, galleries)),
        tests=as_texts(against_each(group)),
    )


_Named = list[tuple[str, float]]


def _by_source(published: Sequence[Published]) -> dict[str, _Named]:
    """Model and UA of every figure, by the table that it stands in."""
    found: dict[str, _Named] = {}
    for row in published:
        if row.ua is not None:
            found.setdefault(row.source, []).append((row.model, row.ua))
    return found


def _printed(on: Axis, source: str, named: _Named) -> Printed:
    says = "UA: " + ", ".join(f"{model} {percent(ua)}" for model, ua in named)
    return Printed(source, max(ua for _, ua in named), printed(on, named, says))


def _banners(group: Group) -> Iterator[tuple[str, str]]:
    if group.synthetic:
        yield "warning", SYNTHETIC_NOTE
    if group.selected_on_test:
        yield "bad", ON_TEST_NOTE


def _interval(on: Axis, found: Estimate) -> Markup:
    says = f"UA {percent(found.value)}, 95 % interval {bounds(found)}"
    return interval(on, found.value, (found.low, found.high), says)


def percent(share: float) -> str:
    """In %, to a tenth."""
    return f"{100 * share:.1f}"


def bounds(found: Estimate) -> str:
    """Both ends of an interval, in %."""
    return f"{percent(found.low)} to {percent(found.high)}"
