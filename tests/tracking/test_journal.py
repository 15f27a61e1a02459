"""What MLflow has not taken is on disk: whole, in order, for nobody else to read."""

import logging
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

import ser_platform
from ser_platform.config.schema import ExperimentFile
from ser_platform.config.secrets import recorded, without_password
from ser_platform.errors import CorruptObjectError
from ser_platform.tracking import ModelFiles, StudyInfo
from ser_platform.tracking.__main__ import main
from ser_platform.tracking.journal import Journal, journal_of
from ser_platform.tracking.record_file import unpack
from ser_platform.tracking.records import (
    EndRecord,
    FilesRecord,
    OpeningRecord,
    Record,
    ResultRecord,
)
from tests.runs import run_result, study_info
from tests.servers import free_port
from tests.tracking.looking import new_tracker

ROOT = Path(ser_platform.__file__).parents[1]
URI = "sqlite:////a/mlflow.db"
RECORDS: tuple[Record, ...] = (
    ResultRecord(run_result(0), pictures={"attention/one.png": b"\x89PNG"}),
    ResultRecord(run_result(1, role="final"), registered_model="ours"),
    ResultRecord(run_result(2, state="failed", reason="boom", folds=())),
    FilesRecord({"sweep/curve.csv": b"a,b\n", "page.html": "é".encode()}),
    EndRecord("KILLED", 1_600_000_000.25),
)


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return opened(tmp_path)


def opened(root: Path, study: StudyInfo | None = None) -> Journal:
    opening = OpeningRecord(URI, "ser_platform", study or study_info())
    journal = journal_of(root / "journal", opening)
    journal.open(opening)
    return journal


def read(journal: Journal, path: Path) -> Record:
    with journal.opened(path) as record:
        return record


@contextmanager
def full_disk() -> Iterator[None]:
    """No file of this process grows beyond 100 bytes, as on a disk without space."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)


def test_records_come_back_as_they_were_and_in_their_order(
    journal: Journal, tmp_path: Path
) -> None:
    for record in RECORDS[:3]:
        journal.append(record)
    again = opened(tmp_path, study_info())  # by the next run of the study
    for record in RECORDS[3:]:
        again.append(record)
    assert [read(again, path) for path in again.pending()] == list(RECORDS)
    assert [path.name.split("-")[:2] for path in again.pending()] == [
        ["000001", "result"],
        ["000002", "result"],
        ["000003", "result"],
        ["000004", "files"],
        ["000005", "end"],
    ]


def test_a_model_comes_back_with_its_code_its_files_and_its_example(
    journal: Journal, tmp_path: Path
) -> None:
    package = tmp_path / "package"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__pycache__" / "a.pyc").write_bytes(b"compiled")
    (package / "a.py").write_text("one = 1\n")
    (tmp_path / "weights.safetensors").write_bytes(b"weights")
    example = pd.DataFrame({"file": ["é.wav"], "words": ["[]"], "rate": [0.1]})
    model = ModelFiles(
        name="wise",
        code=package / "a.py",
        artifacts={"weights": tmp_path / "weights.safetensors", "model": package},
        requirements=("numpy==2",),
        packages=(package,),
        input_example=example,
    )
    path = journal.append(ResultRecord(run_result(1, role="final"), model))
    (package / "a.py").write_text("one = 2\n")  # edited before MLflow is back
    with journal.opened(path) as record:
        assert isinstance(record, ResultRecord)
        assert record.model is not None
        found = record.model
        assert (found.name, found.requirements) == ("wise", ("numpy==2",))
        assert found.code.read_text() == "one = 1\n"
        assert found.code.name == "a.py"
        assert found.artifacts["weights"].read_bytes() == b"weights"
        assert [p.name for p in found.packages[0].rglob("*")] == ["a.py"]
        assert found.artifacts["model"].name == found.packages[0].name == "package"
        pd.testing.assert_frame_equal(found.input_example, example)


def test_a_byte_that_is_changed_or_missing_anywhere_is_noticed(
    journal: Journal, tmp_path: Path
) -> None:
    data = journal.append(EndRecord("FINISHED", 1.0)).read_bytes()
    assert unpack(data, tmp_path) == EndRecord("FINISHED", 1.0)
    flipped = (data[:i] + bytes([data[i] ^ 0x10]) + data[i + 1 :] for i in range(len(data)))
    shorter = (data[:i] for i in range(len(data)))
    for damaged in (*flipped, *shorter):
        with pytest.raises(CorruptObjectError, match="its digest is another"):
            unpack(damaged, tmp_path)


def test_only_the_owner_reads_it(journal: Journal) -> None:
    journal.append(RECORDS[0])
    journal.lock()
    modes = {path.name: path.stat().st_mode & 0o777 for path in journal.folder.parent.rglob("*")}
    assert set(modes.values()) == {0o600, 0o700}, modes
    assert journal.folder.parent.stat().st_mode & 0o777 == 0o700


def test_no_password_is_in_it(tmp_path: Path) -> None:
    url = "postgresql://ser:hunter2@db/optuna"
    file = ExperimentFile.model_validate(
        {
            "name": "wise",
            "corpus": {"kind": "demo"},
            "features": {"kind": "mfcc39"},
            "model": {"kind": "wise"},
            "study": {"storage": url},
        }
    )
    study = StudyInfo(
        name="wise",
        study_key="5" * 16,
        experiment=recorded(file),
        command=f"ser tune wise.yaml --set {without_password(f'study.storage={url}')}",
        environment={},
        architectures=("wise",),
        synthetic=True,
    )
    journal = opened(tmp_path, study)
    written = b"".join(p.read_bytes() for p in journal.folder.rglob("*.zip"))
    assert b"postgresql://ser:***@db/optuna" in written
    assert b"hunter2" not in written


def test_a_record_that_the_disk_does_not_take_leaves_nothing_behind(journal: Journal) -> None:
    with full_disk(), pytest.raises(OSError, match="File too large"):
        journal.append(RECORDS[0])
    assert [path.name for path in journal.folder.iterdir()] == ["study.zip"]
    journal.append(RECORDS[0])
    assert len(journal.pending()) == 1


def test_a_full_disk_is_said_once_and_records_are_kept_in_memory(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    uri = f"http://127.0.0.1:{free_port()}"
    tracker = new_tracker(uri, journal=tmp_path / "journal")
    tracker.start()
    with full_disk():
        for number in range(3):
            tracker.log(run_result(number))
    tracker.log(run_result(3))  # there is room again
    assert tracker.finish(timeout_s=0.1) == 5
    on_disk = sorted(path.name for path in tmp_path.rglob("0*.zip"))
    assert [name.split("-")[1] for name in on_disk] == ["result", "end"]
    warnings = [r.getMessage() for r in caplog.records if r.levelno == logging.WARNING]
    (said,) = [warning for warning in warnings if "takes no records" in warning]
    assert said == (
        f"the journal in {tmp_path}/journal takes no records: File too large. They are kept in "
        "memory: what MLflow does not take before the end is logged when the same command is run "
        "again; free some space, or set another tracking.journal"
    )
    assert warnings[-1].endswith(
        "5 records pending, not all of them on disk: run the same command again, results are "
        "stored and only the missing are logged"
    )


HOLDER = """
import sys, time
from pathlib import Path
from ser_platform.tracking.journal import Journal
journal = Journal(Path(sys.argv[1]))
assert journal.lock()
print("locked", flush=True)
time.sleep(60)
"""


def test_one_process_sends_at_a_time_and_a_dead_one_holds_up_nobody(journal: Journal) -> None:
    command = [sys.executable, "-c", HOLDER, str(journal.folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"locked\n"
        assert not journal.lock()
        os.kill(holder.pid, signal.SIGKILL)
    assert journal.lock()


def test_the_door_tells_what_is_pending_how_old_and_how_large(
    journal: Journal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = journal.append(RECORDS[0])
    second = journal.append(RECORDS[1])
    hours_ago = first.stat().st_mtime - 7200
    os.utime(first, (hours_ago, hours_ago))
    kept = journal.set_aside(second, "damaged")
    assert main(["status", str(tmp_path / "journal")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"{tmp_path}/journal: 1 record pending"
    row = next(line for line in said if line.lstrip().startswith("demo"))
    assert row.split() == ["demo", "(55555555)", URI, "not", "running", "1", "0.01", "2", "h"]
    assert said[-1] == f"{kept}: set aside, will not be sent; look at it, and delete it"


def test_an_empty_folder_has_nothing_pending_and_a_missing_one_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for action in ("status", "sync"):
        assert main([action, str(tmp_path)]) == 0
        assert capsys.readouterr().out == f"{tmp_path}: nothing is pending\n"
        assert main([action, str(tmp_path / "absent")]) == 2
        assert capsys.readouterr().err == (
            f"error: there is no folder {tmp_path}/absent: name that of tracking.journal in the "
            "experiment file\n"
        )


def test_a_journal_that_does_not_say_whose_it_is_is_named_and_left_alone(
    journal: Journal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal.append(RECORDS[0])
    (journal.folder / "study.zip").unlink()
    assert main(["sync", str(tmp_path / "journal")]) == 1
    assert capsys.readouterr().out == (
        f"{journal.folder}: 1 record cannot be sent, study.zip is of no use: it is gone: somebody "
        "deleted it; the command of the study sends them when it is run again\n"
    )
    assert len(journal.pending()) == 1
