"""All that one system's answers say."""

import numpy as np
import pytest

from ser_platform.evidence.assess import assess
from ser_platform.evidence.entries import SCORES
from ser_platform.evidence.scores import macro_f1
from ser_platform.results import FoldResult, RunResult, score
from tests.evidence.worlds import CLASSES, iemocap_sized, predictions, sure_of
from tests.runs import fold_result, run_result, unvalidated


def final(right: float = 0.8, **changes: object) -> RunResult:
    return run_result(0, role="final", right=right, **changes)


def fold_of(number: int, true: list[int], predicted: list[int], speakers: int = 1) -> FoldResult:
    rows = range(len(true))
    test = predictions(
        [f"fold{number}-{n}" for n in rows],
        [f"speaker{number}-{n % speakers}" for n in rows],
        np.array(true),
        sure_of(np.array(predicted)),
    )
    return fold_result(number).model_copy(update={"test": test})


def test_pooled_scores_are_those_of_the_summed_matrix() -> None:
    result = final()
    found, pooled = assess([result]), score(result.fold_matrices("test"))
    assert found.pooled["wa"].value == pytest.approx(pooled.wa)
    assert found.pooled["ua"].value == pytest.approx(pooled.ua)
    assert np.array_equal(found.matrix, np.sum(result.fold_matrices("test"), axis=0))
    assert (found.utterances, found.clusters, found.clustered_by) == (200, 10, "speaker")


def test_folds_are_scored_one_by_one_with_their_spread() -> None:
    folds = tuple(fold_result(n, right=n / 5, test=True) for n in (1, 2, 3))
    found = assess([final(folds=folds, num_folds=3)]).of_folds["wa"]
    assert found.values == pytest.approx((0.2, 0.4, 0.6))
    assert (found.mean, found.std) == pytest.approx((0.4, 0.2))


def test_of_several_seeds_wa_and_ua_are_means_and_macro_f1_is_of_the_mean_matrix() -> None:
    seeds = [iemocap_sized(seed=n, right=0.4 + 0.2 * n) for n in (1, 2)]
    found, each = assess(seeds), [assess([seed]) for seed in seeds]
    for name in ("wa", "ua"):
        alone = [one.pooled[name].value for one in each]
        assert found.of_seeds[name].values == pytest.approx(alone)
        assert found.pooled[name].value == pytest.approx(np.mean(alone))
    both = np.sum([one.matrix for one in each], axis=0)
    assert np.array_equal(found.matrix, both)
    assert found.pooled["macro_f1"].value == pytest.approx(float(macro_f1(both)))
    assert found.of_folds == each[0].of_folds


def test_one_fold_of_one_person_has_scores_and_no_spread() -> None:
    fold = fold_of(1, [0, 1, 2, 3] * 5, [0, 1, 2, 0] * 5)
    found = assess([final(folds=(fold,), num_folds=1)])
    assert found.clusters == 1
    assert {name: found.pooled[name] for name in ("wa", "ua")} == {
        "wa": (0.75, 0.75, 0.75),
        "ua": (0.75, 0.75, 0.75),
    }
    assert {(found.of_folds[name].std, found.of_seeds[name].std) for name in SCORES} == {(0, 0)}
    assert found.subgroups == ()


def test_a_class_that_a_corpus_lacks_is_in_no_score() -> None:
    folds = tuple(fold_of(n, [0, 1, 3, 0] * 5, [0, 1, 2, 0] * 5) for n in (1, 2, 3))
    found = assess([final(folds=folds, num_folds=3)])
    assert {name: e.value for name, e in found.recalls.items()} == {"ang": 1, "hap": 1, "sad": 0}
    assert found.pooled["ua"].value == pytest.approx(2 / 3)
    assert found.pooled["macro_f1"].value == pytest.approx(2 / 3)


def test_a_fold_may_lack_a_class() -> None:
    folds = (fold_of(1, [0, 1], [0, 0]), fold_of(2, [2, 3, 0], [2, 3, 1]))
    found = assess([final(folds=folds, num_folds=2)])
    assert found.of_folds["ua"].values == pytest.approx((0.5, 2 / 3))
    assert found.pooled["ua"].value == pytest.approx((0.5 + 0 + 1 + 1) / 4)


def test_a_recall_is_that_of_the_pooled_matrix_inside_its_interval() -> None:
    found = assess([iemocap_sized(seed=1)])
    matrix = np.array(found.matrix)
    assert (found.clusters, found.clustered_by) == (151, "dialogue")
    assert len(found.recalls) == CLASSES
    for c, (value, low, high) in enumerate(found.recalls.values()):
        assert value == pytest.approx(matrix[c, c] / matrix[c].sum())
        assert low < value < high


def test_the_same_results_give_the_same_evidence_and_it_survives_json() -> None:
    result = final()
    found = assess([result])
    assert assess([result]) == found
    assert type(found).model_validate_json(found.model_dump_json()) == found


def test_without_validation_everything_but_the_temperature_is_there() -> None:
    honest, paper = assess([final()]), assess([unvalidated(final())])
    assert paper.calibration.scaled is None
    assert paper.calibration.plain == honest.calibration.plain
    assert paper.model_copy(update={"calibration": honest.calibration}) == honest
