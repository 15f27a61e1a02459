"""What a person names on a board: a protocol, a row."""

from collections.abc import Iterator
from dataclasses import replace

from ser_platform.errors import ResultError
from ser_platform.leaderboard.rank import Board, Row

_SHOWN = 8
"""Digits of a run id that the board shows."""


def only_protocol(board: Board, name: str) -> Board:
    """The group whose protocol id begins with ``name``; what is not ranked has no protocol.

    Raises:
        ResultError: when there is none, or there are several.
    """
    chosen = [group for group in board.groups if group.protocol_id.startswith(name)]
    if len(chosen) != 1:
        there = ", ".join(
            f"{group.protocol_id} ({len(group.rows)} row{'s' * (len(group.rows) > 1)})"
            for group in chosen or board.groups
        )
        found = f"{len(chosen)} protocols begin with" if chosen else "no protocol"
        raise ResultError(f"--protocol: {found} '{name}'; there is: {there or 'none'}")
    return replace(board, groups=(chosen[0],), unranked=())


def find_row(board: Board, name: str) -> Row:
    """The ranked row that has a run whose id is or begins with ``name``, or ``study/model``.

    Raises:
        ResultError: when there is none, or there are several; it names what there is.
    """
    rows = [row for group in board.groups for row in group.rows]
    chosen = [row for row in rows if name and _is_called(row, name)]
    if len(chosen) == 1:
        return chosen[0]
    if not chosen:
        raise ResultError(
            f"--against: no ranked result '{name}'; {_reason(board, name)}there is: {_list(rows)}"
        )
    raise ResultError(f"--against: '{name}' is {len(chosen)} results; say which: {_list(chosen)}")


def _is_called(row: Row, name: str) -> bool:
    is_run = any(run_id.startswith(name) for run_id in row.run_ids)
    return is_run or name in set(_systems(row))


def _systems(row: Row) -> Iterator[str]:
    for result in row.results:
        yield f"{result.study}/{result.architecture}"


def _reason(board: Board, name: str) -> str:
    """Why a known run cannot be compared with."""
    for final in board.unranked:
        if final.run_id.startswith(name) or f"{final.study}/{final.architecture}" == name:
            return f"run {final.run_id[:_SHOWN]} has no score ({final.problem}); "
    return ""


def _list(rows: list[Row]) -> str:
    return ", ".join(f"{row.run_id[:_SHOWN]} ({next(_systems(row))})" for row in rows) or "none"
