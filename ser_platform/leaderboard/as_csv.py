"""The leaderboard as CSV: one line per row, all columns; shares and seconds, not rounded."""

import csv
import io
import json
from collections.abc import Iterator
from typing import Any

from ser_platform.evidence.entries import SCORES
from ser_platform.leaderboard import notes
from ser_platform.leaderboard.comparison import Against, Comparisons
from ser_platform.leaderboard.published import Published
from ser_platform.leaderboard.rank import Board, Group, Row, in_words
from ser_platform.leaderboard.reference import reference_rows
from ser_platform.tracking.entries import LoggedFinal

_ESTIMATES = tuple(f"{name}{end}" for name in SCORES for end in ("", "_low", "_high"))
_SPREADS = tuple(
    f"{name}_{what}" for name in SCORES for what in ("mean", "std", "seeds_mean", "seeds_std")
)
COLUMNS: tuple[str, ...] = (
    *("kind", "protocol_id", "protocol", "rank", "model", "study"),
    *_ESTIMATES,
    *_SPREADS,
    *("ua_scripted", "ua_improvised", "ece", "ece_scaled", "log_loss"),
    *("tested_against", "ua_difference", "ua_difference_low", "ua_difference_high"),
    *("p_ua", "p_ua_holm", "p_wa", "p_wa_holm", "mcnemar", "mcnemar_holm"),
    *("selected_on_test", "wa_honest", "ua_honest", "gap_ua", "scoring"),
    *("folds", "seeds", "utterances", "clusters", "clustered_by", "num_parameters", "seconds"),
    *(
        "run_id",
        "run_key",
        "signature",
        "finished_at",
        "synthetic",
        "transcript",
        "source",
        "note",
    ),
)
"""``kind``: ``ranked`` within its protocol, ``unranked`` (see ``note``), or ``published``.
``ua``, ``ua_low``, ``ua_high``: pooled over folds, the mean of seeds, with its 95 % interval;
``ua_mean``, ``ua_std``: over folds, of the first seed; ``ua_seeds_mean``, ``ua_seeds_std``: over
seeds. ``ua_difference``: less that of the run ``tested_against``; ``p_...``: paired permutation,
as it is and corrected (Holm); ``mcnemar``: exact, over utterances, likewise, of rows of one seed.
``selected_on_test``: ``true`` marks scores that say little, beside them those of the same training
without a look. ``scoring``: 2 and up where the test part had been looked at before. ``run_id``,
``run_key``: of several seeds all, between them a space."""


def as_csv(board: Board, tested: Comparisons) -> str:
    """Everything the terminal shows, and more."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for group in board.groups:
        against = tested[group.protocol_id]
        writer.writerows(_ranked(group, row, against) for row in group.rows)
    writer.writerows(map(_unranked, board.unranked))
    writer.writerows(map(_published, reference_rows(board)))
    return text.getvalue()


def _ranked(group: Group, row: Row, against: Against) -> dict[str, Any]:
    result = row.result
    return {
        "kind": "ranked",
        "protocol_id": group.protocol_id,
        "protocol": json.dumps(group.protocol, sort_keys=True),
        "rank": row.rank,
        "model": result.architecture,
        "study": result.study,
        **dict(_evidence(row)),
        **dict(_test(row, against)),
        "selected_on_test": json.dumps(result.selected_on_test),
        "wa_honest": "" if row.honest is None else row.honest.wa,
        "ua_honest": "" if row.honest is None else row.honest.ua,
        "gap_ua": "" if row.gap_ua is None else row.gap_ua,
        "scoring": result.scoring,
        "folds": result.num_folds,
        "num_parameters": row.num_parameters,
        "seconds": result.seconds,
        "run_id": " ".join(row.run_ids),
        "run_key": " ".join(r.run_key for r in row.results),
        "signature": result.signature,
        "finished_at": row.finished_at.isoformat(timespec="seconds"),
        "synthetic": json.dumps(result.synthetic),
        "transcript": in_words(result.protocol.get("transcript", "")),
        "note": " ".join(notes.of_row(row)),
    }


def _evidence(row: Row) -> Iterator[tuple[str, Any]]:
    found = row.evidence
    for name in SCORES:
        yield from zip((name, f"{name}_low", f"{name}_high"), found.pooled[name], strict=True)
        yield f"{name}_mean", found.of_folds[name].mean
        yield f"{name}_std", found.of_folds[name].std
        yield f"{name}_seeds_mean", found.of_seeds[name].mean
        yield f"{name}_seeds_std", found.of_seeds[name].std
    for part in found.subgroups:
        if part.trait == "style":
            yield f"ua_{part.name}", part.ua
    yield "ece", found.calibration.plain.ece
    yield "log_loss", found.calibration.plain.log_loss
    if found.calibration.scaled is not None:
        yield "ece_scaled", found.calibration.scaled.ece
    yield "seeds", len(found.seeds)
    yield "utterances", found.utterances
    yield "clusters", found.clusters
    yield "clustered_by", found.clustered_by


def _test(row: Row, against: Against) -> Iterator[tuple[str, Any]]:
    test = against.tests.get(row.run_id)
    if test is None:
        return
    yield "tested_against", against.reference.run_id
    difference = test.differences["ua"]
    yield "ua_difference", difference.value
    yield "ua_difference_low", difference.low
    yield "ua_difference_high", difference.high
    for name in ("ua", "wa"):
        yield f"p_{name}", test.p_values[name]
        if test.holm is not None:
            yield f"p_{name}_holm", test.holm[name]
    yield "mcnemar", "" if test.mcnemar is None else test.mcnemar
    yield "mcnemar_holm", "" if test.mcnemar_holm is None else test.mcnemar_holm


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
