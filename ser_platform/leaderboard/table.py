"""The leaderboard as CSV: one line per result, all columns; shares and seconds, not rounded."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ser_platform.errors import SerError
from ser_platform.leaderboard.published import PUBLISHED, Published
from ser_platform.leaderboard.rank import Board, Group, Row, in_words
from ser_platform.tracking.entries import LoggedFinal
from ser_platform.tracking.layout import scoring_note, selected_on_test_note

COLUMNS: tuple[str, ...] = (
    "kind",
    "protocol",
    "rank",
    "model",
    "study",
    "wa",
    "ua",
    "wa_mean",
    "wa_std",
    "ua_mean",
    "ua_std",
    "selected_on_test",
    "wa_honest",
    "ua_honest",
    "gap_ua",
    "scoring",
    "folds",
    "num_parameters",
    "seconds",
    "run_id",
    "run_key",
    "signature",
    "finished_at",
    "synthetic",
    "transcript",
    "source",
    "note",
)
"""``kind``: ``ranked`` within its protocol, ``unranked`` (see ``note``), or ``published``.
``selected_on_test``: ``true`` marks scores that say little, beside them those of the same training
without a look. ``scoring``: 2 and up where the test part had been looked at before."""


def write_csv(board: Board, path: Path) -> None:
    """Write everything the terminal shows; the folder is made.

    Raises:
        SerError: when the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as f:
            writer = csv.DictWriter(f, COLUMNS)
            writer.writeheader()
            writer.writerows(_lines(board))
    except OSError as e:
        raise SerError(f"--csv: {path} cannot be written ({e.strerror}); name another") from e


def _lines(board: Board) -> Iterator[dict[str, Any]]:
    for group in board.groups:
        yield from (_ranked(group, row) for row in group.rows)
    yield from map(_unranked, board.unranked)
    yield from map(_published, PUBLISHED)


def _ranked(group: Group, row: Row) -> dict[str, Any]:
    result = row.result
    return {
        "kind": "ranked",
        "protocol": json.dumps(group.protocol, sort_keys=True),
        "rank": row.rank,
        "model": result.architecture,
        "study": result.study,
        **row.test.model_dump(),
        "selected_on_test": json.dumps(result.selected_on_test),
        "wa_honest": "" if row.honest is None else row.honest.wa,
        "ua_honest": "" if row.honest is None else row.honest.ua,
        "gap_ua": "" if row.gap_ua is None else row.gap_ua,
        "scoring": result.scoring,
        "folds": result.num_folds,
        "num_parameters": row.num_parameters,
        "seconds": result.seconds,
        "run_id": row.run_id,
        "run_key": result.run_key,
        "signature": result.signature,
        "finished_at": row.finished_at.isoformat(timespec="seconds"),
        "synthetic": json.dumps(result.synthetic),
        "transcript": in_words(result.protocol.get("transcript", "")),
        "note": " ".join(_notes(row)),
    }


def _notes(row: Row) -> Iterator[str]:
    if row.result.selected_on_test:
        yield selected_on_test_note(row.result)
    if row.result.scoring > 1:
        yield scoring_note(row.result.scoring)


def _unranked(final: LoggedFinal) -> dict[str, Any]:
    return {
        "kind": "unranked",
        "model": final.architecture,
        "study": final.study,
        "run_id": final.run_id,
        "note": final.problem,
    }


def _published(row: Published) -> dict[str, Any]:
    return {
        "kind": "published",
        "model": row.model,
        "wa": row.wa,
        "ua": row.ua,
        "transcript": row.transcript,
        "source": row.source,
        "note": row.note,
    }
