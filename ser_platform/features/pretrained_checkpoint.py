"""A pretrained network on disk: what its files say, without loading it."""

import functools
import hashlib
import importlib.util
import json
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ser_platform.config.inputs import SAMPLE_RATE_HZ, PretrainedConfig
from ser_platform.errors import ConfigError

KNOWN = ("wav2vec2", "hubert", "wavlm")
_INSTALL = "pip install 'ser-platform[embeddings]'"
_CONFIGURATION, _SCALING = "config.json", "preprocessor_config.json"
_WEIGHTS = ("model*.safetensors", "pytorch_model*.bin")
"""In the order in which transformers prefers them."""
_UNSAFE = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"


@dataclass(frozen=True)
class Checkpoint:
    """What ``save_pretrained`` wrote, as far as its JSON files say."""

    folder: Path
    dim: int
    layers: int
    """Of the transformer."""
    window: int
    """Samples that one frame sees before the transformer mixes frames."""
    hop: int


def find_checkpoint(config: PretrainedConfig) -> Checkpoint:
    """The network a section names; downloaded when it is one of the hub.

    Raises:
        ConfigError: when transformers is not installed; when there is no such folder or model,
            or it is none of :data:`KNOWN`; when the framing of the section is not its own.
    """
    if importlib.util.find_spec("transformers") is None:
        raise ConfigError(f"features: pretrained networks need transformers: {_INSTALL}")
    folder = _folder(config.path, config.revision)
    about = _read(folder, _CONFIGURATION)
    if about.get("model_type") not in KNOWN:
        raise ConfigError(
            f"features: {folder} holds a network of type {about.get('model_type')!r}; "
            f"{', '.join(KNOWN)} are known"
        )
    if about.get("add_adapter"):
        raise ConfigError(
            f"features: {folder} has an adapter that thins out its frames; give the network "
            "that it was trained from"
        )
    scaling = _read(folder, _SCALING)
    if scaling.get("sampling_rate", SAMPLE_RATE_HZ) != SAMPLE_RATE_HZ:
        raise ConfigError(
            f"features: {folder} reads {scaling['sampling_rate']} samples a second; "
            f"{SAMPLE_RATE_HZ} are given"
        )
    window, hop = _framing(about["conv_kernel"], about["conv_stride"])
    _refuse_framing(config, folder, window, hop)
    return Checkpoint(folder, about["hidden_size"], about["num_hidden_layers"], window, hop)


def digests(checkpoint: Checkpoint) -> dict[str, str]:
    """sha256 of each file that fixes the numbers, by name."""
    return {
        path.name: _sha256(path, path.stat().st_size, path.stat().st_mtime_ns)
        for path in (*_weights(checkpoint.folder), *_json_files(checkpoint.folder))
    }


def refuse_unpickling(folder: Path) -> None:
    """Refuse weights that torch has been told to unpickle without looking at what is in them.

    Raises:
        ConfigError: for weights other than safetensors, while the environment says so.
    """
    pickled = [path.name for path in _weights(folder) if path.suffix != ".safetensors"]
    told = os.environ.get(_UNSAFE, "").lower()  # noqa: TID251  # torch's own switch
    if pickled and told in ("1", "y", "yes", "true"):
        raise ConfigError(
            f"features: {folder / pickled[0]} is pickled, and {_UNSAFE} is set: loading it could "
            "run what its maker likes; unset the variable, or save the network as safetensors"
        )


def _folder(name: str, revision: str | None) -> Path:
    path = Path(name).expanduser()
    if path.is_dir():
        if revision is not None:
            raise ConfigError(
                f"features: revision={revision} is for a model of the hub, and {path} is a folder"
            )
        return path
    if revision is None:
        raise ConfigError(
            f"features: no folder at {path}; correct features.path, or give the revision (a "
            "commit, a tag, or main) with the name of a model of the Hugging Face hub"
        )
    return _downloaded(name, revision)


@functools.lru_cache(maxsize=8)
def _downloaded(name: str, revision: str) -> Path:
    """The folder of a model of the hub; one that was downloaded before needs no network."""
    import huggingface_hub

    def fetch(*patterns: str) -> Path:
        wanted = [_CONFIGURATION, _SCALING, *patterns]
        return Path(
            huggingface_hub.snapshot_download(name, revision=revision, allow_patterns=wanted)
        )

    preferred, other = ([pattern, f"{pattern}.index.json"] for pattern in _WEIGHTS)
    try:
        folder = fetch(*preferred)
        return folder if any(folder.glob(_WEIGHTS[0])) else fetch(*other)
    except (OSError, ValueError) as error:  # what the hub raises: HTTP errors, malformed names
        raise ConfigError(
            f"features: {name} at revision {revision} cannot be had from the hub, and there is "
            f"no such folder here: {error}"
        ) from error


def _read(folder: Path, name: str) -> dict[str, Any]:
    try:
        found = json.loads((folder / name).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            f"features: {folder} has no {name}; save_pretrained of the network and of its "
            "feature extractor write what is needed"
        ) from error
    except ValueError as error:
        raise ConfigError(f"features: {folder / name} is no JSON: {error}") from error
    return found


def _framing(kernels: list[int], strides: list[int]) -> tuple[int, int]:
    """Samples seen by, and between, the outputs of convolutions without padding."""
    window, hop = 1, 1
    for kernel, stride in zip(kernels, strides, strict=True):
        window += (kernel - 1) * hop
        hop *= stride
    return window, hop


def _refuse_framing(config: PretrainedConfig, folder: Path, window: int, hop: int) -> None:
    window_s, hop_s = window / SAMPLE_RATE_HZ, hop / SAMPLE_RATE_HZ
    if not (math.isclose(config.window_s, window_s) and math.isclose(config.hop_s, hop_s)):
        raise ConfigError(
            f"features: window_s={config.window_s}, hop_s={config.hop_s}, and the convolutions "
            f"of {folder} make frames of window_s: {window_s:g}, hop_s: {hop_s:g}; give these"
        )


def _weights(folder: Path) -> list[Path]:
    for pattern in _WEIGHTS:
        found = sorted(folder.glob(pattern))
        if found:
            return found
    raise ConfigError(f"features: {folder} holds no weights ({' or '.join(_WEIGHTS)})")


def _json_files(folder: Path) -> tuple[Path, Path]:
    return folder / _CONFIGURATION, folder / _SCALING


@functools.lru_cache(maxsize=64)
def _sha256(path: Path, _size: int, _changed_ns: int) -> str:
    """Read again only when the file is another."""
    with path.open("rb") as file:
        digest = hashlib.sha256()
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()
