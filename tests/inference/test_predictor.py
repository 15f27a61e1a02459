"""A model folder answers as the networks it was made of did."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from picklescan.scanner import scan_directory_path
from safetensors.torch import load_file
from scipy.special import softmax

from ser_platform.config.schema import Experiment
from ser_platform.errors import CorruptObjectError, FeatureError, ModelError
from ser_platform.features import make_extractor
from ser_platform.features.audio import load
from ser_platform.features.embeddings import WordVectors
from ser_platform.inference.folder import SavedModel, digest_of, save_model
from ser_platform.inference.predictor import Clip, Predictor, Scores, front_end
from ser_platform.inference.words_json import words_from_json, words_to_json
from ser_platform.models import build_model
from ser_platform.models.inputs import Inputs
from ser_platform.utterance import Phoneme, Word

SAID = (
    Word("well", 0.1, 0.4, (Phoneme("W", 0.1, 0.2), Phoneme("EH", 0.2, 0.4))),
    Word("then", 0.4, 0.7, (Phoneme("DH", 0.4, 0.7),)),
)
PHONEMES = ("DH", "EH", "W")
VECTORS = WordVectors(("then", "well"), np.eye(2, 5, dtype=np.float32), (), {})


def setting(kind: str) -> Experiment:
    features = {"alignment": "shortterm34"}.get(kind, "mfcc39")
    functionals = {"kind": "prosody35"} if kind == "dual_rnn" else None
    return Experiment.model_validate(
        {
            "name": "x",
            "corpus": {"kind": "demo"},
            "features": {"kind": features},
            "functionals": functionals,
            "model": {"kind": kind},
        }
    )


@pytest.fixture
def recording(tmp_path: Path, rng: np.random.Generator) -> Path:
    path = tmp_path / "recording.wav"
    soundfile.write(path, rng.normal(scale=0.1, size=16_000), 16_000)
    return path


@pytest.fixture
def saved(tmp_path: Path) -> Callable[[str], Path]:
    def save(kind: str, networks: int = 2, temperatures: tuple[float, ...] = ()) -> Path:
        experiment = setting(kind)
        dim = len(make_extractor(experiment.features).names)
        vectors = torch.zeros(3, 5)
        states = []
        with torch.random.fork_rng():
            for seed in range(networks):
                torch.manual_seed(seed)  # noqa: TID251  # a fixed network
                values = 35 if experiment.functionals else 0
                inputs = Inputs(dim, vectors, False, values, len(PHONEMES))
                network = build_model(experiment.model, inputs)
                states.append(network.state_dict())
        folder = tmp_path / kind
        folder.mkdir()
        model = SavedModel(
            experiment=experiment,
            networks=tuple(states),
            vectors=VECTORS,
            phonemes=PHONEMES,
            front_end=front_end(experiment),
            temperatures=temperatures,
            about={"test": {"ua": 0.5}},
        )
        save_model(folder, model)
        return folder

    return save


@pytest.mark.parametrize("kind", ["wise", "alignment", "dual_rnn"])
def test_it_answers_with_the_mean_of_its_networks(kind, saved, recording) -> None:
    together = Predictor.load(saved(kind))
    answer = together.predict([recording], [SAID])
    alone = [
        replace(together, networks=(network,)).predict([recording], [SAID])
        for network in together.networks
    ]
    np.testing.assert_allclose(answer, np.mean(alone, axis=0), atol=1e-6)
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-5)
    assert not np.allclose(alone[0], alone[1])


def test_each_network_is_softened_by_its_own_temperature(saved, recording) -> None:
    softened = Predictor.load(saved("wise", temperatures=(2.0, 0.5)))
    plain = replace(softened, saved=replace(softened.saved, temperatures=()))
    alone = [
        np.log(replace(plain, networks=(network,)).predict([recording], [SAID]))
        for network in plain.networks
    ]
    expected = np.mean(
        [softmax(logits / t, axis=1) for logits, t in zip(alone, (2.0, 0.5), strict=True)], axis=0
    )
    np.testing.assert_allclose(softened.predict([recording], [SAID]), expected, atol=1e-6)


def test_attention_is_the_mean_of_the_networks(saved, recording) -> None:
    together = Predictor.load(saved("wise"))
    clip = Clip("x", load(recording), SAID)
    (both,) = together.scores([clip])
    alone = [replace(together, networks=(n,)).scores([clip])[0] for n in together.networks]
    assert {name: weights.over for name, weights in both.attention.items()} == {"pooling": "words"}
    np.testing.assert_allclose(
        both.attention["pooling"].values,
        np.mean([a.attention["pooling"].values for a in alone], axis=0),
        atol=1e-6,
    )


def test_several_recordings_are_answered_as_each_alone(saved, recording, tmp_path) -> None:
    samples, rate = soundfile.read(recording)
    longer = tmp_path / "longer.wav"
    soundfile.write(longer, np.tile(samples, 3), rate)
    predictor = Predictor.load(saved("wise"))
    both = predictor.predict([recording, longer], [SAID, ()])
    np.testing.assert_allclose(both[:1], predictor.predict([recording], [SAID]), atol=1e-5)
    np.testing.assert_allclose(both[1:], predictor.predict([longer], [()]), atol=1e-5)


def test_words_it_knows_change_the_answer_and_unknown_ones_are_zeros(saved, recording) -> None:
    predictor = Predictor.load(saved("alignment"))
    known, unknown, other = (
        predictor.predict([recording], [(Word(text, 0.1, 0.7),)]) for text in ("well", "x", "y")
    )
    assert not np.allclose(known, unknown, atol=1e-7)
    np.testing.assert_array_equal(unknown, other)


def test_every_file_of_a_model_can_be_read_by_everybody(saved) -> None:
    assert {path.stat().st_mode & 0o777 for path in saved("wise").iterdir()} == {0o644}


def test_a_model_of_another_format_is_refused(saved) -> None:
    folder = saved("wise")
    path = folder / "setting.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 9}))
    with pytest.raises(ModelError, match="a model of format 9 with classes"):
        Predictor.load(folder)


def test_a_flipped_bit_in_the_weights_is_noticed(saved) -> None:
    """safetensors itself reads them without a word (S3)."""
    folder = saved("wise")
    path = folder / "network1.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    load_file(path)
    with pytest.raises(CorruptObjectError) as caught:
        Predictor.load(folder)
    assert str(caught.value) == (
        f"{path}: its SHA-256 is not that in setting.json; get the model again"
    )


def test_a_model_that_was_half_copied_is_said_to_be(saved) -> None:
    folder = saved("wise")
    (folder / "network1.safetensors").unlink()
    with pytest.raises(CorruptObjectError, match=r"network1\.safetensors: it is missing; get"):
        Predictor.load(folder)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"words": None}, "not what was written (TypeError"),
        ({"experiment": {"name": "x"}}, "not what was written (ValidationError"),
        ({"networks": "many"}, "not what was written"),
    ],
)
def test_a_setting_that_somebody_edited_is_said_to_be(saved, changed, said: str) -> None:
    folder = saved("wise")
    setting = json.loads((folder / "setting.json").read_text())
    (folder / "setting.json").write_text(json.dumps({**setting, **changed}))
    with pytest.raises(CorruptObjectError) as caught:
        Predictor.load(folder)
    assert said in str(caught.value)


def test_what_else_lies_in_its_folder_is_none_of_it(saved) -> None:
    folder = saved("wise")
    before = digest_of(folder)
    (folder / "answers").mkdir()
    (folder / ".DS_Store").write_bytes(b"x")
    Predictor.load(folder)
    assert digest_of(folder) == before


def test_many_recordings_go_through_the_networks_a_minute_at_a_time(
    saved, recording, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What attention takes grows with what is looked at together."""
    model = Predictor.load(saved("wise"))
    clip = Clip("x", load(recording), SAID)
    expected = model.scores([clip])[0].probabilities
    seen: list[int] = []
    own = Predictor._scores

    def noting(self: Predictor, clips: Sequence[Clip]) -> list[Scores]:
        seen.append(len(clips))
        return own(self, clips)

    monkeypatch.setattr(Predictor, "_scores", noting)
    found = model.scores([clip] * 130)
    assert seen == [60, 60, 10]
    seen.clear()
    model.scores([clip] * 3 + [replace(clip, signal=np.tile(clip.signal, 20))] + [clip] * 3)
    assert seen == [3, 3, 1]  # as if all were as long as the longest, for some networks pad them
    np.testing.assert_allclose(
        [scores.probabilities for scores in found], [expected] * 130, atol=1e-6
    )


def test_a_scanner_for_pickles_finds_nothing_in_a_model(saved) -> None:
    found = scan_directory_path(str(saved("wise")))
    assert (found.issues_count, found.infected_files, found.scan_err) == (0, 0, False)


def test_a_recording_that_is_none_is_named(saved, tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("no sound")
    with pytest.raises(FeatureError, match=r"notes\.txt"):
        Predictor.load(saved("wise")).predict([tmp_path / "notes.txt"], [()])


def test_words_travel_as_json() -> None:
    assert words_from_json(words_to_json(SAID)) == SAID
    assert words_from_json("") == ()
