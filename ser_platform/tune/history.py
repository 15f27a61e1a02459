"""A study on its way: found again or made, what of it counts, what is still to be run."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import optuna
from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage
from optuna.study import StudyDirection, StudySummary
from optuna.trial import FrozenTrial, TrialState

from ser_platform.config.first_points import first_points, grid
from ser_platform.config.schema import ExperimentFile
from ser_platform.config.search_method import Goal
from ser_platform.errors import StudyError
from ser_platform.tune import attributes
from ser_platform.tune.selection import order_of, score_by
from ser_platform.tune.space import ARCHITECTURE, drawn_as

_DIRECTIONS: dict[Goal, StudyDirection] = {
    "val_ua": StudyDirection.MAXIMIZE,
    "num_parameters": StudyDirection.MINIMIZE,
    "seconds": StudyDirection.MINIMIZE,
}
_ENDED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)


def studies_named(storage: BaseStorage, name: str) -> list[StudySummary]:
    """All studies of experiment files of that name, oldest first."""
    found = [
        summary
        for summary in optuna.get_all_study_summaries(storage, include_best_trial=False)
        if summary.user_attrs.get(attributes.NAME) == name
    ]
    return sorted(found, key=lambda summary: summary.user_attrs[attributes.STARTED_AT])


def open_study(
    file: ExperimentFile,
    name: str,
    storage: BaseStorage,
    attrs: dict[str, Any],
    pruner: optuna.pruners.BasePruner,
    sampler_of: Callable[[int], optuna.samplers.BaseSampler],
) -> optuna.Study:
    """The study of that name; a new one has its first points queued.

    Trials that were running when an earlier attempt died are closed and queued again with
    the same settings, so that they go on from their folds' last epochs: they are the next that
    :func:`ask` gives, also where first points wait.

    Args:
        file: what is searched.
        name: of the study in the storage.
        storage: Optuna's.
        attrs: its attributes; those of an earlier attempt are replaced but for when it started.
        pruner: what cuts trials short.
        sampler_of: makes the sampler, for the number of trials that there are already: a study
            that goes on must not draw its first points again.
    """
    study = optuna.create_study(
        storage=storage,
        study_name=name,
        directions=[_DIRECTIONS[goal] for goal in file.study.goals],
        pruner=pruner,
        load_if_exists=True,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names([_name(goal, file) for goal in file.study.goals])
    known = study.user_attrs
    for key, value in attrs.items():
        if key not in known or (known[key] != value and key != attributes.STARTED_AT):
            study.set_user_attr(key, value)
    trials = study.get_trials(deepcopy=False)
    for trial in trials:
        if trial.state == TrialState.RUNNING:
            queue_again(study, trial.number)
    for point in _queued(file):
        # By what was asked for: a point that is there already, run or waiting, is left.
        study.enqueue_trial(point, skip_if_exists=True)
    study.sampler = sampler_of(len(trials))
    return study


def _name(goal: Goal, file: ExperimentFile) -> str:
    """What optuna-dashboard writes at the axis."""
    if goal != "val_ua":
        return goal
    return score_by(on_test=file.selects_on_test).key


def _queued(file: ExperimentFile) -> Iterable[dict[str, Any]]:
    if file.study.sampler.kind != "grid":
        return (drawn_as(file, *point) for point in first_points(file))
    points = grid(file)
    order = np.random.default_rng(file.study.seed).permutation(len(points))
    return (drawn_as(file, *points[i]) for i in order[: file.study.trials])


def wanted_trials(file: ExperimentFile) -> int:
    """How many trials a study is to have: no more than there are points on a grid."""
    if file.study.sampler.kind == "grid":
        return min(file.study.trials, len(grid(file)))
    return file.study.trials


def queue_again(study: optuna.Study, number: int) -> None:
    """Close a trial that was interrupted, and let its settings be the next to be tried."""
    trial = study.trials[number]
    numbers = study.user_attrs.get(attributes.INTERRUPTED, [])
    study.set_user_attr(attributes.INTERRUPTED, [*numbers, number])
    if not trial.state.is_finished():
        study.tell(number, state=TrialState.FAIL)
    study.enqueue_trial(_point(trial), user_attrs={attributes.RESUMES: number})


def ask(study: optuna.Study) -> optuna.Trial:
    """The next trial: what was interrupted, then what waits, then what the sampler draws."""
    # Optuna takes the lowest number that waits, and what is queued again has a high one: behind
    # first points that still wait, it would come too late in a study of few trials.
    for waiting in study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        key = waiting._trial_id
        if attributes.RESUMES in waiting.user_attrs and study._storage.set_trial_state_values(
            key, TrialState.RUNNING
        ):
            return optuna.Trial(study, key)
    return study.ask()


def _point(trial: FrozenTrial) -> dict[str, Any]:
    """What a trial drew, and what it was told to try: it may have died before it drew that."""
    return {**trial.system_attrs.get("fixed_params", {}), **trial.params}


def own_trials(study: optuna.Study, states: Sequence[TrialState] = _ENDED) -> list[FrozenTrial]:
    """Trials of this study that count: neither interrupted nor taken over from another."""
    interrupted = set(study.user_attrs.get(attributes.INTERRUPTED, []))
    return [
        trial
        for trial in study.get_trials(deepcopy=False, states=tuple(states))
        if trial.number not in interrupted and attributes.WARM not in trial.user_attrs
    ]


def trials_left(study: optuna.Study, wanted: int) -> int:
    """How many trials are still to be run."""
    return max(0, wanted - len(own_trials(study)))


def best_points(study: optuna.Study, file: ExperimentFile) -> dict[str, FrozenTrial]:
    """The complete trial with the highest validation UA of each architecture; the best first.

    Of the same UA the one with less of the other goal, and among equals the point that was tried
    first, also where that attempt was interrupted and another trial went on with it: what is
    selected does not depend on who died.

    Raises:
        StudyError: when no trial is complete.
    """
    complete = own_trials(study, (TrialState.COMPLETE,))
    if not complete:
        raise StudyError(
            f"study {study.study_name}: none of its trials finished; the reasons are above and "
            "in MLflow"
        )
    first = _first_tried(study)
    best: dict[str, FrozenTrial] = {}
    for trial in sorted(complete, key=lambda t: (order_of(t.values), first[t.number])):
        best.setdefault(architecture_of(trial, file), trial)
    return best


def _first_tried(study: optuna.Study) -> dict[int, tuple[int, int]]:
    """Number of a trial -> that of the first of its point, and its own."""
    first: dict[frozenset[tuple[str, Any]], int] = {}
    return {
        trial.number: (
            first.setdefault(frozenset(_point(trial).items()), trial.number),
            trial.number,
        )
        for trial in study.get_trials(deepcopy=False)
    }


def architecture_of(trial: FrozenTrial, file: ExperimentFile) -> str:
    """The architecture a trial drew, or the only one there is."""
    return trial.params.get(ARCHITECTURE) or next(iter(file.architectures))


def behind(study: optuna.Study, file: ExperimentFile) -> str | None:
    """An architecture that the next trial has to be of, to keep its share of the trials."""
    names = list(file.architectures)
    share = file.study.min_share
    if share is None:
        share = 0.5 / len(names)
    if len(names) == 1:
        return None
    counted = own_trials(study, (*_ENDED, TrialState.RUNNING))
    has = {name: sum(architecture_of(t, file) == name for t in counted) for name in names}
    due = np.floor(share * (len(counted) + 1) + 1e-9)
    poorest = min(names, key=lambda name: has[name])
    return poorest if has[poorest] < due else None
