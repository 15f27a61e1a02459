"""What a study has selected, scored on test: a step of its own, and counted."""

import logging
from collections.abc import Iterator, Sequence

from ser_platform.results import RunResult
from ser_platform.train.finals import score_runs
from ser_platform.train.runs import AnyRun, NestedRun, Run
from ser_platform.train.session import Session
from ser_platform.tune import attributes
from ser_platform.tune.history import best_points
from ser_platform.tune.opened import OpenStudy
from ser_platform.tune.space import FOLD, NUMBER
from ser_platform.tune.trial import Bench

_log = logging.getLogger(__name__)


def score_selected(session: Session, bench: Bench, opened: list[OpenStudy]) -> list[RunResult]:
    """Score the best setting of each architecture on test, the winner first.

    Raises:
        StudyError: when no trial is complete.
        TrainingError: when folds failed; after all others were scored and logged.
    """
    session.lease.confirm()
    selected = [_selected(session, bench, each) for each in opened]
    scoring = count_scoring(opened[0], sorted(r.key for some in selected for r in some.values()))
    runs: Sequence[AnyRun] = list(selected[0].values())
    if session.file.protocol == "nested":
        runs = list(_nested(session, opened, selected))
    return score_runs(session, runs, scoring=scoring)


def _nested(
    session: Session, opened: list[OpenStudy], selected: list[dict[str, Run]]
) -> Iterator[NestedRun]:
    """Each architecture with what every fold selected for it, those with all folds only."""
    for name in session.file.architectures:
        of_fold = {
            each.fold: some[name]
            for each, some in zip(opened, selected, strict=True)
            if each.fold is not None and name in some
        }
        if len(of_fold) == len(opened):
            yield NestedRun(session.file.experiment(name), of_fold)
        else:
            _log.warning(
                "%s: no trial of it finished in %d of %d studies; it is not scored",
                name,
                len(opened) - len(of_fold),
                len(opened),
            )


def _selected(session: Session, bench: Bench, opened: OpenStudy) -> dict[str, Run]:
    best = best_points(opened.study, session.file)
    return {
        name: bench.run({**trial.params, NUMBER: trial.number, FOLD: opened.fold})
        for name, trial in best.items()
    }


def count_scoring(opened: OpenStudy, keys: list[str]) -> int:
    """Which selection of this study meets the test part: 1 for the first, and so on.

    The same selection is scored once, however often the command is run. Another one, after more
    trials say, is the second look at the same test part, and is recorded as that.
    """
    known: list[list[str]] = opened.study.user_attrs.get(attributes.SCORINGS, [])
    if keys not in known:
        known = [*known, keys]
        opened.study.set_user_attr(attributes.SCORINGS, known)
    number = known.index(keys) + 1
    if number > 1:
        _log.warning(
            "study  %s: selection %d to be scored on the same test part; it is recorded as such",
            opened.study.study_name,
            number,
        )
    return number
