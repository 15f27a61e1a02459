"""One setting over all its folds: the jobs it is made of, and the result they add up to."""

import json
from dataclasses import dataclass
from typing import Any, Literal

from ser_platform.config import signature
from ser_platform.config.schema import Experiment
from ser_platform.results import RunResult
from ser_platform.storage.base import ObjectStore
from ser_platform.train.identity import environment, protocol, run_key
from ser_platform.train.jobs import FoldJob
from ser_platform.train.prepared import Prepared
from ser_platform.train.stored import FoldKeys, read_result


@dataclass(frozen=True)
class Run:
    """A setting bound to its data, ready to be trained; travels to trials."""

    architecture: str
    experiment: Experiment
    settings: dict[str, Any]
    """What a search or a sweep chose, by dotted name."""
    prepared: Prepared
    workers: int
    """Ranks that train each fold."""
    number: int | None = None
    """Optuna's trial number."""

    @property
    def key(self) -> str:
        """Identity of the result."""
        return run_key(self.experiment, self.prepared.digest, self.prepared.code, self.workers)

    def jobs(self, store_url: str, *, score_test: bool) -> list[FoldJob]:
        """One job per fold, in order."""
        return [
            FoldJob(
                run_key=self.key,
                fold=fold,
                experiment=self.experiment.model_dump_json(),
                dataset=self.prepared.dataset,
                store=store_url,
                score_test=score_test,
            )
            for fold in self.prepared.folds
        ]

    def result(
        self,
        store: ObjectStore,
        study: str,
        study_key: str,
        role: Literal["trial", "final"],
        failure: str = "",
    ) -> RunResult:
        """What the store holds of it: the folds that are finished, complete or failed."""
        keys = [FoldKeys(self.key, fold.number) for fold in self.prepared.folds]
        stored = [read_result(store, k.scored if role == "final" else k.trained) for k in keys]
        return RunResult(
            role=role,
            study=study,
            study_key=study_key,
            architecture=self.architecture,
            number=self.number,
            run_key=self.key,
            signature=signature(self.experiment),
            experiment=json.loads(self.experiment.model_dump_json()),
            settings=self.settings,
            protocol=protocol(self.experiment, self.prepared.corpus, self.prepared.utterances),
            data={**self.prepared.data, "code": self.prepared.code},
            environment=environment(),
            synthetic=self.prepared.synthetic,
            folds=tuple(fold for fold in stored if fold is not None),
            num_folds=len(keys),
            state="failed" if failure else "complete",
            reason=failure,
        )
