"""Which protocols, selections and doors go together; all of it is said by ``--check``."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ser_platform.config import load_experiment_file, signature
from ser_platform.train.__main__ import main as train
from ser_platform.tune.__main__ import main as tune

Refusal = Callable[..., str]

SEVERAL = """\
name: x
corpus: {kind: demo}
study:
  architectures:
    a: {features: {kind: mfcc39}, model: {kind: wise}, train: {patience: 8}}
    b: {features: {kind: mfcc39}, model: {kind: wise}}
"""


def test_a_paper_s_protocol_has_nothing_that_could_stop_early(refusal: Refusal, wise: str) -> None:
    assert refusal(wise, "protocol=paper", "train={epochs: 9, patience: 3}") == (
        "x.yaml: 1 problem\n"
        "  train.patience=3 stops by validation, and protocol: paper has none: it keeps the last "
        "of train.epochs; leave patience out"
    )
    assert "  study.architectures.a.train.patience=8 stops by" in refusal(
        SEVERAL, "protocol=paper"
    )


def test_patience_is_not_searched_where_nothing_stops(refusal: Refusal, wise: str) -> None:
    searched = "study={search: {train.patience: {choice: [2, 3]}}}"
    assert "stops by validation" in refusal(wise, "protocol=paper", searched)


def test_what_no_study_may_look_at_is_not_what_chooses(refusal: Refusal, wise: str) -> None:
    assert refusal(wise, "protocol=nested", "selection=best_on_test") == (
        "x.yaml: 1 problem\n"
        "  selection: best_on_test looks at the test part, and protocol: nested promises that "
        "nothing does; use protocol shared or paper, or selection: validation"
    )


def test_a_curve_is_not_chosen_on_test(refusal: Refusal, wise: str) -> None:
    swept = ("transcript={kind: corrupted}", "sweep={transcript.wer: [0, 0.5]}")
    assert "best_on_test cannot be swept" in refusal(wise, "selection=best_on_test", *swept)


def test_the_signature_of_honest_experiments_is_as_it_was_and_others_have_their_own(
    write: Callable[[str], str], wise: str
) -> None:
    choices = ([], ["selection=validation"], ["selection=best_on_test"], ["protocol=paper"])
    honest, said, on_test, paper = (
        signature(load_experiment_file(write(wise), chosen).experiment("wise"))
        for chosen in choices
    )
    assert honest == said
    assert len({honest, on_test, paper}) == 3


@pytest.mark.parametrize("check", [[], ["--check"]])
def test_a_search_refuses_a_file_that_leaves_nothing_to_select_by(
    write: Callable[[str], str], wise: str, capsys: pytest.CaptureFixture[str], check: list[str]
) -> None:
    assert tune([write(wise), "--set", "protocol=paper", *check]) == 2
    assert capsys.readouterr().err == (
        "error: protocol: paper has no validation part, so nothing is left to select by; use "
        "`python -m ser_platform.train`, or protocol: shared\n"
    )


@pytest.mark.parametrize("check", [[], ["--check"]])
def test_a_training_refuses_a_protocol_of_searches(
    write: Callable[[str], str], wise: str, capsys: pytest.CaptureFixture[str], check: list[str]
) -> None:
    assert train([write(wise), "--set", "protocol=nested", *check]) == 2
    assert capsys.readouterr().err == (
        "error: protocol: nested is a search: use `python -m ser_platform.tune`, or protocol: "
        "shared\n"
    )


def test_a_check_says_that_scores_will_be_flagged(
    write: Callable[[str], str], wise: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    settings = ["--set", "protocol=paper", "--set", "selection=best_on_test", "--check"]
    for door in (train, tune):
        assert door([write(wise), *settings]) == 0
        assert "selection best_on_test: every score will be flagged as such" in (
            capsys.readouterr().out
        )
    assert [path.name for path in tmp_path.iterdir()] == ["x.yaml"]


@pytest.mark.parametrize("check", [[], ["--check"]])
@pytest.mark.parametrize(
    ("settings", "seeds", "message"),
    [
        ([], "0", "--seeds 0: nothing would be trained; give 1 or more"),
        (
            ["transcript={kind: corrupted, wer: 0.0}", "sweep={transcript.wer: [0, 0.5]}"],
            "3",
            "--seeds 3: the file sweeps transcript.wer, and a point of a curve is one training; "
            "leave --seeds out, or take the section sweep out",
        ),
        (
            ["train.seed=4294967294"],
            "3",
            "--seeds 3: seeds of wise would go from 4294967294 beyond 4294967295, the largest "
            "there is; lower train.seed",
        ),
    ],
)
def test_seeds_that_make_no_sense_are_refused(
    write: Callable[[str], str],
    wise: str,
    capsys: pytest.CaptureFixture[str],
    settings: list[str],
    seeds: str,
    message: str,
    check: list[str],
) -> None:
    overrides = [part for setting in settings for part in ("--set", setting)]
    assert train([write(wise), *overrides, "--seeds", seeds, *check]) == 2
    assert capsys.readouterr().err == f"error: {message}\n"


def test_seeds_up_to_the_largest_are_taken(
    write: Callable[[str], str], wise: str, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds = ["--set", "train.seed=4294967294", "--seeds", "2"]
    assert train([write(wise), *seeds, "--check"]) == 0, capsys.readouterr().err
