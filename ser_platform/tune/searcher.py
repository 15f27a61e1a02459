"""Ray Tune's way to Optuna: which trial is next, what trials came to, which go no further."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import optuna
import ray
from optuna.trial import TrialState
from ray.tune.search import Searcher

from ser_platform.errors import SerError
from ser_platform.results import RunResult
from ser_platform.train.runs import Run
from ser_platform.train.session import Session
from ser_platform.tune import attributes, pruning
from ser_platform.tune import trial as reports
from ser_platform.tune.history import ask, behind, queue_again, trials_left
from ser_platform.tune.opened import OpenStudy
from ser_platform.tune.space import ARCHITECTURE, FOLD, NUMBER, draw
from ser_platform.tune.trial import Bench, Report


@dataclass
class _Running:
    trial: optuna.Trial
    run: Run
    folds: int = 0
    """That were told."""
    seconds: float = 0.0
    """Of their training."""
    step: int = 0
    """That was reported last."""
    pruned: str = ""
    """Why it goes no further."""


class Audience(Protocol):
    """Who is told of what happens."""

    def started(self, number: int, run: Run) -> None:
        """A trial was drawn."""
        ...

    def fold(self, number: int, fold: int, val_ua: float, seconds: float) -> None:
        """A trial has finished another fold; seconds of its training."""
        ...

    def ended(self, number: int, result: RunResult, seconds: float) -> None:
        """A trial came to its end, complete, failed or pruned; seconds of all its training."""
        ...

    def failed(self, error: SerError) -> None:
        """The search cannot go on, because of this."""
        ...


class StudySearch(Searcher):
    """Draws the trials of a study, and tells it what they came to.

    Optuna's own storage is its memory: a search that is made anew goes on from there.
    """

    def __init__(
        self,
        session: Session,
        bench: Bench,
        opened: OpenStudy,
        at_once: Callable[[], int],
        audience: Audience,
    ) -> None:
        """Search a study, at most ``at_once()`` trials at a time."""
        super().__init__()
        self._session, self._bench, self._opened = session, bench, opened
        self._study, self._at_once, self._audience = opened.study, at_once, audience
        self._running: dict[str, _Running] = {}
        self._stopped = False

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles it for a restore that a study does without."""
        return {}

    def stop(self) -> None:
        """Draw no more trials, and take those that run off the queue; they are queued again."""
        self._stopped = True
        for running in self._running.values():
            self._withdraw(running)

    def close(self) -> None:
        """No trial goes on: those whose end was not told are queued again."""
        for running in self._running.values():
            queue_again(self._study, running.trial.number)
        self._running.clear()

    def suggest(self, trial_id: str) -> Any:
        """The next trial; None while enough run, FINISHED when no more are wanted."""
        # Tune asks ten times a second. To count what is left reads every running trial from the
        # database, so that is not done while enough of them run.
        if self._running and not self._stopped and len(self._running) >= self._at_once():
            return None
        left = trials_left(self._study, self._opened.wanted) - len(self._running)
        if self._stopped or (left <= 0 and not self._running):
            return Searcher.FINISHED
        if left <= 0:
            return None
        running = self._running[trial_id] = self._ask()
        self._audience.started(running.trial.number, running.run)
        return {**running.trial.params, NUMBER: running.trial.number, FOLD: self._opened.fold}

    def on_trial_result(self, trial_id: str, result: Report) -> None:
        """Report a trial to its pruner, and end it if that says so."""
        running = self._running[trial_id]
        self._tell_fold(running, result)
        ended = result[reports.FAILED] or result[reports.WITHDRAWN]
        if not ended and not running.pruned:
            self._judge(running, result)

    def on_trial_complete(
        self, trial_id: str, result: Report | None = None, error: bool = False
    ) -> None:
        """Tell the study; what a fault or a stop interrupted is queued again."""
        running = self._running.pop(trial_id)
        self._confirm()
        number = running.trial.number
        if error or result is None or (result[reports.WITHDRAWN] and not running.pruned):
            queue_again(self._study, number)
            return
        self._tell_fold(running, result)
        seconds = self._seconds(running, result)
        self._note(running, result, seconds)
        failure = result[reports.FAILED]
        pruned = running.pruned if result[reports.WITHDRAWN] else ""
        if failure or pruned:
            running.trial.set_user_attr(attributes.REASON, failure or pruned)
            self._study.tell(number, state=TrialState.FAIL if failure else TrialState.PRUNED)
        else:
            self._study.tell(number, [result[goal] for goal in self._bench.file.study.goals])
        stored = self._session.stored(running.run, "trial", failure, pruned)
        self._audience.ended(number, stored, seconds)

    def save(self, checkpoint_path: str) -> None:
        """Nothing: Optuna has it all."""

    def _confirm(self) -> None:
        """Go no further if the study is another process's by now."""
        try:
            self._session.lease.confirm()
        except SerError as e:
            self._audience.failed(e)  # what Tune makes of it is a text
            raise

    def _ask(self) -> _Running:
        self._confirm()
        file = self._bench.file
        if not self._study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
            architecture = behind(self._study, file)
            if architecture is not None:
                self._study.enqueue_trial({ARCHITECTURE: architecture})
        trial = ask(self._study)
        draw(trial, file)
        run = self._bench.run({**trial.params, NUMBER: trial.number, FOLD: self._opened.fold})
        ray.get(self._bench.queue.admit.remote(run.key))
        trial.set_user_attr(attributes.ARCHITECTURE, run.architecture)
        trial.set_user_attr(attributes.SETTINGS, run.settings)
        trial.set_user_attr(attributes.RUN_KEY, run.key)
        return _Running(trial, run)

    def _tell_fold(self, running: _Running, result: Report) -> None:
        folds, seconds = result[reports.FOLDS], result[reports.SECONDS]
        if len(folds) == running.folds:
            return
        running.trial.set_user_attr(attributes.FOLDS, folds)
        fold = running.run.prepared.folds[len(folds) - 1].number
        self._audience.fold(running.trial.number, fold, folds[-1], seconds - running.seconds)
        running.folds, running.seconds = len(folds), seconds

    def _judge(self, running: _Running, result: Report) -> None:
        """Report where a trial stands, and end it if the pruner says so and something is left."""
        study = self._bench.file.study
        if len(study.goals) > 1:
            return
        standing = pruning.Standing(
            result[reports.FOLDS], result[reports.EPOCHS], result[reports.BEST]
        )
        done, of = len(standing.folds), len(running.run.prepared.folds)
        epochs = running.run.experiment.train.epochs
        point = pruning.point(study.pruner, standing, epochs, of)
        if point is None or point[0] <= running.step:
            return
        running.step, value = point
        running.trial.report(value, running.step)
        if done < of and running.trial.should_prune():
            running.pruned = pruning.why(study.pruner)
            self._withdraw(running)

    def _seconds(self, running: _Running, result: Report) -> float:
        """Of all its training: a fold that was cut short has cost something too."""
        known = ray.get(self._bench.queue.seconds.remote(running.run.key))
        return max(known, result[reports.SECONDS])

    def _note(self, running: _Running, result: Report, seconds: float) -> None:
        cluster = self._bench.file.cluster
        gpus = cluster.workers * cluster.gpus_per_worker
        running.trial.set_user_attr(attributes.SECONDS, seconds)
        running.trial.set_user_attr(attributes.GPU_SECONDS, gpus * seconds)
        running.trial.set_user_attr(attributes.NUM_PARAMETERS, result[reports.NUM_PARAMETERS])

    def _withdraw(self, running: _Running) -> None:
        # Waited for: the trial goes on only once its report was looked at, and then must not find
        # its next fold wanted.
        ray.get(self._bench.queue.withdraw.remote(running.run.key))
