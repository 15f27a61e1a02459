"""What a fold keeps: the last epoch, the best on validation, or the best on test and both."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from ser_platform.config.corpus import SplitConfig
from ser_platform.corpora.folds import make_folds
from ser_platform.errors import TrainingError
from ser_platform.metrics import unweighted_accuracy
from ser_platform.storage import open_store
from ser_platform.train import fold as fold_module
from ser_platform.train.checkpoint import load_progress, load_weights, save_progress
from ser_platform.train.fold import score_fold, train_fold
from ser_platform.train.loop import Progress, fit
from ser_platform.train.ranks import Ranks
from ser_platform.train.stored import FoldKeys

ALONE = Ranks()


@pytest.fixture
def store(tmp_path):
    return open_store(str(tmp_path))


@pytest.fixture
def whole(corpus):
    """The fold of a paper: all but the test part is learned from."""
    return make_folds(corpus, SplitConfig(), validates=False)[0]


def changed(setting, **fields):
    """A copy that the schema has checked."""
    return type(setting).model_validate({**setting.model_dump(), **fields}, strict=False)


def test_a_paper_s_folds_learn_from_all_but_the_test_part(corpus, fold, whole) -> None:
    assert set(whole.train) == set(fold.train) | set(fold.validation)
    assert (whole.validation, whole.test) == ((), fold.test)


def test_a_paper_s_fold_keeps_the_last_epoch(experiment, whole, dataset, store) -> None:
    setting = changed(experiment(epochs=4), protocol="paper")
    kept: list[Progress] = []
    fit(
        setting,
        dataset,
        whole.number,
        dataset.rows(whole.train),
        dataset.rows(whole.validation),
        ALONE,
        Progress(),
        lambda progress: kept.append(copy.deepcopy(progress)),
    )
    result = score_fold(setting, "run", whole, dataset, store, ALONE)
    assert (result.best_epoch, len(result.epochs)) == (4, 4)
    stored = load_weights(store, FoldKeys("run", 1).weights)
    assert all(torch.equal(stored[n], v) for n, v in kept[-1].weights.items())
    assert result.validation is result.val_ua is result.honest_test is None
    assert {e.val_ua for e in result.epochs} | {e.val_loss for e in result.epochs} == {None}
    assert result.test is not None
    assert result.test.ids == whole.test
    with pytest.raises(ValueError, match="fold 1 has no validation part to select by"):
        _ = result.selected_ua


def test_weights_that_are_not_finite_are_found_though_nothing_validates(
    experiment, whole, dataset, store
) -> None:
    """Its only step is too long for float32; the loss before it was fine."""
    setting = changed(experiment(epochs=1, batch_size=100, learning_rate=1e39), protocol="paper")
    with pytest.raises(TrainingError) as failed:
        train_fold(setting, "run", whole, dataset, store, ALONE)
    assert str(failed.value).startswith(
        "non-finite loss: fold 1, epoch 1: the weights are not finite; lower "
        "train.learning_rate (now 1e+39)"
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_best_on_test_stands_beside_what_the_honest_selection_gives_bit_for_bit(
    experiment, fold, dataset, store, seed
) -> None:
    honest = experiment(epochs=6, seed=seed, learning_rate=0.05)
    looking = changed(honest, selection="best_on_test")
    found = train_fold(looking, "looking", fold, dataset, store, ALONE)
    expected = score_fold(honest, "honest", fold, dataset, store, ALONE)
    assert found.honest_test == expected.test
    assert found.honest_epoch == expected.best_epoch
    assert [e.val_loss for e in found.epochs] == [e.val_loss for e in expected.epochs]
    assert [e.train_loss for e in found.epochs] == [e.train_loss for e in expected.epochs]
    curve = [(e.test_ua or 0.0, e.test_loss or 0.0) for e in found.epochs]
    by_test = [(ua, -loss) for ua, loss in curve]
    assert found.best_epoch == by_test.index(max(by_test)) + 1
    assert found.test is not None
    best = unweighted_accuracy(found.test.matrix)
    assert found.selected_ua == best == max(ua for ua, _ in curve)
    assert expected.test is not None
    assert best >= unweighted_accuracy(expected.test.matrix)
    assert expected.selected_ua == expected.val_ua
    assert {e.test_ua for e in expected.epochs} == {None}


def test_with_a_paper_s_protocol_the_honest_epoch_is_the_last(
    experiment, whole, dataset, store
) -> None:
    paper = changed(experiment(epochs=5, learning_rate=0.05), protocol="paper")
    looking = changed(paper, selection="best_on_test")
    found = train_fold(looking, "looking", whole, dataset, store, ALONE)
    expected = score_fold(paper, "paper", whole, dataset, store, ALONE)
    assert (found.honest_epoch, found.honest_test) == (5, expected.test)
    assert found.validation is None


def test_patience_stops_where_the_honest_training_stops(experiment, fold, dataset, store) -> None:
    honest = experiment(epochs=40, patience=2)
    looking = changed(honest, selection="best_on_test")
    found = train_fold(looking, "looking", fold, dataset, store, ALONE)
    assert found.honest_epoch is not None
    assert len(found.epochs) == found.honest_epoch + 2 < 40


def test_scoring_what_was_chosen_on_test_trains_and_scores_nothing_again(
    experiment, fold, dataset, store, monkeypatch
) -> None:
    looking = changed(experiment(), selection="best_on_test")
    trained = train_fold(looking, "run", fold, dataset, store, ALONE)
    monkeypatch.setattr(fold_module, "fit", None)
    monkeypatch.setattr(fold_module, "new_model", None)
    assert score_fold(looking, "run", fold, dataset, store, ALONE) == trained
    assert store.exists(FoldKeys("run", 1).scored)


def test_a_fold_that_was_interrupted_still_knows_its_best_on_test(
    experiment, fold, dataset, store
) -> None:
    looking = changed(experiment(epochs=4, learning_rate=0.05), selection="best_on_test")
    whole = train_fold(looking, "whole", fold, dataset, store, ALONE)
    train, validation = dataset.rows(fold.train), dataset.rows(fold.validation)

    def die(progress: Progress) -> None:
        save_progress(store, FoldKeys("run", 1).progress, progress)
        if len(progress.epochs) == 2:
            raise SystemExit

    with pytest.raises(SystemExit):
        fit(
            looking,
            dataset,
            1,
            train,
            validation,
            ALONE,
            Progress(),
            die,
            dataset.rows(fold.test),
        )
    half = load_progress(store, FoldKeys("run", 1).progress)
    assert half.test_epoch in (1, 2)
    resumed = train_fold(looking, "run", fold, dataset, store, ALONE)
    assert (resumed.best_epoch, resumed.test) == (whole.best_epoch, whole.test)
    assert (resumed.honest_epoch, resumed.honest_test) == (whole.honest_epoch, whole.honest_test)


def test_an_honest_fold_cannot_read_a_test_part_that_is_not_there(
    experiment, fold, dataset, store
) -> None:
    sealed = replace(fold, test=("not in the dataset",))
    assert train_fold(experiment(), "run", sealed, dataset, store, ALONE).test is None
    looking = changed(experiment(), selection="best_on_test")
    with pytest.raises(ValueError, match="it is sealed"):
        train_fold(looking, "looking", sealed, dataset, store, ALONE)


def test_probabilities_of_the_kept_epoch_are_those_of_its_weights(
    experiment, fold, dataset, store
) -> None:
    """The weights that are stored are of the epoch that is scored."""
    looking = changed(experiment(epochs=5, learning_rate=0.05), selection="best_on_test")
    found = train_fold(looking, "run", fold, dataset, store, ALONE)
    kept = found.epochs[found.best_epoch - 1]
    assert found.test is not None
    assert unweighted_accuracy(found.test.matrix) == kept.test_ua
    of_true = np.array(found.test.probabilities)[np.arange(len(found.test.true)), found.test.true]
    assert kept.test_loss == pytest.approx(-np.log(of_true).mean(), rel=1e-5)
    assert found.val_ua == kept.val_ua
