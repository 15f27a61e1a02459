"""A study survives its driver: finished trials count, interrupted ones are queued again."""

from pathlib import Path
from typing import Any

import optuna
import pytest
from optuna.trial import TrialState

from ser_platform.config.first_points import first_points
from ser_platform.config.schema import ExperimentFile
from ser_platform.config.search_method import GridConfig
from ser_platform.errors import ConfigError, StudyError
from ser_platform.tune import attributes, history, space
from ser_platform.tune.history import behind, best_points, trials_left
from ser_platform.tune.record import best, best_of_each, records
from ser_platform.tune.samplers import make_sampler
from ser_platform.tune.storage import open_storage
from tests.tune.studies import both

pytestmark = pytest.mark.slow

WAITING = TrialState.WAITING


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


def open_study(file: ExperimentFile, key: str = "key") -> optuna.Study:
    storage = open_storage(file.study.storage)
    attrs = {attributes.NAME: file.name, attributes.STARTED_AT: 1.0, attributes.STOP: False}
    return history.open_study(
        file,
        f"{file.name}-{key}",
        storage,
        attrs,
        optuna.pruners.NopPruner(),
        lambda trials: make_sampler(file.study.sampler, trials),
    )


def ask(study: optuna.Study, file: ExperimentFile) -> optuna.Trial:
    trial = history.ask(study)
    space.draw(trial, file)
    return trial


@pytest.mark.parametrize(
    ("goals", "selection", "names"),
    [
        (["val_ua"], "validation", ["val_ua"]),
        (["val_ua", "seconds"], "validation", ["val_ua", "seconds"]),
        (["val_ua"], "best_on_test", ["test_ua"]),
    ],
)
def test_what_is_maximised_has_a_name_in_the_dashboard(
    file: ExperimentFile, goals: list[str], selection: str, names: list[str]
) -> None:
    chosen = with_study(file, goals=tuple(goals)).model_copy(update={"selection": selection})
    assert open_study(chosen).metric_names == names
    assert open_study(chosen).metric_names == names


def with_study(file: ExperimentFile, **changes: Any) -> ExperimentFile:
    return file.model_copy(update={"study": file.study.model_copy(update=changes)})


def test_the_first_trial_is_the_files_own_setting(file) -> None:
    assert ask(open_study(file), file).params == {"model.heads": 1}


def test_a_study_goes_on_where_it_was_and_counts_what_is_done(file) -> None:
    study = open_study(file)
    study.tell(ask(study, file), 0.5)
    again = open_study(file)
    assert [t.value for t in again.trials] == [0.5]
    assert trials_left(again, wanted=3) == 2


def test_an_interrupted_trial_is_tried_again_with_the_same_settings(file) -> None:
    study = open_study(file)
    study.tell(ask(study, file), 0.5)
    interrupted = ask(study, file)
    again = open_study(file)
    assert again.trials[interrupted.number].state == TrialState.FAIL
    assert trials_left(again, wanted=3) == 2
    assert ask(again, file).params == interrupted.params


def test_interrupted_trials_are_tried_before_first_points_that_still_wait(file) -> None:
    points = tuple({"model.heads": heads} for heads in (2, 4))
    many = with_study(file, enqueue=points, trials=2)
    study = open_study(many)
    interrupted = [ask(study, many) for _ in range(2)]
    again = open_study(many)
    assert [t.system_attrs["fixed_params"] for t in again.get_trials(states=(WAITING,))] == [
        {"model.heads": 4},
        *(trial.params for trial in interrupted),
    ]
    resumed = [ask(again, many) for _ in range(2)]
    assert [t.params for t in resumed] == [t.params for t in interrupted]
    again.tell(resumed[1], 0.5)
    # As often as it dies: the first of them is the next once more.
    once_more = open_study(many)
    assert trials_left(once_more, wanted=2) == 1
    assert ask(once_more, many).params == interrupted[0].params
    assert ask(once_more, many).params == {"model.heads": 4}


def test_a_trial_of_the_quota_that_was_interrupted_counts_once(tmp_path: Path) -> None:
    file = both(tmp_path, min_share=0.5)
    study = open_study(file)
    interrupted = ask(study, file)
    study = open_study(file)
    drawn = architectures(study, file, 20)
    assert drawn[interrupted.number] == drawn[interrupted.number + len(first_points(file))]
    own = [t.params[space.ARCHITECTURE] for t in history.own_trials(study)]
    assert (own.count("wise"), own.count("alignment")) == (10, 10)


def test_a_trial_that_died_before_it_had_drawn_anything_keeps_what_it_was_told(file) -> None:
    study = open_study(file)
    study.ask()
    assert ask(open_study(file), file).params == {"model.heads": 1}


@pytest.mark.parametrize("state", [TrialState.FAIL, TrialState.PRUNED])
def test_a_failed_or_pruned_trial_counts_as_run(file, state: TrialState) -> None:
    study = open_study(file)
    study.tell(ask(study, file), state=state)
    assert trials_left(open_study(file), wanted=3) == 2


def test_other_settings_make_another_study(file) -> None:
    study = open_study(file)
    study.tell(ask(study, file), 0.5)
    assert trials_left(open_study(file, "other"), wanted=3) == 3


def test_what_a_study_says_of_itself_is_kept_up_to_date_but_for_its_beginning(file) -> None:
    study = open_study(file)
    study.set_user_attr(attributes.STOP, True)
    study.set_user_attr(attributes.STARTED_AT, 0.5)
    attrs = open_study(file).user_attrs
    assert (attrs[attributes.STOP], attrs[attributes.STARTED_AT]) == (False, 0.5)


def test_the_best_complete_trial_is_selected_and_no_other(file) -> None:
    study = open_study(file)
    for value in (0.4, 0.6, 0.5):
        study.tell(ask(study, file), value)
    pruned = ask(study, file)
    pruned.report(0.9, 1)
    study.tell(pruned, state=TrialState.PRUNED)
    assert best_points(study, file)["wise"].value == 0.6


def test_among_equals_the_first_tried_is_selected_even_if_it_was_interrupted(file) -> None:
    study = open_study(file)
    interrupted, other = ask(study, file), ask(study, file)
    assert interrupted.params != other.params
    history.queue_again(study, interrupted.number)
    study.tell(other, 0.5)
    again = ask(study, file)
    study.tell(again, 0.5)
    assert best_points(study, file)["wise"].number == again.number
    assert again.params == interrupted.params


def test_of_two_goals_the_other_decides_between_equals(file) -> None:
    """The first tried is beaten by the second, which has the same UA with fewer weights."""
    two = with_study(file, goals=("val_ua", "num_parameters"))
    study = open_study(two)
    for values in ([0.4, 10.0], [0.5, 300.0], [0.5, 100.0], [0.5, 100.0]):
        study.tell(ask(study, two), values)
    assert best_points(study, two)["wise"].number == 2
    found = records(study, two)
    top = best(found)
    assert top is not None
    assert (top.number, best_of_each(found)["wise"].number) == (2, 2)
    assert top.number in [trial.number for trial in study.best_trials]


def test_a_study_without_a_finished_trial_says_so(file) -> None:
    study = open_study(file)
    with pytest.raises(StudyError, match="study x-key: none of its trials finished"):
        best_points(study, file)


def test_a_grid_is_tried_once_each_and_no_further(file) -> None:
    grid = with_study(file, sampler=GridConfig(), trials=20)
    assert history.wanted_trials(grid) == 3
    study = open_study(grid)
    study.tell(ask(study, grid), 0.5)
    study = open_study(grid)
    for _ in range(2):
        study.tell(ask(study, grid), 0.5)
    assert sorted(t.params["model.heads"] for t in study.trials) == [1, 2, 4]


def architectures(study: optuna.Study, file: ExperimentFile, trials: int) -> list[str]:
    """As a search draws them, when one architecture always looks better."""
    for _ in range(trials):
        if not study.get_trials(states=(TrialState.WAITING,)):
            architecture = behind(study, file)
            if architecture is not None:
                study.enqueue_trial({space.ARCHITECTURE: architecture})
        trial = ask(study, file)
        study.tell(trial, 0.9 if trial.params[space.ARCHITECTURE] == "wise" else 0.1)
    return [t.params[space.ARCHITECTURE] for t in study.trials]


@pytest.mark.parametrize(("min_share", "least"), [(None, 10), (0.4, 16), (0.5, 20)])
def test_neither_architecture_starves(tmp_path: Path, min_share: float | None, least: int) -> None:
    file = both(tmp_path, min_share=min_share)
    drawn = architectures(open_study(file), file, 40)
    assert min(drawn.count("wise"), drawn.count("alignment")) >= least
    # At any time, not only in the end.
    assert min(drawn[:20].count("wise"), drawn[:20].count("alignment")) >= least // 2


def test_without_a_quota_the_sampler_decides(tmp_path: Path) -> None:
    file = both(tmp_path, min_share=0)
    assert architectures(open_study(file), file, 30).count("alignment") < 10


@pytest.mark.parametrize("url", ["not a url", "sqlite:////proc/none/x.db", "nodb://x/y"])
def test_a_storage_that_cannot_be_opened_is_named(url: str) -> None:
    with pytest.raises(ConfigError, match=r"study\.storage: .* cannot be opened"):
        open_storage(url)


def test_a_password_in_the_storage_url_is_not_shown() -> None:
    with pytest.raises(ConfigError) as refused:
        open_storage("nodb://me:secret@host/study")
    assert "secret" not in str(refused.value)
