"""Yoon et al. 2018, against its equations written as loops."""

from typing import Any

import numpy as np
import pytest
import torch

from ser_platform.batches import collate
from ser_platform.config.model import DualRnnConfig
from ser_platform.models.dual_rnn import DualRnnNet
from tests.models.equations.dual_rnn import dual_rnn_logits
from tests.models.worlds import Shape, assert_equal_to_loops, dataset_of, network_for, network_of

SHAPES: list[Shape] = [[[3, 1], [5]], [[1]], [[2], [1, 1, 7], [4], [30]], [[7] * 3]]
SMALL = DualRnnConfig(audio_hidden=4, text_hidden=5, audio_dropout=0.0, text_dropout=0.0)


@pytest.mark.parametrize("modality", ["both", "audio", "text"])
@pytest.mark.parametrize("functional_dim", [0, 3])
def test_it_computes_the_equations(rng, modality, functional_dim) -> None:
    config = SMALL.model_copy(update={"modality": modality})
    dataset = dataset_of(SHAPES, rng, functional_dim=functional_dim)
    net = network_for(dataset, config)
    assert isinstance(net, DualRnnNet)
    loops = [dual_rnn_logits(net, config, dataset, row) for row in range(len(SHAPES))]
    assert_equal_to_loops(net, net(collate(dataset, np.arange(len(SHAPES)), config)), loops)


def test_what_lies_beyond_its_limits_is_cut(rng) -> None:
    config = SMALL.model_copy(update={"max_frames": 9, "max_words": 2})
    dataset = dataset_of(SHAPES, rng)
    net = network_for(dataset, config)
    assert isinstance(net, DualRnnNet)
    loops = [dual_rnn_logits(net, config, dataset, row) for row in range(len(SHAPES))]
    assert_equal_to_loops(net, net(collate(dataset, np.arange(len(SHAPES)), config)), loops)


def test_the_published_recipe_has_as_many_parameters() -> None:
    gru = lambda dim: 3 * 200 * (dim + 200 + 2)  # noqa: E731
    to_audio, to_text = 235 * 117 + 117, 200 * 100 + 100
    expected = gru(39) + gru(300) + to_audio + to_text + 217 * 4 + 4
    net = network_of(DualRnnConfig(), 39, functional_dim=35)
    assert sum(p.numel() for p in net.parameters()) == expected == 494_384


def test_initial_values_are_those_of_the_published_recipe() -> None:
    net: Any = network_of(DualRnnConfig(), 39, functional_dim=35).requires_grad_(False)
    for gate in net.audio.gru.weight_hh_l0.chunk(3):
        torch.testing.assert_close(gate @ gate.T, torch.eye(200), atol=1e-5, rtol=0)
    assert 0.24 < float(net.classifier.weight.abs().max()) <= 0.25
    assert not net.classifier.bias.any()
