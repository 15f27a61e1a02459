"""A trained model as a folder of its own: weights, setting, words. Nothing in it is unpickled.

``setting.json`` has the experiment, the words and phonemes that were known, what is told of the
model, and the SHA-256 of every other file; ``vectors.safetensors`` the vectors of the words;
``network0.safetensors`` and so on the weights of each fold, with the statistics of its training
part.

Formats, each read for ever (tests/inference/formats):

1, 2. one row of statistics
3. a table of statistics, with a row for each speaker where they are normalised by speaker
4. digests of the files
5. temperatures of the networks, and what computed the frames
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ser_platform.config.schema import Experiment
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import CorruptObjectError, ModelError
from ser_platform.features.embeddings import WordVectors

SETTING = "setting.json"
_FORMAT = 5
_VECTORS = "vectors.safetensors"

_STATISTICS = {f"inputs.{of}_{what}" for of in ("frame", "functional") for what in ("mean", "std")}

Weights = dict[str, torch.Tensor]


@dataclass(frozen=True)
class SavedModel:
    """What a model folder holds."""

    experiment: Experiment
    """The setting the networks were trained with."""
    networks: tuple[Weights, ...]
    """Of each fold, with what it took from its training part."""
    vectors: WordVectors
    """The words it knows."""
    phonemes: tuple[str, ...]
    """The symbols it was trained with, in order."""
    front_end: Mapping[str, object]
    """What computed the frames it was trained on: versions, texts of configurations. Empty where
    nobody wrote it down (before format 5)."""
    temperatures: tuple[float, ...]
    """What the logits of each network are divided by; none where nothing validated, or nobody
    wrote it down."""
    about: Mapping[str, Any]
    """Protocol and scores, for the reader."""


def save_model(folder: Path, model: SavedModel) -> None:
    """Write a model folder.

    Args:
        folder: an existing, empty one.
        model: what is written.
    """
    values = torch.from_numpy(np.array(model.vectors.vectors))
    save_file({"vectors": values}, folder / _VECTORS)
    for number, weights in enumerate(model.networks):
        save_file(weights, folder / _network(number))
    setting = {
        "format": _FORMAT,
        "sha256": {path.name: _sha256(path) for path in sorted(folder.iterdir())},
        "experiment": model.experiment.model_dump(mode="json"),
        "emotions": EMOTIONS,
        "words": model.vectors.words,
        "phonemes": model.phonemes,
        "networks": len(model.networks),
        "front_end": model.front_end,
        "temperatures": model.temperatures,
        "about": model.about,
    }
    (folder / SETTING).write_text(json.dumps(setting, indent=1), encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)  # safetensors writes files that only their owner may read


def read_model(folder: Path) -> SavedModel:
    """What :func:`save_model` wrote, now or in an older format.

    Raises:
        ModelError: for a folder that is no model, or one of a later format or of other classes.
        CorruptObjectError: for files that are not what was written.
    """
    setting = _setting(folder)
    for number in range(setting["format"], _FORMAT):
        setting = _later[number](setting)
    if missing := [path for path in model_files(folder) if not path.is_file()]:
        raise CorruptObjectError(f"{missing[0]}: it is missing; get the model again")
    try:
        for name, digest in setting["sha256"].items():
            if _sha256(folder / name) != digest:
                raise CorruptObjectError(
                    f"{folder / name}: its SHA-256 is not that in {SETTING}; get the model again"
                )
        values = load_file(folder / _VECTORS)["vectors"].numpy()
        return SavedModel(
            experiment=Experiment.model_validate_json(json.dumps(setting["experiment"])),
            networks=tuple(
                _as_tables(load_file(folder / _network(number)))
                for number in range(setting["networks"])
            ),
            vectors=WordVectors(tuple(setting["words"]), values, (), {}),
            phonemes=tuple(setting["phonemes"]),
            front_end=setting["front_end"],
            temperatures=tuple(setting["temperatures"]),
            about=setting["about"],
        )
    except (AttributeError, ValueError, KeyError, TypeError, OSError, SafetensorError) as e:
        raise CorruptObjectError(
            f"{folder}: not what was written ({type(e).__name__}: {e}); get the model again"
        ) from e


def model_files(folder: Path) -> list[Path]:
    """The files of a model, in order; what else lies in its folder is none of it.

    Raises:
        ModelError, CorruptObjectError: as :func:`read_model`.
    """
    networks = (_network(number) for number in range(_setting(folder)["networks"]))
    return sorted(folder / name for name in (SETTING, _VECTORS, *networks))


def digest_of(folder: Path) -> str:
    """SHA-256 over the files of a model: equal for equal answers.

    Raises:
        ModelError, CorruptObjectError: as :func:`read_model`.
    """
    digest = hashlib.sha256()
    for path in model_files(folder):
        digest.update(f"{path.name} {_sha256(path)}\n".encode())
    return digest.hexdigest()


def _setting(folder: Path) -> dict[str, Any]:
    try:
        setting = json.loads((folder / SETTING).read_text(encoding="utf-8"))
        known = setting["format"] in range(1, _FORMAT + 1)
        emotions, _ = tuple(setting["emotions"]), range(setting["networks"])
    except OSError as e:
        raise ModelError(f"{folder}: no model: {SETTING}: {e.strerror or e}") from e
    except (ValueError, KeyError, TypeError) as e:
        raise CorruptObjectError(
            f"{folder / SETTING}: not what was written ({e}); get the model again"
        ) from e
    if not known or emotions != EMOTIONS:
        raise ModelError(
            f"{folder}: a model of format {setting['format']} with classes {list(emotions)}; this "
            f"version reads formats 1 to {_FORMAT} with {list(EMOTIONS)}"
        )
    return setting


_later: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    1: lambda setting: setting,
    2: lambda setting: setting,
    3: lambda setting: {**setting, "sha256": {}},
    4: lambda setting: {**setting, "front_end": {}, "temperatures": ()},
}
"""From the setting of a format to that of the next one."""


def _as_tables(weights: Weights) -> Weights:
    """Statistics as tables; before format 3 they were the only row of one."""
    return {
        name: value[None] if name in _STATISTICS and value.ndim == 1 else value
        for name, value in weights.items()
    }


def _network(number: int) -> str:
    return f"network{number}.safetensors"


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
