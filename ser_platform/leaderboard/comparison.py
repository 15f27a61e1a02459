"""Paired tests of a group's rows against one of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from ser_platform.evidence.answers import answers
from ser_platform.evidence.entries import PairedTest
from ser_platform.evidence.holm import holm
from ser_platform.evidence.paired import these_pairs
from ser_platform.leaderboard.rank import Board, Group, Row

LEVEL = 0.05
"""Below it a corrected p is marked."""


@dataclass(frozen=True)
class Against:
    """One row of a group, and every other row tested against it."""

    reference: Row
    tests: Mapping[str, PairedTest]
    """By the first run id of the other row; differences are of that row less the reference."""
    asked: bool = False
    """Whether somebody named the reference; else it is the first of its group."""


Comparisons = Mapping[str, Against]
"""By protocol id: one for each group of a board."""


def paired_tests(group: Group, reference: Row) -> dict[str, PairedTest]:
    """Test every other row of a group against one, Holm over all of them.

    Raises:
        ResultError: when a row did not answer to the same utterances.
    """
    others = [row for row in group.rows if row.run_id != reference.run_id]
    systems = [answers(row.results) for row in (reference, *others)]
    pairs = [(place, 0) for place in range(1, len(systems))]
    tests = holm(list(these_pairs(systems, pairs).values()))
    return {row.run_id: test for row, test in zip(others, tests, strict=True)}


def comparisons(board: Board, reference: Row | None = None) -> dict[str, Against]:
    """Each group against its first row; the one that has ``reference``, against that."""
    found: dict[str, Against] = {}
    for group in board.groups:
        asked = reference is not None and reference.result.protocol_id == group.protocol_id
        row = reference if reference is not None and asked else group.rows[0]
        found[group.protocol_id] = Against(row, paired_tests(group, row), asked)
    return found
