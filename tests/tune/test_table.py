"""What a person sees while a study runs, on a terminal and elsewhere."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from dataclasses import replace
from pathlib import Path

import pytest

import ser_platform
from ser_platform.tune.board import Plan
from ser_platform.tune.record import base_values, records
from ser_platform.tune.table import TrialTable
from tests.tune import studies

PLAN = Plan("x-ab12", 3, 2, {"wise": {"model.heads": 1}}, at_once=1)
SHORT = """
import logging, time
from ser_platform.door import start_logging
from ser_platform.tune.board import Plan
from ser_platform.tune.table import TrialTable

start_logging()
log = logging.getLogger("ser_platform.somewhere")
with TrialTable(Plan("x-ab12", 3, 2, {"wise": {"model.heads": 1}}, at_once=1)) as table:
    for number in range(3):
        table.started(number, "wise", {"model.heads": number})
        table.fold(number, 1, 0.5, 1.0)
        log.warning("logged %d: %s end", number, "long " * 30)
        print("printed", number)
        if number == 2:
            table.waiting("waiting: 1 fold queued; 0 of 2 CPUs free")
        time.sleep(0.6)
        table.waiting("")
        if number == 1:
            table.ended(number, "failed", None, 1.0, "fold 2: the loss is not finite")
        else:
            table.fold(number, 2, 0.6, 1.0)
            table.ended(number, "complete", 0.55 + number / 10, 2.0)
log.warning("after")
"""


def on_a_terminal(code: str, columns: int, lines: int) -> str:
    """What a program writes to a terminal of that size, control sequences included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm-256color"}  # noqa: TID251  # for the child
    for name in ("NO_COLOR", "COLUMNS", "LINES"):
        environment.pop(name, None)
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=Path(ser_platform.__file__).parents[1],
        env=environment,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # Linux ends a terminal that nobody holds any more with EIO
            part = b""
        if not part:
            break
        written += part
    os.close(ours)
    assert child.wait(timeout=60) == 0, written.decode()
    return written.decode()


def test_on_a_terminal_lines_of_the_log_appear_above_the_table_undamaged() -> None:
    written = on_a_terminal(SHORT, columns=80, lines=24)
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", written).replace("\r", "")
    for number in range(3):
        assert f"logged {number}: {'long ' * 30} end\n" in plain
        assert f"\nprinted {number}\n" in plain or f"printed {number}\n" in plain
    assert "after" in plain
    last = plain[plain.rindex("study x-ab12") :]
    assert "3/3 trials, 1 failed  best val UA 0.750 (trial 2)" in last
    assert re.search(r"1\s+failed\s+1/2\s+0\.500", last)
    assert "fold 2: the loss is not finite" in plain  # why, as a line of the log
    frames = plain.split("study x-ab12")
    waits = ["waiting: 1 fold queued; 0 of 2 CPUs free" in frame for frame in frames]
    assert any(waits)
    assert not waits[-1]  # nor is it a line above the table


def test_elsewhere_each_event_is_a_line(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "ser_platform"), TrialTable(PLAN) as table:
        table.started(0, "wise", {"model.heads": 1})
        table.fold(0, 1, 0.5, 10)
        table.fold(0, 2, 0.6, 12)
        table.ended(0, "complete", 0.55, 22)
        table.waiting("waiting: 1 fold queued; 0 of 2 CPUs free")
        table.waiting("")
        table.started(1, "wise", {"model.heads": 4})
        table.fold(1, 1, 0.4, 10)
        table.ended(1, "pruned", None, 10, "worse than trial 0 on 1 fold")
        table.started(2, "wise", {"model.heads": 2})
        table.ended(2, "failed", None, 3, "fold 1: the loss is not finite")
    assert [record.getMessage() for record in caplog.records] == [
        "trial 0 started  wise       model.heads=1",
        "trial 0 folds 1/2  fold 1 val UA 0.500  mean 0.500  10 s",
        "trial 0 folds 2/2  fold 2 val UA 0.600  mean 0.550  12 s",
        "trial 0 ended (1 of 3)  wise       val UA 0.550  best 0.550 (new best)  22 s  "
        "model.heads=1",
        "waiting: 1 fold queued; 0 of 2 CPUs free",
        "trial 1 started  wise       model.heads=4",
        "trial 1 folds 1/2  fold 1 val UA 0.400  mean 0.400  10 s",
        "trial 1 ended (2 of 3)  wise       pruned after 1 of 2 folds: worse than trial 0 on "
        "1 fold  val UA 0.400  best 0.550  10 s  model.heads=4",
        "trial 2 started  wise       model.heads=2",
        "trial 2 ended (3 of 3)  wise       failed after 0 of 2 folds: fold 1: the loss is not "
        "finite  3 s  model.heads=2",
    ]


def ended(table: TrialTable, number: int, ua: float) -> None:
    table.started(number, "wise", {"model.heads": 1})
    table.ended(number, "complete", ua, 22)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_tie_is_no_new_best_whichever_ends_first(
    order, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "ser_platform"), TrialTable(PLAN) as table:
        for number in order:
            ended(table, number, 0.55)
        ended(table, 2, 0.56)
    lines = [r.getMessage() for r in caplog.records if " ended " in r.getMessage()]
    assert ["(new best)" in line for line in lines] == [True, False, True]


def test_lines_of_a_nested_study_say_which_test_part_they_are_for(caplog) -> None:
    plan = replace(PLAN, test_part=2)
    with caplog.at_level("INFO", "ser_platform"), TrialTable(plan) as table:
        table.waiting("waiting: 1 fold queued")
        ended(table, 4, 0.55)
    assert [record.getMessage() for record in caplog.records] == [
        "waiting: 1 fold queued",
        "test part 2  trial 4 started  wise       model.heads=1",
        "test part 2  trial 4 ended (1 of 3)  wise       val UA 0.550  best 0.550 (new best)  22 s"
        "  model.heads=1",
    ]


def test_a_study_that_goes_on_begins_with_what_is_done(tmp_path: Path) -> None:
    file = studies.both(tmp_path)
    study = studies.make(file, ["complete", "pruned", "failed", "running", "waiting"])
    found = records(study, file)
    table = TrialTable(Plan("x", 20, 5, base_values(file), 1, gpus=0.5), found)
    assert table.board.num_ended == 3
    assert table.board.best is not None
    assert table.board.best.number == 0
    assert table.board.gpu_seconds == sum(r.gpu_seconds for r in found[:3])
