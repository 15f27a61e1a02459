"""One setting over all its folds: the jobs it is made of, and the result they add up to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from ser_platform.config import signature
from ser_platform.config.schema import Experiment
from ser_platform.results import FoldResult, RunResult
from ser_platform.storage.base import ObjectStore
from ser_platform.train.identity import environment, nested_key, protocol, run_key, system
from ser_platform.train.jobs import FoldJob
from ser_platform.train.prepared import Prepared
from ser_platform.train.stored import FoldKeys, read_result

Role = Literal["trial", "final"]


@dataclass(frozen=True)
class Run:
    """A setting bound to its data, ready to be trained; travels to trials."""

    architecture: str
    experiment: Experiment
    settings: dict[str, Any]
    """What a search, a sweep or ``--seeds`` chose, by dotted name."""
    prepared: Prepared
    workers: int
    """Ranks that train each fold."""
    number: int | None = None
    """Optuna's trial number."""
    test_fold: int | None = None
    """The fold whose study it is a trial of; None where one study is for all."""

    @property
    def key(self) -> str:
        """Identity of the result."""
        return run_key(self.experiment, self.prepared.digest, self.prepared.code, self.workers)

    def reseeded(self, later: int) -> "Run":
        """The same setting with a seed of training that comes so many after its own."""
        train = self.experiment.train
        train = train.model_copy(update={"seed": train.seed + later})
        experiment = self.experiment.model_copy(update={"train": train})
        settings = {**self.settings, "train.seed": train.seed}
        return replace(self, experiment=experiment, settings=settings)

    def of_fold(self, _number: int) -> "Run":
        """The run that a fold is trained by: this one."""
        return self

    def reads_test(self, *, score_test: bool) -> bool:
        """Whether its jobs may read the test part; decided here and nowhere else.

        To be scored, a setting has been selected; or else looking at the test part is what the
        experiment is about.
        """
        return score_test or self.experiment.selects_on_test

    def jobs(self, store_url: str, *, score_test: bool) -> list[FoldJob]:
        """One job per fold, in order; one that may not read the test part does not know it.

        Neither do its ids reach that job, nor does any reference lead to its frames.
        """
        reads_test = self.reads_test(score_test=score_test)
        sealed: dict[str, Any] = {} if reads_test else {"test": ()}
        return [
            FoldJob(
                run_key=self.key,
                fold=replace(fold, **sealed),
                experiment=self.experiment.model_dump_json(),
                dataset=self.prepared.whole if reads_test else self.prepared.sealed[fold.test],
                store=store_url,
                score_test=score_test,
            )
            for fold in self.prepared.folds
        ]

    def stored(self, store: ObjectStore, role: Role) -> tuple[FoldResult, ...]:
        """The folds that are finished."""
        keys = [FoldKeys(self.key, fold.number) for fold in self.prepared.folds]
        found = [read_result(store, k.scored if role == "final" else k.trained) for k in keys]
        return tuple(fold for fold in found if fold is not None)

    def result(
        self,
        store: ObjectStore,
        study: str,
        study_key: str,
        role: Role,
        failure: str = "",
        pruned: str = "",
        scoring: int = 1,
    ) -> RunResult:
        """What the store holds of it: the folds that are finished; complete, failed or pruned."""
        return RunResult(
            **_described(self, self.experiment, role),
            role=role,
            study=study,
            study_key=study_key,
            number=self.number,
            test_fold=self.test_fold,
            run_key=self.key,
            settings=self.settings,
            scoring=scoring,
            folds=self.stored(store, role),
            num_folds=len(self.prepared.folds),
            state="failed" if failure else "pruned" if pruned else "complete",
            reason=failure or pruned,
        )


@dataclass(frozen=True)
class NestedRun:
    """An architecture whose folds were each selected by a study of their own."""

    experiment: Experiment
    """As the file has it, before any study chose."""
    runs: Mapping[int, Run]
    """Number of a fold -> what its study selected; ``prepared`` has that fold, and may have
    others, which are left alone."""

    @property
    def architecture(self) -> str:
        """As its runs have it."""
        return self._first.architecture

    @property
    def key(self) -> str:
        """Identity of the result: those of its folds."""
        return nested_key({number: run.key for number, run in self.runs.items()})

    def of_fold(self, number: int) -> Run:
        """The run that a fold is trained by."""
        return self.runs[number]

    def jobs(self, store_url: str, *, score_test: bool) -> list[FoldJob]:
        """One job per fold, in order, each of its own run."""
        return [
            job
            for number, run in sorted(self.runs.items())
            for job in run.jobs(store_url, score_test=score_test)
            if job.fold.number == number
        ]

    def result(
        self,
        store: ObjectStore,
        study: str,
        study_key: str,
        role: Role,
        failure: str = "",
        pruned: str = "",
        scoring: int = 1,
    ) -> RunResult:
        """What the store holds of it: the folds that are finished; complete, failed or pruned."""
        return RunResult(
            **_described(self._first, self.experiment, role),
            role=role,
            study=study,
            study_key=study_key,
            number=None,
            run_key=self.key,
            settings={},
            fold_settings={number: run.settings for number, run in sorted(self.runs.items())},
            scoring=scoring,
            folds=tuple(
                fold
                for number, run in sorted(self.runs.items())
                for fold in run.stored(store, role)
                if fold.fold == number
            ),
            num_folds=len(self.runs),
            state="failed" if failure else "pruned" if pruned else "complete",
            reason=failure or pruned,
        )

    @property
    def _first(self) -> Run:
        return self.runs[min(self.runs)]


AnyRun = Run | NestedRun
"""What can be scored."""


def _described(run: Run, experiment: Experiment, role: Role) -> dict[str, Any]:
    """What a result says of its setting and its data."""
    prepared = run.prepared
    return {
        "architecture": run.architecture,
        "signature": signature(experiment),
        "system": system(experiment),
        "seed": experiment.train.seed,
        "experiment": json.loads(experiment.model_dump_json()),
        "protocol": protocol(experiment, prepared.corpus, prepared.utterances),
        "data": {**prepared.data, "code": prepared.code},
        "environment": environment(),
        "synthetic": prepared.synthetic,
        "circumstances": prepared.circumstances if role == "final" else None,
    }
