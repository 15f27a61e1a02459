"""A trained model as a folder of its own: weights, setting, words; and what it answers.

The networks of all folds are kept and their probabilities averaged: every recording of the
corpus has then taken part, and no fold is favoured by its test part.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from torch import nn

from ser_platform.batches import collate
from ser_platform.config.schema import Experiment
from ser_platform.dataset import build_dataset
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import FeatureError
from ser_platform.features import make_extractor
from ser_platform.features.audio import load
from ser_platform.features.base import FrameExtractor, Frames, Signal
from ser_platform.features.cache import FrameTable, FunctionalsTable
from ser_platform.features.embeddings import WordVectors
from ser_platform.models import build_model
from ser_platform.models.inputs import Inputs
from ser_platform.utterance import Phoneme, Utterance, Word

_FORMAT = 3
_SETTING, _VECTORS = "setting.json", "vectors.safetensors"


def save_model(
    folder: Path,
    experiment: Experiment,
    networks: Sequence[dict[str, torch.Tensor]],
    vectors: WordVectors,
    phonemes: Sequence[str],
    about: dict[str, Any],
) -> None:
    """Write a model folder.

    Args:
        folder: an existing, empty folder.
        experiment: the setting the networks were trained with.
        networks: the weights of each fold, with their normalisation.
        vectors: the words the model knows.
        phonemes: the symbols it was trained with, in order.
        about: protocol and scores, for the reader.
    """
    setting = {
        "format": _FORMAT,
        "experiment": experiment.model_dump(mode="json"),
        "emotions": EMOTIONS,
        "words": vectors.words,
        "phonemes": phonemes,
        "networks": len(networks),
        "about": about,
    }
    (folder / _SETTING).write_text(json.dumps(setting, indent=1), encoding="utf-8")
    save_file({"vectors": torch.from_numpy(np.array(vectors.vectors))}, folder / _VECTORS)
    for number, weights in enumerate(networks):
        save_file(weights, folder / f"network{number}.safetensors")
    for path in folder.iterdir():
        path.chmod(0o644)  # safetensors writes files that only their owner may read


@dataclass(frozen=True)
class Predictor:
    """A loaded model."""

    experiment: Experiment
    networks: tuple[nn.Module, ...]
    vectors: WordVectors
    phonemes: tuple[str, ...]
    about: dict[str, Any]

    @classmethod
    def load(cls, folder: Path) -> "Predictor":
        """What :func:`save_model` wrote; nothing is unpickled."""
        setting = json.loads((folder / _SETTING).read_text(encoding="utf-8"))
        if setting["format"] != _FORMAT or tuple(setting["emotions"]) != EMOTIONS:
            raise FeatureError(
                f"{folder}: a model of format {setting['format']} with classes "
                f"{setting['emotions']}; this version reads format {_FORMAT} with {list(EMOTIONS)}"
            )
        experiment = Experiment.model_validate_json(json.dumps(setting["experiment"]))
        values = load_file(folder / _VECTORS)["vectors"].numpy()
        vectors = WordVectors(tuple(setting["words"]), values, (), {})
        functionals = experiment.functionals
        functional_dim = len(make_extractor(functionals).names) if functionals else 0
        networks = []
        for number in range(setting["networks"]):
            weights = load_file(folder / f"network{number}.safetensors")
            inputs = Inputs(
                frame_dim=len(make_extractor(experiment.features).names),
                word_vectors=torch.from_numpy(np.pad(values, ((1, 0), (0, 0)))),
                trainable=experiment.embedding.trainable,
                functional_dim=functional_dim,
                num_phonemes=len(setting["phonemes"]),
                num_speakers=len(weights["inputs.frame_mean"]) - 1,
            )
            network = build_model(experiment.model, inputs)
            network.load_state_dict(weights)
            networks.append(network.eval())
        phonemes = tuple(setting["phonemes"])
        return cls(experiment, tuple(networks), vectors, phonemes, setting["about"])

    def predict(
        self, recordings: Sequence[Path], words: Sequence[Sequence[Word]]
    ) -> NDArray[np.float32]:
        """Probabilities ``[recordings, emotions]``.

        Args:
            recordings: audio files of any rate that libsndfile reads.
            words: the words of each in time; none where they are not known.

        Raises:
            FeatureError: for a recording that cannot be read.
        """
        signals = [load(path) for path in recordings]
        utterances = [
            Utterance(str(i), str(path), "", 0, EMOTIONS[0], "", tuple(said))
            for i, (path, said) in enumerate(zip(recordings, words, strict=True))
        ]
        table, functionals = self._frames(signals), self._functionals(recordings, signals)
        dataset = build_dataset(
            utterances, table, self.vectors, functionals, self.phonemes, known_speakers=()
        )
        batch = collate(dataset, np.arange(len(utterances)), self.experiment.model)
        with torch.inference_mode():
            of_networks = [network(batch).softmax(dim=1) for network in self.networks]
        return torch.stack(of_networks).mean(dim=0).numpy()

    def _frames(self, signals: Sequence[Signal]) -> FrameTable:
        config = self.experiment.features
        extractor = make_extractor(config)
        frames = [extractor(signal) for signal in signals]
        return FrameTable(
            values=np.concatenate(frames),
            offsets=np.cumsum([0, *map(len, frames)], dtype=np.int64),
            ids=tuple(map(str, range(len(signals)))),
            names=extractor.names,
            window_s=config.window_s,
            hop_s=config.hop_s,
            manifest_key="",
        )

    def _functionals(
        self, recordings: Sequence[Path], signals: Sequence[Signal]
    ) -> FunctionalsTable | None:
        if self.experiment.functionals is None:
            return None
        extractor = make_extractor(self.experiment.functionals)
        pairs = zip(recordings, signals, strict=True)
        values = np.concatenate([_described(extractor, *pair) for pair in pairs])
        return FunctionalsTable(values, tuple(map(str, range(len(values)))), extractor.names, "")


def _described(extractor: FrameExtractor, path: Path, signal: Signal) -> Frames:
    try:
        return extractor(signal)
    except FeatureError as e:
        raise FeatureError(f"{path}: {e}") from e


def words_to_json(words: Sequence[Word]) -> str:
    """What :func:`words_from_json` reads."""
    return json.dumps([asdict(word) for word in words])


def words_from_json(text: str) -> tuple[Word, ...]:
    """Words in time: ``[{"text": ..., "start_s": ..., "end_s": ..., "phonemes": [...]}]``."""
    return tuple(
        Word(
            word["text"],
            word["start_s"],
            word["end_s"],
            tuple(
                Phoneme(p["symbol"], p["start_s"], p["end_s"]) for p in word.get("phonemes", ())
            ),
        )
        for word in json.loads(text or "[]")
    )
