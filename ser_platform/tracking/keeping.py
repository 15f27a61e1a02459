"""What a study keeps until MLflow has it: in the journal, or in memory when the disk is full."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from ser_platform.config.schema import TrackingConfig
from ser_platform.tracking.entries import StudyInfo
from ser_platform.tracking.journal import journal_of
from ser_platform.tracking.pending import many
from ser_platform.tracking.records import (
    EndRecord,
    FilesRecord,
    OpeningRecord,
    Record,
    ResultRecord,
)
from ser_platform.tracking.sending import send, send_stored
from ser_platform.tracking.uri import absolute

if TYPE_CHECKING:
    from ser_platform.tracking.projection import Projection

_log = logging.getLogger(__name__)

Kept = Path | ResultRecord | FilesRecord
"""A file of the journal, or a record that dies with the process."""


class Keeping:
    """Keeps the records of a running study; a disk that takes none costs a warning."""

    def __init__(self, config: TrackingConfig, study: StudyInfo) -> None:
        self._config = config
        self._opening = OpeningRecord(absolute(config.uri), config.experiment, study)
        root = Path(config.journal).expanduser().absolute()
        self._journal = journal_of(root, self._opening)
        self._works = False
        self._complained = False
        self._end: Path | None = None

    def open(self) -> list[Path]:
        """Begin; the records of earlier runs of the study that MLflow has not taken."""
        try:
            self._journal.open(self._opening)
            self._journal.lock()
        except (OSError, NotImplementedError) as e:  # filelock's: a disk without locks
            self._complain(e)
            return []
        self._works = True
        left = self._journal.pending()
        if left:
            _log.info("an earlier run left %s for MLflow, which are sent first", many(len(left)))
        return left

    def keep(self, record: ResultRecord | FilesRecord) -> Kept:
        """Write a record to the disk, or keep it as it is."""
        return self._stored(record) or record

    def end(self, end: EndRecord) -> None:
        """Write down how the study ended, in case MLflow is not told."""
        self._end = self._stored(end)

    def lock(self) -> bool:
        """Whether this process is the one who sends, now or already."""
        return not self._works or self._journal.lock()

    def send(self, kept: Kept, projection: "Projection") -> str:
        """Into MLflow; what is wrong with the record, empty when it was written."""
        if isinstance(kept, Path):
            return send_stored(self._journal, kept, projection)
        refusal = send(kept, projection)
        return f"a result is refused: {refusal}" if refusal else ""

    def forget(self) -> None:
        """MLflow has everything, the end of the study too."""
        if self._end is not None:
            self._journal.remove(self._end)
        if self._works:
            self._journal.discard()

    def close(self) -> None:
        """Let others send what is left."""
        if self._works:
            self._journal.unlock()

    @property
    def promise(self) -> str:
        """What becomes of records while MLflow is away."""
        if self._complained:
            return "results are stored, and logged when it is back"
        return f"records are kept in {self._config.journal} and sent when it is back"

    def remedy(self, pending: int, in_memory: int) -> str:
        """What to do at the end about records that MLflow lacks.

        Args:
            pending: how many, the end of the study included.
            in_memory: those of them that no disk took.
        """
        if in_memory or not self._works:
            return (
                f"{many(pending)} pending, not all of them on disk: run the same command again, "
                "results are stored and only the missing are logged"
            )
        default = TrackingConfig().journal
        where = "" if self._config.journal == default else f" {self._config.journal}"
        return f"{many(pending)} pending: python -m ser_platform.tracking sync{where}"

    def _stored(self, record: Record) -> Path | None:
        """The file of a record; None when the disk does not take it."""
        if not self._works:
            return None
        try:
            return self._journal.append(record)
        except OSError as e:
            self._complain(e)
            return None

    def _complain(self, error: Exception) -> None:
        """Say once that records are in memory alone."""
        if not self._complained:
            _log.warning(
                "the journal in %s takes no records: %s. They are kept in memory: what MLflow "
                "does not take before the end is logged when the same command is run again; free "
                "some space, or set another tracking.journal",
                self._config.journal,
                getattr(error, "strerror", None) or error,
            )
        self._complained = True
