"""The leaderboard as JSON: all that is known of it, for programs; shares, not rounded."""

import json
from dataclasses import asdict
from typing import Any

from ser_platform.leaderboard import notes
from ser_platform.leaderboard.comparison import Against, Comparisons
from ser_platform.leaderboard.rank import Board, Group, Row
from ser_platform.leaderboard.reference import reference_rows
from ser_platform.tracking.entries import LoggedFinal

VERSION = 1
"""Of what stands where; counted up when a reader of the last one would stumble."""


def as_json(board: Board, tested: Comparisons) -> str:
    """Groups with their protocol, rows with all their evidence and tests, and what is not ranked.

    A test is in the form of :class:`ser_platform.evidence.entries.PairedTest`, of the row less the
    group's ``tested_against``; evidence in that of ``Evidence`` there.
    """
    whole = {
        "version": VERSION,
        "groups": [_group(group, tested[group.protocol_id]) for group in board.groups],
        "unranked": [_unranked(final) for final in board.unranked],
        "published": [asdict(row) for row in reference_rows(board)],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _group(group: Group, against: Against) -> dict[str, Any]:
    return {
        "protocol_id": group.protocol_id,
        "protocol": group.protocol,
        "synthetic": group.synthetic,
        "selected_on_test": group.selected_on_test,
        "notes": [*notes.warnings(group), *notes.explanations(group, against)],
        "tested_against": against.reference.run_id,
        "rows": [_row(row, against) for row in group.rows],
    }


def _row(row: Row, against: Against) -> dict[str, Any]:
    result = row.result
    test = against.tests.get(row.run_id)
    return {
        "rank": row.rank,
        "model": result.architecture,
        "study": result.study,
        "run_ids": row.run_ids,
        "run_keys": [r.run_key for r in row.results],
        "signature": result.signature,
        "settings": result.settings,
        "fold_settings": result.fold_settings,
        "scoring": result.scoring,
        "folds": result.num_folds,
        "num_parameters": row.num_parameters,
        "seconds": result.seconds,
        "finished_at": row.finished_at.isoformat(timespec="seconds"),
        "notes": list(notes.of_row(row)),
        "honest": None if row.honest is None else row.honest.model_dump(mode="json"),
        "gap_ua": row.gap_ua,
        "evidence": row.evidence.model_dump(mode="json"),
        "test": None if test is None else test.model_dump(mode="json"),
    }


def _unranked(final: LoggedFinal) -> dict[str, Any]:
    return {
        "run_id": final.run_id,
        "study": final.study,
        "model": final.architecture,
        "problem": final.problem,
    }
