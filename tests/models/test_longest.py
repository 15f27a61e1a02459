"""Every network against its equations on an utterance as long as the longest of IEMOCAP."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from torch import Tensor

from ser_platform.batches import collate
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
from tests.models.equations.alignment import alignment_logits
from tests.models.equations.cnn_lstm import cnn_lstm_logits
from tests.models.equations.cnn_phoneme import cnn_phoneme_logits
from tests.models.equations.dual_rnn import dual_rnn_logits
from tests.models.equations.lstm_attention import lstm_attention_logits
from tests.models.equations.tdnn_lstm import tdnn_lstm_logits
from tests.models.equations.wise import wise_logits
from tests.models.worlds import Shape, assert_equal_to_loops, dataset_of, network_for

pytestmark = pytest.mark.slow

LONGEST: Shape = [[70, 64, 63], [20] * 16, *[[64] * 14] * 3, [200]]
"""34.1 s at a hop of 10 ms, pauses included; a phoneme and a word beyond WISE's maxima."""
FRAMES = 3412

Loops = Callable[[Any, Any, Dataset, int], Tensor]
CASES: dict[str, tuple[ModelConfig, Loops]] = {
    "alignment": (
        AlignmentConfig(heads=1, weights=2),
        lambda net, _, dataset, row: alignment_logits(net, dataset, row),
    ),
    "cnn_lstm": (
        CnnLstmConfig(
            segment_frames=300, maps=(2, 2), kernels=((3, 2), (3, 2)), hidden=3, dropout=0.0
        ),
        cnn_lstm_logits,
    ),
    "cnn_phoneme": (
        CnnPhonemeConfig(
            kernels=((3, 16), (4, 32)), maps=3, phoneme_dim=2, phoneme_maps=3,
            phoneme_kernels=(3,), hidden=4, dropout=0.0,
        ),
        cnn_phoneme_logits,
    ),
    "dual_rnn": (
        DualRnnConfig(audio_hidden=4, text_hidden=4, audio_dropout=0.0, text_dropout=0.0),
        dual_rnn_logits,
    ),
    "lstm_attention": (LstmAttentionConfig(heads=2, weights=2), lstm_attention_logits),
    "tdnn_lstm": (TdnnLstmConfig(hidden=3, heads=2, weights=2, dropout=0.0), tdnn_lstm_logits),
    "wise": (
        WiseConfig(
            phoneme_hidden=3, word_hidden=3, audio_hidden=3, text_hidden=3, weights=3, dropout=0.0
        ),
        wise_logits,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("config", "loops"), CASES.values(), ids=CASES)
def test_the_longest_utterance_beside_the_shortest(rng, config, loops) -> None:
    dataset = dataset_of([LONGEST, [[1]]], rng, frame_dim=2, pause=1)
    assert dataset.lengths.tolist() == [FRAMES, 3]
    net = network_for(dataset, config)
    expected = [loops(net, config, dataset, row) for row in range(2)]
    assert_equal_to_loops(net, net(collate(dataset, np.arange(2), config)), expected)
