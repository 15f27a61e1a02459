"""Satt et al. 2017, against loops over frames, bins and segments."""

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch.nn.functional import cross_entropy

from ser_platform.batches import collate
from ser_platform.config.model import CnnLstmConfig
from ser_platform.models.cnn_lstm import CnnLstmNet, segments
from tests.models.equations.cnn_lstm import cnn_lstm_logits
from tests.models.worlds import Shape, assert_equal_to_loops, dataset_of, network_for, network_of

SHAPES: list[Shape] = [[[3, 1], [5]], [[1]], [[2], [1, 1, 7], [4], [30]], [[7] * 3]]
SMALL = CnnLstmConfig(
    segment_frames=12,
    shortest_rest=4,
    maps=(3, 2),
    kernels=((3, 4), (8, 3)),
    hidden=4,
    dropout=0.0,
)


@pytest.mark.parametrize("pause", [0, 2])
@pytest.mark.parametrize(
    "settings", [{}, {"pool": 1}, {"pool": 3}, {"segment_frames": 300}, {"shortest_rest": 1}]
)
def test_it_computes_segment_by_segment(rng, pause, settings) -> None:
    config = SMALL.model_copy(update=settings)
    dataset = dataset_of(SHAPES, rng, pause=pause)
    net = network_for(dataset, config)
    assert isinstance(net, CnnLstmNet)
    loops = [cnn_lstm_logits(net, config, dataset, row) for row in range(len(SHAPES))]
    assert_equal_to_loops(net, net(collate(dataset, np.arange(len(SHAPES)), config)), loops)


def test_a_short_rest_is_joined_to_the_segment_before_it() -> None:
    lengths, counts = segments(np.array([1, 300, 349, 350, 649, 950]), 300, 50)
    assert counts.tolist() == [1, 1, 1, 2, 2, 4]
    assert lengths.tolist() == [1, 300, 349, 300, 50, 300, 349, 300, 300, 300, 50]


def test_logits_are_logarithms_of_the_mean_posterior_of_the_segments(rng) -> None:
    dataset = dataset_of([[[24]]], rng, pause=0)
    net = network_for(dataset, SMALL)
    halves = dataset_of([[[12]], [[12]]], rng, pause=0)
    batch, of_halves = (collate(d, np.arange(len(d.ids)), SMALL) for d in (dataset, halves))
    of_halves.frames.copy_(batch.frames)
    posteriors = net(of_halves).softmax(dim=1)
    torch.testing.assert_close(net(batch).exp(), posteriors.mean(dim=0, keepdim=True))


def test_up_to_one_segment_the_loss_is_that_of_training_segments_one_by_one(rng) -> None:
    dataset = dataset_of([[[11]], [[7]]], rng, pause=0)
    net = network_for(dataset, SMALL)
    assert isinstance(net, CnnLstmNet)
    batch = collate(dataset, np.arange(2), SMALL)
    segment_logits = net.classifier(net.segment_states(batch, batch.num_frames))
    torch.testing.assert_close(
        cross_entropy(net(batch), batch.labels), cross_entropy(segment_logits, batch.labels)
    )


def test_the_default_has_1020236_parameters() -> None:
    convolutions = 16 * (12 * 16 + 1) + 24 * (16 * 8 * 12 + 1) + 32 * (24 * 5 * 7 + 1)
    bilstm = 2 * 4 * 128 * (32 * 25 + 128 + 2)  # 200 bins, halved three times
    expected = convolutions + bilstm + 256 * 4 + 4
    net = network_of(CnnLstmConfig(), 200)
    assert sum(p.numel() for p in net.parameters()) == expected == 1_020_236


def test_every_convolution_needs_maps_and_a_kernel() -> None:
    with pytest.raises(ValidationError, match="maps has 1 and kernels has 3 entries"):
        CnnLstmConfig(maps=(16,))
