"""Shen et al. 2020 (WISE), against its equations written as loops."""

import numpy as np
import pytest
import torch
from torch import Tensor

from ser_platform.batches import collate
from ser_platform.config.model import WiseConfig
from ser_platform.models.ragged import Sequences
from ser_platform.models.recurrence import forward_states
from ser_platform.models.wise import InteractingLstms, WiseNet, WordAttention
from tests.models.equations.steps import cell_weights, lstm_step
from tests.models.equations.wise import wise_logits
from tests.models.worlds import (
    Shape,
    assert_equal_to_loops,
    dataset_of,
    gradients,
    network_for,
    network_of,
)

SMALL = WiseConfig(
    phoneme_hidden=3,
    word_hidden=4,
    audio_hidden=3,
    text_hidden=5,
    weights=6,
    classifier=(5, 4),
    dropout=0.0,
)
GRUS = 3 * 50 * (39 + 50 + 2) + 3 * 100 * (50 + 100 + 2)
RAGGED: list[Shape] = [[[3, 1], [5]], [[1]], [[2], [1, 1, 7], [4], [9, 13]], [[20] * 3]]
BEYOND_THE_MAXIMA: list[Shape] = [[[64, 65, 70]], [[1] * 14, [2] * 16], [[1]] * 130]


def _assert_equations(config: WiseConfig, shapes: list[Shape], rng: np.random.Generator) -> None:
    dataset = dataset_of(shapes, rng)
    net = network_for(dataset, config)
    assert isinstance(net, WiseNet)
    ours = net(collate(dataset, np.arange(len(shapes)), config))
    loops = [wise_logits(net, config, dataset, row) for row in range(len(shapes))]
    assert_equal_to_loops(net, ours, loops)


def test_it_computes_equations_1_to_12(rng) -> None:
    _assert_equations(SMALL, RAGGED, rng)


def test_what_lies_beyond_64_frames_14_phonemes_or_128_words_is_cut(rng) -> None:
    _assert_equations(SMALL, BEYOND_THE_MAXIMA, rng)


def test_with_two_heads_each_has_its_own_slice_and_softmax(rng) -> None:
    _assert_equations(SMALL.model_copy(update={"heads": 2}), RAGGED, rng)


def test_swapped_inputs_follow_equations_4_and_5_as_printed(rng) -> None:
    _assert_equations(SMALL.model_copy(update={"swap_inputs": True}), RAGGED, rng)


@pytest.mark.parametrize(
    "ablation",
    [
        {"hierarchy": "mean"},
        {"interaction": False},
        {"attention": False},
        {"hierarchy": "frames"},
        {"modality": "audio"},
        {"modality": "text"},
        {"hierarchy": "mean", "interaction": False, "attention": False},
    ],
    ids=["IM+DMF", "HR+DMF", "IM+HR", "IM+DMF+HR-", "audio only", "text only", "none of them"],
)
def test_the_ablations_of_both_tables_compute_what_is_left_of_the_equations(rng, ablation) -> None:
    _assert_equations(SMALL.model_copy(update=ablation), RAGGED, rng)


def _as_one(pair: InteractingLstms, audio: Tensor, text: Tensor, words: Sequences) -> Tensor:
    """What runs on a GPU."""
    return forward_states(pair.as_one(), torch.cat([audio, text], dim=1), words)


@pytest.mark.parametrize("run", [InteractingLstms.forward, _as_one])
def test_the_interacting_pair_follows_equations_3_to_5(rng, run) -> None:
    lengths = np.array([4, 1, 6])
    pair = InteractingLstms(2, 3, audio_hidden=4, text_hidden=5).double()
    audio, text = (torch.from_numpy(rng.standard_normal((11, dim))) for dim in (2, 3))
    ours = run(pair, audio, text, Sequences.of(lengths))
    loop = []
    for a_steps, t_steps in zip(audio.split([4, 1, 6]), text.split([4, 1, 6]), strict=True):
        ha, ht = torch.zeros(4).double(), torch.zeros(5).double()
        ca, ct = ha, ht
        for a, t in zip(a_steps, t_steps, strict=True):
            mixed = pair.W @ torch.cat([ha, ht])
            ha, ca = lstm_step(cell_weights(pair.audio), a, mixed[:4], ca)
            ht, ct = lstm_step(cell_weights(pair.text), t, mixed[4:], ct)
            loop.append(torch.cat([ha, ht]))
    torch.testing.assert_close(ours, torch.stack(loop), rtol=0, atol=1e-10)
    expected = gradients(pair, torch.stack(loop).square().sum())
    for name, gradient in gradients(pair, ours.square().sum()).items():
        torch.testing.assert_close(gradient, expected[name], rtol=0, atol=1e-10, msg=name)


def test_the_weights_of_an_utterance_sum_to_one_over_its_own_words() -> None:
    words = Sequences.of(np.array([4, 1, 6]))
    # Joint states that are equal within an utterance come back as they are.
    state = torch.tensor([1.0, 2.0, 3.0]).repeat_interleave(words.lengths)[:, None].expand(-1, 8)
    pooled = WordAttention(heads=2, weights=4)(state, words)
    torch.testing.assert_close(pooled, state[[0, 4, 5]])


def test_the_papers_setting_has_584654_parameters() -> None:
    net = network_of(WiseConfig(), 39)
    lstms = 4 * 100 * (100 + 100 + 2) + 4 * 150 * (300 + 150 + 2) + (100 + 150) ** 2
    attention = 200 * 100 + 200 * 150 + 200
    classifier = (200 * 200 + 200) + (200 * 100 + 100) + (100 * 4 + 4)
    expected = GRUS + lstms + attention + classifier
    assert sum(p.numel() for p in net.parameters()) == expected == 584_654


@pytest.mark.parametrize(
    ("ablation", "expected"),
    [
        ({"hierarchy": "mean"}, 584_654 - GRUS + (39 * 100 + 100)),
        ({"hierarchy": "frames"}, 584_654 - GRUS + 3 * 100 * (39 + 100 + 2)),
        ({"interaction": False}, 584_654 - 250**2),
        ({"attention": False}, 584_654 - 200),
        ({"modality": "audio"}, 584_654 - 250**2 - 4 * 150 * 452 - 150 * 200),
        ({"modality": "text"}, 584_654 - 250**2 - GRUS - 4 * 100 * 202 - 100 * 200),
    ],
)
def test_an_ablation_leaves_out_its_own_parameters_and_no_others(ablation, expected) -> None:
    net = network_of(WiseConfig.model_validate(ablation), 39)
    assert sum(p.numel() for p in net.parameters()) == expected


def test_inputs_are_swapped_only_where_there_are_two() -> None:
    with pytest.raises(ValueError, match="swap_inputs needs two inputs, modality is text"):
        WiseConfig(swap_inputs=True, modality="text")


def test_the_interaction_starts_from_a_normal_of_deviation_0_05() -> None:
    weight = InteractingLstms(2, 3, audio_hidden=100, text_hidden=150).W.detach()
    assert float(weight.std()) == pytest.approx(0.05, rel=0.02)
    assert float(weight.mean()) == pytest.approx(0.0, abs=0.001)


def test_dropout_acts_in_training_only(rng) -> None:
    dataset = dataset_of(RAGGED, rng)
    batch = collate(dataset, np.arange(4), SMALL)
    net = network_for(dataset, SMALL.model_copy(update={"dropout": 0.5}))
    plain = network_for(dataset, SMALL)(batch)
    assert not torch.equal(net(batch), plain)
    assert torch.equal(net.eval()(batch), plain)
