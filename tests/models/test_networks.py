"""What every architecture must keep, whatever it computes."""

import dataclasses

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from ser_platform.batches import collate, share
from ser_platform.config.model import (
    AlignmentConfig,
    CnnLstmConfig,
    CnnPhonemeConfig,
    DualRnnConfig,
    LstmAttentionConfig,
    ModelConfig,
    TdnnLstmConfig,
    WiseConfig,
)
from ser_platform.dataset import Dataset
from ser_platform.emotions import EMOTIONS
from ser_platform.models import build_model
from ser_platform.models.inputs import Inputs
from ser_platform.normalisation import frame_statistics
from tests.models.worlds import dataset_of, gradients, network_for, random_shapes

WISE = WiseConfig(
    phoneme_hidden=4, word_hidden=5, audio_hidden=4, text_hidden=6, weights=8, dropout=0.0
)
DUAL_RNN = DualRnnConfig(audio_hidden=8, text_hidden=8, audio_dropout=0.0, text_dropout=0.0)
CNN_LSTM = CnnLstmConfig(
    segment_frames=16,
    shortest_rest=5,
    maps=(6, 8),
    kernels=((3, 4), (4, 3)),
    hidden=8,
    dropout=0.0,
)
CNN_PHONEME = CnnPhonemeConfig(
    kernels=((4, 3), (8, 6)),
    maps=12,
    phoneme_dim=6,
    phoneme_kernels=(2, 3),
    phoneme_maps=12,
    hidden=16,
    dropout=0.0,
)
TDNN_LSTM = TdnnLstmConfig(hidden=12, dilations=(1, 2), heads=2, weights=6, dropout=0.0)
CONFIGS: dict[str, ModelConfig] = {
    "alignment": AlignmentConfig(heads=2, weights=6),
    "alignment, hard": AlignmentConfig(heads=2, weights=6, alignment="hard"),
    "cnn_lstm": CNN_LSTM,
    "cnn_phoneme": CNN_PHONEME,
    "cnn_phoneme, audio": CNN_PHONEME.model_copy(update={"modality": "audio"}),
    "dual_rnn": DUAL_RNN,
    "lstm_attention": LstmAttentionConfig(heads=2, weights=8),
    "tdnn_lstm": TDNN_LSTM,
    "tdnn_lstm, statistics": TDNN_LSTM.model_copy(update={"pooling": "statistics"}),
    "wise": WISE,
    "wise, HR-": WISE.model_copy(update={"hierarchy": "frames"}),
    "wise, no HR, no IM, no DMF": WISE.model_copy(
        update={"hierarchy": "mean", "interaction": False, "attention": False}
    ),
}
WITHOUT_WORDS = ("cnn_lstm", "cnn_phoneme", "tdnn_lstm")

pytestmark = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)


@pytest.fixture
def dataset(rng) -> Dataset:
    return dataset_of(random_shapes(9, rng), rng, functional_dim=3)


def test_one_row_of_logits_for_each_utterance(dataset, config) -> None:
    logits = network_for(dataset, config)(collate(dataset, np.arange(9), config))
    assert logits.shape == (9, len(EMOTIONS))


def test_the_order_in_the_batch_does_not_matter(dataset, config, rng) -> None:
    net, order = network_for(dataset, config), rng.permutation(9)
    plain = net(collate(dataset, np.arange(9), config))
    torch.testing.assert_close(net(collate(dataset, order, config)), plain[order])


def test_the_other_utterances_in_the_batch_do_not_matter(dataset, config) -> None:
    net = network_for(dataset, config)
    together = net(collate(dataset, np.arange(9), config))
    alone = torch.cat([net(collate(dataset, np.array([row]), config)) for row in range(9)])
    torch.testing.assert_close(alone, together, rtol=0, atol=1e-12)


def test_a_batch_shared_by_two_ranks_gives_the_same_summed_gradients(dataset, config) -> None:
    net = network_for(dataset, config)

    def summed_loss(rows: np.ndarray) -> torch.Tensor:
        batch = collate(dataset, rows, config)
        return cross_entropy(net(batch), batch.labels, reduction="sum")

    whole = gradients(net, summed_loss(np.arange(9)))
    parts = [gradients(net, summed_loss(share(np.arange(9), rank, 2))) for rank in range(2)]
    for name, gradient in whole.items():
        torch.testing.assert_close(sum(part[name] for part in parts), gradient, msg=name)


def test_frames_are_read_relative_to_the_statistics_of_the_training_part(dataset, config) -> None:
    net = network_for(dataset, config)
    batch = collate(dataset, np.arange(9), config)
    z = (batch.frames.double() - net.inputs.frame_mean) / net.inputs.frame_std
    logits = net(batch)
    net.inputs.set_normalisation(torch.zeros(5), torch.ones(5))
    torch.testing.assert_close(net(dataclasses.replace(batch, frames=z)), logits)


def test_frames_and_functionals_are_read_relative_to_their_own_speaker(dataset, config) -> None:
    net = network_for(dataset, config, num_speakers=3)
    batch = collate(dataset, np.arange(9), config)
    logits = net(batch)
    for row, speaker in enumerate(batch.speaker_ids.tolist()):
        alone = network_for(dataset, config)
        state = net.state_dict()
        for name in ("frame_mean", "frame_std", "functional_mean", "functional_std"):
            state[f"inputs.{name}"] = state[f"inputs.{name}"][[speaker]]
        alone.load_state_dict(state)
        own = alone(collate(dataset, np.array([row]), config))
        torch.testing.assert_close(logits[[row]], own, rtol=0, atol=1e-12)


def test_saved_weights_hold_the_statistics_but_not_the_frozen_word_vectors(
    dataset, config
) -> None:
    state = network_for(dataset, config).state_dict()
    assert {"inputs.frame_mean", "inputs.frame_std"} <= set(state)
    assert "inputs.vectors" not in state


def test_saved_weights_give_the_same_logits_in_another_network(dataset, config) -> None:
    net = network_for(dataset, config)
    batch = collate(dataset, np.arange(9), config)
    vectors = torch.from_numpy(dataset.word_vectors)
    other = build_model(config, Inputs(5, vectors, False, 3, len(dataset.phonemes))).double()
    other.load_state_dict(net.state_dict())
    assert torch.equal(other(batch), net(batch))


def test_word_vectors_are_learned_and_saved_only_on_request(dataset, config) -> None:
    net = network_for(dataset, config, trainable=True)
    batch = collate(dataset, np.arange(9), config)
    net(batch).square().sum().backward()
    gradient = net.get_parameter("inputs.vectors").grad
    learned = set() if gradient is None else set(gradient.abs().sum(1).nonzero()[:, 0].tolist())
    seen = () if config.kind in WITHOUT_WORDS else np.unique(dataset.word_ids).tolist()
    assert learned == set(seen)
    assert "inputs.vectors" in net.state_dict()


def test_every_parameter_gets_a_gradient(dataset, config) -> None:
    net = network_for(dataset, config)
    batch = collate(dataset, np.arange(9), config)
    for name, gradient in gradients(net, cross_entropy(net(batch), batch.labels)).items():
        assert gradient.abs().sum() > 0, name


def test_it_learns_sixteen_random_utterances_by_heart(config, rng) -> None:
    dataset = dataset_of(random_shapes(16, rng), rng)
    batch = collate(dataset, np.arange(16), config)
    net = network_for(dataset, config).float()
    net.inputs.set_normalisation(*map(torch.from_numpy, frame_statistics(dataset, np.arange(16))))
    optimizer = torch.optim.Adam(net.parameters(), 0.02)
    for _ in range(100):
        optimizer.zero_grad()
        cross_entropy(net(batch), batch.labels).backward()
        optimizer.step()
    accuracy = (net(batch).argmax(1) == batch.labels).float().mean()
    assert accuracy > 0.95
