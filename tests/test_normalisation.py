"""Statistics of the training part, as a network is given them."""

import numpy as np
import pytest

from ser_platform.dataset import Dataset
from ser_platform.joining import build_dataset
from ser_platform.normalisation import fitted, frame_statistics, functional_statistics
from tests.models.worlds import dataset_of, random_shapes, table_of, utterance, vectors_of


@pytest.fixture
def dataset(rng) -> Dataset:
    """24 utterances of three speakers in turn."""
    return dataset_of(random_shapes(24, rng), rng, functional_dim=3)


def test_statistics_are_those_of_all_frames_of_the_given_utterances_only(dataset) -> None:
    rows = np.array([3, 1, 20])
    frames = np.concatenate(
        [dataset.frames[0][dataset.frame_starts[r] :][: dataset.lengths[r]] for r in rows]
    ).astype(np.float64)
    mean, std = frame_statistics(dataset, rows)
    np.testing.assert_allclose(mean, frames.mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(std, frames.std(axis=0), rtol=1e-6)


def test_a_value_that_never_varies_is_left_as_it_is(rng) -> None:
    made = [utterance([[30]], row)[0] for row in range(60)]
    table = table_of({u.id: 31 + 7 * row for row, u in enumerate(made)}, 41, rng)
    table.values[:, 1:] = np.arange(40) / 1000  # many, as few leave a rounding error behind
    dataset = build_dataset(made, table, vectors_of(2, rng))
    for by in ("global", "speaker"):
        _, std = fitted(frame_statistics, dataset, np.arange(60), by)
        assert (std[:, 0] != 1.0).all()
        assert (std[:, 1:] == 1.0).all()


def test_a_speaker_of_one_utterance_varies_as_all_do(dataset) -> None:
    train = np.array([0, 3, 6, 9, 1])
    _, std = fitted(functional_statistics, dataset, train, "speaker")
    _, of_all = functional_statistics(dataset, train)
    _, of_first = functional_statistics(dataset, train[:4])
    np.testing.assert_allclose(std[2], of_all, rtol=1e-6)
    np.testing.assert_allclose(std[0], (of_first + of_all) / 2, rtol=1e-6)


def test_functionals_are_scaled_by_a_part_of_them(dataset) -> None:
    part = np.arange(0, 24, 3)
    mean, std = functional_statistics(dataset, part)
    np.testing.assert_allclose(mean, dataset.functionals[part].mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(std, dataset.functionals[part].std(axis=0), atol=1e-6)


@pytest.mark.parametrize("moments", [frame_statistics, functional_statistics])
def test_without_normalisation_everything_stays_as_it_is(dataset, moments) -> None:
    mean, std = fitted(moments, dataset, np.arange(9), "none")
    assert not mean.any()
    assert (std == 1).all()


@pytest.mark.parametrize("moments", [frame_statistics, functional_statistics])
def test_every_speaker_of_the_training_part_has_its_own_statistics(dataset, moments) -> None:
    train = np.flatnonzero(dataset.speaker_ids != 3)
    mean, std = fitted(moments, dataset, train, "speaker")
    own = [moments(dataset, train[dataset.speaker_ids[train] == s]) for s in (1, 2)]
    for s in (1, 2):
        np.testing.assert_allclose(mean[s], own[s - 1][0], rtol=1e-6)
        np.testing.assert_allclose(std[s], own[s - 1][1], rtol=1e-6)
    for unseen in (0, 3):
        np.testing.assert_allclose(mean[unseen], np.mean([m for m, _ in own], axis=0), rtol=1e-6)
        np.testing.assert_allclose(std[unseen], np.mean([s for _, s in own], axis=0), rtol=1e-6)
