"""How answers of folds and seeds are put together."""

from collections.abc import Callable

import numpy as np
import pytest

from ser_platform.circumstances import Circumstances
from ser_platform.errors import ResultError
from ser_platform.evidence.answers import answers
from ser_platform.results import FoldResult, Predictions, RunResult
from tests.runs import FOLDS, looked_run, run_result, unvalidated


def final(right: float = 0.5, **changes: object) -> RunResult:
    return run_result(0, role="final", right=right, **changes)


def circumstances(result: RunResult, dialogue: Callable[[str], str]) -> Circumstances:
    """Of all that is tested, and of one utterance that is not; in the corpus's own order."""
    ids = ("unused", *reversed([i for f in result.folds if f.test for i in f.test.ids]))
    return Circumstances(
        ids=ids,
        dialogues=tuple(dialogue(i) for i in ids),
        sexes=("",) * len(ids),
        styles=("",) * len(ids),
        seconds=tuple(float(n) for n in range(len(ids))),
        words=(1,) * len(ids),
    )


def known(result: RunResult, dialogue: Callable[[str], str]) -> RunResult:
    return result.model_copy(update={"circumstances": circumstances(result, dialogue)})


def shuffled(part: Predictions | None) -> Predictions:
    assert part is not None
    order = np.random.default_rng(3).permutation(len(part.ids))
    return Predictions(**{name: tuple(column[r] for r in order) for name, column in part})


def changed(result: RunResult, change: Callable[[FoldResult], FoldResult]) -> RunResult:
    return result.model_copy(update={"folds": tuple(map(change, result.folds))})


def test_every_utterance_has_its_own_answer() -> None:
    result, found = final(), answers([final()])
    for fold in result.folds:
        assert fold.test is not None
        for i, speaker, true, row in zip(*dict(fold.test).values(), strict=True):
            n = found.ids.index(i)
            assert (found.speakers[n], found.true[n], found.folds[n]) == (speaker, true, fold.fold)
            assert tuple(found.probabilities[0, n]) == row
    assert list(found.ids) == sorted(found.ids)


def test_the_order_of_folds_and_of_utterances_makes_no_difference() -> None:
    turned = changed(final(), lambda f: f.model_copy(update={"test": shuffled(f.test)}))
    turned = turned.model_copy(update={"folds": turned.folds[::-1]})
    one, other = answers([final()]), answers([turned])
    assert (one.ids, one.speakers) == (other.ids, other.speakers)
    for name in ("true", "probabilities", "folds", "clusters"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert np.array_equal(answers([final(), turned]).predicted[0], one.predicted[0])


def test_clusters_are_dialogues_where_all_are_known_and_else_speakers() -> None:
    def by_ten(i: str) -> str:
        return f"dialogue {int(i.split('-')[-1]) // 10}" if "-" in i else ""

    result = final()
    assert answers([result]).clustered_by == "speaker"
    found = answers([known(result, by_ten)])
    # "unused" is in no dialogue, but neither is it tested. A dialogue may span folds.
    assert (found.clustered_by, found.num_clusters) == ("dialogue", 4)
    own = found.clusters == found.clusters[found.ids.index("fold3-25")]
    same = np.array(found.ids)[own].tolist()
    assert sorted(same) == sorted(
        f"fold{f}-{n}" for f in range(1, FOLDS + 1) for n in range(20, 30)
    )
    holed = known(result, lambda i: "" if i == "fold1-1" else by_ten(i))
    assert answers([holed]).clustered_by == "speaker"


def test_circumstances_come_in_the_order_of_answers_and_from_any_seed() -> None:
    old, new = final(seed=1), known(final(seed=2), lambda i: f"dialogue {i[:5]}")
    found = answers([old, new])
    assert found.circumstances is not None
    assert (found.circumstances.ids, found.clustered_by) == (found.ids, "dialogue")
    assert "unused" not in found.circumstances.ids


def test_counts_of_several_seeds_are_their_mean() -> None:
    one, other = final(0.8, seed=1), final(0.7, seed=2)
    found = answers([one, other])
    both = [np.sum(r.fold_matrices("test"), axis=0) for r in (one, other)]
    assert found.counts().sum(axis=0) == pytest.approx(np.mean(both, axis=0))
    assert found.seeds == (1, 2)


def test_counts_of_some_utterances_leave_out_clusters_that_have_none() -> None:
    found = answers([final()])
    own = np.array([speaker == "speaker2-1" for speaker in found.speakers])
    assert found.counts(own).shape == (1, 4, 4)
    assert found.counts(own).sum() == 20


def test_answers_are_those_of_the_test_part_whatever_the_protocol() -> None:
    looked = answers([looked_run(role="final", right=0.8, honest=0.7)])
    paper = answers([unvalidated(final(0.6))])
    nested = answers([final(0.7, fold_settings={n: {} for n in range(1, FOLDS + 1)})])
    right = [float(np.mean(found.predicted == found.true)) for found in (looked, paper, nested)]
    assert right == [0.8, 0.6, 0.7]


def test_seeds_of_other_folds_are_refused() -> None:
    moved = changed(final(seed=2), lambda f: f.model_copy(update={"fold": f.fold + 1}))
    moved = moved.model_copy(update={"run_key": "b" * 16})
    with pytest.raises(ResultError) as refusal:
        answers([final(seed=1), moved])
    assert str(refusal.value) == (
        "wise, bbbbbbbbbbbbbbbb: not the utterances, labels and folds of the other seeds"
    )


def test_a_fold_that_was_not_tested_is_refused() -> None:
    with pytest.raises(ResultError) as refusal:
        answers([run_result()])
    assert str(refusal.value) == "wise, 0000000000000000: not all folds were tested"
