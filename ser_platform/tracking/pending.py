"""What lies in journals: how much, how old, whose."""

import time
from dataclasses import dataclass
from pathlib import Path

from ser_platform.errors import CorruptObjectError
from ser_platform.tracking.journal import Journal, journals
from ser_platform.tracking.records import OpeningRecord


@dataclass(frozen=True)
class Pending:
    """What MLflow lacks of a study."""

    study: str
    """Its name and the beginning of its key; the folder when nobody knows."""
    uri: str
    """Of MLflow, empty when nobody knows."""
    records: int
    """The end of the study included, once it is written down."""
    size_bytes: int
    oldest_s: float | None
    """Seconds since the oldest was written; None: there is none."""
    running: bool
    """Whether its program lives, and sends them itself."""
    aside: tuple[str, ...]
    """Files of records that are damaged or refused, and not sent."""
    problem: str = ""
    """Why nothing of it can be sent; empty when it can."""


def pending(root: Path) -> list[Pending]:
    """What is pending in a folder of journals, the oldest study first; nothing is changed."""
    return [_pending(journal) for journal in by_age(root)]


def by_age(root: Path) -> list[Journal]:
    """The journals of a folder in the order in which their studies began.

    Versions of a registered model are made in the order in which they are sent.
    """
    return sorted(journals(root), key=_opened_at)


def name_of(opening: OpeningRecord) -> str:
    """``wise (1a2b3c4d)``: a study's name, and the beginning of its key."""
    return f"{opening.study.name} ({opening.study.study_key[:8]})"


def unsendable(journal: Journal, error: CorruptObjectError) -> str:
    """What is to be said of a journal that does not tell whose it is."""
    return (
        f"{many(len(journal.pending()))} cannot be sent, study.zip is of no use: {error}; "
        "the command of the study sends them when it is run again"
    )


def many(records: int) -> str:
    """``1 record``, ``2 records``."""
    return f"{records} record{'s' * (records != 1)}"


def _pending(journal: Journal) -> Pending:
    study, uri, problem = str(journal.folder), "", ""
    try:
        opening = journal.opening()
        study, uri = name_of(opening), opening.uri
    except CorruptObjectError as e:
        problem = unsendable(journal, e) if journal.pending() else ""
    found = [path.stat() for path in journal.pending()]
    return Pending(
        study=study,
        uri=uri,
        records=len(found),
        size_bytes=sum(status.st_size for status in found),
        oldest_s=time.time() - min(s.st_mtime for s in found) if found else None,
        running=journal.locked(),
        aside=tuple(map(str, journal.aside())),
        problem=problem,
    )


def _opened_at(journal: Journal) -> float:
    try:
        return journal.opening().study.opened_at
    except CorruptObjectError:
        return 0.0
