"""A training whose frames memory does not hold, through its door: the same run, bit for bit."""

import json
import os
from pathlib import Path

import pytest

from tests.slow.platform import BOTH, Platform

pytestmark = [pytest.mark.studies, pytest.mark.slow, pytest.mark.timeout(600)]

WISE = BOTH["study"]["architectures"]["wise"]


def test_a_training_on_mapped_frames_is_the_same_run_as_one_in_memory(
    tmp_path: Path, demo_root: Path
) -> None:
    platform = Platform(tmp_path)
    platform.write(
        {
            "name": "tiny",
            "corpus": {**BOTH["corpus"], "root": str(demo_root)},
            "split": BOTH["split"],
            "features": WISE["features"],
            "model": WISE["model"],
            "train": {"epochs": 2},
        }
    )
    own = "tracking={uri: 'sqlite:///mapped.db', journal: mapped-journal}"
    mapped = platform.run(
        "train",
        "tiny.yaml",
        *("--set", "cluster.frames_in_memory_gb=0", "--set", "cluster.scratch=scratch"),
        *("--set", "store=mapped", "--set", own),
    )
    assert mapped.returncode == 0, mapped.stdout
    assert (
        " are more than cluster.frames_in_memory_gb (0): each node maps them from files in "
        in (mapped.stdout)
    )
    folder = tmp_path / "scratch" / f"ser-frames-{os.getuid()}"
    assert [path.name for path in folder.iterdir()] == ["locks"]  # the study is over
    memory = platform.run("train", "tiny.yaml")
    assert memory.returncode == 0, memory.stdout
    assert "each node maps them" not in memory.stdout
    for name in ("scored.json", "trained.json", "weights.st"):
        ours, theirs = (
            {path.relative_to(store).as_posix(): content(path) for path in store.rglob(name)}
            for store in (tmp_path / "mapped", tmp_path / ".ser" / "store")
        )
        assert len(ours) == 2
        assert ours == theirs  # keys of runs and folds too


def content(path: Path) -> object:
    """What must be equal: all but times."""
    if path.suffix != ".json":
        return path.read_bytes()
    found = json.loads(path.read_bytes())["content"]
    for part in (found, *found["epochs"]):
        part.pop("seconds")
    del found["finished_at"]
    return found
