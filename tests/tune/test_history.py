"""A study survives its driver: finished trials count, interrupted ones are queued again."""

from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from ser_platform.config.schema import ExperimentFile
from ser_platform.errors import ConfigError, StudyError
from ser_platform.tune import history
from ser_platform.tune.history import best_points, open_storage, trials_left


@pytest.fixture
def file(tmp_path: Path) -> ExperimentFile:
    return ExperimentFile.model_validate(
        {
            "name": "x",
            "corpus": {"kind": "demo"},
            "features": {"kind": "mfcc39"},
            "model": {"kind": "wise"},
            "study": {
                "trials": 3,
                "search": {"model.heads": {"choice": [1, 2, 4]}},
                "storage": f"sqlite:///{tmp_path}/new/optuna.db",
            },
        },
        strict=False,
    )


def open_study(file: ExperimentFile, key: str) -> optuna.Study:
    return history.open_study(file, key, open_storage(file.study.storage))


def ask(study: optuna.Study) -> optuna.Trial:
    trial = study.ask()
    trial.suggest_categorical("model.heads", (1, 2, 4))
    return trial


def test_the_first_trial_is_the_files_own_setting(file) -> None:
    assert ask(open_study(file, "key")).params == {"model.heads": 1}


def test_a_study_goes_on_where_it_was_and_counts_what_is_done(file) -> None:
    study = open_study(file, "key")
    study.tell(ask(study), 0.5)
    again = open_study(file, "key")
    assert [t.value for t in again.trials] == [0.5]
    assert trials_left(again, wanted=3) == 2


def test_an_interrupted_trial_is_tried_again_with_the_same_settings(file) -> None:
    study = open_study(file, "key")
    study.tell(ask(study), 0.5)
    interrupted = ask(study)
    again = open_study(file, "key")
    assert again.trials[interrupted.number].state == TrialState.FAIL
    assert trials_left(again, wanted=3) == 2
    assert ask(again).params == interrupted.params


def test_a_failed_trial_counts_as_run(file) -> None:
    study = open_study(file, "key")
    study.tell(ask(study), state=TrialState.FAIL)
    assert trials_left(open_study(file, "key"), wanted=3) == 2


def test_other_settings_make_another_study(file) -> None:
    study = open_study(file, "key")
    study.tell(ask(study), 0.5)
    assert trials_left(open_study(file, "other"), wanted=3) == 3


def test_the_best_complete_trial_is_selected(file) -> None:
    study = open_study(file, "key")
    for value in (0.4, 0.6, 0.5):
        study.tell(ask(study), value)
    assert best_points(study, file)["wise"].value == 0.6


def test_a_study_without_a_finished_trial_says_so(file) -> None:
    study = open_study(file, "key")
    with pytest.raises(StudyError, match="study x-key: none of its trials finished"):
        best_points(study, file)


@pytest.mark.parametrize("url", ["not a url", "sqlite:////proc/none/x.db", "nodb://x/y"])
def test_a_storage_that_cannot_be_opened_is_named(url: str) -> None:
    with pytest.raises(ConfigError, match=r"study\.storage: .* cannot be opened"):
        open_storage(url)


def test_a_password_in_the_storage_url_is_not_shown() -> None:
    with pytest.raises(ConfigError) as refused:
        open_storage("nodb://me:secret@host/study")
    assert "secret" not in str(refused.value)
