import pytest

from ser_platform.leaderboard.rank import rank
from ser_platform.results import RunResult
from ser_platform.tracking.entries import LoggedFinal
from tests.runs import PROTOCOL, fold_result, looked_run, run_result, unvalidated


def final(number: int, right: float = 0.5, **changes: object) -> RunResult:
    return run_result(number, role="final", right=right, **changes)


def logged(*results: RunResult) -> list[LoggedFinal]:
    return [LoggedFinal(f"run{i}", r.study, r.architecture, r, "") for i, r in enumerate(results)]


def test_the_best_pooled_ua_is_first() -> None:
    (group,) = rank(logged(final(1, 0.5), final(2, 0.8), final(3, 0.6))).groups
    assert [(row.rank, row.run_id) for row in group.rows] == [
        (1, "run1"),
        (2, "run2"),
        (3, "run0"),
    ]


def test_equal_scores_share_a_rank_and_the_next_is_counted_on() -> None:
    results = [final(1, 0.8), final(2, 0.8, architecture="alignment"), final(3, 0.6)]
    (group,) = rank(logged(*results)).groups
    assert [(row.rank, row.result.architecture) for row in group.rows] == [
        (1, "alignment"),
        (1, "wise"),
        (3, "wise"),
    ]


def test_only_equal_protocols_are_ranked_together() -> None:
    by_speaker = {**PROTOCOL, "split": {"by": "speaker"}}
    board = rank(logged(final(1, 0.5), final(2, 0.9, protocol=by_speaker), final(3, 0.6)))
    assert [[row.result.number for row in group.rows] for group in board.groups] == [[3, 1], [2]]
    assert all(group.rows[0].rank == 1 for group in board.groups)


def test_the_order_of_a_protocols_entries_makes_no_difference() -> None:
    turned = dict(reversed(PROTOCOL.items()))
    assert len(rank(logged(final(1), final(2, protocol=turned))).groups) == 1


def test_synthetic_speech_is_never_ranked_with_people() -> None:
    groups = rank(logged(final(1), final(2, synthetic=True))).groups
    assert [group.synthetic for group in groups] == [False, True]


def test_a_result_logged_in_two_studies_is_one_row() -> None:
    again = final(1, study="another", study_key="6" * 16)
    (group,) = rank(logged(final(1), again)).groups
    assert [row.run_id for row in group.rows] == ["run0"]


def test_what_has_no_score_is_listed_apart() -> None:
    failed = LoggedFinal("run9", "demo", "wise", None, "4 of 5 folds are finished")
    board = rank([failed, *logged(final(1))])
    assert [row.run_id for group in board.groups for row in group.rows] == ["run0"]
    assert board.unranked == (failed,)


def test_pooled_scores_and_the_mean_over_folds_are_told_apart() -> None:
    # Fold 2 is right once in 4; fold 1 always, on ten times as many utterances.
    large = fold_result(1, right=1.0, test=True)
    small = fold_result(2, right=0.25, test=True)
    assert large.test is not None
    ten_times = large.test.model_copy(
        update={
            name: getattr(large.test, name) * 10 for name in ("speakers", "true", "probabilities")
        }
        | {"ids": tuple(f"{i}-{n}" for n in range(10) for i in large.test.ids)}
    )
    folds = (large.model_copy(update={"test": ten_times}), small)
    (group,) = rank(logged(final(1, folds=folds, num_folds=2))).groups
    found = group.rows[0].evidence
    assert found.pooled["wa"].value == (400 + 10) / 440
    assert (found.of_folds["wa"].mean, round(found.of_folds["wa"].std, 4)) == (0.625, 0.5303)


def test_the_title_says_the_protocol_in_words() -> None:
    protocol = {
        "corpus": {"kind": "table", "labels": {}, "ignore_labels": ["fear", "disgust"]},
        "split": {"by": "kfold", "folds": 5, "validation": {"by": "share", "share": 0.2}},
        "selection": "shared",
    }
    (group,) = rank(logged(final(1, protocol=protocol))).groups
    assert group.title == (
        f"protocol {group.protocol_id} · corpus table (ignore_labels=fear+disgust) · "
        "split kfold (folds=5, validation=share (share=0.2)) · selection shared"
    )


def test_what_was_selected_on_test_is_never_ranked_with_what_was_not() -> None:
    groups = rank(logged(final(1, 0.5), looked_run(2, role="final", right=0.9))).groups
    assert [group.selected_on_test for group in groups] == [False, True]
    assert [row.rank for group in groups for row in group.rows] == [1, 1]
    assert groups[1].title.endswith("selected_on test")
    (row,) = groups[1].rows
    assert row.honest is not None
    assert row.gap_ua == pytest.approx(row.ua - row.honest.ua)


def test_a_result_without_validation_is_ranked_as_any_other() -> None:
    (group,) = rank(logged(unvalidated(final(1, 0.5)), unvalidated(final(2, 0.8)))).groups
    assert [row.ua for row in group.rows] == [0.8, 0.5]


def test_results_that_differ_by_their_seed_alone_are_one_row() -> None:
    results = [final(n, right, system="5e" * 4, seed=n) for n, right in ((2, 0.7), (1, 0.8))]
    (group,) = rank(logged(*results, final(3, 0.6))).groups
    first, second = group.rows
    assert first.run_ids == ("run1", "run0")  # by seed
    assert first.evidence.seeds == (1, 2)
    assert first.ua == pytest.approx(0.75)
    assert first.evidence.of_seeds["ua"].values == pytest.approx((0.8, 0.7))
    assert second.run_ids == ("run2",)


def test_the_gap_of_several_seeds_is_the_mean_of_theirs() -> None:
    results = [
        looked_run(n, role="final", right=right, honest=0.6, system="5e" * 4, seed=n)
        for n, right in ((1, 0.8), (2, 0.7))
    ]
    (group,) = rank(logged(*results)).groups
    (row,) = group.rows
    assert row.honest is not None
    assert (row.ua, row.honest.ua) == pytest.approx((0.75, 0.6))
    assert row.gap_ua == pytest.approx(0.15)


def test_two_results_of_one_system_and_seed_stay_apart() -> None:
    results = [final(n, 0.8, system="5e" * 4, seed=0) for n in (1, 2)]
    (group,) = rank(logged(*results)).groups
    assert [row.run_ids for row in group.rows] == [("run0",), ("run1",)]
