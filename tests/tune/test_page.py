"""The page at the end of a study: what it shows, and what it says where it shows nothing."""

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from ser_platform.config import load_experiment_file
from ser_platform.config.schema import ExperimentFile
from ser_platform.pages.page import Page, as_html
from ser_platform.tracking.layout import SYNTHETIC_NOTE
from ser_platform.tune import attributes
from ser_platform.tune.best_settings import scored
from ser_platform.tune.cost import cost
from ser_platform.tune.export import write_best
from ser_platform.tune.figures import front
from ser_platform.tune.importance import MIN_TRIALS, importance
from ser_platform.tune.page import BEST_ON_TEST, study_files, study_page, write_study
from ser_platform.tune.picture import Missing, Picture
from ser_platform.tune.record import best_of_each, counted, records
from ser_platform.tune.selection import VALIDATION
from ser_platform.tune.summary import show_summary
from tests.tune.studies import both, make, single

pytestmark = pytest.mark.slow

PNG = b"\x89PNG\r\n\x1a\n"
LONG = ["complete", "complete", "pruned", "complete", "failed", "complete"] * 5 + ["running"]


def said(page: Page) -> list[str]:
    return [f"{f.title}: {f.text}" for s in page.sections for f in s.findings]


def test_a_long_study_has_every_figure_on_the_page_and_as_png(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    file = both(tmp_path)
    study = make(file, LONG, attrs={attributes.SYNTHETIC: True})
    files = study_files(study, file)
    each = {f"{kind}-{name}" for kind in ("slices", "parallel") for name in file.architectures}
    drawn = {Path(path).stem for path, content in files.items() if content.startswith(PNG)}
    assert {"history", *each} <= drawn
    html = write_study(study, files).read_text(encoding="utf-8")
    assert html.count("<svg") == len(drawn)
    assert html.count(SYNTHETIC_NOTE) == 1
    assert "test parts do not appear on this page" in html
    assert (tmp_path / ".ser/studies/x-ab12/history.png").is_file()
    assert study_files(study, file) == files  # the same study, the same bytes


@pytest.mark.parametrize(
    "states", [[], ["failed"], ["running"], ["pruned"], ["complete"], ["complete", "waiting"]]
)
def test_with_few_trials_every_figure_is_there_or_says_why_not(states, tmp_path) -> None:
    file = both(tmp_path)
    page = study_page(make(file, states), file)
    for section in page.sections:
        assert section.figures or section.tables or section.findings, section.title
    if "complete" not in states:
        assert "wise: none of its trials is complete" in said(page)


def test_importance_is_refused_to_few_trials_and_sums_to_one_over_many(tmp_path) -> None:
    file = single(tmp_path)
    few = make(file, ["complete"] * (MIN_TRIALS - 1), key="few")
    assert importance(few, records(few, file), "wise") == (
        {},
        "wise: complete trials: 9, importance needs 10",
    )
    many = make(file, ["complete"] * 14, key="many")
    shares = importance(many, records(many, file), "wise").shares
    assert set(shares) == {"model.heads", "model.dropout"}
    assert sum(shares.values()) == pytest.approx(1)


def test_importance_of_an_architecture_knows_settings_that_the_others_lack(tmp_path) -> None:
    file = both(tmp_path)
    study = make(file, ["complete"] * 40)
    found = records(study, file)
    assert set(importance(study, found, "wise").shares) == set(file.search_space("wise"))
    assert set(importance(study, found, "alignment").shares) == set(file.search_space("alignment"))


def test_the_front_of_two_goals_is_that_of_optuna(tmp_path) -> None:
    file = both(tmp_path, goals=["val_ua", "num_parameters"])
    study = make(file, ["complete"] * 8)
    picture = front(study, records(study, file), file.study.goals, VALIDATION)
    assert isinstance(picture, Picture)
    empty = make(file, ["failed"], key="none")
    missing = front(empty, records(empty, file), file.study.goals, VALIDATION)
    assert missing == Missing("Pareto front", "no trial is complete")


def test_selection_on_test_is_red_across_the_page_and_makes_no_claim_of_validation(
    tmp_path,
) -> None:
    file = both(tmp_path).model_copy(update={"selection": "best_on_test"})
    page = study_page(make(file, ["complete"]), file)
    assert page.alarm == BEST_ON_TEST
    assert not any("test parts do not appear" in text for text in said(page))


@pytest.mark.parametrize("recorded", [True, False])
def test_a_score_that_is_of_the_test_part_is_called_so_everywhere(recorded, tmp_path) -> None:
    """Also where the file has changed since: what counts is what the study did."""
    honest = both(tmp_path, goals=["val_ua", "num_parameters"])
    on_test = honest.model_copy(update={"selection": "best_on_test"})
    attrs = {attributes.PROTOCOL: {"selected_on": "test"}} if recorded else {}
    file = honest if recorded else on_test
    study = make(file, ["complete", "complete", "pruned"], attrs=attrs)
    html = as_html(study_page(study, file))
    console = Console(file=io.StringIO(), width=500, record=True)
    show_summary(study, file, Path("study.html"), console)
    write_best(study, file, None, tmp_path / "best.yaml")
    head = (tmp_path / "best.yaml").read_text(encoding="utf-8").partition("name:")[0]
    for text in (html, console.export_text(), head):
        assert "test UA" in text
        assert "validation UA" not in text
    assert "best test UA, %" in [fact.label for fact in study_page(study, file).facts]
    assert "Selected on the test part" in head


def test_what_pruning_saved_is_what_the_rest_of_the_folds_would_have_cost(tmp_path) -> None:
    file = single(tmp_path)
    study = make(file, ["complete", "complete", "pruned"])
    spent = cost(records(study, file))  # 60 s a fold; 5 folds complete, 2 pruned
    assert (spent.seconds, spent.gpu_seconds, spent.saved_s) == (720, 360, 180)
    assert spent.saved == 180 / 900


def test_interrupted_and_taken_over_trials_are_not_the_studys(tmp_path) -> None:
    file = single(tmp_path)
    study = make(file, ["complete", "failed", "complete"], attrs={attributes.INTERRUPTED: [1]})
    taken = study.ask({})
    taken.set_user_attr(attributes.WARM, "x-old")
    study.tell(taken, 0.99)
    assert [r.number for r in records(study, file)] == [0, 2]


def test_one_trial_of_one_fold_is_told_in_the_singular(tmp_path) -> None:
    file = single(tmp_path)
    page = study_page(make(file, ["complete"], attrs={attributes.NUM_FOLDS: 1}), file)
    assert "1 fold. Study" in page.lead
    assert "wise: best of 1 complete trial. Scores" in page.sections[0].tables[0].caption
    assert [counted(n, "fold") for n in (0, 1, 2)] == ["0 folds", "1 fold", "2 folds"]


def test_the_deviation_over_folds_is_that_of_a_sample_as_in_results(tmp_path) -> None:
    file = single(tmp_path)
    (record,) = records(make(file, ["complete"]), file)
    assert scored(replace(record, val_ua=0.5, fold_uas=(0.4, 0.6))) == "50.0 ± 14.1"
    assert scored(replace(record, val_ua=0.5, fold_uas=(0.5,))) == "50.0"


def test_the_summary_can_be_pasted(tmp_path) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(
        "name: x\ncorpus: {kind: demo}\nfeatures: {kind: mfcc39}\nmodel: {kind: wise}\n"
        "study: {search: {model.heads: {choice: [1, 2, 4]}, "
        "model.dropout: {uniform: [0.1, 0.5]}}}\n",
        encoding="utf-8",
    )
    file: ExperimentFile = single(tmp_path)
    study = make(file, ["complete"] * 4)
    console = Console(file=io.StringIO(), width=500, record=True)
    show_summary(study, file, Path("study.html"), console)
    text = console.export_text()
    top = best_of_each(records(study, file))["wise"]
    line = next(line for line in text.splitlines() if "--set" in line)
    overrides = [part for part in line.split() if part != "--set"]
    model = load_experiment_file(path, overrides).model
    assert model is not None
    assert {f"model.{k}": getattr(model, k) for k in ("heads", "dropout")} == top.settings
    assert f"  model: {{heads: {top.settings['model.heads']}, dropout: " in text
    assert "importance: wise: complete trials: 4, importance needs 10" in text
    assert "figures: study.html" in text
