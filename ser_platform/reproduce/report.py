"""The tables as values: each row beside what is printed, tested against the proposed system."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ser_platform.errors import ResultError
from ser_platform.evidence.answers import answers
from ser_platform.evidence.entries import Evidence, PairedTest
from ser_platform.evidence.holm import holm
from ser_platform.evidence.paired import paired
from ser_platform.leaderboard.published import PROPOSED
from ser_platform.reproduce.outcome import Outcome
from ser_platform.results import RunResult


@dataclass(frozen=True)
class Line:
    """One row of a table."""

    outcome: Outcome
    test: PairedTest | None = None
    """Of it less the proposed row, corrected for all tests of the table; None where one of the
    two is not there, or where they are the same."""
    place_printed: int | None = None
    """By UA among the rows of the table that are done and have a printed UA, from 1."""
    place: int | None = None
    """The same by our UA."""

    @property
    def evidence(self) -> Evidence | None:
        """What its answers say; None unless it is done."""
        return self.outcome.evidence

    @property
    def is_proposed(self) -> bool:
        """Whether it is what the others of its table are tested against."""
        printed = self.outcome.row.printed
        return PROPOSED[printed.source] == printed.name

    @property
    def differences(self) -> tuple[float, float | None] | None:
        """WA and UA, ours less the printed; None where the two cannot be compared."""
        if self.evidence is None or not self.outcome.row.is_comparable:
            return None
        printed, ours = self.outcome.row.printed, self.evidence.pooled
        ua = None if printed.ua is None else ours["ua"].value - printed.ua
        return ours["wa"].value - printed.wa, ua


@dataclass(frozen=True)
class PaperTable:
    """One table of a paper."""

    source: str
    """``Xu 2019, table 1``."""
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Report:
    """All tables, and what they are of."""

    tables: tuple[PaperTable, ...]
    command: str
    """That makes them."""

    @property
    def lines(self) -> list[Line]:
        """Of all tables."""
        return [line for table in self.tables for line in table.lines]

    @property
    def first(self) -> RunResult | None:
        """Some result: all are of one corpus."""
        return next((r for line in self.lines for r in line.outcome.results), None)

    @property
    def corpus(self) -> str:
        """Its name, or while nothing is done its kind."""
        if self.first is not None:
            return str(self.first.protocol["corpus"])
        return self.lines[0].outcome.row.file.corpus.kind

    @property
    def is_comparable(self) -> bool:
        """Whether ours and the printed figures are of the same corpus."""
        return all(line.outcome.row.is_comparable for line in self.lines)


def report(outcomes: Sequence[Outcome], command: str) -> Report:
    """Put outcomes, in the order of their rows, into tables."""
    sources = dict.fromkeys(outcome.row.printed.source for outcome in outcomes)
    done = {outcome.row.name: outcome for outcome in outcomes if outcome.state == "done"}
    return Report(
        tuple(
            _table(source, [o for o in outcomes if o.row.printed.source == source], done)
            for source in sources
        ),
        command,
    )


def _table(source: str, outcomes: list[Outcome], done: dict[str, Outcome]) -> PaperTable:
    evidence = {o.row.name: o.evidence for o in outcomes if o.evidence is not None}
    tests = _tests([o for o in outcomes if o.state == "done"], done.get(PROPOSED[source]))
    printed = {o.row.name: ua for o in outcomes if (ua := o.row.printed.ua) is not None}
    both = [name for name in evidence if name in printed]
    places_printed = _places({name: printed[name] for name in both})
    places = _places({name: evidence[name].pooled["ua"].value for name in both})
    return PaperTable(
        source,
        tuple(
            Line(o, tests.get(name), places_printed.get(name), places.get(name))
            for o in outcomes
            for name in [o.row.name]
        ),
    )


def _tests(outcomes: Iterable[Outcome], proposed: Outcome | None) -> dict[str, PairedTest]:
    """Every row against the proposed one, where both answered to the same utterances."""
    if proposed is None:
        return {}
    other = answers(proposed.results)
    tests: dict[str, PairedTest] = {}
    for outcome in outcomes:
        if outcome.row.name == proposed.row.name:
            continue
        try:
            tests[outcome.row.name] = paired(answers(outcome.results), other)
        except ResultError:
            continue  # an engine may have heard nothing of some: shown as no test
    return dict(zip(tests, holm(list(tests.values())), strict=True))


def _places(scores: dict[str, float]) -> dict[str, int]:
    """From 1, the best first; equal scores share a place."""
    return {name: 1 + sum(o > score for o in scores.values()) for name, score in scores.items()}
