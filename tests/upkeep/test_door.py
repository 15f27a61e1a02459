"""``ser features ls|verify|gc``, from the command line to what it prints and does."""

import json
import os
import time
from pathlib import Path

import pytest
import ray
from moto import mock_aws

from ser_platform.storage.intact import quarantined
from tests.features.caching import damage
from tests.upkeep.conftest import Ser, World

DAY_S = 86_400


def age(world: World, days: float, part: str = "") -> None:
    """Make objects of the store older."""
    then = time.time() - days * DAY_S
    for path in (world.root / "store" / "features" / part).rglob("*"):
        os.utime(path, (then, then))


def said(capsys: pytest.CaptureFixture[str]) -> dict:
    return json.loads(capsys.readouterr().out)


# --- the command line -------------------------------------------------------------------------


@pytest.mark.parametrize("action", [[], ["fill"], ["ls"], ["verify"], ["gc"]])
def test_every_action_checks_a_file_without_acting(
    world: World, ser: Ser, action: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert ser(*action, world.write(), "--check") == 0
    assert "x.yaml: valid (wise, signature " in capsys.readouterr().out
    assert list(world.store.keys()) == []


def test_a_missing_bucket_ends_a_command_before_anything_is_computed_or_started(
    world: World, ser: Ser, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in {"ACCESS_KEY_ID": "AKIATEST", "SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    with mock_aws():
        assert ser("fill", world.write(), "--set", "store=s3://absent/p") == 2
    assert capsys.readouterr().err == (
        "error: s3:ListBucket 'features' in s3://absent/p at s3.amazonaws.com: there is no such "
        "bucket (NoSuchBucket); create it, or correct the store's URL\n"
    )
    assert not ray.is_initialized()


def test_an_unknown_action_is_refused_with_the_nearest(
    ser: Ser, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ser("verfy", "x.yaml") == 2
    message = capsys.readouterr().err
    assert message.startswith("error: features: no action 'verfy'; did you mean 'verify'?\nusage:")


@pytest.mark.parametrize("argv", [[], ["--help"]])
def test_without_more_the_actions_are_listed(
    ser: Ser, argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        ser(*argv)
    overview = capsys.readouterr().out
    assert all(f"  ser features {name:<8}" in overview for name in ("fill", "ls", "verify", "gc"))


def test_a_time_is_a_number_of_days_or_hours(
    world: World, ser: Ser, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        ser("gc", world.write(), "--older-than", "soon")
    assert "'soon' is no time; write 7d or 12h" in capsys.readouterr().err


# --- ls ---------------------------------------------------------------------------------------


def test_ls_counts_what_is_stored_and_what_is_missing(
    world: World, ser: Ser, capsys: pytest.CaptureFixture[str]
) -> None:
    path = world.write()
    assert ser("ls", path, "--json") == 0
    (row,) = said(capsys)["front_ends"]
    assert (row["shards"], row["shards_stored"], row["utterances_stored"]) == (3, 0, 0)

    digest = world.fill(path)
    assert ser("ls", path, "--json") == 0
    found = said(capsys)
    (row,) = found["front_ends"]
    assert (row["shards_stored"], row["utterances_stored"], row["damaged"]) == (3, 12, 0)
    (manifest,) = found["manifests"]
    assert manifest["digest"] == digest
    assert manifest["used_by"] == ["x"]
    assert manifest["frames"] == row["frames"] > 12
    objects = {part["name"]: part["objects"] for part in found["parts"]}
    assert objects == {"manifests": 1, "uses": 1, "v1": 3}


def test_ls_counts_the_frames_of_an_unfinished_fill_by_reading_it(
    world: World, ser: Ser, capsys: pytest.CaptureFixture[str]
) -> None:
    path = world.write()
    world.store.delete(f"features/manifests/{world.fill(path)}.json")
    one, other, _ = world.keys("v1")
    world.store.delete(one)
    damage(world.store, other)
    assert ser("ls", path, "--json") == 0
    (row,) = said(capsys)["front_ends"]
    assert (row["shards_stored"], row["damaged"]) == (2, 1)
    assert row["frames"] > 0


def test_ls_reads_like_a_table(world: World, ser: Ser, capsys: pytest.CaptureFixture[str]) -> None:
    path = world.write()
    world.fill(path)
    world.store.delete(world.keys("v1")[0])
    assert ser("ls", path) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    (row,) = (line for line in lines if line[:1] == ["shortterm34"])
    assert row[2:4] == ["2/3", "8/12"]
    assert row[-3:] == ["4", "utterances", "missing"]


# --- verify -----------------------------------------------------------------------------------


@pytest.mark.parametrize("where", [[], ["--all"]])
def test_verify_finds_damage_and_ends_with_1(
    world: World, ser: Ser, where: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = world.write()
    world.fill(path)
    assert ser("verify", path, *where) == 0
    assert "0 damaged, 0 missing" in capsys.readouterr().out
    key = world.keys("v1")[1]
    damaged = damage(world.store, key)
    assert ser("verify", path, *where) == 1
    assert (
        f"'{key}' in {world.store.url} is damaged: its SHA-256 is not that of its content\n"
        in capsys.readouterr().out
    )
    assert world.store.read(key) == damaged
    assert quarantined(world.store) == []


@pytest.mark.parametrize("where", [[], ["--all"]])
def test_repair_puts_damage_aside_and_fill_mends_it(
    world: World, ser: Ser, where: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = world.write()
    world.fill(path)
    key = world.keys("v1")[1]
    good = world.store.read(key)
    damaged = damage(world.store, key)
    assert ser("verify", path, *where, "--repair") == 1
    (aside,) = quarantined(world.store)
    assert world.store.read(aside) == damaged
    assert f"kept as {aside}" in capsys.readouterr().out
    assert not world.store.exists(key)
    assert ser("verify", path, "--json") == 0
    found = said(capsys)
    assert (found["missing"], found["quarantined"]) == (1, [aside])
    world.fill(path)
    assert world.store.read(key) == good


def test_verify_all_reads_manifests_too(world: World, ser: Ser) -> None:
    path = world.write()
    digest = world.fill(path)
    damage(world.store, f"features/manifests/{digest}.json")
    assert ser("verify", path) == 0
    assert ser("verify", path, "--all", "--repair") == 1
    assert world.fill(path) == digest
    assert ser("verify", path, "--all") == 0


def test_a_good_shard_under_the_key_of_another_is_damage(world: World, ser: Ser) -> None:
    path = world.write()
    world.fill(path)
    one, other, _ = world.keys("v1")
    world.store.write(one, world.store.read(other))
    assert ser("verify", path) == 1
    assert ser("verify", path, "--all") == 1


# --- gc ---------------------------------------------------------------------------------------


def test_gc_only_tells_unless_it_is_told(
    world: World, ser: Ser, capsys: pytest.CaptureFixture[str]
) -> None:
    kept, other = world.write("kept"), world.write("other", hop_s=0.02)
    world.fill(kept)
    world.fill(other)
    for use in world.keys("uses"):
        world.store.delete(use)
    age(world, days=8)
    before = list(world.store.keys())
    assert ser("gc", kept, "--json") == 0
    found = said(capsys)
    assert [item["key"].split("/")[1] for item in found["garbage"]] == ["manifests", *["v1"] * 3]
    assert (found["kept"], found["deleted"]) == (4, False)
    assert list(world.store.keys()) == before

    assert ser("gc", kept, "--delete") == 0
    assert "4 objects, 0.0 MB deleted; 4 objects stay" in capsys.readouterr().out
    assert ser("verify", kept, "--all", "--json") == 0
    assert said(capsys)["read"] == 4
    assert ser("ls", kept, "--json") == 0
    assert said(capsys)["front_ends"][0]["shards_stored"] == 3


def test_gc_leaves_what_another_experiment_used(world: World, ser: Ser) -> None:
    world.fill(world.write("other", hop_s=0.02))
    kept = world.write("kept")
    world.fill(kept)
    age(world, days=400)
    before = list(world.store.keys())
    assert ser("gc", kept, "--delete") == 0
    assert list(world.store.keys()) == before


def test_gc_takes_what_was_not_used_for_long_if_it_is_told(
    world: World, ser: Ser, capsys: pytest.CaptureFixture[str]
) -> None:
    other = world.write("other", hop_s=0.02)
    world.fill(other)
    age(world, days=400)
    kept = world.write("kept")
    world.fill(kept)
    assert ser("gc", kept, "--unused-for", "90d", "--keep", other, "--json") == 0
    assert [item["key"].split("/")[1] for item in said(capsys)["garbage"]] == ["uses"]
    assert ser("gc", kept, "--unused-for", "90d", "--delete") == 0
    assert len(world.keys("v1")) == 3
    assert len(world.keys("manifests")) == len(world.keys("uses")) == 1


def test_gc_leaves_the_shards_of_a_fill_at_work_and_of_a_young_manifest(
    world: World, ser: Ser, capsys: pytest.CaptureFixture[str]
) -> None:
    digest = world.fill(world.write("other", hop_s=0.02))
    (use,) = world.keys("uses")
    world.store.delete(use)
    age(world, days=8, part="v1")
    kept = world.write("kept")
    assert ser("gc", kept, "--json") == 0
    assert said(capsys)["garbage"] == []
    world.store.delete(f"features/manifests/{digest}.json")
    assert ser("gc", kept, "--older-than", "9d", "--json") == 0
    assert said(capsys)["garbage"] == []
    assert ser("gc", kept, "--older-than", "7d", "--json") == 0
    assert len(said(capsys)["garbage"]) == 3


def test_gc_touches_nothing_but_what_it_knows_below_features(world: World, ser: Ser) -> None:
    others = [
        *("runs/1/fold1/weights.st", "features-of-mine/v1/aa/a.st", "features/notes.txt"),
        *("features/other/aa/a.st", "features/v1/aa/readme.txt"),
    ]
    for key in [*others, "features/v0/aa/old.st", "features/quarantine/a.st"]:
        world.store.write(key, b"x")
    for path in (world.root / "store").rglob("*"):
        os.utime(path, (0, 0))
    assert ser("gc", world.write(), "--delete") == 0
    assert list(world.store.keys()) == sorted(others)


@pytest.mark.parametrize("part", ["uses", "manifests"])
def test_gc_stops_when_it_cannot_know_what_is_needed(
    world: World, ser: Ser, part: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = world.write()
    world.fill(path)
    (key,) = world.keys(part)
    world.store.write(key, b"{}")
    age(world, days=400)
    before = list(world.store.keys())
    assert ser("gc", path, "--delete") == 2
    assert f"error: '{key}' in {world.store.url} is damaged" in capsys.readouterr().err
    assert list(world.store.keys()) == before


def test_gc_of_a_corpus_that_is_not_there_deletes_nothing(world: World, ser: Ser) -> None:
    path = world.write()
    world.fill(path)
    age(world, days=400)
    before = list(world.store.keys())
    Path(world.root / "u03.wav").unlink()
    assert ser("gc", path, "--unused-for", "1d", "--delete") == 2
    assert list(world.store.keys()) == before
