"""What a study is at, how it is exported and stopped; read while another process writes."""

import csv
import json
import os
import platform
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from optuna.trial import TrialState

import ser_platform
from ser_platform.config import load_experiment_file, signature, with_settings
from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import ConfigError, StudyError
from ser_platform.process import this_process
from ser_platform.tune import attributes
from ser_platform.tune.__main__ import main
from ser_platform.tune.export import rows, write_best
from ser_platform.tune.record import best_of_each, records
from ser_platform.tune.show_status import show_status
from ser_platform.tune.status import status
from ser_platform.tune.stop import stop
from ser_platform.tune.stored import stored_studies
from tests.tune.studies import both, make, single

pytestmark = pytest.mark.slow

MIXED = ["complete", "pruned", "failed", "complete", "running", "waiting"]
ELSEWHERE = "another-host 4711 1700000000"
YAML = """\
name: x
corpus: {{kind: demo}}
features: {{kind: mfcc39}}
model: {{kind: wise}}
study:
  storage: sqlite:///{storage}
  search: {{model.heads: {{choice: [1, 2, 4]}}, model.dropout: {{uniform: [0.1, 0.5]}}}}
"""


def dead_process() -> str:
    child = subprocess.Popen([sys.executable, "-c", ""])
    started_s = psutil.Process(child.pid).create_time()
    child.wait()
    return f"{platform.node()} {child.pid} {started_s:.0f}"


def test_a_running_study_tells_everything(tmp_path, capsys) -> None:
    file = both(tmp_path)
    study = make(file, MIXED, attrs={attributes.PROCESS: this_process(), attributes.WANTED: 12})
    now = status(study, file)
    assert now.activity == "running"
    assert now.trials == {"complete": 2, "pruned": 1, "failed": 1, "running": 1, "waiting": 1}
    assert (now.ended, now.wanted, now.running) == (4, 12, {4: 3})
    assert now.left_s is not None
    assert now.last == "trial 4 began"
    show_status([now], "x.yaml")
    shown = capsys.readouterr().out
    assert f"study x-ab12: running\n  by process {os.getpid()} on {platform.node()}\n" in shown
    assert "4 of 12 trials ended (2 complete, 1 pruned, 1 failed, 1 running, 1 waiting)" in shown
    assert "trial 4: 3 of 5 folds done" in shown


@pytest.mark.parametrize(
    ("process", "states", "activity"),
    [
        (dead_process, ["complete", "running"], "dead"),
        (lambda: ELSEWHERE, ["complete", "running"], "elsewhere"),
        (lambda: ELSEWHERE, ["complete"], "at rest"),
        (dead_process, ["complete"], "at rest"),
        (this_process, ["complete"], "running"),
        (this_process, ["complete"] * 20, "at rest"),
    ],
)
def test_whether_it_runs_follows_from_its_process(process, states, activity, tmp_path) -> None:
    file = single(tmp_path)
    study = make(file, states, attrs={attributes.PROCESS: process()})
    assert status(study, file).activity == activity


SEARCH = """
import sys
from pathlib import Path
from tests.tune.studies import make, single

make(single(Path(sys.argv[1])), ["complete"] * 20)
"""


def test_a_study_is_read_while_another_process_writes_it(tmp_path) -> None:
    file = single(tmp_path)
    command = [sys.executable, "-c", SEARCH, str(tmp_path)]
    with subprocess.Popen(command, cwd=Path(ser_platform.__file__).parents[1]) as writer:
        seen: list[int] = []
        while writer.poll() is None or not seen or seen[-1] < 20:
            with suppress(StudyError):  # it has not begun
                seen.append(status(stored_studies(file, "x.yaml")[0], file).ended)
    assert writer.returncode == 0
    assert seen == sorted(seen)
    assert any(0 < ended < 20 for ended in seen)


def test_studies_of_a_name_are_listed_newest_first_and_others_are_not(tmp_path, capsys) -> None:
    file = single(tmp_path)
    for key in ("0ld", "fold1", "fold2"):
        make(file, ["complete"], key=key, attrs={attributes.TEST_FOLD: 1})
    make(file.model_copy(update={"name": "x-other"}), ["complete"])
    found = stored_studies(file, "x.yaml")
    assert [s.study_name for s in found] == ["x-fold2", "x-fold1", "x-0ld"]
    show_status([status(s, file) for s in found], "x.yaml")
    assert "Studies of this name, the newest first." in capsys.readouterr().out


def test_reading_makes_neither_a_database_nor_a_study(tmp_path) -> None:
    file = single(tmp_path)
    with pytest.raises(StudyError, match=r"holds no studies yet; `python -m ser_platform\.tune x"):
        stored_studies(file, "x.yaml")
    assert not (tmp_path / "optuna.db").exists()
    (tmp_path / "optuna.db").touch()
    with pytest.raises(StudyError, match="holds no studies yet"):
        stored_studies(file, "x.yaml")
    assert (tmp_path / "optuna.db").stat().st_size == 0
    (tmp_path / "optuna.db").unlink()
    make(file.model_copy(update={"name": "y"}), [])
    with pytest.raises(StudyError, match="holds no study named 'x'"):
        stored_studies(file, "x.yaml")


def test_a_file_that_is_no_database_is_refused(tmp_path) -> None:
    (tmp_path / "optuna.db").write_text("a letter to a friend, much longer than a header " * 99)
    with pytest.raises(ConfigError, match=r"cannot be read: .*not a database"):
        stored_studies(single(tmp_path), "x.yaml")


def test_the_csv_has_a_row_for_each_trial_with_folds_and_settings(tmp_path, capsys) -> None:
    file = both(tmp_path)
    found = rows([make(file, MIXED)], file)
    assert [row["state"] for row in found] == [
        *("complete", "pruned", "failed", "complete", "running", "waiting")
    ]
    assert found[1]["fold2"] is not None
    assert found[1]["fold3"] is None
    assert found[1]["reason"].startswith("worse than trial 1")
    assert found[0]["model.audio_hidden"] == 100
    assert list(found[0])[:6] == ["study", "test_fold", "trial", "state", "architecture", "val_ua"]


def test_what_was_selected_on_test_is_told_apart_from_what_was_not(tmp_path, capsys) -> None:
    file = single(tmp_path)
    honest = make(file, ["complete"], key="a", attrs={attributes.PROTOCOL: {}})
    protocol = {attributes.PROTOCOL: {"selected_on": "test"}}
    other = make(file, ["complete"], key="b", attrs=protocol)
    of_honest, of_other = rows([honest, other], file)
    assert of_honest["val_ua"] == of_other["test_ua"] == honest.trials[0].value
    assert of_honest["test_ua"] is of_other["val_ua"] is None
    assert "val_ua" not in rows([other], file)[0]
    now = [status(other, file), status(honest, file)]
    assert [set(s.to_json()["best"]["wise"]) - {"trial", "settings"} for s in now] == [
        {"test_ua"},
        {"val_ua"},
    ]
    show_status(now, "x.yaml")
    shown = capsys.readouterr().out
    assert "best wise: TEST UA 0." in shown
    assert "best UA" in shown
    show_status(now[:1] * 2, "x.yaml")
    assert "best TEST UA" in capsys.readouterr().out


@pytest.mark.parametrize("architecture", ["wise", "alignment", None])
def test_the_best_setting_becomes_a_file_that_trains_exactly_it(architecture, tmp_path) -> None:
    file = both(tmp_path)
    study = make(file, ["complete"] * 6)
    top = write_best(study, file, architecture, tmp_path / "new" / "best.yaml")
    written = load_experiment_file(tmp_path / "new" / "best.yaml")
    each = best_of_each(records(study, file))
    assert top == (each[architecture] if architecture else next(iter(each.values())))
    (only,) = written.architectures
    meant = with_settings(file.experiment(top.architecture), top.settings)
    assert signature(written.experiment(only)) == signature(meant)
    assert not written.search_space(only)


def test_a_setting_that_is_for_one_test_part_is_not_exported_for_all(tmp_path) -> None:
    file = single(tmp_path)
    study = make(file, ["complete"], attrs={attributes.TEST_FOLD: 2})
    with pytest.raises(StudyError, match="is for test part 2 alone"):
        write_best(study, file, None, tmp_path / "best.yaml")


def test_an_architecture_without_a_complete_trial_is_named(tmp_path) -> None:
    file = both(tmp_path)
    study = make(file, ["complete"])
    with pytest.raises(StudyError, match="no complete trial of 'alignment'; there are wise"):
        write_best(study, file, "alignment", tmp_path / "best.yaml")


def test_stopping_asks_and_waits_until_nothing_runs(tmp_path) -> None:
    file = single(tmp_path)
    study = make(file, ["complete", "running"], attrs={attributes.PROCESS: ELSEWHERE})

    def stops() -> None:
        while not study.user_attrs.get(attributes.STOP):
            time.sleep(0.05)
        study.tell(1, state=TrialState.FAIL)

    other = threading.Thread(target=stops)
    other.start()
    ended = stop(stored_studies(file, "x.yaml"), file, timeout_s=60)
    other.join()
    assert [(s.study, s.activity) for s in ended] == [("x-ab12", "at rest")]


STOPPABLE = """
import sys, time
from pathlib import Path
from ser_platform.process import this_process
from ser_platform.tune import attributes
from tests.tune.studies import make, single

study = make(single(Path(sys.argv[1])), ["complete"], attrs={attributes.PROCESS: this_process()})
while not study.user_attrs.get(attributes.STOP):
    time.sleep(0.1)
"""


def test_stopping_waits_for_the_process_of_the_study(tmp_path) -> None:
    file = single(tmp_path)
    command = [sys.executable, "-c", STOPPABLE, str(tmp_path)]
    with subprocess.Popen(command, cwd=Path(ser_platform.__file__).parents[1]) as child:
        ended: list[Any] = []
        while child.poll() is None and not ended:
            with suppress(StudyError):  # it has not begun
                ended = stop(stored_studies(file, "x.yaml"), file, timeout_s=60)
        assert child.wait(timeout=30) == 0
    assert [(s.study, s.activity, s.ended) for s in ended] == [("x-ab12", "at rest", 1)]


def test_what_does_not_stop_is_told_with_what_to_do(tmp_path) -> None:
    file = single(tmp_path)
    make(file, ["running"], attrs={attributes.PROCESS: this_process()})
    with pytest.raises(StudyError, match=rf"end it there with `kill -INT {os.getpid()}`"):
        stop(stored_studies(file, "x.yaml"), file, timeout_s=0.1)


def test_nothing_is_asked_of_a_study_that_does_not_run(tmp_path) -> None:
    file = single(tmp_path)
    study = make(file, ["complete"], attrs={attributes.PROCESS: dead_process()})
    assert stop(stored_studies(file, "x.yaml"), file, timeout_s=1) == []
    assert attributes.STOP not in study.user_attrs


def test_the_doors_find_the_study_of_a_file(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    Path("x.yaml").write_text(YAML.format(storage="optuna.db"), encoding="utf-8")
    assert main(["status", "x.yaml"]) == 1
    assert "`python -m ser_platform.tune x.yaml` makes one" in capsys.readouterr().err
    file: ExperimentFile = load_experiment_file("x.yaml")
    make(file, ["complete", "failed"])
    assert main(["status", "x.yaml", "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert found["studies"][0]["trials"]["failed"] == 1
    assert main(["export", "x.yaml", "--csv", "trials.csv", "--best", "best.yaml"]) == 0
    with Path("trials.csv").open(encoding="utf-8") as lines:
        assert [row["state"] for row in csv.DictReader(lines)] == ["complete", "failed"]
    capsys.readouterr()
    assert main(["export", "x.yaml", "--csv", "-", "--best", "best.yaml"]) == 0
    written = capsys.readouterr()
    lines = csv.DictReader(written.out.splitlines())
    assert [row["state"] for row in lines] == ["complete", "failed"]
    assert "best.yaml: wise, trial 0" in written.err
    assert not Path("-").exists()
    assert main(["export", "x.yaml", "--csv", "-", "--json"]) == 2
    assert "only one of them can go to standard output" in capsys.readouterr().err
    assert main(["export", "x.yaml", "--json", "--best", "best.yaml"]) == 0
    assert len(json.loads(capsys.readouterr().out)["trials"]) == 2
    assert main(["export", "x.yaml"]) == 2
    assert main(["stop", "x.yaml"]) == 0
    assert "no study is running, nothing to stop" in capsys.readouterr().out
    assert main(["stauts", "x.yaml"]) == 2
    assert "did you mean 'status'?" in capsys.readouterr().err
    assert main(["x.yaml", "--check"]) == 0
