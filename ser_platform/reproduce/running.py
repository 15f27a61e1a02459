"""Running rows one after the other, on one Ray, with one set of workers and one log."""

import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from ser_platform.config.signature import signature
from ser_platform.errors import (
    ConfigError,
    MuteCorpusError,
    SerError,
    StoreError,
    StudyTakenError,
    WorkersError,
)
from ser_platform.evidence.assess import assess
from ser_platform.reproduce.outcome import Outcome
from ser_platform.reproduce.rows import PaperRow
from ser_platform.runtime.connection import cluster
from ser_platform.runtime.nodes import worker_groups
from ser_platform.tracking import StudyInfo
from ser_platform.train.finals import score_runs
from ser_platform.train.given import Given, look
from ser_platform.train.identity import environment, study_key
from ser_platform.train.prepare import fill_features, prepare, with_words
from ser_platform.train.runs import Run
from ser_platform.train.session import CHOOSING_ON_TEST, Session, staffed

_log = logging.getLogger(__name__)

NAME = "reproduction"
"""Of the run in MLflow that all rows hang under."""

_LOOKED_AT = {"corpus", "split", "transcript", "alignment", "protocol"}
"""Sections that tell two looks apart."""


def _key(row: PaperRow) -> str:
    return row.file.model_dump_json(include=_LOOKED_AT)


class Corpora:
    """What rows are given: each corpus, as its words are read, is looked at once."""

    def __init__(self) -> None:
        self._seen: dict[str, Given | SerError] = {}
        self._lacking: dict[str, SerError] = {}
        """By row, why :meth:`fill` could not."""

    def of(self, row: PaperRow) -> Given:
        """The store, the corpus and the folds of a row.

        Raises:
            SerError: whatever a user can mend there.
        """
        found = self._lacking.get(row.name) or self._look(row)
        if isinstance(found, SerError):
            raise found
        return found

    def fill(self, row: PaperRow) -> None:
        """Have words heard and features computed, which :meth:`of` gives from then on.

        Workers hold their CPUs from row to row, so that afterwards no task would get one.

        Raises:
            SerError: when the store or the cluster is gone; what else fails, :meth:`of` raises.
        """
        try:
            given = with_words(row.file.experiment(row.architecture), self.of(row))
            self._seen[_key(row)] = given
            fill_features(row.file, given)
        except (StoreError, WorkersError):
            raise
        except SerError as e:
            self._lacking[row.name] = e

    def first(self, rows: Sequence[PaperRow]) -> Given:
        """That of the first row that has one.

        Raises:
            SerError: what the first row lacks, where every row lacks something.
        """
        able = [row for row in rows if not row.left_out]
        if not able:
            raise ConfigError(f"no row can be run; {rows[0].name}: {rows[0].left_out}")
        found = (self._look(row) for row in able)
        readable = next((given for given in found if isinstance(given, Given)), None)
        return readable or self.of(able[0])

    def _look(self, row: PaperRow) -> Given | SerError:
        key = _key(row)
        if key not in self._seen:
            try:
                self._seen[key] = look(row.file)
            except SerError as e:
                self._seen[key] = e
        return self._seen[key]


@contextmanager
def open_rows(rows: Sequence[PaperRow], corpora: Corpora, seeds: int) -> Iterator[Session]:
    """Workers and a log for all rows.

    Raises:
        SerError: whatever a user can mend, before anything is trained.
    """
    file = rows[0].file
    if any(row.file.selects_on_test for row in rows):
        _log.warning("%s", CHOOSING_ON_TEST)
    given = corpora.first(rows)
    with cluster() as may_grow:
        for row in rows:
            if not row.left_out:
                corpora.fill(row)
        groups = worker_groups(file.cluster, may_grow=may_grow)
        info = _info(rows, seeds, synthetic=given.corpus.synthetic)
        with staffed(file, given, groups, info, {}) as session:
            yield session


def run_row(session: Session, row: PaperRow, corpora: Corpora, seeds: int) -> Outcome:
    """Train a row with its settings as they stand, unless it is stored; score it and log it.

    What one row lacks is no reason to leave the others; what all need is.

    Raises:
        SerError: when the store or the workers are gone, or another process has taken over.
    """
    if row.left_out:
        return Outcome(row, "left out", reason=row.left_out)
    try:
        return _scored(session, row, corpora.of(row), seeds)
    except (StoreError, StudyTakenError, WorkersError):
        raise
    except MuteCorpusError as e:
        return Outcome(row, "left out", reason=str(e))
    except SerError as e:
        return Outcome(row, "failed", reason=str(e))


def _scored(session: Session, row: PaperRow, given: Given, seeds: int) -> Outcome:
    architecture, workers = row.architecture, row.file.cluster.workers
    experiment = row.file.experiment(architecture)
    prepared = prepare({architecture: experiment}, given, row.file.cluster)
    here = replace(
        session,
        file=row.file.model_copy(update={"store": session.store.url}),
        prepared=prepared,
        utterances=given.corpus.utterances,
    )
    first = Run(architecture, experiment, {}, prepared[architecture], workers)
    runs = [first, *(first.reseeded(later) for later in range(1, seeds))]
    results = tuple(score_runs(here, runs, of_model=()))
    return Outcome(row, "done", results, assess(results))


def _info(rows: Sequence[PaperRow], seeds: int, *, synthetic: bool) -> StudyInfo:
    signatures = [signature(row.file.experiment(row.architecture)) for row in rows]
    return StudyInfo(
        name=NAME,
        study_key=study_key("reproduce", NAME, signatures, [seeds]),
        experiment={"rows": {row.name: row.file.model_dump(mode="json") for row in rows}},
        command=" ".join(sys.argv),
        environment=environment(),
        architectures=tuple(sorted({row.architecture for row in rows})),
        synthetic=synthetic,
        selected_on_test=any(row.file.selects_on_test for row in rows),
    )
