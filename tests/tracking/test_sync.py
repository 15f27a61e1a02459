"""What MLflow was not there for is sent afterwards, and is as if it had been there."""

import shutil
from pathlib import Path

import pytest

from ser_platform.tracking import ModelFiles, Tracker
from ser_platform.tracking.__main__ import main
from ser_platform.tracking.journal import journal_of
from ser_platform.tracking.records import EndRecord, OpeningRecord, ResultRecord
from tests.runs import fold_result, run_result, study_info
from tests.servers import free_port
from tests.tracking.looking import EXPERIMENT, as_logged, new_tracker, see

pytestmark = pytest.mark.slow


def log_study(tracker: Tracker, files: ModelFiles, timeout_s: float) -> int:
    """A study with all that one can have, and a name of its own for its model."""
    tracker.start()
    tracker.log(run_result(0))
    tracker.log(run_result(1, right=0.7))
    tracker.log(run_result(2, state="failed", reason="boom", folds=(fold_result(1),)))
    tracker.attach({"search/page.html": b"<html>", "search/trials.csv": b"number\n"})
    tracker.log(run_result(1, role="final", right=0.7), files, {"attention/a.png": b"\x89PNG"})
    return tracker.finish(timeout_s=timeout_s)


def test_a_study_that_mlflow_never_heard_of_is_sent_exactly_as_it_would_have_been(
    uri: str,
    empty_database: Path,
    files: ModelFiles,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}"
    journal = tmp_path / "pending"
    assert log_study(new_tracker(nowhere, journal=journal), files, timeout_s=0.1) == 6
    shutil.copytree(journal, tmp_path / "copy")
    (tmp_path / "undisturbed").mkdir()
    shutil.copy(empty_database, tmp_path / "undisturbed")
    undisturbed = f"sqlite:///{tmp_path}/undisturbed/mlflow.db"
    assert log_study(new_tracker(undisturbed), files, timeout_s=120) == 0

    assert main(["sync", str(journal), "--uri", uri]) == 0
    assert capsys.readouterr().out == (
        f"demo (55555555): 6 records sent to {uri}, the study is FINISHED\n"
    )
    sent = as_logged(uri)
    assert sent == as_logged(undisturbed)
    assert sent["wise final"]["versions"]
    assert [step for step, *_ in sent["study"]["metrics"]["trials_done"]] == [1, 2, 3, 4]

    assert main(["sync", str(journal)]) == 0
    assert capsys.readouterr().out == f"{journal}: nothing is pending\n"
    ids = {name: run.info.run_id for name, run in see(uri).nested.items()}
    # As after a power failure, which brings back what was deleted a moment before.
    assert main(["sync", str(tmp_path / "copy"), "--uri", uri]) == 0
    assert as_logged(uri) == sent
    assert {name: run.info.run_id for name, run in see(uri).nested.items()} == ids


def test_what_is_damaged_is_named_what_is_running_left_alone_and_the_others_sent(
    uri: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tmp_path / "journal"
    damaged, running, whole = (
        journal_of(root, OpeningRecord(uri, EXPERIMENT, study_info(key * 16))) for key in "abc"
    )
    for journal, key in ((damaged, "a"), (running, "b"), (whole, "c")):
        journal.open(OpeningRecord(uri, EXPERIMENT, study_info(key * 16)))
        paths = [
            journal.append(ResultRecord(run_result(number, study_key=key * 16)))
            for number in range(2)
        ]
        journal.append(EndRecord("FINISHED", 1_600_000_100.0))
        if journal is damaged:
            paths[0].write_bytes(paths[0].read_bytes()[:-1])
    assert running.lock()
    assert main(["sync", str(root)]) == 1
    kept = damaged.aside()[0]
    assert capsys.readouterr().out.splitlines() == [
        f"demo (aaaaaaaa): 2 records sent to {uri}, the study is FINISHED",
        f"  a record is damaged and set aside as {kept}: it is not what was written: its digest "
        "is another",
        "demo (bbbbbbbb): is running and sends its own, skipped",
        f"demo (cccccccc): 3 records sent to {uri}, the study is FINISHED",
    ]
    assert sorted(see(uri, "a" * 16).nested) == ["wise trial 1"]
    assert sorted(see(uri, "c" * 16).nested) == ["wise trial 0", "wise trial 1"]
    assert len(running.pending()) == 3
    running.unlock()
    assert main(["sync", str(root)]) == 0
    assert capsys.readouterr().out == (
        f"demo (bbbbbbbb): 3 records sent to {uri}, the study is FINISHED\n"
    )
    assert [path.name for path in root.rglob("*.zip*")] == [kept.name]


def test_the_next_run_of_a_study_sends_what_an_interrupted_one_left(uri: str) -> None:
    opening = OpeningRecord(uri, EXPERIMENT, study_info())
    interrupted = journal_of(Path(uri.removeprefix("sqlite:///")).with_name("journal"), opening)
    interrupted.open(opening)
    interrupted.append(ResultRecord(run_result(0)))
    nothing = run_result(2, state="failed", reason="boom", folds=())
    interrupted.append(ResultRecord(nothing, logged_at=1_600_000_050.0))
    interrupted.append(EndRecord("KILLED", 1_600_000_100.0))  # void: the study goes on
    tracker = new_tracker(uri)
    tracker.start()
    tracker.log(run_result(1))
    assert tracker.finish() == 0
    seen = see(uri)
    assert sorted(seen.nested) == ["wise trial 0", "wise trial 1", "wise trial 2"]
    untrained = seen.nested["wise trial 2"].info  # it has no times of its own
    assert (untrained.start_time, untrained.end_time) == (1_600_000_050_000,) * 2
    assert seen.study.info.status == "FINISHED"
    assert not interrupted.folder.exists()


def test_a_study_that_was_finished_elsewhere_since_stays_finished(uri: str) -> None:
    """And one that has not said how it ended is ended as killed."""
    root = Path(uri.removeprefix("sqlite:///")).with_name("interrupted")
    for key in "ab":
        opening = OpeningRecord(uri, EXPERIMENT, study_info(key * 16))
        interrupted = journal_of(root, opening)
        interrupted.open(opening)
        interrupted.append(ResultRecord(run_result(0, study_key=key * 16)))
    elsewhere = new_tracker(uri, "a" * 16)
    elsewhere.start()
    elsewhere.log(run_result(1, study_key="a" * 16))
    assert elsewhere.finish() == 0
    ended = see(uri, "a" * 16).study.info
    assert main(["sync", str(root)]) == 0
    seen = see(uri, "a" * 16)
    assert sorted(seen.nested) == ["wise trial 0", "wise trial 1"]
    assert (seen.study.info.status, seen.study.info.end_time) == ("FINISHED", ended.end_time)
    assert see(uri, "b" * 16).study.info.status == "KILLED"


def test_while_mlflow_is_away_nothing_is_lost_and_the_door_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ser_platform.tracking.sync._WAITS_S", (0.01,))
    nowhere = f"http://127.0.0.1:{free_port()}"
    root = tmp_path / "journal"
    for key in "ab":
        opening = OpeningRecord(nowhere, EXPERIMENT, study_info(key * 16))
        journal = journal_of(root, opening)
        journal.open(opening)
        journal.append(ResultRecord(run_result(0, study_key=key * 16)))
    before = {path: path.read_bytes() for path in root.rglob("*.zip")}
    assert main(["sync", str(root)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"demo ({key * 8}): 0 records sent to {nowhere}; 1 record pending: connection refused"
        for key in "ab"
    ]
    assert {path: path.read_bytes() for path in root.rglob("*.zip")} == before
