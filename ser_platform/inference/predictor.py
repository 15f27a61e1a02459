"""A trained model that answers.

The networks of all folds are kept and their probabilities averaged: every recording of the
corpus has then taken part, and no fold is favoured by its test part.

Shape letters: R recordings, E emotions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from ser_platform.batches import collate
from ser_platform.config.schema import Experiment
from ser_platform.emotions import EMOTIONS
from ser_platform.errors import FeatureError
from ser_platform.features import make_extractor
from ser_platform.features.audio import identity as audio_identity
from ser_platform.features.audio import load
from ser_platform.features.base import SAMPLE_RATE_HZ, FrameExtractor, Frames, Signal
from ser_platform.features.cache import FrameTable, FunctionalsTable
from ser_platform.inference.folder import SavedModel, read_model
from ser_platform.joining import build_dataset
from ser_platform.models import build_model
from ser_platform.models.attention import Weights, answers_with_attention
from ser_platform.models.batch import Batch
from ser_platform.models.inputs import Inputs
from ser_platform.utterance import Utterance, Word

_TOGETHER = 60 * SAMPLE_RATE_HZ
"""Samples of clips that go through the networks together, each as long as the longest, for some
networks pad them: what that takes grows with it."""


@dataclass(frozen=True)
class Clip:
    """A recording, or a stretch of one, that is answered as one utterance."""

    name: str
    """What messages call it."""
    signal: Signal
    words: Sequence[Word] = ()
    """In time; none where they are not known."""


@dataclass(frozen=True)
class Scores:
    """What a model makes of a clip."""

    probabilities: NDArray[np.float32]
    """``[E]``: softened by the temperatures, where the model has some."""
    attention: Mapping[str, Weights]
    """By the name of the layer, averaged over the networks."""


@dataclass(frozen=True)
class Predictor:
    """A loaded model, to be asked by one thread at a time."""

    saved: SavedModel
    networks: tuple[nn.Module, ...]

    @classmethod
    def load(cls, folder: Path) -> "Predictor":
        """What :func:`~ser_platform.inference.folder.save_model` wrote, in any format.

        Raises:
            ModelError: for a folder that is no model, or one that this version does not know.
            CorruptObjectError: for files that are not what was written.
        """
        saved = read_model(folder)
        return cls(saved, tuple(_network(saved, number) for number in range(len(saved.networks))))

    @property
    def experiment(self) -> Experiment:
        """The setting that it was trained with."""
        return self.saved.experiment

    @cached_property
    def front_end(self) -> Mapping[str, object]:
        """What computes frames here, as :attr:`SavedModel.front_end` has it of the training."""
        return front_end(self.experiment)

    def predict(
        self, recordings: Sequence[Path], words: Sequence[Sequence[Word]]
    ) -> NDArray[np.float32]:
        """Probabilities ``[R, E]``.

        Args:
            recordings: audio files, 0.05 to 120 s long, of any rate from 8 to 192 kHz.
            words: the words of each in time; none where they are not known.

        Raises:
            FeatureError: for a recording that cannot be read.
        """
        clips = [
            Clip(str(path), load(path), tuple(said))
            for path, said in zip(recordings, words, strict=True)
        ]
        return np.stack([scores.probabilities for scores in self.scores(clips)])

    def scores(self, clips: Sequence[Clip]) -> list[Scores]:
        """What the model makes of each clip, with what it attends to.

        Raises:
            FeatureError: for a clip that is too short for the front end.
        """
        return [scores for group in _groups(clips) for scores in self._scores(group)]

    def _scores(self, clips: Sequence[Clip]) -> list[Scores]:
        batch = self._batch(clips)
        temperatures = self.saved.temperatures or (1.0,) * len(self.networks)
        seen = [answers_with_attention(network, batch) for network in self.networks]
        softened = [
            (logits / t).softmax(dim=1) for (logits, _), t in zip(seen, temperatures, strict=True)
        ]
        probabilities_RE = torch.stack(softened).mean(dim=0).numpy()
        layers = [found for _, found in seen]
        return [
            Scores(
                probabilities_RE[row],
                {name: _mean([found[name][row] for found in layers]) for name in layers[0]},
            )
            for row in range(len(clips))
        ]

    def _batch(self, clips: Sequence[Clip]) -> Batch:
        utterances = [
            Utterance(str(i), clip.name, "", 0, EMOTIONS[0], "", tuple(clip.words))
            for i, clip in enumerate(clips)
        ]
        dataset = build_dataset(
            utterances,
            self._frames(clips),
            self.saved.vectors,
            self._functionals(clips),
            self.saved.phonemes,
            known_speakers=(),
        )
        return collate(dataset, np.arange(len(utterances)), self.experiment.model)

    def _frames(self, clips: Sequence[Clip]) -> FrameTable:
        config = self.experiment.features
        extractor = make_extractor(config)
        frames = [extractor(clip.signal) for clip in clips]
        return FrameTable(
            values=np.concatenate(frames),
            offsets=np.cumsum([0, *map(len, frames)], dtype=np.int64),
            ids=tuple(map(str, range(len(clips)))),
            names=extractor.names,
            window_s=config.window_s,
            hop_s=config.hop_s,
            manifest_key="",
        )

    def _functionals(self, clips: Sequence[Clip]) -> FunctionalsTable | None:
        if self.experiment.functionals is None:
            return None
        extractor = make_extractor(self.experiment.functionals)
        values = np.concatenate([_described(extractor, clip) for clip in clips])
        return FunctionalsTable(values, tuple(map(str, range(len(values)))), extractor.names, "")


def front_end(experiment: Experiment) -> dict[str, object]:
    """What computes frames and functionals on this machine: settings, versions, configurations."""
    found: dict[str, object] = {
        "audio": audio_identity(),
        "features": make_extractor(experiment.features).identity(),
    }
    if experiment.functionals is not None:
        found["functionals"] = make_extractor(experiment.functionals).identity()
    return found


def _groups(clips: Sequence[Clip]) -> Iterator[list[Clip]]:
    """Neighbours that are together no longer than that; a longer one alone."""
    group: list[Clip] = []
    longest = 0
    for clip in clips:
        longest = max(longest, len(clip.signal))
        if group and (len(group) + 1) * longest > _TOGETHER:
            yield group
            group, longest = [], len(clip.signal)
        group.append(clip)
    if group:
        yield group


def _network(saved: SavedModel, number: int) -> nn.Module:
    experiment, weights = saved.experiment, saved.networks[number]
    functionals = experiment.functionals
    inputs = Inputs(
        frame_dim=len(make_extractor(experiment.features).names),
        word_vectors=torch.from_numpy(np.pad(saved.vectors.vectors, ((1, 0), (0, 0)))),
        trainable=experiment.embedding.trainable,
        functional_dim=len(make_extractor(functionals).names) if functionals else 0,
        num_phonemes=len(saved.phonemes),
        num_speakers=len(weights["inputs.frame_mean"]) - 1,
    )
    network = build_model(experiment.model, inputs)
    network.load_state_dict(weights)
    return network.eval()


def _mean(weights: Sequence[Weights]) -> Weights:
    """Of one layer of several networks."""
    return replace(weights[0], values=torch.stack([each.values for each in weights]).mean(dim=0))


def _described(extractor: FrameExtractor, clip: Clip) -> Frames:
    try:
        return extractor(clip.signal)
    except FeatureError as e:
        raise FeatureError(f"{clip.name}: {e}") from e
