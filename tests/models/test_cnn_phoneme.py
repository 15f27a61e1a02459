"""Yenigalla et al. 2018, against loops over windows."""

import numpy as np
import pytest
import torch

from ser_platform.batches import collate
from ser_platform.config.model import CnnPhonemeConfig
from ser_platform.models.cnn_phoneme import CnnPhonemeNet
from tests.models.equations.cnn_phoneme import cnn_phoneme_logits
from tests.models.worlds import Shape, assert_equal_to_loops, dataset_of, network_for, network_of

SHAPES: list[Shape] = [[[3, 1], [5]], [[1]], [[2], [1, 1, 7], [4], [30]], [[7] * 3]]
SMALL = CnnPhonemeConfig(
    kernels=((3, 4), (8, 5)),
    maps=4,
    phoneme_dim=3,
    phoneme_kernels=(2, 3),
    phoneme_maps=5,
    hidden=6,
    dropout=0.0,
)


@pytest.mark.parametrize("pause", [0, 2])
@pytest.mark.parametrize("modality", ["both", "audio", "text"])
@pytest.mark.parametrize("steps_per_kernel", [1, 2, 99])
def test_it_computes_window_by_window(rng, pause, modality, steps_per_kernel) -> None:
    settings = {"modality": modality, "steps_per_kernel": steps_per_kernel}
    config = SMALL.model_copy(update=settings)
    dataset = dataset_of(SHAPES, rng, pause=pause)
    net = network_for(dataset, config)
    assert isinstance(net, CnnPhonemeNet)
    net.inputs.set_known_phonemes(torch.tensor([1, 3]))
    loops = [cnn_phoneme_logits(net, config, dataset, row) for row in range(len(SHAPES))]
    assert_equal_to_loops(net, net(collate(dataset, np.arange(len(SHAPES)), config)), loops)


@pytest.mark.parametrize("modality", ["both", "audio", "text"])
def test_a_phoneme_the_training_part_never_saw_is_no_phoneme(rng, modality) -> None:
    dataset = dataset_of([[[2]], [[2, 3, 1]]], rng)
    config = SMALL.model_copy(update={"modality": modality})
    net = network_for(dataset, config)
    batch = collate(dataset, np.arange(2), config)
    plain = net(batch)
    net.inputs.set_known_phonemes(torch.tensor([], dtype=torch.int64))
    batch.phoneme_ids.zero_()
    unknown = net(batch)
    assert torch.equal(plain, unknown) == (modality == "audio")
    if modality == "text":
        torch.testing.assert_close(unknown[0], unknown[1])


def _parameters(**settings: object) -> int:
    config = CnnPhonemeConfig.model_validate(settings, strict=False)
    return sum(p.numel() for p in network_of(config, 257, num_phonemes=39).parameters())


def test_parameters_of_the_default_and_its_single_channels() -> None:
    windows = 12 * 16 + 18 * 24 + 24 * 32 + 30 * 40
    spectrogram = 200 * (windows + 4)
    phonemes = 40 * 100 + 200 * (100 * (3 + 5 + 7 + 9) + 4)
    dense = lambda dim: dim * 400 + 400 + 400 * 4 + 4  # noqa: E731
    assert _parameters() == spectrogram + phonemes + dense(1600) == 1_646_004
    assert _parameters(modality="audio") == spectrogram + dense(800) == 841_204
    assert _parameters(modality="text") == phonemes + dense(800) == 806_804
