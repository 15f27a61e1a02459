"""Looking at the attention weights of a network."""

import numpy as np
import pytest
import torch

from ser_platform.batches import collate
from ser_platform.config.model import (
    AlignmentConfig,
    DualRnnConfig,
    LstmAttentionConfig,
    ModelConfig,
    TdnnLstmConfig,
    WiseConfig,
)
from ser_platform.models.attention import attention
from tests.models.equations.alignment import alignment_energies
from tests.models.equations.steps import softmax
from tests.models.worlds import Shape, dataset_of, network_for

SHAPES: list[Shape] = [[[3, 1], [5]], [[1]], [[2], [1, 1, 7], [4], [30]]]
WORDS, FRAMES = [2, 1, 4], [15, 5, 55]


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (AlignmentConfig(heads=3, weights=4), {"alignment": "words x frames"}),
        (AlignmentConfig(heads=3, weights=4, alignment="hard"), {}),
        (WiseConfig(heads=3, weights=4), {"pooling": "words"}),
        (WiseConfig(attention=False), {}),
        (
            LstmAttentionConfig(heads=3, weights=4),
            {"audio.pooling": "frames", "text.pooling": "words"},
        ),
        (LstmAttentionConfig(pooling="mean"), {}),
        (TdnnLstmConfig(heads=3, weights=4, lstm_step=1), {"pooling": "frames"}),
        (DualRnnConfig(), {}),
    ],
    ids=lambda value: getattr(value, "kind", ""),
)
def test_every_attention_layer_gives_its_weights_by_name(
    rng, config: ModelConfig, expected: dict[str, str]
) -> None:
    dataset = dataset_of(SHAPES, rng)
    found = attention(network_for(dataset, config), collate(dataset, np.arange(3), config))
    assert set(found) == set(expected)
    for name, axes in expected.items():
        assert {weights.over for weights in found[name]} == {axes.split()[-1]}
        for row, weights in enumerate(weights.values for weights in found[name]):
            sizes = {"words": WORDS[row], "frames": FRAMES[row]}
            shape = [sizes[axis] for axis in axes.split(" x ")]
            assert weights.shape == (3, *shape)
            torch.testing.assert_close(weights.sum(dim=-1), torch.ones_like(weights[..., 0]))


def test_alignment_shows_the_weights_of_equation_8(rng) -> None:
    dataset, config = dataset_of(SHAPES, rng), AlignmentConfig(heads=3, weights=4)
    net = network_for(dataset, config)
    (shown,) = attention(net, collate(dataset, np.arange(3), config)).values()
    for row in range(3):
        for word in range(WORDS[row]):
            for head, energies in enumerate(alignment_energies(net, dataset, row, word)):
                alpha = torch.stack(softmax(energies)).detach()
                torch.testing.assert_close(shown[row].values[head, word], alpha)


def test_steps_of_several_frames_say_so(rng) -> None:
    dataset, config = dataset_of(SHAPES, rng), TdnnLstmConfig(weights=4, lstm_step=3)
    batch = collate(dataset, np.arange(3), config)
    (shown,) = attention(network_for(dataset, config), batch).values()
    assert [(w.stride, w.values.shape[1]) for w in shown] == [(3, -(-n // 3)) for n in FRAMES]


def test_looking_changes_nothing(rng) -> None:
    dataset, config = dataset_of(SHAPES, rng), WiseConfig(dropout=0.5)
    net, batch = network_for(dataset, config), collate(dataset, np.arange(3), config)
    before = net.eval()(batch)
    net.train()
    attention(net, batch)
    assert net.training
    assert torch.equal(net.eval()(batch), before)
    assert not any(module._forward_hooks for module in net.modules())
