"""Writing results into MLflow so that writing them again changes nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow.entities import Metric, Param, Run
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, ErrorCode

from ser_platform.config.schema import TrackingConfig
from ser_platform.results import RunResult
from ser_platform.tracking import layout
from ser_platform.tracking.abandoned import end_abandoned_studies, end_nested, nested_runs
from ser_platform.tracking.board_view import view, view_tag
from ser_platform.tracking.connection import connect, open_experiment, reason, search
from ser_platform.tracking.entries import ModelFiles, StudyInfo, StudyStatus
from ser_platform.tracking.files import (
    write_evidence_files,
    write_files,
    write_run_files,
    write_study_files,
)
from ser_platform.tracking.points import Point, finished_ms, points, started_ms
from ser_platform.tracking.process import this_process
from ser_platform.tracking.proof import Final, proof
from ser_platform.tracking.registry import registered_name
from ser_platform.tracking.result_file import digest, result_bytes
from ser_platform.tracking.summary import summary, winner

_Identity = tuple[str, str, str]
"""Role, run key, trial number: one nested run each."""


@dataclass(frozen=True)
class _Logged:
    """A nested run as it stands in MLflow."""

    run_id: str
    digest: str
    status: str


class Projection:
    """The runs of one study in MLflow.

    Runs are found by their tags before one is made. What is found is remembered, so after any
    failure make a new projection: a call that failed may still have had its effect.
    """

    def __init__(self, config: TrackingConfig, study: StudyInfo) -> None:
        self._config = config
        self._client = connect(config.uri)
        self._experiment_id = open_experiment(self._client, config.uri, config.experiment)
        end_abandoned_studies(self._client, self._experiment_id)
        self._parent = self._open_study(study)
        self._alone = len(study.architectures) == 1 and not study.experiment.get("sweep")
        self._logged = {
            (tags[layout.ROLE], tags[layout.RUN_KEY], tags[layout.NUMBER]): _Logged(
                run.info.run_id, tags[layout.DIGEST], run.info.status
            )
            for run in self._nested()
            for tags in [run.data.tags]
        }

    def log(self, run: RunResult, model: ModelFiles | None, pictures: Mapping[str, bytes]) -> str:
        """Write a result: made, filled and ended in one go, so that nothing stays RUNNING.

        Returns:
            Why MLflow refuses it, now and whenever it is tried again; empty when it is written.
        """
        try:
            self._log(run, model, pictures)
        except MlflowException as e:
            if e.error_code != ErrorCode.Name(INVALID_PARAMETER_VALUE):
                raise
            return f"{layout.run_name(run)}: {reason(e)}"
        return ""

    def _log(
        self, run: RunResult, model: ModelFiles | None, pictures: Mapping[str, bytes]
    ) -> None:
        identity = (run.role, run.run_key, layout.number(run))
        known = self._logged.get(identity)
        if known is None or known.status != "FINISHED":
            known = self._write(run, known, pictures)
            self._logged[identity] = known
        if model is not None:
            # Only here: what MLflow imports for models takes another second or two.
            from ser_platform.tracking.winner import log_winner

            name = registered_name(self._config, run)
            log_winner(self._client, name, known.run_id, model, Final(run))

    def attach(self, files: Mapping[str, bytes]) -> None:
        """Write files of the study itself; those of an earlier attempt are replaced."""
        with TemporaryDirectory() as folder:
            write_files(files, Path(folder))
            self._client.log_artifacts(self._parent, folder)

    def summarise(self) -> None:
        """Bring the study's own numbers up to date with its nested runs."""
        nested = self._nested()
        self._batch(self._parent, summary(nested, alone=self._alone))
        best = winner(nested, alone=self._alone)
        if best is not None:
            self._client.set_tag(self._parent, layout.WINNER, best.info.run_name)

    def close(self, status: StudyStatus) -> None:
        """End the study's run, and what an interrupted attempt left half written in it."""
        end_nested(self._client, self._experiment_id, self._parent)
        self.summarise()
        self._client.set_terminated(self._parent, status)

    def _write(
        self, run: RunResult, known: _Logged | None, pictures: Mapping[str, bytes]
    ) -> _Logged:
        content = digest(result_bytes(run))
        if known is not None and known.digest != content:
            # A failed attempt at the same run; its curves must not mix with the new ones.
            self._client.delete_run(known.run_id)
            known = None
        run_id = self._create(run, content) if known is None else known.run_id
        settings = [Param(key, value) for key, value in layout.params(run).items()]
        self._client.log_batch(run_id, params=settings)
        self._batch(run_id, points(run))
        final = Final(run) if run.role == "final" and run.complete else None
        if final is not None:
            self._batch(run_id, proof(final))
            self._share_view(run.protocol_id)
        with TemporaryDirectory() as folder:
            write_run_files(run, Path(folder))
            if final is not None:
                write_evidence_files(final, Path(folder))
            write_files(pictures, Path(folder))
            self._client.log_artifacts(run_id, folder)
        # MLflow has no word for a trial that was cut short; killed, on purpose, is the nearest.
        status = "KILLED" if run.state == "pruned" else "FINISHED" if run.complete else "FAILED"
        self._client.set_terminated(run_id, status, finished_ms(run) or None)
        return _Logged(run_id, content, status)

    def _share_view(self, protocol_id: str) -> None:
        self._client.set_experiment_tag(
            self._experiment_id, view_tag(protocol_id), view(protocol_id)
        )

    def _create(self, run: RunResult, content: str) -> str:
        created = self._client.create_run(
            self._experiment_id,
            start_time=started_ms(run) or None,
            tags={**layout.tags(run), layout.DIGEST: content, layout.PARENT: self._parent},
            run_name=layout.run_name(run),
        )
        return created.info.run_id

    def _open_study(self, study: StudyInfo) -> str:
        """The run of the study, RUNNING: a new one, or that of an earlier attempt."""
        where = (
            f"tags.`{layout.STUDY_KEY}` = '{study.study_key}' AND tags.`{layout.ROLE}` = 'study'"
        )
        found = next(search(self._client, self._experiment_id, where), None)
        if found is None:
            found = self._client.create_run(
                self._experiment_id,
                tags=layout.study_tags(study),
                run_name=layout.study_name(study),
            )
        run_id = found.info.run_id
        self._client.set_tag(run_id, layout.PROCESS, this_process())
        self._client.update_run(run_id, "RUNNING")
        with TemporaryDirectory() as folder:
            write_study_files(study, Path(folder))
            self._client.log_artifacts(run_id, folder)
        return run_id

    def _nested(self) -> list[Run]:
        return nested_runs(self._client, self._experiment_id, self._parent)

    def _batch(self, run_id: str, points: list[Point]) -> None:
        metrics = [Metric(p.key, p.value, p.timestamp_ms, p.step) for p in points]
        self._client.log_batch(run_id, metrics=metrics)
