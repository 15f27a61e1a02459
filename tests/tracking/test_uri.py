from pathlib import Path

import pytest

from ser_platform.errors import TrackingError
from ser_platform.tracking.uri import absolute, check_uri, ui_command, ui_link


@pytest.mark.parametrize("uri", ["http://127.0.0.1:5000", "https://mlflow.example/path"])
def test_a_server_is_taken_at_its_word(uri: str) -> None:
    check_uri(uri)


def test_a_database_that_is_not_there_yet_is_fine_and_checking_makes_nothing(
    tmp_path: Path,
) -> None:
    check_uri(f"sqlite:///{tmp_path}/deep/er/mlflow.db")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("uri", ["mlruns", "file:///tmp/mlruns", "databricks", "http://"])
def test_other_places_are_refused_with_the_two_that_work(uri: str) -> None:
    with pytest.raises(TrackingError) as caught:
        check_uri(uri)
    assert str(caught.value) == (
        f"tracking.uri '{uri}' is neither a SQLite file nor a server; write "
        "sqlite:///folder/mlflow.db or http://host:port"
    )
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "uri", ["http://anna:secret@mlflow.example:5000", "http://mlflow.example?password=secret"]
)
def test_a_password_in_the_uri_is_refused_and_not_repeated(uri: str) -> None:
    with pytest.raises(TrackingError, match="MLFLOW_TRACKING_PASSWORD") as caught:
        check_uri(uri)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("uri", ["sqlite:///", "sqlite:///:memory:", "sqlite:////tmp"])
def test_sqlite_needs_a_file(uri: str) -> None:
    with pytest.raises(TrackingError, match="names no file; write sqlite"):
        check_uri(uri)


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("not a database")
    with pytest.raises(TrackingError, match="is not a SQLite database; name another file"):
        check_uri(f"sqlite:///{file}")
    assert file.read_text() == "not a database"


def test_a_file_in_the_way_of_the_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "ser").write_text("")
    with pytest.raises(TrackingError, match=f"{tmp_path}/ser is a file, so "):
        check_uri(f"sqlite:///{tmp_path}/ser/mlflow.db")


def test_the_command_for_the_ui_works_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    command = ui_command("sqlite:///.ser/mlflow.db")
    assert command.startswith(
        "MLFLOW_ALLOW_PICKLE_DESERIALIZATION=false MLFLOW_SERVER_ENABLE_JOB_EXECUTION=false "
    )
    assert command.endswith(
        f"mlflow ui --backend-store-uri sqlite:///{tmp_path}/.ser/mlflow.db --host 127.0.0.1 "
        "--port 5000"
    )
    assert absolute("sqlite:///.ser/mlflow.db") in command


def test_the_command_names_the_mlflow_beside_this_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bin_folder = tmp_path / ".venv" / "bin"
    bin_folder.mkdir(parents=True)
    (bin_folder / "mlflow").touch(mode=0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.executable", str(bin_folder / "python"))
    assert " .venv/bin/mlflow ui " in ui_command("sqlite:///x.db")
    monkeypatch.setenv("PATH", str(bin_folder))
    assert " mlflow ui " in ui_command("sqlite:///x.db")


def test_a_server_shows_its_own_ui() -> None:
    assert ui_command("http://mlflow:5000") == "http://mlflow:5000"
    assert ui_link("http://mlflow:5000/", "7") == (
        "http://mlflow:5000/#/experiments/7/runs?workflowType=machine_learning"
    )
    assert ui_link("sqlite:///x.db").startswith("http://127.0.0.1:5000/#/experiments?workflowType")
