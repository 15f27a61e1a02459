"""A corpus that memory does not hold: equal numbers, little memory, nothing of the test part."""

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import ray
import torch

from ser_platform.config.corpus import SplitConfig
from ser_platform.config.schema import ClusterConfig, Experiment
from ser_platform.errors import ScratchError
from ser_platform.features.cache import load_frames_within
from ser_platform.features.parts import Piece, StoredPart
from ser_platform.features.scratch import leave, scratch_folder
from ser_platform.results import FoldResult
from ser_platform.storage import open_store
from ser_platform.train.checkpoint import load_weights
from ser_platform.train.fold import score_fold, train_fold
from ser_platform.train.given import Given
from ser_platform.train.pool import fold_workers
from ser_platform.train.prepare import prepare
from ser_platform.train.prepared import Prepared
from ser_platform.train.ranks import Ranks
from ser_platform.train.resident import Resident
from ser_platform.train.room import refuse_small_disks
from ser_platform.train.runs import Run
from ser_platform.train.stored import FoldKeys
from tests.train.conftest import utterances
from tests.train.stored_worlds import CONFIG, given_with_stored_frames
from tests.train.test_resident import arrays_in, assert_same, frames_in, held

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
SPLITS = (SplitConfig(), SplitConfig(by="kfold", folds=3))
LESS_MB = 100
"""A quarter of the frames; the process takes a twentieth."""


@pytest.fixture(autouse=True)
def _nothing_stays_in_use() -> Iterator[None]:
    yield
    leave()


@pytest.fixture(params=SPLITS, ids=["session", "kfold"])
def given(request: pytest.FixtureRequest, tmp_path: Path) -> Given:
    """Shards of one test part each, and shards of several."""
    return given_with_stored_frames(tmp_path, utterances(), request.param, frames=20)


@pytest.fixture
def setting(experiment: Callable[..., Experiment]) -> Experiment:
    return experiment("alignment", epochs=2, normalisation="speaker")


@pytest.fixture
def scratch(tmp_path: Path) -> str:
    return str(tmp_path / "scratch")


@pytest.fixture
def both(local_ray: None, given: Given, setting: Experiment, scratch: str) -> list[Prepared]:
    """In memory, and mapped."""
    return [
        prepare({"x": setting}, given, ClusterConfig(frames_in_memory_gb=gb, scratch=scratch))["x"]
        for gb in (1.0, 0.0)
    ]


def files_here(scratch: str) -> list[str]:
    return sorted(path.parent.name for path in scratch_folder(scratch).glob("*/frames.npy"))


def parts_of(resident: Resident) -> list[StoredPart]:
    return ray.get([reference for reference in resident.frames if reference])


def test_where_frames_lie_is_no_part_of_any_identity(both, setting) -> None:
    memory, mapped = both
    assert mapped.digest == memory.digest
    assert mapped.data == memory.data
    assert [Run("x", setting, {}, p, 1).key for p in both] == [
        Run("x", setting, {}, memory, 1).key
    ] * 2
    assert all(isinstance(part, StoredPart) for part in parts_of(mapped.whole))


def test_what_is_fetched_is_the_dataset_in_memory(both, scratch) -> None:
    memory, mapped = both
    assert files_here(scratch) == []
    for fold in memory.folds:
        found = mapped.sealed[fold.test].fetch()
        assert_same(found, memory.sealed[fold.test].fetch())
        assert sum(isinstance(part.base, np.memmap) for part in found.frames) == 2
        with pytest.raises(ValueError, match="is sealed, as the test part of a fold"):
            found.rows(fold.test)
    assert_same(mapped.whole.fetch(), memory.whole.fetch())
    assert len(files_here(scratch)) == 3


def test_a_job_of_a_trial_leads_to_no_frame_and_no_file_of_its_test_part(
    both, setting, scratch
) -> None:
    memory, mapped = both
    mapped.whole.fetch()  # all files are there, as when another fold was scored on this node
    whole = memory.whole.fetch()
    run = Run("x", setting, {}, mapped, 1)
    for fold, job in zip(memory.folds, run.jobs("store", score_test=False), strict=True):
        secret = frames_in(
            [whole.frames_of(row) for row in whole.rows(fold.test).tolist()], whole.frame_dim
        )
        reached = arrays_in(job.dataset.fetch())
        assert not frames_in(reached, whole.frame_dim) & secret
        # What a job has is what follows from its references; it names files by their keys.
        named = {part.key for part in held(job) if isinstance(part, StoredPart)}
        assert len(named) == 2
        assert {path.parent.name for path in mapped_files(reached)} == named
        assert len(set(files_here(scratch)) - named) == 1
        told = sum(part.num_utterances for part in held(job) if isinstance(part, StoredPart))
        assert told == len(whole.ids) - len(fold.test)


def mapped_files(arrays: list[np.ndarray]) -> list[Path]:
    maps = [array.base for array in arrays if isinstance(array.base, np.memmap)]
    return [Path(str(found.filename)) for found in maps]


def test_a_fold_is_trained_and_scored_to_the_same_bits(
    both, setting, tmp_path: Path, scratch
) -> None:
    """In another process, as a worker does."""

    def work(resident: Resident, do: Callable[..., FoldResult], name: str) -> str:
        torch.set_num_threads(1)
        store = open_store(str(tmp_path / name))
        fold = both[0].folds[0]
        return do(setting, "run", fold, resident.fetch(), store, Ranks()).model_dump_json()

    task = ray.remote(num_cpus=1)(work)
    results = []
    for name, prepared in zip(("memory", "mapped"), both, strict=True):
        ray.get(task.remote(prepared.sealed[prepared.folds[0].test], train_fold, name))
        scored = ray.get(task.remote(prepared.whole, score_fold, name))
        results.append(FoldResult.model_validate_json(scored))
    ours, theirs = results
    assert (ours.test, ours.validation) == (theirs.test, theirs.validation)
    curves = [[e.model_dump(exclude={"seconds"}) for e in r.epochs] for r in results]
    assert curves[0] == curves[1]
    key = FoldKeys("run", 1).weights
    memory, mapped = (
        load_weights(open_store(str(tmp_path / n)), key) for n in ("memory", "mapped")
    )
    for name, value in memory.items():
        assert torch.equal(mapped[name], value), name


def test_a_few_utterances_are_fetched_without_a_file(both, scratch) -> None:
    """As pictures of attention need them, on a machine that trains nothing."""
    for prepared in both:
        fold = prepared.folds[0]
        ids = [fold.train[5], fold.validation[0], fold.train[0]]
        found = prepared.sealed[fold.test].fetch_only(ids)
        whole = both[0].whole.fetch()
        assert set(found.ids) == set(ids)
        assert_same(found, whole.without(set(whole.ids) - set(ids)))
        with pytest.raises(ValueError, match="sealed"):
            prepared.sealed[fold.test].fetch_only([ids[0], fold.test[0]])
    assert not Path(scratch).exists() or files_here(scratch) == []


@pytest.mark.parametrize("given", SPLITS[:1], indirect=True, ids=["session"])
def test_a_worker_group_deletes_its_files_when_the_study_is_over(
    both, setting, scratch, tmp_path: Path
) -> None:
    mapped, store = both[1], tmp_path / "results"
    run = Run("x", setting, {}, mapped, 1)
    with fold_workers(ClusterConfig(), groups=1) as queue:
        jobs = run.jobs(str(store), score_test=False)[:2]
        for job in jobs:
            ray.get(queue.submit.remote(job))
        for job in jobs:
            ray.get(queue.result.remote(job.name))
        assert len(files_here(scratch)) == 3
    assert files_here(scratch) == []


@pytest.mark.parametrize("given", SPLITS[:1], indirect=True, ids=["session"])
def test_a_node_without_room_is_told_before_anything_is_trained(both, scratch) -> None:
    whole = both[1].whole
    (part, *_) = parts_of(whole)
    piece = part.pieces[0]
    huge = Piece(0, piece.shard, piece.recordings, piece.places, piece.lengths + 10**13)
    parts = (ray.put(StoredPart(part.store, part.dim, (huge,))), None)
    asked = Resident(whole.index, whole.word_vectors, parts, scratch)
    refuse_small_disks(whole, ClusterConfig())
    with pytest.raises(ScratchError, match=f"{scratch}/ser-frames-{os.getuid()} on .* GB free, "):
        refuse_small_disks(asked, ClusterConfig())
    refuse_small_disks(asked, ClusterConfig(cpus_per_worker=64))  # no node that could train


@pytest.mark.parametrize("given", SPLITS[:1], indirect=True, ids=["session"])
def test_a_folder_that_lies_in_memory_is_worth_a_warning(both, caplog) -> None:
    whole = both[1].whole
    refuse_small_disks(whole, ClusterConfig())
    assert warnings_in(caplog) == []
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        refuse_small_disks(replace(whole, scratch=folder), ClusterConfig())
    (said,) = warnings_in(caplog)
    assert said.startswith(f"{folder}/ser-frames-{os.getuid()} on ")
    assert said.endswith(
        " lies in memory (tmpfs), so frames take memory there all the same; name a folder on a "
        "disk: cluster.scratch"
    )


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]


def test_a_fill_holds_no_frames(given) -> None:
    """What ``features fill`` does."""
    table = load_frames_within(0, given.store, given.corpus.utterances, CONFIG)
    assert not [value for value in vars(table).values() if getattr(value, "ndim", 0) > 1]


def grown(folder: Path, gb: float) -> dict[str, float]:
    command = [sys.executable, "-m", "tests.train.streaming", str(folder), str(gb)]
    inherited = dict(os.environ)  # noqa: TID251  # of the test run
    environment = {**inherited, "RAY_AUTH_MODE": "disabled", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=280, check=True
    )
    return json.loads(done.stdout)


def test_memory_does_not_grow_with_the_frames_of_a_corpus(tmp_path: Path) -> None:
    """Neither in the driver nor in a worker that goes through an epoch of a fold."""
    found = grown(tmp_path, 0.01)
    assert found["frames"] > 400
    assert found["read"] > 250
    assert found["files"] == 3  # of four parts: nobody needed the one that is sealed
    assert found["driver"] < LESS_MB
    assert found["worker"] < LESS_MB


def test_frames_in_memory_are_seen_by_that_measure(tmp_path: Path) -> None:
    """So that the test before can fail."""
    found = grown(tmp_path, 1)
    assert found["files"] == 0
    assert found["driver"] > found["frames"]
