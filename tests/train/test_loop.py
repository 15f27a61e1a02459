"""Training one fold: exact to resume, honest in what it looks at."""

import copy
import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from ser_platform.batches import collate
from ser_platform.dataset import Dataset, Rows
from ser_platform.errors import TrainingError
from ser_platform.train import loop
from ser_platform.train.loop import Progress, fit, new_model
from ser_platform.train.ranks import Ranks
from ser_platform.train.scoring import predict

ALONE = Ranks()


@pytest.fixture
def train_one(dataset, fold):
    """Fit the fold of the tiny corpus; every epoch's progress is kept."""

    def run(experiment, progress=None, data=dataset, kept=None):
        return fit(
            experiment,
            data,
            fold.number,
            data.rows(fold.train),
            data.rows(fold.validation),
            ALONE,
            progress or Progress(),
            lambda p: kept.append(copy.deepcopy(p)) if kept is not None else None,
        )

    return run


@pytest.mark.parametrize("kind", ["alignment", "wise"])
def test_an_interrupted_fold_ends_as_if_it_had_never_been(experiment, train_one, kind) -> None:
    setting = experiment(kind, epochs=4)
    kept: list[Progress] = []
    whole = train_one(setting, kept=kept)
    resumed = train_one(setting, progress=kept[1])
    for name, value in whole.weights.items():
        assert torch.equal(resumed.weights[name], value), name
    assert [e.val_loss for e in resumed.epochs] == [e.val_loss for e in whole.epochs]


def test_the_same_seed_gives_the_same_weights_and_another_does_not(experiment, train_one) -> None:
    runs = [train_one(experiment(seed=seed)).weights for seed in (0, 0, 1)]
    same, other = [
        all(torch.equal(runs[0][n], run[n]) for n in runs[0] if "frame" not in n)
        for run in runs[1:]
    ]
    assert same
    assert not other


def test_what_can_be_learned_is_learned(experiment, train_one) -> None:
    assert max(e.val_ua for e in train_one(experiment(epochs=12)).epochs) > 0.7


@pytest.mark.parametrize("normalisation", ["global", "speaker", "none"])
def test_no_value_of_the_test_part_reaches_the_training(
    experiment, train_one, dataset, fold, normalisation
) -> None:
    """Poisoned test frames and labels change no weight and no epoch."""
    setting = experiment(normalisation=normalisation)
    clean = train_one(setting)
    rows = dataset.rows(fold.test)
    frames, labels = dataset.frames[0].copy(), dataset.labels.copy()
    for row in rows:
        start = dataset.frame_starts[row]
        frames[start : start + dataset.lengths[row]] = np.nan
    labels[rows] = (labels[rows] + 1) % 4
    moments = dataset.moments[0].copy()
    moments[dataset.frame_places[rows]] = np.nan
    poisoned = replace(dataset, frames=(frames,), labels=labels, moments=(moments,))
    found = train_one(setting, data=poisoned)
    assert found.best_epoch == clean.best_epoch
    assert all(torch.equal(found.weights[n], v) for n, v in clean.weights.items())


def test_the_kept_epoch_is_the_best_by_validation_ua_then_by_loss(experiment, train_one) -> None:
    kept: list[Progress] = []
    done = train_one(experiment(epochs=6), kept=kept)
    order = sorted(
        range(6), key=lambda i: (done.epochs[i].val_ua, -done.epochs[i].val_loss), reverse=True
    )
    assert done.best_epoch == order[0] + 1
    at_best = kept[order[0]].weights
    assert all(torch.equal(done.best_weights[n], v) for n, v in at_best.items())


def test_training_stops_when_validation_has_not_improved_for_so_many_epochs(
    experiment, train_one
) -> None:
    done = train_one(experiment(epochs=40, patience=2))
    assert len(done.epochs) == done.best_epoch + 2 < 40


def test_a_loss_that_is_not_finite_names_the_fold_the_epoch_and_the_remedy(
    experiment, train_one, dataset
) -> None:
    broken = replace(dataset, frames=(np.full_like(dataset.frames[0], np.nan),))
    with pytest.raises(TrainingError) as failed:
        train_one(experiment(), data=broken)
    assert str(failed.value) == (
        "non-finite loss: fold 1, epoch 1, step 1 of 3: the norm of the gradients is nan; lower "
        "train.learning_rate (now 0.02) or train.clip_norm (now 5)"
    )


def test_training_stops_at_the_step_that_diverges_and_the_epoch_before_it_is_kept(
    experiment, train_one, dataset, fold, monkeypatch
) -> None:
    """Frames that turn to infinity in the second epoch; its second step is its last."""
    kept: list[Progress] = []
    train_one(experiment(epochs=1), kept=kept)
    (first,) = kept
    asked = 0

    def poisoned(data: Dataset, rows: Rows, model: Any) -> Any:
        nonlocal asked
        asked += 1
        batch = collate(data, rows, model)
        return replace(batch, frames=batch.frames * math.inf) if asked == 2 else batch

    monkeypatch.setattr(loop, "collate", poisoned)
    with pytest.raises(TrainingError, match="epoch 2, step 2 of 3: the norm of the gradients is"):
        train_one(experiment(epochs=3), progress=copy.deepcopy(first), kept=kept)
    assert asked == 2
    assert kept == [first]


def test_steps_that_are_clipped_are_counted(experiment, train_one) -> None:
    of_each = [train_one(experiment(epochs=2, clip_norm=norm)).epochs for norm in (1e-6, 1e6)]
    assert [[e.clipped_steps for e in epochs] for epochs in of_each] == [[3, 3], [0, 0]]


def test_the_learning_rate_falls_with_every_step_as_keras_does(experiment, train_one) -> None:
    """lr / (1 + decay * step): with a huge decay only the first step of all moves."""
    frozen = train_one(experiment(epochs=1, learning_rate_decay=1e9))
    longer = train_one(experiment(epochs=3, learning_rate_decay=1e9))
    for name, value in frozen.weights.items():
        torch.testing.assert_close(longer.weights[name], value, atol=1e-7, rtol=0)


def test_l2_pulls_the_weights_towards_zero(experiment, train_one) -> None:
    """Adam turns a gradient that is almost all ``l2 * weight`` into steps of its rate."""
    before, after = (
        train_one(experiment(epochs=epochs, l2=1e6, learning_rate=1e-3)).weights
        for epochs in (1, 2)
    )
    for name, value in before.items():
        if value.is_floating_point() and not name.startswith("inputs."):
            moved = after[name].abs()[value.abs() > 0.1] - value.abs()[value.abs() > 0.1]
            assert (moved < 0).all(), name


def test_probabilities_come_back_in_the_order_asked_for(experiment, dataset, fold) -> None:
    rows = np.arange(len(dataset.ids))
    model = new_model(experiment(), dataset, dataset.rows(fold.train), 1)
    all_rows = predict(experiment(), model, dataset, rows, ALONE)
    backwards = predict(experiment(), model, dataset, rows[::-1], ALONE)
    np.testing.assert_allclose(backwards[::-1], all_rows, atol=1e-6)
    np.testing.assert_allclose(all_rows.sum(axis=1), 1, atol=1e-5)
    assert math.isfinite(all_rows.sum())


def test_a_phoneme_that_training_never_saw_is_read_as_unknown(experiment, dataset, fold) -> None:
    numbers = np.full_like(dataset.phoneme_ids, 1)
    rows = dataset.rows(fold.test)
    first = dataset.phoneme_offsets[dataset.word_offsets[rows]]
    numbers[first] = 2
    with_two = replace(dataset, phonemes=("AA", "B"), phoneme_ids=numbers)
    model = new_model(experiment(), with_two, with_two.rows(fold.train), 1)
    assert model.inputs.phoneme_numbers.tolist() == [0, 1, 0]


def test_functionals_are_scaled_by_the_training_part(experiment, dataset, fold) -> None:
    values = np.zeros((len(dataset.ids), 1), np.float32)
    values[dataset.rows(fold.test)] = 100.0
    train = dataset.rows(fold.train)
    values[train] = np.arange(len(train))[:, None]
    model = new_model(experiment(), replace(dataset, functionals=values), train, 1)
    assert float(model.inputs.functional_mean) == pytest.approx(values[train].mean())
