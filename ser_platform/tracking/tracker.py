"""The log of a running study: takes results at once, writes them when MLflow can."""

import logging
import time
from collections import deque
from collections.abc import Mapping
from threading import Condition, Thread
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ser_platform.config.schema import TrackingConfig
from ser_platform.results import RunResult
from ser_platform.tracking.entries import ModelFiles, StudyInfo, StudyStatus
from ser_platform.tracking.uri import check_uri, sqlite_file

if TYPE_CHECKING:
    from ser_platform.tracking.projection import Projection

_log = logging.getLogger(__name__)

_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 30.0
_LONGEST_OUTAGE_S = 10.0
"""Of an outage at the end of a study: results are stored, and the person has waited enough."""
_LONGEST_LAST_WAIT_S = 2.0
"""Between attempts once the study has ended, and somebody waits."""


class _Entry(NamedTuple):
    run: RunResult
    model: ModelFiles | None
    pictures: Mapping[str, bytes]

    def write(self, projection: "Projection") -> str:
        return projection.log(self.run, self.model, self.pictures)


class _Files(NamedTuple):
    """Of the study itself."""

    files: Mapping[str, bytes]

    def write(self, projection: "Projection") -> str:
        projection.attach(self.files)
        return ""


class Tracker:
    """Writes the results of one study into MLflow, from a thread of its own.

    Nothing here waits for MLflow but :meth:`finish`, and that not for long. Results are stored
    before they come here, so what MLflow did not take is not lost: running the same command
    again logs it.
    """

    def __init__(self, config: TrackingConfig, study: StudyInfo) -> None:
        self._config = config
        self._study = study
        self._changed = Condition()
        self._waiting: deque[_Entry | _Files] = deque()
        self._status: StudyStatus | None = None
        self._refused = 0
        self._abandoned = False
        self._closed = False
        self._wait_s = _FIRST_WAIT_S
        self._trouble = ""
        self._told: set[str] = set()
        # A daemon: a hanging server must not keep the program alive.
        self._thread = Thread(target=self._work, name="mlflow", daemon=True)

    def start(self) -> None:
        """Begin to write; MLflow is loaded, and its database made, in the background.

        Raises:
            TrackingError: when ``tracking.uri`` can never work.
        """
        check_uri(self._config.uri)
        self._thread.start()

    def log(
        self,
        run: RunResult,
        model: ModelFiles | None = None,
        pictures: Mapping[str, bytes] = MappingProxyType({}),
    ) -> None:
        """Take a result, the model made of it, and PNGs by path; returns at once."""
        with self._changed:
            self._waiting.append(_Entry(run, model, pictures))
            self._changed.notify_all()

    def attach(self, files: Mapping[str, bytes]) -> None:
        """Take files of the study itself, by path; returns at once."""
        with self._changed:
            self._waiting.append(_Files(files))
            self._changed.notify_all()

    def finish(self, status: StudyStatus = "FINISHED", timeout_s: float = 60.0) -> int:
        """Write what is left, end the study's run; the number of results MLflow did not take.

        After ``timeout_s`` it gives up, warns, and leaves the rest to the next run of the same
        command.
        """
        with self._changed:
            self._status = status
            self._changed.notify_all()
            if self._trouble:
                _log.info("waiting up to %g s for MLflow at %s", timeout_s, self._config.uri)
        self._join(timeout_s)
        stopped = not self._thread.is_alive()
        with self._changed:
            self._abandoned = True
            self._changed.notify_all()
            pending = len(self._waiting) + self._refused
        if not self._closed:
            trouble = self._trouble or f"not done within {timeout_s:g} s"
            _log.warning(
                "MLflow at %s lacks %s: %s. Remedy: %s and run the same command again: results "
                "are stored and only the missing are logged.",
                self._config.uri,
                f"{pending} result{'s' * (pending != 1)}" if pending else "the end of the study",
                "its thread broke, see the traceback above" if stopped else trouble,
                "start it" if sqlite_file(self._config.uri) is None else "mend it",
            )
        return pending

    def _join(self, timeout_s: float) -> None:
        """Wait for the thread while it gets on; an outage is not waited for to the end."""
        started = time.monotonic()
        while self._thread.is_alive():
            patience_s = min(timeout_s, _LONGEST_OUTAGE_S) if self._trouble else timeout_s
            if time.monotonic() - started >= patience_s:
                return
            self._thread.join(0.05)

    def _work(self) -> None:
        while not (self._closed or self._abandoned):
            self._attempt()

    def _attempt(self) -> None:
        # Here and not above: MLflow takes seconds to load, and training need not wait for them.
        from ser_platform.tracking.connection import OUTAGE, reason
        from ser_platform.tracking.projection import Projection

        try:
            self._write(Projection(self._config, self._study))
        except OUTAGE as e:
            self._report(reason(e))
            self._pause()

    def _write(self, projection: "Projection") -> None:
        """Write results as they come, until the study ends or something fails."""
        self._trouble = ""
        while (entry := self._next()) is not None:
            refusal = entry.write(projection)
            if refusal:
                self._refused += 1
                _log.warning("MLflow at %s refuses a result: %s", self._config.uri, refusal)
            self._wait_s = _FIRST_WAIT_S
            with self._changed:
                self._waiting.popleft()
            if not self._waiting:
                projection.summarise()
        if self._status is not None and not self._abandoned:
            projection.close(self._status)
            self._closed = True

    def _next(self) -> _Entry | _Files | None:
        """The next result; None when the study has ended and all are written, or we gave up."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._status or self._abandoned)
            return self._waiting[0] if self._waiting and not self._abandoned else None

    def _report(self, trouble: str) -> None:
        self._trouble = trouble
        if trouble not in self._told:
            self._told.add(trouble)
            _log.warning(
                "MLflow at %s: %s. Training goes on; results are stored, and logged when MLflow "
                "is back.",
                self._config.uri,
                trouble,
            )

    def _pause(self) -> None:
        """Wait before the next attempt, longer each time; the end of the study cuts it short."""
        with self._changed:
            ended = self._status is not None
            self._changed.wait_for(
                lambda: self._abandoned or (self._status is not None) != ended,
                min(self._wait_s, _LONGEST_LAST_WAIT_S) if ended else self._wait_s,
            )
            self._wait_s = min(2 * self._wait_s, _LONGEST_WAIT_S)
