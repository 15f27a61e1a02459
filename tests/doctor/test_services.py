"""What the doctor says of what a study talks to: well, away, refusing, or not what it seems."""

from pathlib import Path

import pytest
from moto import mock_aws

from ser_platform.config.schema import ExperimentFile, TrackingConfig
from ser_platform.doctor import services
from ser_platform.doctor.finding import Check, Finding, examine
from ser_platform.storage import open_store
from tests.servers import S3Server, free_port


def only(check: Check) -> Finding:
    (found,) = examine("check", check)
    return found


def test_a_store_that_works_is_left_as_it_was(tmp_path: Path) -> None:
    store = open_store(str(tmp_path / "store"))
    found = list(examine("store", lambda: services.store(store)))
    assert [(f.check, f.state) for f in found] == [("store", "ok"), ("clock", "ok")]
    assert found[0].says.startswith(f"{tmp_path}/store: create, list, read, delete in ")
    assert list(store.keys()) == []


def test_a_store_that_lets_two_create_one_object_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(str(tmp_path / "store"))

    def create(key: str, data: bytes) -> bool:
        store.write(key, data)
        return True

    monkeypatch.setattr(store, "create", create)
    found = next(services.store(store))
    assert found.state == "warning"
    assert found.says.endswith("; creates what is there already")


@pytest.mark.parametrize(
    ("skew_s", "state"), [(0, "ok"), (-59, "ok"), (61, "warning"), (-901, "failed")]
)
def test_clocks_that_disagree_are_told_before_s3_refuses(
    skew_s: float, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from time import time

    monkeypatch.setattr("ser_platform.doctor.services.time.time", lambda: time() - skew_s)
    _, clock = services.store(open_store(str(tmp_path)))
    assert clock.state == state
    assert clock.says == f"{abs(skew_s)} s from that of {tmp_path}"


def test_a_bucket_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"ACCESS_KEY_ID": "AKIATEST", "SECRET_ACCESS_KEY": "x"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.delenv("AWS_ENDPOINT_URL_S3", raising=False)
    with mock_aws():
        found = only(lambda: services.store(open_store("s3://nowhere")))
    assert found.state == "failed"
    assert "there is no such bucket" in found.says
    assert found.remedy


@pytest.mark.slow
def test_who_may_only_read_is_told_what_to_allow(
    s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = {"ACCESS_KEY_ID": s3.reader_access_key, "SECRET_ACCESS_KEY": s3.reader_secret_key}
    for name, value in {**s3.environment, **{f"AWS_{k}": v for k, v in reader.items()}}.items():
        monkeypatch.setenv(name, value)
    found = only(lambda: services.store(open_store(f"s3://{s3.bucket}/x")))
    assert found.state == "failed"
    assert "access denied" in found.says
    assert "allow s3:PutObject on" in found.remedy


def test_a_database_of_mlflow_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    config = TrackingConfig(uri=f"sqlite:///{tmp_path}/mlflow.db")
    found = only(lambda: services.mlflow(config))
    assert (found.state, found.says) == (
        "ok",
        f"{tmp_path}/mlflow.db will be made by the first study",
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_database_of_mlflow_is_told(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("notes")
    config = TrackingConfig(uri=f"sqlite:///{tmp_path}/mlflow.db")
    found = only(lambda: services.mlflow(config))
    assert found.state == "failed"
    assert "is not a SQLite database" in found.says
    assert found.remedy.startswith("name another file")


def test_a_server_of_mlflow_that_is_away_is_told() -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    found = only(lambda: services.mlflow(TrackingConfig(uri=uri)))
    assert (found.state, found.says, found.remedy) == (
        "failed",
        f"{uri} does not answer: connection refused",
        "start it; a study runs without it and logs later",
    )


@pytest.mark.parametrize(
    ("uri", "place", "state"),
    [
        ("http://mlflow.lab:5000", "mlflow-artifacts:/1", "ok"),
        ("http://mlflow.lab:5000", "s3://bucket/1", "ok"),
        ("http://mlflow.lab:5000", "/home/mlflow/mlruns/1", "failed"),
        ("http://127.0.0.1:5000", "/home/me/mlruns/1", "ok"),
        ("sqlite:////home/me/mlflow.db", "file:///home/me/mlartifacts/1", "ok"),
    ],
)
def test_artifacts_must_go_where_this_machine_can_write(uri: str, place: str, state: str) -> None:
    assert services._artifacts(uri, place).state == state


def test_a_database_of_optuna_that_is_away_is_told_without_its_password() -> None:
    url = f"postgresql://ser:hunter2@127.0.0.1:{free_port()}/optuna"
    found = only(lambda: services.study_storage(url))
    assert found.state == "failed"
    assert "ser:***@127.0.0.1" in found.says
    assert "hunter2" not in str(found)
    assert found.remedy


def test_a_corpus_that_is_not_there_is_told(tmp_path: Path) -> None:
    def file(corpus: dict[str, object]) -> ExperimentFile:
        model = {"features": {"kind": "mfcc39"}, "model": {"kind": "wise"}}
        return ExperimentFile.model_validate({"name": "x", "corpus": corpus, **model})

    missing = file({"kind": "iemocap", "root": str(tmp_path / "IEMOCAP")})
    found = only(lambda: services.corpus(missing))
    assert (found.state, found.says) == ("failed", f"corpus.root: no folder {tmp_path}/IEMOCAP")
    there = file({"kind": "iemocap", "root": str(tmp_path)})
    assert only(lambda: services.corpus(there)).state == "ok"
    assert only(lambda: services.corpus(file({"kind": "demo"}))).state == "ok"


def test_several_nodes_need_places_that_all_of_them_reach(tmp_path: Path) -> None:
    settings = {
        "name": "x",
        "corpus": {"kind": "demo"},
        "features": {"kind": "mfcc39"},
        "model": {"kind": "wise"},
        "store": "s3://bucket/ser",
        "study": {"storage": "postgresql://ser@db/optuna"},
    }
    found = list(services._shared(ExperimentFile.model_validate(settings)))
    assert [f.says for f in found] == [
        "tracking.uri is sqlite:///.ser/mlflow.db, on the disk of one node"
    ]


def test_what_nobody_thought_of_is_a_line_too() -> None:
    def broken() -> list[Finding]:
        raise KeyError("postgresql://me:secret@host")

    found = only(broken)  # type: ignore[arg-type]
    assert found.state == "failed"
    assert found.says.startswith("KeyError")
    assert "secret" not in found.says
