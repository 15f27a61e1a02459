"""What has to be true of a study in the end, whatever was broken on its way."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from ser_platform.train.stored import FoldKeys
from tests.chaos.found import Found, Logged, Traces

_ANY = FoldKeys("key", 1)
_PROGRESS, _TRAINED, _SCORED = (
    PurePosixPath(key).name for key in (_ANY.progress, _ANY.trained, _ANY.scored)
)
_TEMPORARY = (".part", ".tmp", ".new")
_UPLOAD = "upload:"
"""Begins the name of an upload that did not end."""

Invariant = Callable[[Found, Found, Traces], Iterator[str]]
"""What was found, what an undisturbed study left, what was seen; gives violations."""


def same_numbers(found: Found, undisturbed: Found, _: Traces) -> Iterator[str]:
    """P1, P2: every fold has the losses, epochs and probabilities of the undisturbed study."""
    for key in sorted(found.folds.keys() & undisturbed.folds.keys()):
        ours, theirs = found.folds[key], undisturbed.folds[key]
        for name in sorted(ours.keys() | theirs.keys()):
            if ours.get(name) != theirs.get(name):
                yield f"{key}: {name} differs: {_differing(ours.get(name), theirs.get(name))}"


def every_fold_once(found: Found, undisturbed: Found, traces: Traces) -> Iterator[str]:
    """P1: exactly the folds of the undisturbed study have results, each written once."""
    for key in sorted(undisturbed.folds.keys() - found.folds.keys()):
        yield f"{key}: missing"
    for key in sorted(found.folds.keys() - undisturbed.folds.keys()):
        yield f"{key}: the undisturbed study has no such fold"
    for key, times in sorted(traces.written.items()):
        if PurePosixPath(key).name in (_TRAINED, _SCORED) and times != 1:
            yield f"{key}: written {times} times"


def same_selection(found: Found, undisturbed: Found, _: Traces) -> Iterator[str]:
    """P7: the board has the rows of the undisturbed one, complete: settings, folds, WA, UA."""
    ours = {row.architecture: row for row in found.board}
    theirs = {row.architecture: row for row in undisturbed.board}
    for name in sorted(ours.keys() | theirs.keys()):
        if ours.get(name) != theirs.get(name):
            yield f"{name}: {ours.get(name)} in the place of {theirs.get(name)}"
    if len(found.board) != len(ours):
        yield f"{len(found.board)} rows of {len(ours)} architectures"
    yield from (f"not ranked: {problem}" for problem in found.unranked)


def trials_ended(found: Found, undisturbed: Found, _: Traces) -> Iterator[str]:
    """P6: every setting has one complete trial, and none is RUNNING or WAITING in Optuna."""
    for trial in found.trials:
        if trial.state in ("RUNNING", "WAITING"):
            yield f"trial {trial.number} is {trial.state}"
        if trial.state == "FAIL" and not trial.interrupted:
            yield f"trial {trial.number} failed: {dict(trial.setting)}"
    complete = Counter(t.setting for t in found.trials if t.state == "COMPLETE")
    wanted = {t.setting for t in undisturbed.trials if t.state == "COMPLETE"}
    for setting in sorted(wanted | complete.keys(), key=str):
        if complete[setting] != (setting in wanted):
            yield f"{complete[setting]} complete trials of {dict(setting)}"


def runs_ended(found: Found, undisturbed: Found, _: Traces) -> Iterator[str]:
    """P6: one FINISHED run of each trial, final and study in MLflow; one version of a model."""
    for run in found.logged:
        if run.status != "FINISHED":
            yield f"{_named(run)} is {run.status}"
    ours = Counter(_identity(run) for run in found.logged)
    theirs = Counter(_identity(run) for run in undisturbed.logged)
    for identity in sorted(ours.keys() | theirs.keys()):
        if ours[identity] != theirs[identity]:
            yield f"{ours[identity]} runs of {' '.join(identity)}, not {theirs[identity]}"
    if found.versions != undisturbed.versions:
        yield f"versions of models are {found.versions}, not {undisturbed.versions}"


def same_histories(found: Found, undisturbed: Found, _: Traces) -> Iterator[str]:
    """P4: every metric in MLflow has the points of the undisturbed study, each once."""
    theirs = {_identity(run): run.metrics for run in undisturbed.logged}
    for run in found.logged:
        expected = theirs.get(_identity(run), {})
        for name in sorted(run.metrics.keys() | expected.keys()):
            if run.metrics.get(name) != expected.get(name):
                yield (
                    f"{_named(run)}: {name} is {run.metrics.get(name)}, not {expected.get(name)}"
                )


def bytes_verified(found: Found, _: Found, __: Traces) -> Iterator[str]:
    """P3: every stored byte is what its digest, or its form, says."""
    yield from found.damaged


def nothing_temporary(found: Found, _: Found, __: Traces) -> Iterator[str]:
    """P3: no progress of a finished fold, no temporary object, no upload that did not end."""
    for key in found.keys:
        name = PurePosixPath(key).name
        if name == _PROGRESS or name.endswith(_TEMPORARY) or key.startswith(_UPLOAD):
            yield f"{key} is left"


def nobody_left(_: Found, __: Found, traces: Traces) -> Iterator[str]:
    """P6: no process of the study lives."""
    yield from (f"{process} is left" for process in traces.processes)


def no_secret(_: Found, __: Found, traces: Traces) -> Iterator[str]:
    """P8: no key of the object store in a log, a file or an object."""
    yield from (f"{place} holds a key of the object store" for place in traces.secrets)


def ends_told(_: Found, __: Found, traces: Traces) -> Iterator[str]:
    """P5: a run of the command that was not killed ends well, or with an error in words."""
    yield from traces.ends


def faults_met(_: Found, __: Found, traces: Traces) -> Iterator[str]:
    """Every fault of the schedule happened; else the soak proves less than it says."""
    yield from (f"{fault}: did not happen" for fault in traces.not_met)


INVARIANTS: tuple[Invariant, ...] = (
    *(same_numbers, every_fold_once, same_selection, trials_ended, runs_ended, same_histories),
    *(bytes_verified, nothing_temporary, nobody_left, no_secret, ends_told, faults_met),
)


def _identity(run: Logged) -> tuple[str, str]:
    """Not by number: a trial that was interrupted has another one when it is queued again."""
    return run.role, run.run_key


def _named(run: Logged) -> str:
    return f"{run.role} {run.number} of {run.run_key}"


def _differing(ours: Any, theirs: Any) -> str:
    """The innermost values that differ, and where."""
    if isinstance(ours, Mapping) and isinstance(theirs, Mapping):
        for name in sorted(ours.keys() | theirs.keys()):
            if ours.get(name) != theirs.get(name):
                return f"{name}: {_differing(ours.get(name), theirs.get(name))}"
    if isinstance(ours, (list, tuple)) and isinstance(theirs, (list, tuple)):
        for number, pair in enumerate(zip(ours, theirs, strict=False)):
            if pair[0] != pair[1]:
                return f"[{number}]: {_differing(*pair)}"
    return f"{ours!r:.80} in the place of {theirs!r:.80}"
