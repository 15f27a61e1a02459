"""What a job leads to: everything for a score, nothing of the test part for a trial."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields, is_dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import ray
import torch

from ser_platform.config.corpus import DemoCorpusConfig, SplitConfig
from ser_platform.config.inputs import Mfcc39Config
from ser_platform.config.model import WiseConfig
from ser_platform.config.schema import ClusterConfig, Experiment
from ser_platform.corpora.folds import Fold, make_folds
from ser_platform.dataset import Dataset
from ser_platform.results import FoldResult
from ser_platform.storage import open_store
from ser_platform.train.checkpoint import load_weights
from ser_platform.train.fold import score_fold, train_fold
from ser_platform.train.given import Given, read
from ser_platform.train.jobs import FoldJob
from ser_platform.train.loop import Progress, fit
from ser_platform.train.prepare import prepare
from ser_platform.train.ranks import Ranks
from ser_platform.train.resident import Resident, put
from ser_platform.train.runs import Run
from ser_platform.train.stored import FoldKeys
from ser_platform.utterance import Utterance

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.usefixtures("local_ray")]

SPLITS = (
    SplitConfig(),
    SplitConfig(by="speaker"),
    SplitConfig(by="kfold", folds=3),
    SplitConfig(scenarios=2),
)


@pytest.fixture(scope="module")
def acted(corpus: list[Utterance]) -> list[Utterance]:
    """The tiny corpus with two scenarios and no text that is said in both."""
    return [
        replace(u, scenario=f"scene{row // 4 % 2}", transcript="") for row, u in enumerate(corpus)
    ]


@pytest.fixture
def poisoned(dataset: Dataset, fold: Fold) -> Dataset:
    """Of the test part nothing is left but what would spoil a training."""
    rows = dataset.rows(fold.test)
    frames, labels = dataset.frames[0].copy(), dataset.labels.copy()
    moments = dataset.moments[0].copy()
    for row in rows:
        frames[dataset.frame_starts[row] :][: dataset.lengths[row]] = np.nan
    moments[dataset.frame_places[rows]], labels[rows] = np.nan, -1
    return replace(dataset, frames=(frames,), moments=(moments,), labels=labels)


def held(value: object) -> Iterator[object]:
    """All that can be reached from a value, references followed."""
    yield value
    if isinstance(value, ray.ObjectRef):
        yield from held(ray.get(value))
    elif is_dataclass(value):
        for field in fields(value):
            yield from held(getattr(value, field.name))
    elif isinstance(value, (tuple, list, dict)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from held(one)


def arrays_in(value: object) -> list[np.ndarray]:
    return [found for found in held(value) if isinstance(found, np.ndarray)]


def job(fold: Fold, dataset: Resident, *, score_test: bool = False) -> FoldJob:
    return FoldJob("run", fold, "{}", dataset, "store", score_test)


def frames_in(arrays: Sequence[np.ndarray], dim: int) -> set[bytes]:
    """Every single frame, by its bytes."""
    return {
        row.tobytes()
        for array in arrays
        if array.ndim == 2 and array.shape[1] == dim and array.dtype == np.float32
        for row in array
    }


@pytest.mark.parametrize("split", SPLITS, ids=["session", "speaker", "kfold", "scenarios"])
def test_no_frame_of_the_test_part_can_be_reached_from_a_job_of_a_trial(
    dataset, acted, split
) -> None:
    folds = make_folds(acted, split)
    whole, sealed = put(dataset, folds)
    assert len(whole.frames) == len(folds)  # each utterance is tested once
    for fold in folds:
        rows = dataset.rows(fold.test)
        secret = frames_in([dataset.frames_of(row) for row in rows], dataset.frame_dim)
        training = job(fold, sealed[fold.test])
        open_frames = frames_in(arrays_in(training), dataset.frame_dim)
        assert not open_frames & secret
        assert len(open_frames) == len(dataset.frames[0]) - len(secret)
        theirs = {
            reference for reference in held(training) if isinstance(reference, ray.ObjectRef)
        }
        assert len(set(whole.frames) - theirs) == 1
        assert whole.index not in theirs
        scoring = job(fold, whole, score_test=True)
        assert frames_in(arrays_in(scoring), dataset.frame_dim) >= secret


@pytest.mark.parametrize("split", SPLITS, ids=["session", "speaker", "kfold", "scenarios"])
def test_what_is_fetched_is_the_dataset_without_the_test_part(dataset, acted, split) -> None:
    folds = make_folds(acted, split)
    whole, sealed = put(dataset, folds)
    assert_same(whole.fetch(), dataset)
    for fold in folds:
        found = sealed[fold.test].fetch()
        assert not set(found.ids) & set(fold.test)
        assert_same(found, dataset.without(fold.test))
        assert sorted(map(len, found.frames))[0] == 0
        assert found.rows([*fold.train, *fold.validation]).size
        with pytest.raises(ValueError, match="is sealed, as the test part of a fold"):
            found.rows(fold.test)


def assert_same(found: Dataset, expected: Dataset) -> None:
    """Equal but for where frames lie."""
    for field in fields(Dataset):
        if field.name not in {"frames", "moments", "frame_parts", "frame_starts", "frame_places"}:
            ours, theirs = getattr(found, field.name), getattr(expected, field.name)
            np.testing.assert_array_equal(ours, theirs, err_msg=field.name)
    rows = np.arange(len(expected.ids))
    np.testing.assert_array_equal(found.moments_of(rows), expected.moments_of(rows))
    for row in rows.tolist():
        assert np.array_equal(found.frames_of(row), expected.frames_of(row))


def test_an_utterance_that_several_folds_test_is_sealed_for_each_of_them(dataset, fold) -> None:
    first, *others = fold.test
    wider = replace(fold, number=2, test=(first, *fold.validation), validation=tuple(others))
    whole, sealed = put(dataset, [fold, wider])
    assert len(whole.frames) == 4  # tested by none, by one, by the other, by both
    for one in (fold, wider):
        found = sealed[one.test].fetch()
        assert sum(map(len, found.frames)) == found.lengths.sum()
        assert not set(found.ids) & set(one.test)


@pytest.mark.parametrize("kind", ["alignment", "wise"])
@pytest.mark.parametrize("normalisation", ["global", "speaker", "none"])
def test_sealed_training_gives_the_weights_and_curves_of_the_whole_bit_for_bit(
    experiment, dataset, poisoned, fold, kind, normalisation
) -> None:
    """And it never meets the poison."""
    setting = experiment(kind, normalisation=normalisation)
    _, sealed = put(poisoned, [fold])
    found = sealed[fold.test].fetch()
    for array in arrays_in(found):
        assert not np.issubdtype(array.dtype, np.floating) or np.isfinite(array).all()
    assert (found.labels >= 0).all()
    ours, theirs = (
        fit(
            setting,
            data,
            fold.number,
            data.rows(fold.train),
            data.rows(fold.validation),
            Ranks(),
            Progress(),
            lambda _: None,
        )
        for data in (found, dataset)
    )
    assert ours.best_epoch == theirs.best_epoch
    curves = [[e.model_dump(exclude={"seconds"}) for e in p.epochs] for p in (ours, theirs)]
    assert curves[0] == curves[1]
    for name, value in theirs.weights.items():
        assert torch.equal(ours.weights[name], value), name
        assert torch.equal(ours.best_weights[name], theirs.best_weights[name]), name


def test_a_worker_trains_a_sealed_fold_and_scores_the_whole_as_one_process_does(
    experiment, dataset, fold, tmp_path: Path
) -> None:
    """In another process, from the object store."""
    setting = experiment("wise")
    whole, sealed = put(dataset, [fold])

    def work(data: Resident, do: Callable[..., FoldResult]) -> str:
        torch.set_num_threads(1)
        store = open_store(str(tmp_path / "theirs"))
        return do(setting, "run", fold, data.fetch(), store, Ranks()).model_dump_json()

    task = ray.remote(num_cpus=1)(work)
    trained, scored = (
        FoldResult.model_validate_json(ray.get(task.remote(data, do)))
        for data, do in ((sealed[fold.test], train_fold), (whole, score_fold))
    )
    here, theirs = open_store(str(tmp_path / "ours")), open_store(str(tmp_path / "theirs"))
    alone = score_fold(setting, "run", fold, dataset, here, Ranks())
    assert trained.test is None
    assert trained.validation == alone.validation
    assert [e.val_loss for e in trained.epochs] == [e.val_loss for e in alone.epochs]
    assert scored.test == alone.test
    keys = FoldKeys("run", fold.number)
    for name, value in load_weights(here, keys.weights).items():
        assert torch.equal(load_weights(theirs, keys.weights)[name], value), name


def test_scoring_trains_without_the_test_part_too(
    experiment, dataset, poisoned, fold, tmp_path: Path
) -> None:
    """Its weights are those of clean data; only its answers are poisoned."""
    setting = experiment()
    stores = [open_store(str(tmp_path / name)) for name in ("clean", "poisoned")]
    score_fold(setting, "run", fold, dataset, stores[0], Ranks())
    found = score_fold(setting, "run", fold, poisoned, stores[1], Ranks())
    clean, same = (load_weights(s, FoldKeys("run", fold.number).weights) for s in stores)
    assert all(torch.equal(same[name], value) for name, value in clean.items())
    assert found.test is not None
    assert np.isnan(found.test.probabilities).all()


def test_the_jobs_of_a_run_over_a_corpus_seal_each_its_own_test_part(tmp_path: Path) -> None:
    """From recordings on."""
    setting = Experiment(
        name="x",
        corpus=DemoCorpusConfig(size="small", root=str(tmp_path / "demo")),
        split=SplitConfig(),
        features=Mfcc39Config(),
        model=WiseConfig(),
    )
    given = Given(open_store(str(tmp_path / "store")), *read(setting))
    prepared = prepare({"wise": setting}, given, ClusterConfig())["wise"]
    run = Run("wise", setting, {}, prepared, workers=1)
    everyone = {u.id for u in given.corpus.utterances}
    tested: set[str] = set()
    trials, scores = (run.jobs("store", score_test=score_test) for score_test in (False, True))
    for fold, trial, score in zip(run.prepared.folds, trials, scores, strict=True):
        found, whole = trial.dataset.fetch(), score.dataset.fetch()
        assert set(whole.ids) == everyone
        assert everyone - set(found.ids) == set(fold.test)
        assert (trial.fold.test, score.fold.test) == ((), fold.test)
        assert trial.dataset.frames.count(None) == 1
        assert None not in score.dataset.frames
        assert sum(map(len, found.frames)) == found.lengths.sum()
        tested |= set(fold.test)
    assert tested == everyone
