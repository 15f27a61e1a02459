"""``--set``: the only override."""

from collections.abc import Callable

import pytest

from ser_platform.config import ExperimentFile, load_experiment_file
from ser_platform.config.model import AlignmentConfig
from ser_platform.config.training import TrainConfig

CORPORA = "demo, iemocap, emodb, ravdess, cremad, meld, audformat or table"

Refusal = Callable[..., str]
TRAIN = ", ".join(TrainConfig.model_fields)


@pytest.fixture
def load(write: Callable[[str], str], wise: str) -> Callable[..., ExperimentFile]:
    return lambda *overrides: load_experiment_file(write(wise), overrides)


def test_a_value_is_read_as_strict_yaml(load: Callable[..., ExperimentFile]) -> None:
    file = load("train.learning_rate=1e-3", "name=no", "model.classifier=[20, 10]")
    experiment = file.experiment("wise")
    assert experiment.train.learning_rate == 0.001
    assert experiment.name == "no"
    assert experiment.model.model_dump()["classifier"] == (20, 10)


def test_sections_are_made_where_there_are_none(load: Callable[..., ExperimentFile]) -> None:
    assert load("split.validation.by=session").split.validation.by == "session"


def test_the_last_of_two_wins(load: Callable[..., ExperimentFile]) -> None:
    file = load("train.epochs=1", "train={batch_size: 2}", "train.seed=3", "train.seed=4")
    assert file.experiment("wise").train.model_dump(exclude_defaults=True) == {
        "batch_size": 2,
        "seed": 4,
    }


def test_everything_after_the_search_is_one_name(load: Callable[..., ExperimentFile]) -> None:
    file = load(
        "study.search.model.dropout={uniform: [0, 0.5]}", "study.search.train.l2={choice: [0, 1]}"
    )
    assert list(file.search_space("wise")) == ["model.dropout", "train.l2"]


def test_names_with_dots_reach_into_architectures_and_labels(
    write: Callable[[str], str],
) -> None:
    path = write("""
        name: x
        corpus: {kind: table, root: x}
        study: {architectures: {a: {features: {kind: mfcc39}, model: {kind: wise}}}}
    """)
    overrides = [
        "study.architectures.a.search.model.dropout={choice: [0.1]}",
        "study.architectures.a.train.epochs=3",
        "corpus.labels.mad.very=ang",
    ]
    file = load_experiment_file(path, overrides)
    assert list(file.search_space("a")) == ["model.dropout"]
    assert file.experiment("a").train.epochs == 3
    assert file.corpus.model_dump()["labels"] == {"mad.very": "ang"}


def test_the_kind_of_a_section_can_be_changed(load: Callable[..., ExperimentFile]) -> None:
    assert load("model.kind=alignment").experiment("alignment").model == AlignmentConfig()


def test_settings_left_from_the_other_kind_are_named(refusal: Refusal, wise: str) -> None:
    text = wise.replace("{kind: wise}", "{kind: wise, max_phonemes: 3}")
    assert refusal(text, "model.kind=alignment") == (
        "x.yaml: 1 problem\n"
        "  line 4, model.max_phonemes: no such setting of alignment; only kind wise has it"
    )


def test_an_override_mends_the_file(write: Callable[[str], str], wise: str) -> None:
    path = write(wise + "train: {epochs: 0}")
    assert load_experiment_file(path, ["train.epochs=1"]).experiment("wise").train.epochs == 1


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("model.dropuot=0.2", "--set model.dropuot: no such setting; did you mean 'dropout'?"),
        ("train.epochs=many", "--set train.epochs: found 'many', expected a whole number > 0"),
        ("train.epochs=", "--set train.epochs: found null, expected a whole number > 0"),
        (
            "train={epochs: many}",
            "--set train, train.epochs: found 'many', expected a whole number > 0",
        ),
        (
            "features.hop_s=0.25",
            "line 3 and --set features.hop_s, features: hop_s=0.25 is longer than window_s=0.025: "
            "samples between frames would be lost",
        ),
        (
            "corpus.kind=demoo",
            f"--set corpus.kind: found 'demoo', expected {CORPORA}; did you mean 'demo'?",
        ),
        ("train.lr=1", f"--set train.lr: no such setting; known here: {TRAIN}"),
        ("modle.dropout=1", "--set modle.dropout, modle: no such setting; did you mean 'model'?"),
        ("dropout=1", "--set dropout: no such setting; did you mean 'model.dropout'?"),
        ("name.first=1", "--set name.first: 'name' is a setting, not a section"),
        (
            "model.classifier.0=3",
            "line 4 and --set model.classifier.0, model.classifier: found a section, "
            "expected a list of 2",
        ),
        (
            "model" + ".x" * 100 + "=1",
            f"--set {('model' + '.x' * 100)[:77]}...: expected KEY=VALUE, such as train.epochs=3",
        ),
        ("dropout", "--set dropout: expected KEY=VALUE, such as train.epochs=3"),
        ("=1", "--set : expected KEY=VALUE, such as train.epochs=3"),
        ("train..epochs=1", "--set train..epochs: expected KEY=VALUE, such as train.epochs=3"),
        ("train.epochs=[1", "--set train.epochs: not YAML: did not find expected ',' or ']'"),
        ("train.l2=.inf", "--set train.l2: .inf is not a finite number"),
        ("train={l2: 1, l2: 2}", "--set train, train.l2: given twice, first on line 1"),
        ("name=\udcff", "--set name: the character U+DCFF is not allowed in YAML"),
        (
            "study.search.model.dropout={uniform: [0.0, 1.5]}",
            "--set study.search.model.dropout: found 1.5, expected a number >= 0 and < 1",
        ),
    ],
)
def test_a_problem_names_its_override(
    refusal: Refusal, wise: str, override: str, message: str
) -> None:
    assert refusal(wise, override) == f"x.yaml: 1 problem\n  {message}"


def test_problems_of_overrides_come_after_those_of_the_file(refusal: Refusal, wise: str) -> None:
    assert refusal(wise + "stor: x", "train.epochs=0", "train.seed=-1").splitlines() == [
        "x.yaml: 3 problems",
        "  line 5, stor: no such setting; did you mean 'store'?",
        "  --set train.epochs: found 0, expected a whole number > 0",
        "  --set train.seed: found -1, expected a whole number >= 0 and <= 4294967295",
    ]
