"""What ``gc`` takes besides features, and what it never takes."""

import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

import optuna
import pytest
from mlflow import MlflowClient

from ser_platform.storage import ObjectStore, open_store
from ser_platform.storage.local import LocalStore
from ser_platform.tracking import layout
from ser_platform.tune import attributes
from ser_platform.upkeep.collect import Needed, collect
from ser_platform.upkeep.verify import verify_all
from tests.upkeep.conftest import Ser, World

NAMED = Needed(frozenset(), frozenset({"aa"}))


def fill(store: ObjectStore, keys: Iterable[str]) -> None:
    for key in keys:
        store.write(key, b"x")


def age(root: Path) -> None:
    for path in root.rglob("*"):
        os.utime(path, (0, 0))


def garbage(store: ObjectStore, given: Needed = NAMED, *, delete: bool = False) -> list[str]:
    found = collect(store, given, older_than_days=7, unused_for_days=None, delete=delete)
    return [item.key for item in found.garbage]


def test_progress_that_nobody_names_or_needs_old_leases_quarantine_and_halves_go(
    tmp_path: Path,
) -> None:
    store = open_store(str(tmp_path))
    kept = [
        *("runs/aa/fold1/progress.st", "runs/aa/fold2/trained.json", "runs/aa/fold2/weights.st"),
        *("runs/bb/fold1/trained.json", "runs/bb/fold1/weights.st", "sweeps/s/curve.csv"),
    ]
    gone = [
        *("leases/old.json", "quarantine/runs/aa/fold1/trained.json"),
        *("runs/aa/fold2/progress.st", "runs/bb/fold2/progress.st"),
    ]
    fill(store, [*kept, *gone])
    part = tmp_path / "runs" / "aa" / "fold1" / ".1f.part"
    part.write_bytes(b"half")
    age(tmp_path)
    fill(store, ["leases/young.json", "runs/bb/fold3/progress.st"])
    assert garbage(store) == [*gone, "runs/aa/fold1/.1f.part"]
    assert part.exists()
    garbage(store, delete=True)
    assert list(store.keys()) == sorted([*kept, "leases/young.json", "runs/bb/fold3/progress.st"])
    assert not part.exists()


def test_where_it_is_not_known_who_names_runs_their_progress_stays(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    fill(store, ["runs/bb/fold2/progress.st"])
    age(tmp_path)
    assert garbage(store, Needed(frozenset(), runs_unknown="MLflow is away")) == []


def test_a_lease_that_is_renewed_while_gc_is_at_work_stays(tmp_path: Path) -> None:
    class Renewed(LocalStore):
        """Its holder writes once everything was listed."""

        def clear_unfinished(self, older_than_s: float, *, delete: bool) -> list:
            return []

        def entries(self, prefix: str = ""):
            found = list(super().entries(prefix))
            if prefix == "leases/":
                self.write("leases/k.json", b"renewed")
            return iter(found)

    fill(LocalStore(tmp_path), ["leases/k.json"])
    age(tmp_path)
    assert garbage(Renewed(tmp_path), delete=True) == []
    assert LocalStore(tmp_path).read("leases/k.json") == b"renewed"


def test_gc_asks_optuna_and_mlflow_which_runs_are_named(
    world: World, ser: Ser, empty_database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = world.write()
    fill(world.store, [f"runs/{run}/fold1/progress.st" for run in ("aa", "bb", "cc")])
    age(world.root / "store")
    assert ser("gc", path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["garbage"] == []
    assert found["runs_left_alone"] == (
        f"there is no {world.root}/mlflow.db, so what MLflow names is not known"
    )
    shutil.copy(empty_database, world.root / "mlflow.db")
    client = MlflowClient(f"sqlite:///{world.root}/mlflow.db")
    client.create_run("0", tags={layout.RUN_KEY: "cc"})
    study = optuna.create_study(storage=f"sqlite:///{world.root}/optuna.db", study_name="any")
    study.ask().set_user_attr(attributes.RUN_KEY, "aa")
    assert ser("gc", path, "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert [item["key"] for item in found["garbage"]] == ["runs/bb/fold1/progress.st"]


def test_repair_looks_again_before_it_deletes(world: World) -> None:
    class Mended(LocalStore):
        """Damaged three times; then somebody has stored a good one."""

        left = 3

        def read(self, key: str) -> bytes:
            data = super().read(key)
            self.left -= 1
            return data if self.left < 0 else data[:-1]

    world.fill(world.write())
    (key, *others) = world.keys("v1")
    fill_again = Mended(Path(world.store.url))
    for other in others:
        world.store.delete(other)
    assert verify_all(fill_again, repair=True).damaged == ()
    assert world.store.exists(key)
