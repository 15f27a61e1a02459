"""The comparison of pruners, on records small enough to count by hand."""

import json
from itertools import permutations
from pathlib import Path

import numpy as np
import optuna
import pytest

from tests.benchmarks.pruning import (
    COLUMNS,
    RECORDS,
    asha,
    by_how_telling,
    draw_searches,
    figures,
    hyperband,
    methods,
    read,
    wilcoxon,
)
from tests.benchmarks.replay import (
    Curves,
    Method,
    Report,
    at_fold_ends,
    at_rungs,
    best_of_folds,
    every_epoch,
    replay,
)
from tests.benchmarks.variants import enlarged, with_folds, with_patience

pytestmark = pytest.mark.filterwarnings(
    "ignore:WilcoxonPruner is experimental:optuna.exceptions.ExperimentalWarning"
)
HARD, EASY = -0.1, 0.1


def setting(score: float, architecture: str = "wise", seconds: float = 1.0) -> Curves:
    """Five folds of two epochs; the first and the fourth fold are hard, the others easy."""
    folds = [score + shift for shift in (HARD, EASY, EASY, HARD, EASY)]
    return Curves(
        architecture,
        val_ua=tuple(np.array([fold - 0.2, fold]) for fold in folds),
        seconds=(np.array([seconds, seconds]),) * 5,
        epochs=2,
    )


def test_without_a_pruner_the_best_is_found_at_full_cost() -> None:
    trials = [setting(0.5), setting(0.7), setting(0.6)]
    outcome = replay(trials, methods()["none"], [0, 1, 2])
    assert outcome.selected == {"wise": 1}
    assert (outcome.epochs, outcome.seconds) == (30, 30.0)


def test_the_signed_rank_test_stops_what_is_worse_in_the_first_two_folds() -> None:
    """Two folds of two epochs instead of five: 0.25 is below 0.3 and not below 0.2."""
    trials = [setting(0.7), setting(0.5, seconds=3.0)]
    outcome = replay(trials, wilcoxon(0.3, 2), [0, 1])
    assert outcome.selected == {"wise": 0}
    assert (outcome.epochs, outcome.seconds) == (10 + 4, 10.0 + 4 * 3.0)
    assert replay(trials, wilcoxon(0.3, 3), [0, 1]).epochs == 10 + 6
    assert replay(trials, wilcoxon(0.2, 2), [0, 1]).epochs == 10 + 6
    assert replay(trials, wilcoxon(0.1, 2), [0, 1]).epochs == 10 + 8


def test_a_better_setting_is_never_stopped_by_the_signed_rank_test() -> None:
    assert replay([setting(0.5), setting(0.7)], wilcoxon(0.3, 2), [0, 1]).epochs == 20


def test_what_runs_at_the_same_time_has_nothing_finished_to_compare_with() -> None:
    trials = [setting(0.7), setting(0.5)]
    assert replay(trials, wilcoxon(0.3, 2), [0, 1], at_once=2).epochs == 20


def test_halving_stops_at_the_first_rung_what_is_not_among_the_best() -> None:
    """One fold of five for the second, whose rung the first has passed with a better value."""
    trials = [setting(0.7), setting(0.5)]
    outcome = replay(trials, asha(3, 0.2), [0, 1])
    assert (outcome.selected, outcome.epochs) == ({"wise": 0}, 10 + 2)
    assert replay(trials, asha(3, 0.2), [1, 0]).epochs == 20


def test_regret_and_cost_of_a_late_bloomer_that_halving_stops() -> None:
    """It is worst in the first fold and best in all others: 0.68 on average against 0.6."""
    late = Curves(
        "wise",
        val_ua=tuple(np.array([ua]) for ua in (0.4, 0.75, 0.75, 0.75, 0.75)),
        seconds=(np.array([1.0]),) * 5,
        epochs=1,
    )
    steady = Curves("wise", (np.array([0.6]),) * 5, (np.array([1.0]),) * 5, epochs=1)
    found = figures([([steady, late], [0, 1])], asha(3, 0.2))
    expected = {"regret": 8.0, "of each": 8.0, "worst": 8.0, "none of one": 0, "same": 0}
    assert dict(zip(COLUMNS, found[0], strict=True)) == pytest.approx(
        {**expected, "epochs": 0.6, "seconds": 0.6}
    )
    assert figures([([steady, late], [0, 1])], wilcoxon(0.3, 2))[0, 0] == 0


def test_an_architecture_is_left_without_a_setting_unless_it_is_compared_with_itself() -> None:
    trials = [setting(0.8), setting(0.6, "alignment"), setting(0.5, "alignment")]
    lacking, spent = COLUMNS.index("none of one"), COLUMNS.index("epochs")
    together = figures([(trials, [0, 1, 2])], methods()["wilcoxon p 0.3 from fold 2, all"])
    apart = figures([(trials, [0, 1, 2])], methods()["wilcoxon p 0.3 from fold 2, own"])
    assert (together[0, lacking], together[0, spent]) == (1, pytest.approx(18 / 30))
    assert (apart[0, lacking], apart[0, spent]) == (0, pytest.approx(24 / 30))


def test_a_report_has_the_share_that_is_done_and_the_mean_over_folds_begun() -> None:
    trial = Curves(
        "wise",
        val_ua=(np.array([0.3, 0.5, 0.4]), np.array([0.7, 0.6])),
        seconds=(np.ones(3), np.ones(2)),
        epochs=3,
    )
    assert [(r.epochs, r.step) for r in every_epoch(trial)] == [
        *((1, 166), (2, 333), (3, 500)),
        *((4, 666), (5, 1000)),  # the second fold stopped early, and counts whole
    ]
    values = [r.value for r in every_epoch(trial)]
    assert values == pytest.approx([0.3, 0.5, 0.5, 0.6, 0.6])
    assert at_fold_ends(trial) == [every_epoch(trial)[2], every_epoch(trial)[4]]
    assert best_of_folds(trial) == [Report(3, 1, 0.5), Report(5, 2, 0.7)]


@pytest.mark.parametrize(("method", "reduction"), [(asha, 2), (asha, 3), (hyperband, 3)])
def test_between_rungs_a_report_changes_nothing(method, reduction) -> None:
    trials = [setting(score) for score in (0.5, 0.7, 0.6, 0.55, 0.65)]
    at_rungs_only = method(reduction, 0.2)
    at_every_epoch = Method(at_rungs_only.pruner, every_epoch)
    for order in list(permutations(range(5)))[::12]:
        for at_once in (1, 2):
            some = replay(trials, at_rungs_only, order, at_once)
            assert some == replay(trials, at_every_epoch, order, at_once)


def test_rungs_are_the_first_reports_at_or_past_them_and_the_end() -> None:
    steps = [report.step for report in at_rungs(setting(0.5), first=150, reduction=3)]
    assert steps == [200, 500, 1000]


def test_a_fold_that_does_not_get_better_stops_after_its_patience() -> None:
    trial = Curves(
        "wise", (np.array([0.3, 0.5, 0.4, 0.5, 0.6]),), (np.arange(1.0, 6.0),), epochs=5
    )
    (short,) = with_patience([trial], 2)
    assert short.val_ua[0].tolist() == [0.3, 0.5, 0.4, 0.5]
    assert (short.num_epochs, short.spent_s[-1], short.score) == (4, 10.0, 0.5)


def test_the_most_telling_fold_is_the_one_that_goes_with_the_others() -> None:
    scores = [(0.5, 0.5, 0.9), (0.6, 0.6, 0.2), (0.7, 0.7, 0.6), (0.8, 0.8, 0.5)]
    trials = [
        Curves("wise", tuple(np.array([ua]) for ua in row), (np.ones(1),) * 3, epochs=1)
        for row in scores
    ]
    assert by_how_telling(trials)[-1] == 2
    assert with_folds(trials, [2, 0, 1])[0].val_ua[0].tolist() == [0.9]


def test_drawn_settings_vary_and_their_folds_differ_as_the_recorded_ones_do() -> None:
    trials = [setting(score) for score in (0.4, 0.5, 0.6, 0.7)]
    drawn = enlarged(trials, 400, np.random.default_rng(0))
    best = np.array([[ua.max() for ua in trial.val_ua] for trial in drawn])
    folds = np.array([HARD, EASY, EASY, HARD, EASY])
    np.testing.assert_allclose(best.mean(axis=0) - best.mean(), folds - folds.mean(), atol=0.02)
    scores = [trial.score for trial in drawn]
    assert np.mean(scores) == pytest.approx(0.55 + folds.mean(), abs=0.02)
    assert np.std(scores) == pytest.approx(np.std([0.4, 0.5, 0.6, 0.7], ddof=1), abs=0.02)


@pytest.mark.parametrize("path", sorted(RECORDS.glob("*.json")), ids=lambda path: path.stem)
def test_a_record_is_whole_and_holds_curves_alone(path: Path) -> None:
    """Scores and times: no utterance, no sound, no word."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    record = json.loads(path.read_text(encoding="utf-8"))
    assert set(record) == {"made", "trials"}
    for trial in record["trials"]:
        assert set(trial) == {"architecture", "values", "folds"}
        assert all(set(fold) == {"val_ua", "seconds"} for fold in trial["folds"])
    trials = read(path)
    assert {len(t.val_ua) for t in trials} == {5}
    assert {t.num_epochs for t in trials} == {5 * t.epochs for t in trials}
    found = figures(draw_searches(trials, 1), methods()["none"])
    assert found.tolist() == [[0, 0, 0, 0, 1, 1, pytest.approx(1)]]
