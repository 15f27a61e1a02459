"""Pretrained networks, beside a direct call of the library. Nothing is downloaded."""

import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest

from ser_platform.config.inputs import PretrainedConfig
from ser_platform.errors import ConfigError
from ser_platform.features import make_extractor, pretrained, pretrained_checkpoint
from ser_platform.features.base import Frames, Signal
from tests.features.pretrained_worlds import (
    DIM,
    INSTALLED,
    KINDS,
    LAYERS,
    WHY_NOT,
    save_tiny,
    tiny,
)
from tests.features.signals import RATE, chirp, mixture, noise

pytestmark = pytest.mark.skipif(not INSTALLED, reason=WHY_NOT)


def with_settings(config: PretrainedConfig, **settings: Any) -> PretrainedConfig:
    return config.model_copy(update=settings)


def refusal(config: PretrainedConfig) -> str:
    with pytest.raises(ConfigError) as failure:
        make_extractor(config)(noise(RATE))
    return str(failure.value)


def edit(folder: Path, name: str, **changed: Any) -> None:
    found = json.loads((folder / name).read_text(encoding="utf-8"))
    (folder / name).write_text(json.dumps({**found, **changed}), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the tiny wav2vec2 that may be spoilt."""
    return Path(shutil.copytree(tiny("wav2vec2").path, tmp_path / "net"))


def library(folder: str, signal: Signal, *, normalize: bool = True) -> tuple[Frames, ...]:
    """What each layer gives, by the library alone and samples scaled by hand."""
    import torch
    import transformers

    transformers.logging.disable_progress_bar()
    samples = signal / 2.0**15
    if normalize:
        samples = (samples - samples.mean()) / np.sqrt(samples.var() + 1e-7)
    model = transformers.AutoModel.from_pretrained(folder).eval()
    with torch.no_grad():
        given = model(torch.tensor(samples[None], dtype=torch.float32), output_hidden_states=True)
    assert torch.equal(given.hidden_states[-1], given.last_hidden_state)
    return tuple(layer[0].numpy() for layer in given.hidden_states)


@pytest.mark.parametrize("kind", KINDS)
def test_frames_are_those_of_the_library(kind: str) -> None:
    config = tiny(kind)
    layers = library(config.path, mixture())
    choices: dict[int | Literal["mean"] | tuple[int, ...], Frames] = {
        -1: layers[2],
        0: layers[0],
        1: layers[1],
        -2: layers[1],
        "mean": np.mean(layers, axis=0),
        (0, 2): np.mean([layers[0], layers[2]], axis=0),
    }
    for layer, expected in choices.items():
        frames = make_extractor(with_settings(config, layer=layer))(mixture())
        assert frames.shape == (49, DIM)
        np.testing.assert_allclose(frames, expected, atol=1e-4)


def test_a_network_that_normalises_last_gives_the_normalised_frames(tmp_path: Path) -> None:
    """As the large ones do; their last hidden state is not their last layer's output."""
    import torch

    save_tiny(tmp_path, do_stable_layer_norm=True, feat_extract_norm="layer")
    frames = make_extractor(PretrainedConfig(path=str(tmp_path)))(mixture())
    assert torch.tensor(frames).mean(dim=1).abs().max() < 1e-5
    np.testing.assert_allclose(frames.std(axis=1), 1, atol=1e-2)


def test_samples_are_scaled_only_if_the_networks_own_extractor_does(tmp_path: Path) -> None:
    save_tiny(tmp_path, do_normalize=False)
    frames = make_extractor(PretrainedConfig(path=str(tmp_path)))(mixture())
    expected = library(str(tmp_path), mixture(), normalize=False)[-1]
    np.testing.assert_allclose(frames, expected, atol=1e-5)
    other = library(str(tmp_path), mixture())[-1]
    assert np.abs(other - expected).max() > 5e-4


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("samples", [400, 401, 719, 720, 721, 5_000, RATE - 1])
def test_the_library_gives_as_many_frames_as_window_and_hop_say(kind: str, samples: int) -> None:
    config = tiny(kind)
    frames = make_extractor(config)(noise(samples))
    assert len(frames) == len(library(config.path, noise(samples))[0])


def test_a_frame_begins_where_its_hop_says() -> None:
    """Before the transformer mixes frames a click shows only where it lies."""
    import torch
    import transformers

    path = tiny("wav2vec2").path
    convolutions: Any = transformers.Wav2Vec2Model.from_pretrained(path).eval().feature_extractor
    given = []
    for click in (0, 20_000):
        samples = torch.zeros(1, RATE)
        samples[0, 8_000] = click
        with torch.no_grad():
            # Without the first convolution's norm, which is over time.
            first = convolutions.conv_layers[0]
            values = first.activation(first.conv(samples[:, None]))
            for layer in convolutions.conv_layers[1:]:
                values = layer(values)
        given.append(values[0].T)
    changed = (given[0] != given[1]).any(dim=1).nonzero().flatten().tolist()
    assert changed == [i for i in range(49) if i * 320 <= 8_000 < i * 320 + 400]


def test_a_long_utterance_is_read_in_parts_and_a_shorter_one_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A part knows 5 s around it; here the parts are shorter, and so is what they know."""
    extractor = make_extractor(tiny("wav2vec2"))
    signal = chirp(20 * RATE)
    whole = extractor(signal)
    monkeypatch.setattr(pretrained, "_LONGEST_S", 20)
    np.testing.assert_array_equal(extractor(signal), whole)
    monkeypatch.setattr(pretrained, "_LONGEST_S", 15)
    heard: list[int] = []
    given = pretrained.Pretrained._given

    def counted(self: Any, network: Any, samples: Any) -> Frames:
        heard.append(len(samples))
        return given(self, network, samples)

    monkeypatch.setattr(pretrained.Pretrained, "_given", counted)
    parts = extractor(signal)
    assert parts.shape == whole.shape
    assert len(heard) == 4
    assert max(heard) <= 15 * RATE + 400
    # The norm over time of the first convolution hears less of a signal that changes.
    assert np.abs(parts - whole).mean() < 0.2 * np.abs(whole).mean()


def test_two_minutes_are_frames_of_two_minutes() -> None:
    assert len(make_extractor(tiny("wavlm"))(noise(120 * RATE))) == 5_999


def test_identity_follows_the_files_and_not_the_path(folder: Path) -> None:
    config = tiny("wav2vec2")
    moved = PretrainedConfig(path=str(folder))
    identity = make_extractor(config).identity()
    assert make_extractor(moved).identity() == identity
    assert set(identity) == {"kind", "version", "layers", "files", "transformers", "torch"}
    assert make_extractor(with_settings(config, device="cpu")).identity() == identity
    assert make_extractor(with_settings(config, layer=LAYERS)).identity() == identity
    others = [with_settings(config, layer="mean"), with_settings(config, layer=0), tiny("hubert")]
    assert all(make_extractor(other).identity() != identity for other in others)
    edit(folder, "preprocessor_config.json", do_normalize=False)
    assert make_extractor(moved).identity() != identity


def test_a_network_is_read_once_per_process(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    config = PretrainedConfig(path=str(folder))
    make_extractor(config)(noise(RATE))
    shutil.rmtree(folder)
    monkeypatch.setattr(pretrained, "find_checkpoint", lambda c: _checkpoint(folder))
    assert len(make_extractor(config)(noise(RATE))) == 49


def _checkpoint(folder: Path) -> pretrained_checkpoint.Checkpoint:
    return pretrained_checkpoint.Checkpoint(folder, DIM, LAYERS, 400, 320)


def test_weights_saved_with_a_head_are_read_and_the_head_left_out(tmp_path: Path) -> None:
    import transformers

    save_tiny(tmp_path)
    model = transformers.Wav2Vec2ForCTC.from_pretrained(tmp_path, vocab_size=5)
    model.save_pretrained(tmp_path)
    frames = make_extractor(PretrainedConfig(path=str(tmp_path)))(mixture())
    np.testing.assert_allclose(frames, make_extractor(tiny("wav2vec2"))(mixture()), atol=1e-6)


# --- refusals ---------------------------------------------------------------------------------


def test_an_absent_folder(tmp_path: Path) -> None:
    assert refusal(PretrainedConfig(path=f"{tmp_path}/absent")) == (
        f"features: no folder at {tmp_path}/absent; correct features.path, or give the revision "
        "(a commit, a tag, or main) with the name of a model of the Hugging Face hub"
    )


def test_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert refusal(tiny("wav2vec2")) == (
        "features: pretrained networks need transformers: pip install 'ser-platform[embeddings]'"
    )


def test_a_revision_of_a_folder() -> None:
    config = tiny("wav2vec2")
    assert refusal(with_settings(config, revision="main")) == (
        f"features: revision=main is for a model of the hub, and {config.path} is a folder"
    )


def test_a_network_that_is_none_of_speech(folder: Path) -> None:
    edit(folder, "config.json", model_type="bert")
    assert refusal(PretrainedConfig(path=str(folder))) == (
        f"features: {folder} holds a network of type 'bert'; wav2vec2, hubert, wavlm are known"
    )


def test_a_folder_of_something_else(tmp_path: Path) -> None:
    assert refusal(PretrainedConfig(path=str(tmp_path))) == (
        f"features: {tmp_path} has no config.json; save_pretrained of the network and of its "
        "feature extractor write what is needed"
    )


def test_settings_that_are_no_json(folder: Path) -> None:
    (folder / "preprocessor_config.json").write_text("{", encoding="utf-8")
    message = refusal(PretrainedConfig(path=str(folder)))
    assert message.startswith(f"features: {folder}/preprocessor_config.json is no JSON: ")


def test_another_framing_than_the_networks() -> None:
    config = tiny("wav2vec2")
    assert refusal(with_settings(config, hop_s=0.01)) == (
        f"features: window_s=0.025, hop_s=0.01, and the convolutions of {config.path} make frames "
        "of window_s: 0.025, hop_s: 0.02; give these"
    )


def test_a_network_with_other_convolutions_says_its_framing(tmp_path: Path) -> None:
    save_tiny(tmp_path, conv_dim=(8, 8), conv_kernel=(400, 2), conv_stride=(160, 1))
    config = PretrainedConfig(path=str(tmp_path))
    assert refusal(config).endswith("make frames of window_s: 0.035, hop_s: 0.01; give these")
    assert (
        len(make_extractor(with_settings(config, window_s=0.035, hop_s=0.01))(noise(RATE))) == 97
    )


def test_an_adapter(folder: Path) -> None:
    edit(folder, "config.json", add_adapter=True)
    assert "has an adapter that thins out its frames" in refusal(
        PretrainedConfig(path=str(folder))
    )


def test_another_rate(folder: Path) -> None:
    edit(folder, "preprocessor_config.json", sampling_rate=8_000)
    assert refusal(PretrainedConfig(path=str(folder))) == (
        f"features: {folder} reads 8000 samples a second; 16000 are given"
    )


@pytest.mark.parametrize("layer", [3, -4, (0, 3), ()])
def test_a_layer_that_is_not_there(layer: int | tuple[int, ...]) -> None:
    config = with_settings(tiny("wav2vec2"), layer=layer)
    assert refusal(config) == (
        f"features: layer={layer}: the network at {config.path} has 0 to 2, or counted from its "
        "last -3 to -1"
    )


def test_weights_that_are_not_there(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    with pytest.raises(ConfigError) as failure:
        make_extractor(PretrainedConfig(path=str(folder))).identity()
    assert str(failure.value) == (
        f"features: {folder} holds no weights (model*.safetensors or pytorch_model*.bin)"
    )


def test_weights_that_were_cut_off(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    message = refusal(PretrainedConfig(path=str(folder)))
    assert message.startswith(f"features: the weights in {folder} cannot be read: ")


class Evil:
    """What runs when it is unpickled."""

    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return Path.touch, (self._marker,)


@pytest.fixture
def evil(folder: Path, tmp_path: Path) -> Path:
    """The marker that loading the network's weights would make (S1)."""
    import torch

    (folder / "model.safetensors").unlink()
    marker = tmp_path / "marker"
    torch.save({"weight": torch.zeros(1), "more": Evil(marker)}, folder / "pytorch_model.bin")
    return marker


def test_pickled_weights_run_nothing(folder: Path, evil: Path) -> None:
    assert refusal(PretrainedConfig(path=str(folder))) == (
        f"features: the weights in {folder} are pickled with more than numbers, which is not run "
        "here; save the network again, as safetensors"
    )
    assert not evil.exists()


def test_pickled_weights_are_refused_when_torch_is_told_not_to_look(
    folder: Path, evil: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch

    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    assert refusal(PretrainedConfig(path=str(folder))) == (
        f"features: {folder}/pytorch_model.bin is pickled, and TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD "
        "is set: loading it could run what its maker likes; unset the variable, or save the "
        "network as safetensors"
    )
    assert not evil.exists()
    with pytest.warns(UserWarning, match="forcing weights_only=False"):
        torch.load(folder / "pytorch_model.bin")
    assert evil.exists()  # so the marker does tell


def test_code_that_lies_beside_the_weights_is_not_run(folder: Path, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w').close()\nclass Net: pass\n")
    edit(folder, "config.json", auto_map={"AutoModel": "evil.Net"})
    edit(folder, "preprocessor_config.json", auto_map={"AutoFeatureExtractor": "evil.Net"})
    assert make_extractor(PretrainedConfig(path=str(folder)))(noise(RATE)).shape == (49, DIM)
    assert not marker.exists()


def test_weights_that_lack_some_are_not_filled_up_at_random(folder: Path) -> None:
    from safetensors.numpy import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    kept = {name: w for name, w in weights.items() if "layers.1.attention.k_proj" not in name}
    save_file(kept, folder / "model.safetensors", metadata={"format": "pt"})
    assert refusal(PretrainedConfig(path=str(folder))) == (
        f"features: the weights in {folder} lack 2 of the network's, as "
        "encoder.layers.1.attention.k_proj.bias; they would be drawn at random"
    )


def test_a_gpu_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert refusal(with_settings(tiny("wav2vec2"), device="cuda")) == (
        "features: device: cuda, and this process sees no CUDA device; give device: auto"
    )


# --- the hub ----------------------------------------------------------------------------------


def test_a_model_of_the_hub_is_downloaded_with_its_preferred_weights_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import huggingface_hub

    asked: list[tuple[str, str, list[str]]] = []

    def download(name: str, *, revision: str, allow_patterns: list[str]) -> str:
        asked.append((name, revision, allow_patterns))
        return tiny("wavlm").path

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    pretrained_checkpoint._downloaded.cache_clear()
    config = PretrainedConfig(path="someone/wavlm", revision="v1")
    local = make_extractor(tiny("wavlm"))
    for _ in range(2):
        assert make_extractor(config).identity() == local.identity()
    np.testing.assert_array_equal(make_extractor(config)(mixture()), local(mixture()))
    patterns = ["config.json", "preprocessor_config.json", "model*.safetensors"]
    assert asked == [("someone/wavlm", "v1", [*patterns, "model*.safetensors.index.json"])]


def test_a_hub_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def download(*_: object, **__: object) -> str:
        raise huggingface_hub.errors.LocalEntryNotFoundError("no answer")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    assert re.fullmatch(
        r"features: someone/none at revision main cannot be had from the hub, and there is no "
        r"such folder here: no answer",
        refusal(PretrainedConfig(path="someone/none", revision="main")),
    )
