"""Small corpora of random numbers in which every length is chosen by the test."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ser_platform.config.model import ModelConfig
from ser_platform.dataset import Dataset
from ser_platform.emotions import EMOTIONS
from ser_platform.features.cache import FrameTable, FunctionalsTable
from ser_platform.features.embeddings import WordVectors
from ser_platform.joining import build_dataset
from ser_platform.models import build_model
from ser_platform.models.inputs import Inputs
from ser_platform.utterance import Phoneme, Utterance, Word

if TYPE_CHECKING:
    from ser_platform.models import Network

WINDOW_S, HOP_S = 0.02, 0.01
VOCABULARY = tuple("abcdefghij")
SYMBOLS = ("AA", "B", "CH")

Shape = Sequence[Sequence[int]]
"""An utterance as frames of each phoneme of each word: ``[[3, 1], [5]]`` has two words."""


def utterance(shape: Shape, row: int, pause: int = 0) -> tuple[Utterance, int]:
    """An utterance of that shape and its number of frames; words stand ``pause`` frames apart."""
    words, frame = [], pause
    for place, phonemes in enumerate(shape):
        first, own = frame, []
        for frames in phonemes:
            symbol = SYMBOLS[(row + len(own) + place) % len(SYMBOLS)]
            own.append(Phoneme(symbol, _before(frame), _before(frame + frames)))
            frame += frames
        text = VOCABULARY[(row + 3 * place) % len(VOCABULARY)]
        words.append(Word(text, _before(first), _before(frame), tuple(own)))
        frame += pause
    return Utterance(
        id=f"u{row}",
        audio=f"u{row}.wav",
        speaker=f"s{row % 3}",
        session=1,
        emotion=EMOTIONS[row % len(EMOTIONS)],
        transcript="",
        words=tuple(words),
    ), frame


def _before(frame: int) -> float:
    """Half a hop before the centre of a frame."""
    return frame * HOP_S + WINDOW_S / 2 - HOP_S / 2


def table_of(lengths: dict[str, int], dim: int, rng: np.random.Generator) -> FrameTable:
    """Random frames for utterances of these lengths."""
    offsets = np.cumsum([0, *lengths.values()])
    return FrameTable(
        values=rng.standard_normal((offsets[-1], dim), dtype=np.float32),
        offsets=offsets,
        ids=tuple(lengths),
        names=tuple(f"f{i}" for i in range(dim)),
        window_s=WINDOW_S,
        hop_s=HOP_S,
        manifest_key="manifest",
    )


def vectors_of(dim: int, rng: np.random.Generator) -> WordVectors:
    """Random vectors of the vocabulary."""
    return WordVectors(
        words=VOCABULARY,
        vectors=rng.standard_normal((len(VOCABULARY), dim), dtype=np.float32),
        unknown=(),
        identity={},
    )


def dataset_of(
    shapes: Sequence[Shape],
    rng: np.random.Generator,
    frame_dim: int = 5,
    word_dim: int = 4,
    functional_dim: int = 0,
    pause: int = 2,
) -> Dataset:
    """A dataset with one utterance for each shape, a pause of so many frames round every word."""
    made = [utterance(shape, row, pause) for row, shape in enumerate(shapes)]
    table = table_of({u.id: frames for u, frames in made}, frame_dim, rng)
    vectors = vectors_of(word_dim, rng)
    functionals = FunctionalsTable(
        values=rng.standard_normal((len(made), functional_dim), dtype=np.float32),
        ids=table.ids,
        names=tuple(f"q{i}" for i in range(functional_dim)),
        manifest_key="functionals",
    )
    return build_dataset([u for u, _ in made], table, vectors, functionals)


def random_shapes(count: int, rng: np.random.Generator) -> list[Shape]:
    """Utterances of 1 to 5 words, 1 to 4 phonemes, 1 to 7 frames."""
    return [
        [rng.integers(1, 8, rng.integers(1, 5)).tolist() for _ in range(rng.integers(1, 6))]
        for _ in range(count)
    ]


def network_for(
    dataset: Dataset, config: ModelConfig, trainable: bool = False, num_speakers: int = 0
) -> "Network":
    """A network in float64 with random statistics, the same one every time."""
    with torch.random.fork_rng():
        torch.manual_seed(7)  # noqa: TID251 - inside fork_rng, so no other test notices
        vectors = torch.from_numpy(dataset.word_vectors)
        dim, values = dataset.frame_dim, dataset.functionals.shape[1]
        inputs = Inputs(dim, vectors, trainable, values, len(dataset.phonemes), num_speakers)
        tables, rows = inputs.set_normalisation, num_speakers + 1
        tables(torch.randn(rows, dim), torch.rand(rows, dim) + 0.5)
        if values:
            tables = inputs.set_functional_normalisation
            tables(torch.randn(rows, values), torch.rand(rows, values) + 0.5)
        network = build_model(config, inputs)
    return network.double()


def network_of(
    config: ModelConfig, frame_dim: int, word_dim: int = 300, **sizes: int
) -> "Network":
    """A network of these sizes as a training begins with it, in float32."""
    return build_model(config, Inputs(frame_dim, torch.zeros(3, word_dim), False, **sizes))


def gradients(network: torch.nn.Module, value: Tensor) -> dict[str, Tensor]:
    """The gradient of ``value`` for every parameter, by name."""
    names, parameters = zip(*network.named_parameters(), strict=True)
    return dict(zip(names, torch.autograd.grad(value, parameters), strict=True))


def assert_equal_to_loops(network: torch.nn.Module, ours: Tensor, loops: list[Tensor]) -> None:
    """Logits and gradients agree with those of the equations written as loops, to 1e-10."""
    loop = torch.stack(loops)
    torch.testing.assert_close(ours, loop, rtol=0, atol=1e-10)
    weight = torch.linspace(-1, 1, ours.numel(), dtype=torch.double).view_as(ours)
    expected = gradients(network, (loop * weight).sum())
    for name, gradient in gradients(network, (ours * weight).sum()).items():
        torch.testing.assert_close(gradient, expected[name], rtol=0, atol=1e-10, msg=name)
