"""A study learns from an earlier one of the same protocol, and counts nothing of it as its own."""

from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from optuna.trial import TrialState

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import StudyError
from ser_platform.tune import attributes, history, space
from ser_platform.tune.__main__ import main
from ser_platform.tune.opened import refuse_warm_start
from ser_platform.tune.samplers import make_sampler
from ser_platform.tune.storage import open_storage
from ser_platform.tune.warm import take_over
from tests.tune.studies import both, make
from tests.tune.test_resume import data

PROTOCOL = {"corpus": "demo", "selection": "shared"}
EARLIER = {
    attributes.TEST_FOLD: None,
    attributes.STARTED_AT: 1.0,
    attributes.PROTOCOL: PROTOCOL,
}


def renamed(file: ExperimentFile, **study: Any) -> ExperimentFile:
    settings = file.model_dump(mode="json")
    settings["name"] = "y"
    settings["study"] |= {"warm_start": file.name, **study}
    return ExperimentFile.model_validate(settings, strict=False)


def opened(file: ExperimentFile, protocol: dict[str, Any]) -> optuna.Study:
    return history.open_study(
        file,
        f"{file.name}-new",
        open_storage(file.study.storage),
        {
            attributes.NAME: file.name,
            attributes.STARTED_AT: 2.0,
            attributes.PROTOCOL: protocol,
            attributes.TEST_FOLD: None,
        },
        optuna.pruners.NopPruner(),
        lambda trials: make_sampler(file.study.sampler, trials),
    )


def warm(file: ExperimentFile, protocol: dict[str, Any] = PROTOCOL) -> optuna.Study:
    study = opened(file, protocol)
    take_over(study, file, open_storage(file.study.storage))
    return study


@pytest.fixture
def file(tmp_path: Path) -> ExperimentFile:
    return both(tmp_path)


def test_complete_trials_are_taken_over_and_count_for_nothing(file) -> None:
    earlier = make(file, ["complete"] * 6 + ["pruned", "failed"], attrs=EARLIER)
    study = warm(renamed(file))
    taken = [t for t in study.trials if attributes.WARM in t.user_attrs]
    assert [t.values for t in taken] == [
        t.values for t in earlier.trials if t.state == TrialState.COMPLETE
    ]
    assert {t.user_attrs[attributes.WARM] for t in taken} == {"x-ab12"}
    assert history.own_trials(study) == []
    assert history.trials_left(study, 20) == 20
    with pytest.raises(StudyError, match="none of its trials finished"):
        history.best_points(study, renamed(file))


def test_the_best_of_each_architecture_is_run_here_too(file) -> None:
    earlier = make(file, ["complete"] * 8, attrs=EARLIER)
    best = history.best_points(earlier, file)
    study = warm(renamed(file, papers_first=False))
    waiting = [t.system_attrs["fixed_params"] for t in study.trials if not t.state.is_finished()]
    for trial in best.values():
        assert trial.params in waiting


def test_what_does_not_lie_in_the_new_space_is_left(file) -> None:
    make(file, ["complete"] * 8, attrs=EARLIER)
    narrow = {"train.learning_rate": {"log_uniform": [1e-5, 2e-5]}}
    study = warm(renamed(file, search=narrow))
    assert not [t for t in study.trials if attributes.WARM in t.user_attrs]


def test_another_protocol_is_refused_with_the_difference(file) -> None:
    make(file, ["complete"], attrs=EARLIER)
    with pytest.raises(StudyError) as refused:
        warm(renamed(file), {**PROTOCOL, "corpus": "emodb"})
    assert str(refused.value) == (
        "study.warm_start: x-ab12 followed another protocol, so its scores say nothing here:\n"
        '  corpus: "demo" -> "emodb"'
    )


def test_a_study_that_is_not_there_is_named(file) -> None:
    with pytest.raises(StudyError, match=r"study\.warm_start: no study 'x' is in this storage"):
        warm(renamed(file))


def test_what_is_not_there_is_refused_by_a_check_and_before_a_run_begins(
    file, tmp_path, monkeypatch, capsys
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("y.yaml").write_text(yaml.safe_dump(renamed(file).model_dump(mode="json")), "utf-8")
    for command in (["y.yaml", "--check"], ["y.yaml"]):
        assert main(command) == 1
        assert capsys.readouterr().err == (
            "error: study.warm_start: no study 'x' is in this storage\n"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["y.yaml"]
    make(renamed(file), ["complete"], attrs=EARLIER)
    # One that is there goes on, and a new one beside it would start from nothing.
    assert main(["y.yaml", "--check"]) == 0
    assert main(["y.yaml", "--check", "--resume", "never"]) == 1
    make(file, ["complete"], attrs=EARLIER)
    assert main(["y.yaml", "--check", "--resume", "never"]) == 0


def test_another_protocol_is_refused_before_the_study_is_made(file) -> None:
    new = renamed(file)
    storage = open_storage(file.study.storage)
    make(file, ["complete"], attrs=EARLIER)
    with pytest.raises(StudyError, match="x-ab12 followed another protocol"):
        refuse_warm_start(new, storage, "new", data())
    assert optuna.get_all_study_names(storage) == ["x-ab12"]
    # One that was begun before asks for nothing.
    optuna.create_study(storage=storage, study_name="y-new")
    refuse_warm_start(new, storage, "new", data())


def test_the_sampler_goes_on_from_what_was_taken_over(file) -> None:
    """TPE with ten trials of its own to come draws at random; with these it no longer does."""
    make(file, ["complete"] * 20, attrs=EARLIER)
    new = renamed(file, papers_first=False)
    cold = opened(new, PROTOCOL)
    with_them = warm(new.model_copy(update={"name": "z"}))
    assert drawn(with_them, new) != drawn(cold, new)
    assert drawn(opened(new.model_copy(update={"name": "w"}), PROTOCOL), new) == drawn(
        opened(new.model_copy(update={"name": "v"}), PROTOCOL), new
    )


def drawn(study: optuna.Study, file: ExperimentFile) -> list[dict[str, Any]]:
    """The first eight points behind those that were queued."""
    while study.get_trials(states=(TrialState.WAITING,)):
        study.tell(study.ask(), state=TrialState.FAIL)
    study.sampler = make_sampler(file.study.sampler, 0)
    found = []
    for _ in range(8):
        trial = study.ask()
        space.draw(trial, file)
        found.append(trial.params)
        study.tell(trial, state=TrialState.FAIL)
    return found
