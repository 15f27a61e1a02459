"""What every door does with its arguments, and how it ends."""

import argparse
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import ser_platform
from ser_platform.__main__ import DOORS, main
from ser_platform.config import ExperimentFile, load_experiment_file, signature
from ser_platform.door import door, guarded
from ser_platform.errors import ObjectNotFoundError, StudyError

ROOT = Path(ser_platform.__file__).parents[1]
BOTH = """\
name: both
corpus: {kind: demo}
study:
  search: {train.learning_rate: {log_uniform: [1e-4, 1e-2]}}
  architectures:
    wise: {features: {kind: mfcc39}, model: {kind: wise}}
    words:
      features: {kind: shortterm34}
      model: {kind: alignment}
      search: {model.heads: {choice: [1, 5]}}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = "name: wise\ncorpus: {kind: demo}\nfeatures: {kind: mfcc39}\nmodel: {kind: wise}\n"
    Path("wise.yaml").write_text(text, encoding="utf-8")
    Path("both.yaml").write_text(BOTH, encoding="utf-8")


def never(file: ExperimentFile, arguments: argparse.Namespace) -> None:
    raise AssertionError("a check acts on nothing")


def test_a_door_acts_on_the_file_with_its_overrides_and_arguments() -> None:
    seen: list[object] = []

    def act(file: ExperimentFile, arguments: argparse.Namespace) -> None:
        seen.extend([file, arguments.keep])

    def add_arguments(parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--keep", type=int)

    argv = ["wise.yaml", "--set", "model.heads=2", "--set", "train.epochs=3", "--keep", "4"]
    assert door("train", "Trains.", act, add_arguments, argv) == 0
    file = load_experiment_file("wise.yaml", ["model.heads=2", "train.epochs=3"])
    assert seen == [file, 4]


def test_what_a_door_returns_is_its_exit_code() -> None:
    assert door("train", "Trains.", lambda file, arguments: 3, argv=["wise.yaml"]) == 3


def test_a_check_says_what_the_file_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert door("tune", "Tunes.", never, argv=["wise.yaml", "--check"]) == 0
    identity = signature(load_experiment_file("wise.yaml").experiment("wise"))
    said = capsys.readouterr()
    assert said.out == f"wise.yaml: valid (wise, signature {identity}, searches nothing)\n"
    assert said.err == ""


def test_a_check_of_several_architectures_has_a_line_for_each(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert door("tune", "Tunes.", never, argv=["both.yaml", "--check"]) == 0
    file = load_experiment_file("both.yaml")
    wise, words = (signature(file.experiment(name)) for name in ("wise", "words"))
    assert capsys.readouterr().out == (
        f"both.yaml: valid (wise, signature {wise}, searches 1 setting)\n"
        f"both.yaml: valid (words, signature {words}, searches 2 settings)\n"
    )


@pytest.mark.parametrize("check", [[], ["--check"]])
def test_a_bad_file_ends_with_2_and_its_problems(
    capsys: pytest.CaptureFixture[str], check: list[str]
) -> None:
    argv = ["wise.yaml", "--set", "model.dropuot=0.2", *check]
    assert door("tune", "Tunes.", never, argv=argv) == 2
    assert capsys.readouterr().err == (
        "error: wise.yaml: 1 problem\n"
        "  --set model.dropuot: no such setting; did you mean 'dropout'?\n"
    )


def test_an_option_is_never_guessed_from_its_beginning(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        door("tune", "Tunes.", never, argv=["wise.yaml", "--chec"])
    assert "unrecognized arguments: --chec" in capsys.readouterr().err


def fail(error: BaseException) -> None:
    raise error


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (StudyError("no trial finished"), 1, "error: no trial finished\n"),
        (ObjectNotFoundError("a/b", "s3://x"), 2, "error: no object 'a/b' in s3://x\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_an_error_of_the_user_is_a_message_and_an_exit_code(
    capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    assert guarded(lambda: fail(error)) == code
    assert capsys.readouterr().err == said


def test_our_own_bugs_keep_their_traceback() -> None:
    with pytest.raises(ZeroDivisionError):
        guarded(lambda: fail(ZeroDivisionError()))


LOG = """
import logging
from ser_platform.door import start_logging
logging.getLogger("botocore").setLevel(logging.DEBUG)
start_logging()
start_logging()
for name in ("ser_platform.tune.study", "botocore.auth", "urllib3", "someone"):
    logging.getLogger(name).debug("%s debug", name)
    logging.getLogger(name).info("%s info", name)
    logging.getLogger(name).warning("%s warning", name)
"""


def test_the_log_is_our_progress_and_all_warnings_once_on_stderr() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOG], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        "ser_platform.tune.study info",
        "ser_platform.tune.study warning",
        "botocore.auth warning",
        "urllib3 warning",
        "someone warning",
    ]


@pytest.mark.parametrize("name", DOORS)
def test_every_door_opens_by_both_of_its_names(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="0"):
        main([name, "--help"])
    assert capsys.readouterr().out.startswith(f"usage: ser {name} ")


def test_every_room_with_a_door_is_listed() -> None:
    rooms = {path.parent.name for path in Path(ser_platform.__file__).parent.glob("*/__main__.py")}
    assert rooms == set(DOORS)


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"]])
def test_without_a_door_the_doors_are_listed(
    argv: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(argv) == 0
    said = capsys.readouterr().out
    assert said.startswith("usage: ser DOOR ...\n\n  ser doctor       whether everything")
    assert all(f"  ser {name} " in said for name in DOORS)


def test_an_unknown_door_is_refused_with_the_nearest_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["tun", "wise.yaml"]) == 2
    assert capsys.readouterr().err.startswith("error: no door 'tun'; did you mean 'tune'?\nusage:")


def test_a_door_may_be_a_single_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "echo.py").write_text("def main(argv):\n    return len(argv)\n", encoding="utf-8")
    monkeypatch.setattr(ser_platform, "__path__", [*ser_platform.__path__, str(tmp_path)])
    monkeypatch.setitem(DOORS, "echo", "counts")
    assert main(["echo", "a", "b", "c"]) == 3


def test_a_check_through_both_names_of_a_door() -> None:
    path = str(Path("wise.yaml").resolve())
    by_module, by_command = (
        subprocess.run(
            [sys.executable, "-m", *door_name, path, "--check"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout
        for door_name in (["ser_platform.tune"], ["ser_platform", "tune"])
    )  # fmt: skip
    assert by_module == by_command
    assert by_module.startswith(f"{path}: valid (wise, signature ")


ENDED = """
import sys, time
from ser_platform.door import guarded

def act():
    try:
        print("ready", flush=True)
        time.sleep(60)
    finally:
        print("cleaning up", flush=True)
        time.sleep(float(sys.argv[1]))
        print("cleaned up", flush=True)

sys.exit(guarded(act))
"""


@pytest.mark.parametrize(
    ("number", "code", "word"),
    [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")],
)
def test_a_signal_ends_a_command_in_order_and_a_second_one_at_once(
    number: int, code: int, word: str
) -> None:
    said = {}
    for times, needs_s in ((1, "0"), (2, "60")):
        command = [sys.executable, "-c", ENDED, needs_s]
        with subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
        ) as running:
            assert running.stdout is not None
            assert running.stdout.readline() == "ready\n"
            running.send_signal(number)
            told = [running.stdout.readline() for _ in range(2)]
            assert told == [
                "ending: what is done is stored; a second signal ends at once\n",
                "cleaning up\n",
            ]
            if times == 2:
                running.send_signal(number)
            said[times] = running.stdout.read()
        assert running.returncode == code
    assert said == {1: f"cleaned up\n{word}\n", 2: ""}
