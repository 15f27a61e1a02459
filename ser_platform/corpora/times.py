"""Word or phoneme times from a CSV file: ``utterance_id, start_s, end_s, symbol``."""

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from ser_platform.corpora.csvfile import CsvFile, Row, read_csv
from ser_platform.corpora.problems import listed
from ser_platform.corpora.words import Segment

SYMBOLS = {"words": ("symbol", "word"), "phonemes": ("symbol", "phoneme", "phone")}
"""Names that the column of words or phonemes may have, by kind."""
FRAMES_PER_S = 100


def read_times(
    path: Path, kind: str, known: Collection[str], problems: list[str], notes: list[str]
) -> Mapping[str, Sequence[Segment]]:
    """Segments by utterance id; other columns are ignored.

    Times may also be given as ``start_frame`` and ``end_frame``: 10 ms each, the end inclusive,
    as aligners of the Sphinx family write them. A start before 0 is set to 0. A phoneme that
    ends where it starts, or before, is left out and noted (hand-made labels have some); a word
    that does is a problem.

    Args:
        path: of the file.
        kind: ``words`` or ``phonemes``, as in :data:`SYMBOLS`.
        known: ids of the manifest; rows of other utterances are left out and noted.
        problems: gets a line for each row that cannot be used.
        notes: gets what was left out.

    Raises:
        CorpusError: when the file cannot be read or lacks a column.
    """
    file = read_csv(path, problems)
    utterance, symbol = file.column("utterance_id"), file.column(*SYMBOLS[kind])
    interval = _interval(file)
    segments: dict[str, list[Segment]] = defaultdict(list)
    strangers: list[str] = []
    reversed_lines: list[int] = []
    for row in file.rows:
        if row[utterance] not in known:
            strangers.append(row[utterance])
            continue
        try:
            start_s, end_s = interval(row)
        except ValueError as error:
            problems.append(f"{path}, line {row.line}: {error}")
            continue
        if end_s > start_s:
            segments[row[utterance]].append(Segment(row[symbol], start_s, end_s))
        elif kind == "phonemes":
            reversed_lines.append(row.line)
        else:
            problems.append(
                f"{path}, line {row.line}: '{row[symbol]}' ends at {end_s:g} s and starts at "
                f"{start_s:g} s"
            )
    if strangers:
        notes.append(
            f"{path}: {len(strangers)} rows of utterances that are not in the manifest left out: "
            f"{listed(dict.fromkeys(strangers))}"
        )
    if reversed_lines:
        notes.append(
            f"{path}: {len(reversed_lines)} {kind} that do not end after their start left out, "
            f"on lines {listed(reversed_lines)}"
        )
    return segments


def _interval(file: CsvFile) -> Callable[[Row], tuple[float, float]]:
    """How the file says when a segment starts and ends, in seconds."""
    if {"start_frame", "end_frame"} <= set(file.columns) and "start_s" not in file.columns:
        return lambda row: (
            _number(row, "start_frame") / FRAMES_PER_S,
            (_number(row, "end_frame") + 1) / FRAMES_PER_S,
        )
    start, end = file.column("start_s"), file.column("end_s")
    return lambda row: (max(0.0, _number(row, start)), _number(row, end))


def _number(row: Row, column: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{column} is '{row[column]}', not a number") from None
    return value
