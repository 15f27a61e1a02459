"""The log of a running study: takes results at once, writes them when MLflow can."""

import logging
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from threading import Condition, Thread
from types import MappingProxyType
from typing import TYPE_CHECKING

from ser_platform.config.schema import TrackingConfig
from ser_platform.errors import TrackingError
from ser_platform.results import RunResult
from ser_platform.tracking.entries import ModelFiles, StudyInfo, StudyStatus
from ser_platform.tracking.keeping import Keeping, Kept
from ser_platform.tracking.records import EndRecord, FilesRecord, ResultRecord
from ser_platform.tracking.uri import check_uri

if TYPE_CHECKING:
    from ser_platform.tracking.projection import Projection

_log = logging.getLogger(__name__)

_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0
_LONGEST_OUTAGE_S = 10.0
"""Of an outage at the end of a study: results are stored, and the person has waited enough."""
_LONGEST_LAST_WAIT_S = 2.0
"""Between attempts once the study has ended, and somebody waits."""


class Tracker:
    """Writes the results of one study into MLflow, from a thread of its own.

    Nothing here waits for MLflow but :meth:`finish`, and that not for long. What is logged is on
    this machine's disk before :meth:`log` returns and until MLflow has it, so what MLflow did not
    take is not lost: the next run of the study sends it, or ``python -m ser_platform.tracking
    sync``.
    """

    def __init__(self, config: TrackingConfig, study: StudyInfo) -> None:
        self._config = config
        self._study = study
        self._kept = Keeping(config, study)
        self._changed = Condition()
        self._waiting: deque[Kept] = deque()
        self._end: EndRecord | None = None
        self._refused = 0
        self._abandoned = False
        self._closed = False
        self._wait_s = _FIRST_WAIT_S
        self._trouble = ""
        self._told = False
        # A daemon: a hanging server must not keep the program alive.
        self._thread = Thread(target=self._work, name="mlflow", daemon=True)

    def start(self) -> None:
        """Begin to write; MLflow is loaded, and its database made, in the background.

        Raises:
            TrackingError: when ``tracking.uri`` can never work.
        """
        check_uri(self._config.uri)
        self._waiting.extend(self._kept.open())
        self._thread.start()

    def log(
        self,
        run: RunResult,
        model: ModelFiles | None = None,
        pictures: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        """Take a result, the model made of it, and PNGs by path; waits for the disk alone."""
        self._take(ResultRecord(run, model, pictures, self._config.registered_model))

    def attach(self, files: Mapping[str, bytes]) -> None:
        """Take files of the study itself, by path; waits for the disk alone."""
        self._take(FilesRecord(files))

    def finish(self, status: StudyStatus | None = "FINISHED", timeout_s: float = 60.0) -> int:
        """Write what is left, end the study's run; the number of records MLflow did not take.

        After ``timeout_s``, or some seconds of an outage, it gives up, warns, and leaves the rest
        in the journal. The end of the study is a record too. Without a status nothing more is
        written: the study is another process's by now, which sends what the journal holds.
        """
        if status is None:
            with self._changed:
                self._abandoned = True
                self._changed.notify_all()
            self._join(timeout_s)
            return len(self._waiting)
        with self._changed:
            self._end = EndRecord(status, time.time())
            self._kept.end(self._end)
            self._changed.notify_all()
            if self._trouble:
                _log.info("waiting some seconds for MLflow at %s", self._config.uri)
        self._join(timeout_s)
        stopped = not self._thread.is_alive()
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()
            pending = len(self._waiting) + (not self._closed)
            lacking = pending + self._refused
            in_memory = sum(not isinstance(kept, Path) for kept in self._waiting)
        if not self._closed:
            trouble = self._trouble or f"not done within {timeout_s:g} s"
            _log.warning(
                "MLflow at %s: %s. %s",
                self._config.uri,
                "its thread broke, see the traceback above" if stopped else trouble,
                self._kept.remedy(pending, in_memory),
            )
        return lacking

    def _take(self, record: ResultRecord | FilesRecord) -> None:
        with self._changed:
            self._waiting.append(self._kept.keep(record))
            self._changed.notify_all()

    def _join(self, timeout_s: float) -> None:
        """Wait for the thread while it gets on; an outage is not waited for to the end."""
        started = time.monotonic()
        while self._thread.is_alive():
            patience_s = min(timeout_s, _LONGEST_OUTAGE_S) if self._trouble else timeout_s
            if time.monotonic() - started >= patience_s:
                return
            self._thread.join(0.05)

    def _work(self) -> None:
        try:
            while not (self._closed or self._abandoned):
                self._attempt()
        finally:
            self._kept.close()

    def _attempt(self) -> None:
        # Here and not above: MLflow takes seconds to load, and training need not wait for them.
        from ser_platform.tracking.connection import OUTAGE, reason
        from ser_platform.tracking.projection import Projection

        try:
            if not self._kept.lock():
                raise TrackingError("another process is sending what is left of this study")
            self._write(Projection(self._config, self._study))
        except OUTAGE as e:
            self._report(reason(e))
            self._pause()

    def _write(self, projection: "Projection") -> None:
        """Write records as they come, until the study ends or something fails."""
        self._trouble = ""
        while (kept := self._next()) is not None:
            problem = self._kept.send(kept, projection)
            if problem:
                self._refused += 1
                _log.warning("MLflow at %s: %s", self._config.uri, problem)
            with self._changed:
                self._waiting.popleft()
            self._recovered()
        if self._end is not None and not self._abandoned:
            projection.close(self._end)
            self._kept.forget()
            self._closed = True

    def _next(self) -> Kept | None:
        """The next record; None when the study has ended and all are written, or we gave up."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._end or self._abandoned)
            return self._waiting[0] if self._waiting and not self._abandoned else None

    def _recovered(self) -> None:
        """MLflow has taken a record: an outage, if there was one, is over."""
        if self._told:
            _log.info("MLflow at %s is back", self._config.uri)
        self._told = False
        self._wait_s = _FIRST_WAIT_S

    def _report(self, trouble: str) -> None:
        """Say it once in an outage, whatever MLflow answers in the course of it."""
        if not self._told:
            _log.warning(
                "MLflow at %s: %s. Training goes on; %s.",
                self._config.uri,
                trouble,
                self._kept.promise,
            )
        self._trouble, self._told = trouble, True

    def _pause(self) -> None:
        """Wait before the next attempt, longer each time; the end of the study cuts it short."""
        with self._changed:
            ended = self._end is not None
            self._changed.wait_for(
                lambda: self._abandoned or (self._end is not None) != ended,
                min(self._wait_s, _LONGEST_LAST_WAIT_S) if ended else self._wait_s,
            )
            self._wait_s = min(2 * self._wait_s, _LONGEST_WAIT_S)
