"""What training and searching share: the data, the workers and the log, opened and closed."""

import logging
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Literal

from ray.actor import ActorHandle

from ser_platform.config.schema import ExperimentFile
from ser_platform.config.secrets import recorded
from ser_platform.errors import StoppedError
from ser_platform.redaction import without_password
from ser_platform.results import RunResult
from ser_platform.runtime.connection import cluster
from ser_platform.runtime.nodes import worker_groups
from ser_platform.storage import met
from ser_platform.storage.base import ObjectStore
from ser_platform.storage.lease import Lease, held
from ser_platform.tracking import StudyInfo, Tracker
from ser_platform.train.given import Given
from ser_platform.train.identity import environment, study_key
from ser_platform.train.pool import fold_workers
from ser_platform.train.prepare import prepare, with_words
from ser_platform.train.prepared import Prepared
from ser_platform.train.runs import AnyRun, Role, Run
from ser_platform.train.waiting import Waiting
from ser_platform.utterance import Utterance

_log = logging.getLogger(__name__)

CHOOSING_ON_TEST = (
    "WARNING: selection: best_on_test. Epochs, and settings in a search, are chosen by their "
    "scores on the test part, so they are no estimate of what the system does elsewhere. This "
    "repeats a habit of the literature to show its size: every result is flagged, the honest one "
    "beside it."
)
"""Said before anything is trained."""

Sweep = Mapping[str, tuple[int | float, ...]]
"""As an experiment file has it: dotted setting -> values."""


@dataclass(frozen=True)
class Session:
    """An experiment file with everything it needs, running."""

    file: ExperimentFile
    """As given, but with a store that means the same everywhere."""
    key: str
    """Identity of the study: its settings, search space, data and code."""
    store: ObjectStore
    prepared: dict[str, Prepared]
    """By architecture."""
    lease: Lease
    """Whoever writes what the study shares asks it before."""
    queue: ActorHandle
    groups: int
    waiting: Waiting
    """Says what folds wait for."""
    tracker: Tracker
    utterances: tuple[Utterance, ...]
    folder: Path
    """For files the log still has to take; gone when the session ends."""

    def stored(
        self, run: AnyRun, role: Role, failure: str = "", pruned: str = "", *, scoring: int = 1
    ) -> RunResult:
        """What the store holds of a run."""
        return run.result(self.store, self.file.name, self.key, role, failure, pruned, scoring)


NameStudy = Callable[[str, Mapping[str, Prepared]], str]
"""Called with the identity of a study and its data, before anything is logged: the key that the
study goes by. Raises SerError when it may not run."""


def _by_identity(key: str, _prepared: Mapping[str, Prepared]) -> str:
    return key


@contextmanager
def open_session(
    file: ExperimentFile,
    given: Given,
    door: str,
    sweep: Sweep = MappingProxyType({}),
    name_study: NameStudy = _by_identity,
) -> Iterator[Session]:
    """Prepare the data, start workers and log; stop both at the end.

    Args:
        file: the experiment.
        given: what it names.
        door: tells a search from a plain training of the same file.
        sweep: tells a single point from a curve that begins there.
        name_study: has the last word on what the study is called, and whether it runs.

    Raises:
        SerError: whatever a user can mend, before anything is trained.
    """
    if file.selects_on_test:
        _log.warning("%s", CHOOSING_ON_TEST)
    experiments = {name: file.experiment(name) for name in file.architectures}
    with cluster() as may_grow:
        groups = worker_groups(file.cluster, may_grow=may_grow)
        given = with_words(next(iter(experiments.values())), given)
        prepared = prepare(experiments, given, file.cluster)
        search = {
            name: {k: d.model_dump(mode="json") for k, d in file.search_space(name).items()}
            for name in experiments
        }
        workers = file.cluster.workers
        runs = [Run(n, e, {}, prepared[n], workers) for n, e in experiments.items()]
        key = study_key(
            door,
            file.name,
            [r.key for r in runs],
            [search, file.study.seed, file.study.goals, *sweep.items()],
        )
        key = name_study(key, prepared)
        whole = file.model_copy(update={"sweep": dict(sweep)})
        info = _info(whole, key, prepared)
        with staffed(file, given, groups, info, prepared) as session:
            yield session


@contextmanager
def staffed(
    file: ExperimentFile,
    given: Given,
    groups: int,
    info: StudyInfo,
    prepared: dict[str, Prepared],
) -> Iterator[Session]:
    """Start the log and the workers of a study, and stop both at the end; nobody else runs it.

    Args:
        file: says where results go and what workers are like.
        given: the store, and the utterances that pictures are made of.
        groups: of workers, at the same time.
        info: the study as the log names it.
        prepared: by architecture; what is prepared later takes its place in a copy of the session.

    Raises:
        StudyHeldError: when another process runs it.
        StudyTakenError: when another process took it over, because this one stood still.
    """
    with (
        held(given.store, info.name, info.study_key, info.command) as lease,
        TemporaryDirectory(prefix="ser-models-") as folder,
    ):
        tracker = Tracker(file.tracking, info)
        tracker.start()
        status: Literal["FINISHED", "FAILED", "KILLED"] = "FAILED"
        try:
            waiting = Waiting(file.cluster)
            with fold_workers(file.cluster, groups, waiting) as queue:
                lease.when_lost(queue.refuse.remote)
                yield Session(
                    file.model_copy(update={"store": given.store.url}),
                    info.study_key,
                    given.store,
                    prepared,
                    lease,
                    queue,
                    groups,
                    waiting,
                    tracker,
                    given.corpus.utterances,
                    Path(folder),
                )
            status = "FINISHED"
        except (KeyboardInterrupt, SystemExit, StoppedError):
            status = "KILLED"
            raise
        finally:
            patience_s = 120 if status == "FINISHED" else 10
            tracker.finish(None if lease.is_lost else status, patience_s)
            if troubles := met.in_words(met.taken()):
                _log.info("store  %s: %s", given.store.url, troubles)


def _info(file: ExperimentFile, key: str, prepared: dict[str, Prepared]) -> StudyInfo:
    return StudyInfo(
        name=file.name,
        study_key=key,
        experiment=recorded(file),
        command=" ".join(map(without_password, sys.argv)),
        environment={**environment(), "python": platform.python_version()},
        architectures=tuple(file.architectures),
        synthetic=any(p.synthetic for p in prepared.values()),
        selected_on_test=file.selects_on_test,
    )
