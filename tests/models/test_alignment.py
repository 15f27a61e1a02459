"""Xu et al. 2019, against its equations written as loops."""

import numpy as np
import pytest
import torch

from ser_platform.batches import collate
from ser_platform.config.model import AlignmentConfig
from ser_platform.models.alignment import AlignmentNet, WordFrameAttention
from tests.models.equations.alignment import alignment_logits
from tests.models.worlds import assert_equal_to_loops, dataset_of, network_for, network_of

SHAPES = [[[3, 1], [5]], [[1]], [[2], [1, 1, 7], [4], [30]], [[7] * 3]]
SMALL = AlignmentConfig(heads=3, weights=4)


@pytest.mark.parametrize("alignment", ["learned", "hard"])
def test_it_computes_equations_1_to_14(rng, alignment) -> None:
    config = SMALL.model_copy(update={"alignment": alignment})
    dataset = dataset_of(SHAPES, rng)
    net = network_for(dataset, config)
    assert isinstance(net, AlignmentNet)
    ours = net(collate(dataset, np.arange(len(SHAPES)), config))
    loops = [alignment_logits(net, dataset, row) for row in range(len(SHAPES))]
    assert_equal_to_loops(net, ours, loops)


def test_an_utterance_of_one_frame_and_one_word_aligns_that_word_with_that_frame(rng) -> None:
    batch = collate(dataset_of([[[1]]], rng), np.array([0]), SMALL)
    attention = WordFrameAttention(heads=3, weights=4)
    speech = torch.randn(int(batch.frames_of_utterance.lengths.sum()), 12)
    same = speech[:1].expand_as(speech)
    torch.testing.assert_close(attention(same, torch.randn(1, 12), batch), speech[:1])


def test_the_weights_of_a_word_sum_to_one_over_its_own_frames(rng) -> None:
    dataset = dataset_of([[[3, 1], [5]], [[40]]], rng)
    batch = collate(dataset, np.arange(2), SMALL)
    attention = WordFrameAttention(heads=3, weights=4)
    num_frames = batch.frames_of_utterance.lengths
    of_utterance = torch.arange(2).repeat_interleave(num_frames)[:, None].float()
    # States that are constant over an utterance come back as they are: the mean of equal rows.
    aligned = attention(of_utterance.expand(-1, 12).contiguous(), torch.randn(3, 12), batch)
    torch.testing.assert_close(aligned, torch.tensor([[0.0], [0.0], [1.0]]).expand(-1, 12))


def test_the_papers_setting_has_833209_parameters() -> None:
    net = network_of(AlignmentConfig(), 34)
    bilstm = lambda dim: 2 * 4 * 100 * (dim + 100 + 2)  # noqa: E731
    attention, classifier = 5 * (40 + 40 + 1), 200 * 4 + 4
    expected = bilstm(34) + bilstm(300) + bilstm(400) + attention + classifier
    assert sum(p.numel() for p in net.parameters()) == expected == 833_209


def test_hard_alignment_has_no_attention_to_learn() -> None:
    net = network_of(AlignmentConfig(alignment="hard"), 34)
    assert sum(p.numel() for p in net.parameters()) == 833_209 - 5 * 81


def test_heads_times_weights_is_the_state(rng) -> None:
    dataset = dataset_of(SHAPES, rng)
    for heads, weights in ((1, 2), (7, 6), (5, 40)):
        config = AlignmentConfig(heads=heads, weights=weights)
        logits = network_for(dataset, config)(collate(dataset, np.arange(4), config))
        assert logits.shape == (4, 4)


@pytest.mark.parametrize("logit_relu", [False, True])
def test_equation_14_as_printed_cuts_negative_logits(rng, logit_relu) -> None:
    dataset = dataset_of(SHAPES, rng)
    batch = collate(dataset, np.arange(4), SMALL)
    plain = network_for(dataset, SMALL)(batch)
    config = SMALL.model_copy(update={"logit_relu": logit_relu})
    expected = plain.clamp(min=0) if logit_relu else plain
    assert (plain < 0).any()
    assert torch.equal(network_for(dataset, config)(batch), expected)


def test_dropout_acts_in_training_only(rng) -> None:
    dataset = dataset_of(SHAPES, rng)
    batch = collate(dataset, np.arange(4), SMALL)
    net = network_for(dataset, SMALL.model_copy(update={"dropout": 0.5}))
    plain = network_for(dataset, SMALL)(batch)
    assert not torch.equal(net(batch), plain)
    assert torch.equal(net.eval()(batch), plain)
