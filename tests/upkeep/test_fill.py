"""``ser features fill`` for real, with Ray, and what it leaves for the other actions."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import ser_platform
from tests.upkeep.conftest import World

ROOT = Path(ser_platform.__file__).parents[1]


def ser_features(*argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "ser_platform.features", *argv]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_what_fill_stores_is_complete_in_use_and_remembered(world: World) -> None:
    path = world.write()
    filled = ser_features(path)
    assert filled.returncode == 0, filled.stderr
    assert "features: shortterm34 12/12 utterances, 0 cached" in filled.stderr
    listed = json.loads(ser_features("ls", path, "--json").stdout)
    (row,) = listed["front_ends"]
    assert (row["shards_stored"], row["utterances_stored"]) == (3, 12)
    (manifest,) = listed["manifests"]
    assert manifest["used_by"] == ["x"]
    assert manifest["digest"] in filled.stderr
    (remembered,) = (world.root / "cache" / "recordings").glob("*.json")
    assert len(json.loads(remembered.read_text())) == 12
    assert not (world.root / "cache" / "copies").exists()  # the store is a folder
