"""Mirsamadi et al. 2017 and the unimodal and "Concat" rows of Xu et al. 2019."""

import numpy as np
import pytest
import torch

from ser_platform.batches import collate
from ser_platform.config.model import LstmAttentionConfig
from ser_platform.models.lstm_attention import LstmAttentionNet
from ser_platform.models.pooling import AttentionPooling
from ser_platform.models.ragged import Sequences
from tests.models.equations.lstm_attention import lstm_attention_logits
from tests.models.worlds import Shape, assert_equal_to_loops, dataset_of, network_for, network_of

SHAPES: list[Shape] = [[[3, 1], [5]], [[1]], [[2], [1, 1, 7], [4], [30]], [[7] * 3]]
SMALL = LstmAttentionConfig(heads=2, weights=4)


@pytest.mark.parametrize("modality", ["both", "audio", "text"])
@pytest.mark.parametrize("pooling", ["attention", "mean", "last"])
@pytest.mark.parametrize("dense", [(), (6, 5)])
def test_it_computes_the_equations(rng, modality, pooling, dense) -> None:
    config = SMALL.model_copy(update={"modality": modality, "pooling": pooling, "dense": dense})
    dataset = dataset_of(SHAPES, rng)
    net = network_for(dataset, config)
    assert isinstance(net, LstmAttentionNet)
    loops = [lstm_attention_logits(net, config, dataset, row) for row in range(len(SHAPES))]
    assert_equal_to_loops(net, net(collate(dataset, np.arange(len(SHAPES)), config)), loops)


def test_the_weights_of_a_sequence_sum_to_one_over_its_own_steps() -> None:
    sequences = Sequences.of(np.array([4, 1, 60]))
    state = torch.arange(3.0).repeat_interleave(sequences.lengths)[:, None].expand(-1, 8)
    pooled = AttentionPooling(heads=2, weights=4, stride=1)(state, sequences)
    torch.testing.assert_close(pooled, torch.arange(3.0)[:, None].expand(-1, 8))


def _parameters(**settings: object) -> int:
    net = network_of(LstmAttentionConfig.model_validate(settings, strict=False), 34)
    return sum(p.numel() for p in net.parameters())


def test_parameters_of_the_papers_rows() -> None:
    bilstm = lambda dim, hidden: 2 * 4 * hidden * (dim + hidden + 2)  # noqa: E731
    speech = bilstm(34, 100) + 200
    text = bilstm(300, 100) + 200
    assert _parameters(modality="audio") == speech + 804 == 109_804
    assert _parameters(modality="text") == text + 804 == 322_604
    assert _parameters() == speech + text + 1604 == 432_404
    dense = 34 * 512 + 512 + 512 * 512 + 512
    mirsamadi = _parameters(modality="audio", dense=[512, 512], weights=256)
    assert mirsamadi == dense + bilstm(512, 128) + 256 + 1028 == 939_268
