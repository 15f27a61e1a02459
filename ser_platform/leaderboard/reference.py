"""Which printed figures stand beside a board, and what is said of them."""

from collections.abc import Iterable

from ser_platform.leaderboard.published import NOTES, PUBLISHED, Published
from ser_platform.leaderboard.published_elsewhere import ELSEWHERE
from ser_platform.leaderboard.rank import Board

CORPUS = "iemocap"
"""Whose figures they all are."""


def reference_rows(board: Board) -> tuple[Published, ...]:
    """The papers' always: what is built here is theirs. Others' only beside results of IEMOCAP."""
    return (*PUBLISHED, *ELSEWHERE) if _has_corpus(board) else PUBLISHED


def heading(board: Board) -> str:
    """How far they may be read beside the board's."""
    if _has_corpus(board) or not board.groups:
        return (
            "Printed elsewhere, of IEMOCAP, for reference, in %: protocols differ, do not compare"
        )
    return (
        "Printed in the papers, in %: all of IEMOCAP, which no result above is of: another corpus "
        "is another task, do not compare"
    )


def protocols(rows: Iterable[Published]) -> dict[str, str]:
    """By source, what is known of the protocol of its figures."""
    elsewhere = {row.source.partition(", ")[0]: row.note for row in rows if not row.name}
    return {**NOTES, **elsewhere}


def _has_corpus(board: Board) -> bool:
    return any(group.corpus == CORPUS for group in board.groups)
