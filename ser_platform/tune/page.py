"""The page of a study: what was found, how, and at what cost; no score but what selected."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import optuna

from ser_platform.config.schema import ExperimentFile
from ser_platform.pages.page import Fact, Figure, Finding, Page, Section, as_html
from ser_platform.tracking.files import write_files
from ser_platform.tracking.layout import SYNTHETIC_NOTE
from ser_platform.tune import attributes
from ser_platform.tune.best_settings import settings_table
from ser_platform.tune.cost import cost, cost_table, quota_table
from ser_platform.tune.figures import front, history, importances
from ser_platform.tune.importance import CAVEAT, importance
from ser_platform.tune.picture import Missing, Picture
from ser_platform.tune.record import (
    ENDED,
    Record,
    architectures,
    best,
    best_of_each,
    counted,
    num_folds,
    records,
    wanted,
)
from ser_platform.tune.selection import TEST, Score, score_of
from ser_platform.tune.setting_figures import parallel, slices
from ser_platform.tune.time_left import in_words

PAGE = "study/study.html"
"""Path of the page among the files of a study."""

BEST_ON_TEST = (
    "selection: best_on_test. What is chosen here is chosen by looking at the test part, as the "
    "literature often does; no score that follows from it says anything about unseen speech."
)
VALIDATION_ONLY = (
    "Everything here is about validation parts; test parts do not appear on this page. The "
    "highest of many validation scores is too good for what was selected: its score on test is "
    "on the leaderboard."
)
_SHOWN = 15
"""Trials that did not end well of which the page tells the reason."""

_Drawn = Mapping[str, Sequence[Picture | Missing]]
"""Part of the page -> its figures."""


def study_page(study: optuna.Study, file: ExperimentFile) -> Page:
    """The page, figures inside."""
    found = records(study, file)
    return _page(study, file, found, _drawn(study, file, found))


def study_files(study: optuna.Study, file: ExperimentFile) -> dict[str, bytes]:
    """The page and each figure as PNG, by path: what MLflow shows of a study."""
    found = records(study, file)
    drawn = _drawn(study, file, found)
    page = _page(study, file, found, drawn)
    pictures = [p for part in drawn.values() for p in part if isinstance(p, Picture)]
    notes = [page.warning, "selected on the test part" if page.alarm else ""]
    note = " ".join(note for note in notes if note)
    return {PAGE: as_html(page).encode(), **{f"study/{p.name}.png": p.png(note) for p in pictures}}


def write_study(study: optuna.Study, files: Mapping[str, bytes]) -> Path:
    """Write :func:`study_files` under ``.ser/studies/<study>``; returns where the page lies."""
    folder = Path(".ser", "studies", study.study_name)
    write_files({path.removeprefix("study/"): content for path, content in files.items()}, folder)
    return folder / PAGE.removeprefix("study/")


def _drawn(study: optuna.Study, file: ExperimentFile, found: Sequence[Record]) -> _Drawn:
    names = architectures(found)
    score = score_of(study, file)
    course = [history(found, score)]
    if len(file.study.goals) > 1:
        course.append(front(study, found, file.study.goals, score))
    return {
        "course": course,
        "importance": importances({name: importance(study, found, name) for name in names}),
        "settings": [
            draw(found, name, file.search_space(name), score)
            for name in names
            for draw in (slices, parallel)
        ],
    }


def _page(
    study: optuna.Study, file: ExperimentFile, found: Sequence[Record], drawn: _Drawn
) -> Page:
    tested_on = study.user_attrs.get(attributes.TEST_FOLD)
    part = "" if tested_on is None else f", for test part {tested_on}"
    score = score_of(study, file)
    goals = f"mean {score.words} over folds" + "".join(f", {g}" for g in file.study.goals[1:])
    names = ", ".join(file.architectures)
    return Page(
        kicker="Study",
        title=f"{file.name}{part}",
        lead=f"Search over {names} by {file.study.sampler.kind}, pruner "
        f"{file.study.pruner.kind}; objective: {goals}. Protocol {file.protocol}, "
        f"{counted(num_folds(study, found), 'fold')}. Study {study.study_name} in Optuna's "
        "storage.",
        warning=SYNTHETIC_NOTE if study.user_attrs.get(attributes.SYNTHETIC) else "",
        facts=_facts(found, wanted(study, file), score),
        sections=[
            _best(file, found, score),
            _section("How the search went", drawn["course"]),
            _section("What mattered", drawn["importance"], CAVEAT),
            _section(
                "Each setting, and all together",
                drawn["settings"],
                "The axes show the whole range that is searched.",
            ),
            _costs(file, found),
            *_endings(found),
        ],
        footer="Made by ser tune from Optuna's storage. Importance: Optuna's fANOVA; Pareto "
        "front: Optuna's.",
        alarm=BEST_ON_TEST if score == TEST else "",
    )


def _facts(found: Sequence[Record], trials: int, score: Score) -> list[Fact]:
    top, spent = best(found), cost(found)
    counts = {state: sum(r.state == state for r in found) for state in (*ENDED, "running")}
    ended = sum(counts[state] for state in ENDED)
    running = f", {counts['running']} running" if counts["running"] else ""
    return [
        Fact("-" if top is None else f"{100 * (top.val_ua or 0):.1f}", f"best {score.words}, %",
             "bad" if top is None else "good"),
        Fact(f"{ended}/{trials}", f"trials ended{running}"),
        Fact(str(counts["pruned"]), "pruned"),
        Fact(str(counts["failed"]), "failed", "warning" if counts["failed"] else "good"),
        Fact(_brief(spent.seconds), "of training"),
        Fact(_brief(spent.gpu_seconds), "of GPUs"),
        Fact(f"{spent.saved:.0%}", "saved by pruning"),
    ]  # fmt: skip


def _best(file: ExperimentFile, found: Sequence[Record], score: Score) -> Section:
    each = best_of_each(found)
    findings = [] if score == TEST else [Finding("plain", "read this", "", VALIDATION_ONLY)]
    findings += [
        Finding("warning", "no setting", name, "none of its trials is complete")
        for name in file.architectures
        if name not in each
    ]
    tables = [settings_table(file, found, top, score) for top in each.values()]
    return Section("Best settings", findings=findings, tables=tables)


def _costs(file: ExperimentFile, found: Sequence[Record]) -> Section:
    tables = [cost_table(found)]
    if len(file.architectures) > 1:
        tables.append(quota_table(file, found))
    return Section("Cost and shares", tables=tables)


def _endings(found: Sequence[Record]) -> list[Section]:
    """Why trials failed or were pruned; failures first."""
    cut = [r for r in found if r.state in ("failed", "pruned")]
    if not cut:
        return []
    shown = sorted(cut, key=lambda r: (r.state != "failed", r.number))
    findings = [
        Finding(
            "bad" if r.state == "failed" else "warning",
            r.state,
            f"trial {r.number}, {r.architecture}, {_folds(r)}",
            r.reason or "no reason is recorded",
        )
        for r in shown[:_SHOWN]
    ]
    more = len(shown) - _SHOWN
    text = f"{more} more; ser tune export has all." if more > 0 else ""
    return [Section("Trials that did not end", text, findings=findings)]


def _folds(record: Record) -> str:
    return f"after {counted(len(record.fold_uas), 'fold')}"


def _brief(seconds: float) -> str:
    """Narrow enough for the head of the page."""
    return in_words(seconds) if seconds < 99 * 60 else f"{seconds / 3600:,.1f} h"


def _section(title: str, drawn: Sequence[Picture | Missing], text: str = "") -> Section:
    """Figures, and what is said in the place of those that are not there."""
    figures = [Figure(p.svg, p.caption, p.wide) for p in drawn if isinstance(p, Picture)]
    findings = [
        Finding("plain", "not drawn", p.title, p.why) for p in drawn if isinstance(p, Missing)
    ]
    if not drawn:
        findings = [Finding("plain", "not drawn", title, "no trial has begun")]
    return Section(title, text, findings, figures)
