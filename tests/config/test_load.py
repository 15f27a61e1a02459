"""Experiment files: what is accepted, and how a refusal reads."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ser_platform.config import load_experiment_file, with_settings
from ser_platform.config.inputs import Prosody35Config
from ser_platform.config.model import WiseConfig
from ser_platform.config.schema import Experiment
from ser_platform.errors import ConfigError

CORPORA = "demo, iemocap, emodb, ravdess, cremad, meld, audformat or table"

Write = Callable[[str], str]
Refusal = Callable[..., str]

EXPERIMENTS = Path(__file__).parents[2] / "experiments"


@pytest.mark.parametrize("path", sorted(EXPERIMENTS.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_experiment_is_valid(path: Path) -> None:
    load_experiment_file(path)


def test_a_short_file_is_whole_with_the_papers_values(write: Write, wise: str) -> None:
    experiment = load_experiment_file(write(wise)).experiment("wise")
    assert experiment.model == WiseConfig(dropout=0.3)
    assert experiment.features.hop_s == 0.015


def test_a_file_of_several_architectures_names_each(write: Write) -> None:
    file = load_experiment_file(
        write("""
            name: both
            corpus: {kind: demo}
            study:
              search: {train.learning_rate: {log_uniform: [1e-4, 1e-2]}}
              architectures:
                small: {features: {kind: mfcc39}, model: {kind: wise}}
                words:
                  features: {kind: shortterm34}
                  model: {kind: alignment}
                  search: {model.heads: {choice: [1, 5]}}
        """)
    )
    assert {name: list(file.search_space(name)) for name in file.architectures} == {
        "small": ["train.learning_rate"],
        "words": ["train.learning_rate", "model.heads"],
    }


def test_a_misspelt_setting_is_named_with_its_line_and_the_nearest_one(refusal: Refusal) -> None:
    message = refusal("""\
        name: wise
        corpus: {kind: demo}
        features: {kind: mfcc39}
        model:
          kind: wise
          # some words
          dropuot: 0.2
    """)
    assert message == (
        "x.yaml: 1 problem\n  line 7, model.dropuot: no such setting; did you mean 'dropout'?"
    )


def test_all_problems_of_a_file_are_named_at_once(refusal: Refusal) -> None:
    message = refusal("""\
        name: ../wise
        corpus: {kind: iemocp}
        features: {kind: mfcc39, hop_s: 0.25}
        model:
          kind: wise
          dropout: 1
          logit_relu: true
          heads: 1
          heads: 2
          classifier: [200]
          max_words: .inf
        train: {epochs: 1.5, batch_size: many, patience: no, lr: 1e-3}
        cluster: {groups: lots, folds: tgether}
        split:
        modle: {kind: wise}
        study:
          seed: 1_000
          serach: {}
          search:
            model.hidden: {choice: [1]}
    """)
    assert message.splitlines() == [
        "x.yaml: 18 problems",
        "  line 1, name: found '../wise', expected at most 64 letters, digits, '.', '_' and '-', "
        "the first a letter or a digit",
        f"  line 2, corpus.kind: found 'iemocp', expected {CORPORA}; did you mean 'iemocap'?",
        "  line 3, features: hop_s=0.25 is longer than window_s=0.025: "
        "samples between frames would be lost",
        "  line 6, model.dropout: found 1, expected a number >= 0 and < 1",
        "  line 7, model.logit_relu: no such setting of wise; only kind alignment has it",
        "  line 9, model.heads: given twice, first on line 8",
        "  line 10, model.classifier: found a list of 1, expected a list of 2",
        "  line 11, model.max_words: .inf is not a finite number",
        "  line 12, train.epochs: found 1.5, expected a whole number > 0",
        "  line 12, train.batch_size: found 'many', expected a whole number > 0",
        "  line 12, train.patience: found 'no', expected a whole number > 0 or null",
        "  line 12, train.lr: no such setting; known here: epochs, batch_size, learning_rate, "
        "learning_rate_decay, l2, clip_norm, normalisation, patience, seed",
        "  line 13, cluster.groups: found 'lots', expected a whole number > 0 or auto",
        "  line 13, cluster.folds: found 'tgether', expected together or apart; "
        "did you mean 'together'?",
        "  line 14, split: found null, expected a section with by, folds, seed, scenarios, "
        "validation",
        "  line 15, modle: no such setting; did you mean 'model'?",
        "  line 17, study.seed: found '1_000', expected a whole number >= 0 and <= 4294967295",
        "  line 18, study.serach: no such setting; did you mean 'search'?",
    ]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("corpus: {kind: table}", "line 5, corpus.root: missing; expected text"),
        (
            "corpus: {kind: table, rot: x}",
            "line 5, corpus.rot: no such setting; did you mean 'root'?",
        ),
        (
            "corpus: {kind: demo, check_counts: true}",
            "line 5, corpus.check_counts: no such setting of demo; only kind iemocap has it",
        ),
        (
            "corpus: {root: x}",
            f"line 5, corpus.kind: missing; expected {CORPORA}",
        ),
        (
            "corpus: {kind: 3}",
            f"line 5, corpus.kind: found 3, expected {CORPORA}",
        ),
        (
            "corpus: demo",
            f"line 5, corpus: found 'demo', expected a section with kind: {CORPORA}",
        ),
        (
            "corpus: {kind: table, root: x, labels: {a: [1]}}",
            "line 5, corpus.labels.a: found a list of 1, expected text",
        ),
        (
            "corpus: {kind: table, root: x, ignore_labels: [a, 1]}",
            "line 5, corpus.ignore_labels[1]: found 1, expected text",
        ),
        (
            "corpus: {kind: demo, learning_rate: 1}",
            "line 5, corpus.learning_rate: no such setting; did you mean 'train.learning_rate'?",
        ),
    ],
)
def test_a_corpus_section_is_explained(refusal: Refusal, line: str, message: str) -> None:
    text = "name: x\nfeatures: {kind: mfcc39}\nmodel: {kind: wise}\n\n"
    assert refusal(text + line) == f"x.yaml: 1 problem\n  {message}"


@pytest.mark.parametrize(
    ("cluster", "message"),
    [
        (
            "{gpus_per_worker: 1.5}",
            "gpus_per_worker=1.5: above 1 Ray gives whole GPUs only; give 2, or at most 1",
        ),
        (
            "{workers: 2, gpus_per_worker: 0.5}",
            "workers=2 with gpus_per_worker=0.5: NCCL refuses two workers of a fold on one GPU; "
            "give workers=1, or a whole GPU to each",
        ),
    ],
)
def test_shares_of_gpus_that_cannot_be_had_are_refused(
    refusal: Refusal, cluster: str, message: str
) -> None:
    text = "name: x\ncorpus: {kind: demo}\nfeatures: {kind: mfcc39}\nmodel: {kind: wise}\n"
    assert (
        refusal(f"{text}cluster: {cluster}") == f"x.yaml: 1 problem\n  line 5, cluster: {message}"
    )


def test_what_is_missing_is_named(refusal: Refusal) -> None:
    assert refusal("train: {epohcs: 3}").splitlines() == [
        "x.yaml: 3 problems",
        "  name: missing; expected at most 64 letters, digits, '.', '_' and '-', "
        "the first a letter or a digit",
        f"  corpus: missing; expected a section with kind: {CORPORA}",
        "  line 1, train.epohcs: no such setting; did you mean 'epochs'?",
    ]


def test_a_file_without_a_model_is_told_so_beside_its_other_problems(refusal: Refusal) -> None:
    assert refusal("name: x\ncorpus: {kind: demo}\ntrain: {epohcs: 3}\n").splitlines() == [
        "x.yaml: 2 problems",
        "  give features and model (one architecture), or study.architectures (several)",
        "  line 3, train.epohcs: no such setting; did you mean 'epochs'?",
    ]


@pytest.mark.parametrize("override", ["train.epochs=3", "model.dropout=0.2"])
def test_sections_of_one_architecture_beside_several_are_refused(
    refusal: Refusal, override: str
) -> None:
    """Also one that is not whole, as ``--set`` leaves it."""
    section = override.partition(".")[0]
    message = refusal(
        """\
        name: x
        corpus: {kind: demo}
        study: {architectures: {a: {features: {kind: mfcc39}, model: {kind: wise}}}}
        """,
        override,
    )
    assert message == (
        f"x.yaml: 1 problem\n  --set {override.partition('=')[0]}, {section}: study.architectures "
        f"is given, so this belongs inside each of them, such as study.architectures.a.{section}"
    )


def test_problems_inside_an_architecture_carry_its_path(refusal: Refusal) -> None:
    message = refusal("""\
        name: x
        corpus: {kind: demo}
        study:
          architectures:
            a: {}
            b: 3
            c:
              features: {kind: mfcc39}
              model:
                kind: wise
                heads: many
    """)
    assert message.splitlines() == [
        "x.yaml: 4 problems",
        "  line 5, study.architectures.a.features: missing; "
        "expected a section with kind: mfcc39, shortterm34, spectrogram, mfcc40 or pretrained",
        "  line 5, study.architectures.a.model: missing; "
        "expected a section with kind: alignment, cnn_lstm, cnn_phoneme, dual_rnn, "
        "lstm_attention, tdnn_lstm or wise",
        "  line 6, study.architectures.b: found 3, "
        "expected a section with features, functionals, model, train, search",
        "  line 11, study.architectures.c.model.heads: found 'many', expected a whole number > 0",
    ]


def test_a_name_that_would_leave_its_folder_is_refused(refusal: Refusal) -> None:
    message = refusal("""\
        name: x
        corpus: {kind: demo}
        study: {architectures: {../../etc: {features: {kind: mfcc39}, model: {kind: wise}}}}
    """)
    assert message == (
        "x.yaml: 1 problem\n  line 3, study.architectures: the name '../../etc' is not at most 64 "
        "letters, digits, '.', '_' and '-', the first a letter or a digit"
    )


def test_values_in_messages_are_short_and_on_one_line(refusal: Refusal, wise: str) -> None:
    message = refusal(wise + f'train: {{epochs: "{"long " * 20}", l2: "a\\nb", seed: [[1], 2]}}')
    assert message.splitlines() == [
        "x.yaml: 3 problems",
        "  line 5, train.epochs: found 'long long long long long long long lo...', "
        "expected a whole number > 0",
        r"  line 5, train.l2: found 'a\nb', expected a number >= 0",
        "  line 5, train.seed: found a list of 2, expected a whole number >= 0 and <= 4294967295",
    ]


def test_a_file_of_nonsense_is_refused_in_short(refusal: Refusal) -> None:
    message = refusal("\n".join(f"key{i}: 1" for i in range(4000)))
    assert message.startswith("x.yaml: 100 problems or more\n  name: missing;")
    assert len(message.splitlines()) == 101


def test_a_file_that_is_not_yaml_is_refused_with_the_line(refusal: Refusal, wise: str) -> None:
    assert refusal(wise + "train: {epochs: 3\nstudy: {trials: 2}\n") == (
        "x.yaml: 1 problem\n  line 6: not YAML: did not find expected ',' or '}'"
    )


@pytest.mark.parametrize(
    ("text", "found"), [("- a", "a list of 1"), ("a", "'a'"), ("[]", "an empty list")]
)
def test_a_file_of_something_else_is_refused(refusal: Refusal, text: str, found: str) -> None:
    assert refusal(text) == f"x.yaml: 1 problem\n  line 1: found {found}, expected settings"


def message_for(path: Path) -> str:
    with pytest.raises(ConfigError) as refused:
        load_experiment_file(path)
    return str(refused.value)


def test_a_missing_file_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    assert message_for(tmp_path / "wsie.yaml") == f"{tmp_path}/wsie.yaml: no such experiment file"
    (tmp_path / "wise.yaml").touch()
    assert message_for(tmp_path / "wsie.yaml") == (
        f"{tmp_path}/wsie.yaml: no such experiment file; did you mean '{tmp_path}/wise.yaml'?"
    )


def test_a_folder_is_not_an_experiment_file(tmp_path: Path) -> None:
    assert message_for(tmp_path) == f"{tmp_path}: a folder, expected an experiment file"


def test_a_file_below_a_file_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert message_for(tmp_path / "a" / "b.yaml") == (
        f"{tmp_path}/a/b.yaml: cannot be read: Not a directory"
    )


def test_text_in_another_encoding_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes("name: x\n# für\n".encode("latin-1"))
    assert message_for(path) == f"{path}: line 2 is not UTF-8 text; save the file as UTF-8"


def test_a_recording_given_for_a_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(b"\0" * 300_000)
    assert message_for(path) == f"{path}: larger than 256 KiB, not an experiment file"


def test_the_mark_that_windows_puts_before_utf8_is_skipped(tmp_path: Path, wise: str) -> None:
    path = tmp_path / "x.yaml"
    path.write_text(wise.replace("\n", "\r\n"), encoding="utf-8-sig", newline="")
    assert load_experiment_file(path).name == "wise"


@pytest.fixture
def experiment(write: Write, wise: str) -> Experiment:
    return load_experiment_file(write(wise)).experiment("wise")


def test_settings_are_replaced_in_a_copy(experiment: Experiment) -> None:
    changed = with_settings(experiment, {"model.dropout": 0.1, "train.learning_rate": 1})
    assert changed.model == WiseConfig(dropout=0.1)
    assert changed.train.learning_rate == 1.0
    assert experiment.model == WiseConfig()
    assert (
        with_settings(changed, {"model.dropout": 0.3, "train.learning_rate": 1e-3}) == experiment
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"model.heads": 0, "train.epochs": 3},
            "with model.heads=0 and train.epochs=3: "
            "model.heads: found 0, expected a whole number > 0",
        ),
        (
            {"model.head": 1},
            "with model.head=1: model.head: no such setting; did you mean 'heads'?",
        ),
        (
            {"modle.heads": 1},
            "with modle.heads=1: modle: no such setting; did you mean 'model'?",
        ),
        (
            {"name.x": 1},
            "with name.x=1: name.x: 'name' is a setting, not a section",
        ),
        (
            {"features.hop_s": 0.5},
            "with features.hop_s=0.5: features: hop_s=0.5 is longer than window_s=0.025: "
            "samples between frames would be lost",
        ),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(
    experiment: Experiment, settings: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        with_settings(experiment, settings)
    assert str(refused.value) == message


def test_functionals_that_no_network_reads_are_refused(refusal: Refusal, wise: str) -> None:
    reason = (
        "functionals (prosody35) are given, but the network (wise) reads none; leave them out, or "
        "use dual_rnn with modality both or audio"
    )
    assert reason in refusal(wise + "functionals: {kind: prosody35}")


def test_functionals_may_be_given_to_a_network_that_reads_them(write: Write, wise: str) -> None:
    text = wise.replace("kind: wise", "kind: dual_rnn") + "functionals: {kind: prosody35}"
    experiment = load_experiment_file(write(text)).experiment("dual_rnn")
    assert experiment.functionals == Prosody35Config()


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        (
            "{kind: wise}",
            "transcript.words is empty, but the network (wise) reads the times of words",
        ),
        ("{kind: alignment, alignment: hard}", "the network (alignment) reads the times of words"),
        ("{kind: cnn_phoneme}", "cnn_phoneme reads phonemes, and recognised text has none"),
        ("{kind: cnn_phoneme, modality: audio}", None),
        ("{kind: alignment}", None),
        ("{kind: wise, modality: text}", None),
    ],
)
def test_recognised_text_without_times_is_for_networks_that_read_none(
    write: Write, wise: str, model: str, problem: str | None
) -> None:
    text = wise.replace("{kind: wise}", model) + "transcript: {kind: recognised, path: asr.csv}\n"
    if problem is None:
        assert load_experiment_file(write(text)).transcript.kind == "recognised"
        return
    with pytest.raises(ConfigError) as refused:
        load_experiment_file(write(text))
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    "model", ["{kind: tdnn_lstm}", "{kind: cnn_phoneme}", "{kind: wise, modality: audio}"]
)
def test_word_vectors_are_not_learned_by_a_network_that_reads_none(
    refusal: Refusal, wise: str, model: str
) -> None:
    text = wise.replace("{kind: wise}", model) + "embedding: {kind: glove50, trainable: true}\n"
    assert "reads no words: there is nothing to learn them from" in refusal(text)


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        (("corpus={kind: emodb, root: /x}",), "EmoDB is German and the aligner reads English"),
        (("transcript={kind: corrupted, wer: 0.1}",), "needs word times before it errs"),
    ],
)
def test_what_the_aligner_cannot_do_is_refused(refusal, wise, overrides, problem) -> None:
    assert problem in refusal(wise, *overrides, "corpus.missing_alignment=align")
