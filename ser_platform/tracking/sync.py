"""Sending everything that journals hold, as the studies would have done themselves."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ser_platform.config.schema import TrackingConfig
from ser_platform.errors import CorruptObjectError
from ser_platform.tracking.connection import OUTAGE, reason
from ser_platform.tracking.journal import Journal
from ser_platform.tracking.pending import by_age, many, name_of, unsendable
from ser_platform.tracking.projection import Projection
from ser_platform.tracking.records import EndRecord, OpeningRecord
from ser_platform.tracking.sending import send_stored

_WAITS_S = (1.0, 3.0)
"""Before another attempt when MLflow takes nothing; a record that it takes begins anew."""


@dataclass(frozen=True)
class Synced:
    """What became of the journal of a study."""

    text: str
    """In a line."""
    complete: bool
    """Whether nothing is left that should have been sent."""


def sync(root: Path, uri: str = "") -> Iterator[Synced]:
    """Send what is pending of every study in a folder, the oldest first, and tell of each.

    Args:
        root: folder of journals, as ``tracking.journal``.
        uri: of MLflow, in the place of the one that each study had.
    """
    away: dict[str, str] = {}
    for journal in filter(lambda found: found.unsent, by_age(root)):
        try:
            opening = journal.opening()
        except CorruptObjectError as e:
            yield Synced(f"{journal.folder}: {unsendable(journal, e)}", complete=False)
            continue
        if not journal.lock():
            yield Synced(f"{name_of(opening)}: is running and sends its own, skipped", True)
            continue
        try:
            if journal.unsent:  # or its program has just sent the last of it
                yield _Sending(journal, opening, uri or opening.uri).run(away)
        finally:
            journal.unlock()


class _Sending:
    """Of one study, under its lock."""

    def __init__(self, journal: Journal, opening: OpeningRecord, uri: str) -> None:
        self._journal = journal
        self._opening = opening
        self._uri = uri
        self._sent = 0
        self._problems: list[str] = []
        self._status = ""

    def run(self, away: dict[str, str]) -> Synced:
        """Send all of it.

        Args:
            away: why an MLflow that others were to be sent to does not answer, by URI; not asked
                again for each.
        """
        waits = list(_WAITS_S)
        while self._uri not in away and not self._status:
            before = self._sent
            try:
                self._send()
            except OUTAGE as e:
                if self._sent > before:
                    waits = list(_WAITS_S)
                if not waits:
                    away[self._uri] = reason(e)
                    break
                time.sleep(waits.pop(0))
        return self._told(away.get(self._uri, ""))

    def _send(self) -> None:
        """One attempt, from the first record that is left to the end of the study."""
        config = TrackingConfig(uri=self._uri, experiment=self._opening.experiment)
        projection = Projection(config, self._opening.study, live=False)
        pending = self._journal.pending()
        end = self._end(pending)
        for path in pending[:-1] if end else pending:
            problem = send_stored(self._journal, path, projection)
            self._sent += not problem
            self._problems += [problem] if problem else []
        how = _last(end, projection.ended)
        projection.close(how)
        if end:
            self._journal.remove(pending[-1])
            self._sent += 1
        self._status = how.status
        self._journal.discard()

    def _end(self, pending: list[Path]) -> EndRecord | None:
        """How the study ended, when that is the last that is known of it."""
        if not pending:
            return None
        try:
            with self._journal.opened(pending[-1]) as record:
                return record if isinstance(record, EndRecord) else None
        except CorruptObjectError:
            return None  # set aside like any other

    def _told(self, trouble: str) -> Synced:
        text = f"{name_of(self._opening)}: {many(self._sent)} sent to {self._uri}"
        if self._status:
            text += f", the study is {self._status}"
        if trouble:
            text += f"; {many(len(self._journal.pending()))} pending: {trouble}"
        complete = not (trouble or self._problems)
        return Synced("\n  ".join([text, *self._problems]), complete)


def _last(own: EndRecord | None, logged: EndRecord | None) -> EndRecord:
    """How a study ended in the end: as the journal has it, or as MLflow does.

    A study may have been run to its end since, from another machine. That it was KILLED is what
    others write of a study whose program is gone, and says less than its own word.
    """
    if own is None:
        return logged or EndRecord("KILLED", time.time())
    later = logged is not None and logged.ended_at > own.ended_at
    return logged if logged and later and logged.status != "KILLED" else own
