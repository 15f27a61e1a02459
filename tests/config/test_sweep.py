"""A sweep is refused before anything runs, and every point is a whole experiment."""

from collections.abc import Callable

import pytest

from ser_platform.config import load_experiment_file, signature
from ser_platform.config.sweep import points, refuse_sweep
from ser_platform.errors import ConfigError

Refusal = Callable[..., str]

SWEEP = """\
name: wise
corpus: {kind: demo}
features: {kind: mfcc39}
model: {kind: wise}
transcript: {kind: corrupted, wer: 0.1, seed: 3}
sweep:
  transcript.wer: [0, 0.147, 0.5]
"""


def test_every_point_is_the_file_at_its_value(write: Callable[[str], str]) -> None:
    along = points(load_experiment_file(write(SWEEP)))
    assert [str(p) for p in along] == [
        "transcript.wer=0",
        "transcript.wer=0.147",
        "transcript.wer=0.5",
    ]
    plain = load_experiment_file(write(SWEEP[: SWEEP.index("sweep")]), ["transcript.wer=0.147"])
    assert along[1].file == plain


def test_points_have_signatures_of_their_own(write: Callable[[str], str]) -> None:
    along = points(load_experiment_file(write(SWEEP)))
    assert len({signature(p.file.experiment("wise")) for p in along}) == 3


def test_values_can_be_set_on_the_command_line(write: Callable[[str], str]) -> None:
    file = load_experiment_file(write(SWEEP), ["sweep.transcript.wer=[0.2, 0.3]"])
    assert [p.value for p in points(file)] == [0.2, 0.3]


@pytest.mark.parametrize(
    ("override", "problem"),
    [
        ("sweep.transcript.wer=[0, 2]", ".wer[1]: found 2, expected a number >= 0 and <= 1"),
        ("sweep.transcript.wer=[0, 0.1, 0]", "sweep.transcript.wer[2]: 0 is there twice"),
        ("sweep.transcript.wer=[0.1]", "found a list of 1, expected a list of at least 2"),
        ("sweep={transcript.wre: [0, 1]}", "no such setting; did you mean 'transcript.wer'?"),
        ("sweep={transcript: [0, 1]}", "no such setting"),
        ("sweep={model.heads: [1, 2]}", "cannot be swept; numbers of transcript can be, such as"),
        ("sweep.transcript.seed=[0, 1]", "found 2 settings; a curve has one"),
        ("study={search: {model.heads: {choice: [1]}}}", "a file searches or sweeps, not both"),
        ("transcript={kind: oracle}", "no such setting of oracle; only kind corrupted has it"),
    ],
)  # fmt: skip
def test_a_sweep_that_cannot_run_is_refused(refusal: Refusal, override: str, problem: str) -> None:
    assert problem in refusal(SWEEP, override)


def test_a_search_refuses_a_file_that_sweeps(write: Callable[[str], str]) -> None:
    with pytest.raises(
        ConfigError, match=r"sweeps transcript\.wer.*`python -m ser_platform\.train`"
    ):
        refuse_sweep(load_experiment_file(write(SWEEP)))
    refuse_sweep(load_experiment_file(write(SWEEP[: SWEEP.index("sweep")])))


def test_shares_of_errors_make_one_whole(refusal: Refusal) -> None:
    assert "must add up to 1; they add up to 0.9" in refusal(SWEEP, "transcript.deletions=0.15")


def test_times_are_given_once(refusal: Refusal) -> None:
    settings = "transcript={kind: recognised, path: asr.ctm, words: words.csv}"
    assert "asr.ctm carries the times of its words itself" in refusal(
        SWEEP[: SWEEP.index("sweep")], settings
    )


@pytest.mark.parametrize("path", ["asr.ctm", "asr.jsonl", "asr.json", "responses"])
def test_formats_with_times_are_enough_for_networks_that_read_them(
    write: Callable[[str], str], path: str
) -> None:
    settings = f"transcript={{kind: recognised, path: {path}}}"
    assert load_experiment_file(write(SWEEP[: SWEEP.index("sweep")]), [settings])
