"""What is to be known of rows and groups before their scores are believed, in words."""

from collections.abc import Iterator, Sequence

from ser_platform.leaderboard.comparison import LEVEL, Against
from ser_platform.leaderboard.rank import Group, Row
from ser_platform.tracking.entries import LoggedFinal
from ser_platform.tracking.layout import (
    ON_TEST_NOTE,
    SYNTHETIC_NOTE,
    scoring_note,
    selected_on_test_note,
)

LOOKED_AGAIN = (
    "(2) and up: the test part had been scored before, after another selection of the same study."
)
HONEST = (
    '"honest": the same training, its epoch chosen without a look at the test part; "gap": the '
    "points of UA that the look added."
)


def warnings(group: Group) -> Iterator[str]:
    """What stands above a group."""
    if group.synthetic:
        yield SYNTHETIC_NOTE
    if group.selected_on_test:
        yield ON_TEST_NOTE


def explanations(group: Group, against: Against) -> Iterator[str]:
    """What stands beneath it."""
    if group.selected_on_test:
        yield HONEST
    if any(row.result.scoring > 1 for row in group.rows):
        yield LOOKED_AGAIN
    yield how_tested(group, against)


def how_tested(group: Group, against: Against) -> str:
    """What was drawn for the intervals, and which tests there were."""
    evidence = group.rows[0].evidence
    drawn = f"{evidence.utterances:,} utterances of {evidence.clusters} {evidence.clustered_by}s"
    if not against.tests:
        return f"{drawn}, drawn as wholes for the intervals. One row: nothing to test it against."
    tests = len(against.tests)
    return (
        f"{drawn}, drawn as wholes for intervals and tests. p: UA differs from that of "
        f"{_called(against.reference)}, paired permutation, Holm-corrected for {tests} "
        f"test{'s' * (tests > 1)}; * is below {LEVEL:g}."
    )


def of_row(row: Row) -> Iterator[str]:
    """What is to be known of one result."""
    if row.result.synthetic:
        yield SYNTHETIC_NOTE
    if row.result.selected_on_test:
        yield selected_on_test_note(row.result)
    if row.result.scoring > 1:
        yield scoring_note(row.result.scoring)


def unranked(final: LoggedFinal) -> str:
    """A result without a score, and why."""
    return f"{final.architecture}, study {final.study}, run {final.run_id[:8]}: {final.problem}"


def not_compared(others: Sequence[Group], reference: Row) -> str:
    """Why rows of other protocols have no test against a row that was named."""
    rows, groups = sum(len(group.rows) for group in others), len(others)
    return (
        f"{rows} row{'s' * (rows > 1)} of {groups} other protocol{'s' * (groups > 1)} "
        f"{'are' if rows > 1 else 'is'} not compared with {_called(reference)}: another protocol "
        "is another question."
    )


def _called(row: Row) -> str:
    return f"{row.result.architecture} ({row.run_id[:8]})"
