"""Sarma et al. 2018, against loops over frames."""

import numpy as np
import pytest

from ser_platform.batches import collate
from ser_platform.config.model import TdnnLstmConfig
from ser_platform.models.tdnn_lstm import TdnnLstmNet, read_steps
from tests.models.equations.tdnn_lstm import tdnn_lstm_logits
from tests.models.worlds import Shape, assert_equal_to_loops, dataset_of, network_for, network_of

SHAPES: list[Shape] = [[[3, 1], [5]], [[1]], [[2], [1, 1, 7], [4], [30]], [[7] * 3]]
SMALL = TdnnLstmConfig(hidden=5, dilations=(1, 3), heads=2, weights=3, dropout=0.0)


@pytest.mark.parametrize("pause", [0, 2])
@pytest.mark.parametrize("pooling", ["attention", "statistics", "mean"])
@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"dilations": (1, 2, 6, 4), "lstm_step": 2},
        {"kernel": 4},
        {"kernel": 4, "lstm_step": 1},
        {"dilations": (2,), "lstm_step": 5},
    ],
)
def test_it_computes_frame_by_frame(rng, pause, pooling, settings) -> None:
    config = SMALL.model_copy(update={"pooling": pooling, **settings})
    dataset = dataset_of(SHAPES, rng, pause=pause)
    net = network_for(dataset, config)
    assert isinstance(net, TdnnLstmNet)
    loops = [tdnn_lstm_logits(net, config, dataset, row) for row in range(len(SHAPES))]
    assert_equal_to_loops(net, net(collate(dataset, np.arange(len(SHAPES)), config)), loops)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, [(1, 1), (3, 1), (1, 1), (1, 1)]),
        ({"dilations": (3, 3)}, [(3, 3), (1, 1)]),
        ({"dilations": (1, 3, 2)}, [(1, 1), (1, 3), (3, 2)]),
        ({"kernel": 2}, [(1, 1), (1, 1), (1, 3), (3, 3)]),
    ],
)
def test_layers_stop_only_where_the_next_ones_look(settings, expected) -> None:
    assert read_steps(TdnnLstmConfig(**settings)) == expected


@pytest.mark.parametrize(
    ("pooling", "pooled", "weights", "printed"),
    [
        ("attention", 256, 256, 1_149_188),
        ("statistics", 512, 0, 1_149_956),
        ("mean", 256, 0, 1_148_932),
    ],
)
def test_parameters_of_the_default_with_each_pooling(pooling, pooled, weights, printed) -> None:
    tdnn = 256 * (3 * 40 + 1) + 3 * 256 * (3 * 256 + 1)
    lstm = 4 * 256 * (256 + 256 + 2)
    expected = tdnn + lstm + weights + pooled * 4 + 4
    net = network_of(TdnnLstmConfig(pooling=pooling), 40)
    assert sum(p.numel() for p in net.parameters()) == expected == printed
