"""The search space is refused before any trial runs, not in the middle of the night."""

import random
import re
from collections.abc import Callable

import pytest
from pydantic import model_validator

from ser_platform.config import ExperimentFile, load_experiment_file
from ser_platform.config.model import WiseConfig
from ser_platform.config.schema import Experiment
from ser_platform.config.search import draw, search_problems
from ser_platform.config.study import Choice, Domain, LogUniform, Uniform

Refusal = Callable[..., str]

WISE = """\
name: wise
corpus: {kind: demo}
features: {kind: mfcc39}
model: {kind: wise}
study:
  search:
    """


def refused(refusal: Refusal, *lines: str) -> list[str]:
    return refusal(WISE + "\n    ".join(lines)).splitlines()[1:]


OTHER_ROOMS = (
    "cannot be searched: one study has one protocol and one set of features; "
    "settings in model and train can be"
)


@pytest.mark.parametrize(
    ("domain", "problem"),
    [
        ("model.dropout: {uniform: [0.1, 1.5]}", "found 1.5, expected a number >= 0 and < 1"),
        ("model.heads: {uniform: [0, 3]}", "found 0, expected a whole number > 0"),
        ("model.heads: {uniform: [1, 3.0]}", "found 3.0, expected a whole number > 0"),
        ("model.heads: {choice: [1, two]}", "found 'two', expected a whole number > 0"),
        ("model.heads: {choice: [true]}", "found true, expected a whole number > 0"),
        ("model.swap_inputs: {choice: [1]}", "found 1, expected true or false"),
        ("model.classifier: {choice: [200]}", "found 200, expected a list of 2"),
        ("train.l2: {uniform: [-1, 5]}", "found -1, expected a number >= 0"),
        ("train.patience: {choice: [0]}", "found 0, expected a whole number > 0 or null"),
        ("model.head: {choice: [1]}", "no such setting; did you mean 'model.heads'?"),
        ("modle.heads: {choice: [1]}", "no such setting; did you mean 'model.heads'?"),
        ("heads: {choice: [1]}", "no such setting; did you mean 'model.heads'?"),
        ("train.epoch: {choice: [1]}", "no such setting; did you mean 'train.epochs'?"),
        ("model.dropout.x: {choice: [1]}", "no such setting; did you mean 'model.dropout'?"),
        (
            "model.logit_relu: {choice: [true]}",
            "no such setting of wise; only kind alignment has it",
        ),
        (
            "qqq: {choice: [1]}",
            f"no such setting; known here: {', '.join(Experiment.model_fields)}",
        ),
        (
            "model.kind: {choice: [wise]}",
            "cannot be searched; put each kind under study.architectures",
        ),
        ("features.hop_s: {choice: [0.01]}", OTHER_ROOMS),
        ("corpus.seed: {choice: [1]}", OTHER_ROOMS),
        ("split.by: {choice: [kfold]}", OTHER_ROOMS),
        ("embedding.trainable: {choice: [true]}", OTHER_ROOMS),
        ("protocol: {choice: [shared]}", OTHER_ROOMS),
        ("model: {choice: [1]}", OTHER_ROOMS),
    ],
)
def test_a_setting_that_some_trial_would_refuse(
    refusal: Refusal, domain: str, problem: str
) -> None:
    setting = domain.partition(":")[0]
    assert refused(refusal, domain) == [f"  line 7, study.search.{setting}: {problem}"]


ONE_OF = "expected one of choice, uniform or log_uniform"


@pytest.mark.parametrize(
    ("domain", "problem"),
    [
        ("3", f": found 3, {ONE_OF}"),
        ("{}", f".choice: missing; {ONE_OF}"),
        ("{unifrom: [0, 1]}", ".unifrom: no such setting; did you mean 'uniform'?"),
        ("{values: [0, 1]}", f".values: no such setting; {ONE_OF}"),
        ("{uniform: [0, 1], choice: [1]}", f".choice: given beside uniform, {ONE_OF}"),
        ("{uniform: [0]}", ".uniform: found a list of 1, expected a list of 2"),
        ("{uniform: [0, 1, 2]}", ".uniform: found a list of 3, expected a list of 2"),
        ("{uniform: [0, a]}", ".uniform[1]: found 'a', expected a whole number or a number"),
        ("{uniform: 1}", ".uniform: found 1, expected a list of 2"),
        ("{uniform: [2, 2]}", ".uniform: the lower bound 2 must be below the upper bound 2"),
        (
            "{log_uniform: [2, 1]}",
            ".log_uniform: the lower bound 2 must be below the upper bound 1",
        ),
        ("{log_uniform: [0, 1]}", ".log_uniform: the lower bound 0 must be > 0"),
        ("{log_uniform: [-1.5, 1]}", ".log_uniform: the lower bound -1.5 must be > 0"),
        ("{choice: []}", ".choice: found an empty list, expected a list of at least one"),
        ("{choice: 1}", ".choice: found 1, expected a list of at least one"),
        (
            "{choice: [null]}",
            ".choice[0]: found null, expected true or false, a whole number, a number or text",
        ),
    ],
)
def test_a_domain_that_is_none(refusal: Refusal, domain: str, problem: str) -> None:
    assert refused(refusal, f"train.l2: {domain}") == [f"  line 7, study.search.train.l2{problem}"]


def test_values_between_the_bounds_are_drawn_too(refusal: Refusal) -> None:
    """Both ends are even; what lies between is not always."""
    message = refusal(
        WISE.replace("kind: wise", "kind: alignment") + "model.weights: {uniform: [2, 40]}"
    )
    drawn = re.search(r"found (\d+)", message)
    assert drawn is not None
    assert int(drawn[1]) % 2 == 1
    assert message == (
        f"x.yaml: 1 problem\n  line 7, study.search.model.weights: found {drawn[1]}, "
        "expected a whole number > 0 and a multiple of 2"
    )


def test_problems_of_the_space_stand_beside_those_of_the_file(refusal: Refusal) -> None:
    text = WISE.replace("{kind: wise}", "{kind: wise, dropuot: 1}") + (
        "model.heads: {choice: [0]}\n    train.l2: {uniform: [1, 0]}\n    train.lr: {choice: [1]}"
    )
    assert refusal(text).splitlines() == [
        "x.yaml: 4 problems",
        "  line 4, model.dropuot: no such setting; did you mean 'dropout'?",
        "  line 7, study.search.model.heads: found 0, expected a whole number > 0",
        "  line 8, study.search.train.l2.uniform: the lower bound 1 must be below "
        "the upper bound 0",
        "  line 9, study.search.train.lr: no such setting; known here: epochs, batch_size, "
        "learning_rate, learning_rate_decay, l2, clip_norm, normalisation, patience, seed",
    ]


BOTH = """\
name: both
corpus: {kind: demo}
study:
  search: {%s}
  architectures:
    a: {features: {kind: mfcc39}, model: {kind: wise}}
    b:
      features: {kind: shortterm34}
      model: {kind: alignment}
      search: {%s}
"""


def test_a_shared_problem_is_said_once(refusal: Refusal) -> None:
    assert refusal(BOTH % ("model.heads: {choice: [0]}", "")) == (
        "x.yaml: 1 problem\n"
        "  line 4, study.search.model.heads: found 0, expected a whole number > 0"
    )


def test_a_shared_setting_must_exist_in_every_architecture(refusal: Refusal) -> None:
    assert refusal(BOTH % ("model.logit_relu: {choice: [true]}", "")) == (
        "x.yaml: 1 problem\n"
        "  line 4, study.search.model.logit_relu: no such setting of wise; "
        "only kind alignment has it"
    )


def test_a_setting_of_one_architecture_stands_in_its_own_search(
    refusal: Refusal, write: Callable[[str], str]
) -> None:
    load_experiment_file(write(BOTH % ("", "model.logit_relu: {choice: [true, false]}")))
    assert refusal(BOTH % ("", "model.max_phonemes: {choice: [1]}")) == (
        "x.yaml: 1 problem\n"
        "  line 10, study.architectures.b.search.model.max_phonemes: no such setting of "
        "alignment; only kind wise has it"
    )


class SmallExperiment(Experiment):
    @model_validator(mode="after")
    def _small(self) -> "SmallExperiment":
        if isinstance(self.model, WiseConfig) and self.model.heads * self.train.epochs > 100:
            raise ValueError("too much for this machine")
        return self


class SmallFile(ExperimentFile):
    def experiment(self, architecture: str) -> Experiment:
        return SmallExperiment(**dict(super().experiment(architecture)))


def test_settings_that_only_clash_together_are_drawn_together(write: Callable[[str], str]) -> None:
    path = write(WISE + "model.heads: {choice: [1, 11]}\n    train.epochs: {choice: [1, 9, 10]}")
    file = SmallFile(**dict(load_experiment_file(path, ["train.epochs=1"])))
    (problem,) = search_problems(file)
    assert problem.path == ("study", "search")
    assert problem.message == (
        "with model.heads=11 and train.epochs=10: too much for this machine"
    )


@pytest.mark.parametrize(
    ("domain", "kind", "low", "high"),
    [
        (Uniform(uniform=(1, 4)), int, 1, 4),
        (LogUniform(log_uniform=(1, 4)), int, 1, 4),
        (Uniform(uniform=(1, 4.0)), float, 1, 4),
        (LogUniform(log_uniform=(1e-5, 1e-1)), float, 1e-5, 1e-1),
    ],
)
def test_draws_stay_between_the_bounds_and_reach_them(
    domain: Domain, kind: type, low: float, high: float
) -> None:
    rng = random.Random(0)
    drawn = [draw(domain, rng) for _ in range(1000)]
    assert {type(value) for value in drawn} == {kind}
    assert low <= min(drawn) < low * 1.2
    assert high * 0.9 < max(drawn) <= high


def test_a_logarithm_is_drawn_evenly_over_the_decades() -> None:
    rng = random.Random(0)
    drawn = [draw(LogUniform(log_uniform=(1e-4, 1.0)), rng) for _ in range(1000)]
    assert 400 < sum(value < 1e-2 for value in drawn) < 600


def test_a_choice_is_drawn_from_its_values() -> None:
    rng = random.Random(0)
    assert {draw(Choice(choice=(1, "a")), rng) for _ in range(100)} == {1, "a"}


def test_what_a_network_cannot_read_is_refused_in_the_space_too(
    refusal: Refusal, write: Callable[[str], str]
) -> None:
    assert refusal("""\
        name: x
        corpus: {kind: demo}
        transcript: {kind: recognised, path: asr.csv}
        features: {kind: shortterm34}
        model: {kind: alignment}
        study:
          search:
            model.alignment: {choice: [learned, hard]}
    """) == (
        "x.yaml: 1 problem\n"
        "  line 7, study.search: with model.alignment='hard': transcript.words is empty, but the "
        "network (alignment) reads the times of words; give them, have them found "
        "(transcript.times: align), or let it read none (alignment: learned, modality: text)"
    )
