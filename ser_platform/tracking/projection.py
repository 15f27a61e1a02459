"""Writing results into MLflow so that writing them again changes nothing."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from mlflow.entities import Metric, Param, Run
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE, ErrorCode

from ser_platform.config.schema import TrackingConfig
from ser_platform.process import this_process
from ser_platform.tracking import layout
from ser_platform.tracking.abandoned import (
    end_abandoned_studies,
    end_nested,
    end_of,
    nested_runs,
    one_of_each,
)
from ser_platform.tracking.board_view import view, view_tag
from ser_platform.tracking.connection import connect, open_experiment, reason, search
from ser_platform.tracking.entries import StudyInfo
from ser_platform.tracking.files import (
    write_evidence_files,
    write_files,
    write_run_files,
    write_study_files,
)
from ser_platform.tracking.points import Point, finished_ms, points, started_ms
from ser_platform.tracking.proof import Final, proof
from ser_platform.tracking.records import EndRecord, ResultRecord
from ser_platform.tracking.registry import registered_name
from ser_platform.tracking.result_file import digest, result_bytes
from ser_platform.tracking.summary import summary, winner

_Identity = tuple[str, str, str]
"""Role, run key, trial number: one nested run each."""


class Projection:
    """The runs of one study in MLflow.

    :attr:`ended` is how an earlier attempt had ended; None: it has not, or there was none.

    Runs are found by their tags before one is made. What is found is remembered, so after any
    failure make a new projection: a call that failed may still have had its effect.
    """

    def __init__(self, config: TrackingConfig, study: StudyInfo, *, live: bool = True) -> None:
        """Find the run of the study, or make it.

        Args:
            config: where.
            study: which.
            live: whether the study is running, here; else how its run stands is left as it is.
        """
        self._client = connect(config.uri)
        self._experiment_id = open_experiment(self._client, config.uri, config.experiment)
        found, self.ended = self._open_study(study)
        self._parent = found
        if live:
            self._client.set_tag(found, layout.PROCESS, this_process())
            self._client.update_run(found, "RUNNING")
        end_abandoned_studies(self._client, self._experiment_id)
        self._alone = len(study.architectures) == 1 and not study.experiment.get("sweep")
        self._logged = self._nested()
        self._summarised = False

    def log(self, record: ResultRecord) -> str:
        """Write a result: made, filled and ended in one go, so that nothing stays RUNNING.

        Returns:
            Why MLflow refuses it, now and whenever it is tried again; empty when it is written.
        """
        try:
            run_id = self._log(record)
            if record.model is not None:
                # Only here: what MLflow imports for models takes another second or two.
                from ser_platform.tracking.winner import log_winner

                name = registered_name(record.registered_model, record.run)
                log_winner(self._client, name, run_id, record.model, Final(record.run))
        except MlflowException as e:
            if e.error_code != ErrorCode.Name(INVALID_PARAMETER_VALUE):
                raise
            return f"{layout.run_name(record.run)}: {reason(e)}"
        return ""

    def _log(self, record: ResultRecord) -> str:
        """The id of its run, which is written unless it is there as a whole."""
        run = record.run
        identity = (run.role, run.run_key, layout.number(run))
        known = self._logged.get(identity)
        if known is None or known.info.status != "FINISHED":
            run_id = self._write(record, known)
            known = self._logged[identity] = self._client.get_run(run_id)
            self._summarised = False
        return known.info.run_id

    def attach(self, files: Mapping[str, bytes]) -> None:
        """Write files of the study itself; those of an earlier attempt are replaced."""
        with TemporaryDirectory() as folder:
            write_files(files, Path(folder))
            self._client.log_artifacts(self._parent, folder)

    def summarise(self) -> None:
        """Bring the study's own numbers up to date with its nested runs."""
        if self._summarised:
            return
        nested = sorted(self._logged.values(), key=lambda run: run.info.start_time)
        self._batch(self._parent, summary(nested, alone=self._alone))
        best = winner(nested, alone=self._alone)
        if best is not None:
            self._client.set_tag(self._parent, layout.WINNER, best.info.run_name)
        self._summarised = True

    def close(self, end: EndRecord) -> None:
        """End the study's run, and what an interrupted attempt left half written in it."""
        end_nested(self._client, self._experiment_id, self._parent)
        self._logged, self._summarised = self._nested(), False
        self.summarise()
        self._client.set_terminated(self._parent, end.status, _ms(end.ended_at))

    def _write(self, record: ResultRecord, known: Run | None) -> str:
        run = record.run
        content = digest(result_bytes(run))
        if known is not None and known.data.tags[layout.DIGEST] != content:
            # A failed attempt at the same run; its curves must not mix with the new ones.
            self._client.delete_run(known.info.run_id)
            known = None
        run_id = self._create(record, content) if known is None else known.info.run_id
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
            write_files(record.pictures, Path(folder))
            self._client.log_artifacts(run_id, folder)
        # MLflow has no word for a trial that was cut short; killed, on purpose, is the nearest.
        status = "KILLED" if run.state == "pruned" else "FINISHED" if run.complete else "FAILED"
        before = known.info.end_time if known is not None else None
        ended_ms = finished_ms(run) or before or _ms(record.logged_at)
        self._client.set_terminated(run_id, status, ended_ms)
        return run_id

    def _share_view(self, protocol_id: str) -> None:
        self._client.set_experiment_tag(
            self._experiment_id, view_tag(protocol_id), view(protocol_id)
        )

    def _create(self, record: ResultRecord, content: str) -> str:
        run = record.run
        created = self._client.create_run(
            self._experiment_id,
            start_time=started_ms(run) or _ms(record.logged_at),
            tags={**layout.tags(run), layout.DIGEST: content, layout.PARENT: self._parent},
            run_name=layout.run_name(run),
        )
        return created.info.run_id

    def _open_study(self, study: StudyInfo) -> tuple[str, EndRecord | None]:
        """The run of the study, and how it ended if that is known: a new one, or an earlier."""
        where = (
            f"tags.`{layout.STUDY_KEY}` = '{study.study_key}' AND tags.`{layout.ROLE}` = 'study'"
        )
        runs = search(self._client, self._experiment_id, where)
        found = one_of_each(self._client, runs, lambda _: "study").get("study")
        if found is None:
            found = self._client.create_run(
                self._experiment_id,
                start_time=_ms(study.opened_at),
                tags=layout.study_tags(study),
                run_name=layout.study_name(study),
            )
        with TemporaryDirectory() as folder:
            write_study_files(study, Path(folder))
            self._client.log_artifacts(found.info.run_id, folder)
        return found.info.run_id, end_of(found)

    def _nested(self) -> dict[_Identity, Run]:
        found = nested_runs(self._client, self._experiment_id, self._parent)
        return one_of_each(self._client, found, _identity)

    def _batch(self, run_id: str, points: list[Point]) -> None:
        metrics = [Metric(p.key, p.value, p.timestamp_ms, p.step) for p in points]
        self._client.log_batch(run_id, metrics=metrics)


def _identity(run: Run) -> _Identity:
    tags = run.data.tags
    return tags[layout.ROLE], tags[layout.RUN_KEY], tags[layout.NUMBER]


def _ms(unix_s: float) -> int:
    return round(1000 * unix_s)
