"""WISE: Word-level Interaction-based multimodal fusion for Speech Emotion recognition (Shen 2020).

What the paper leaves open and what we chose: docs/papers/wise.md. Shape letters: B utterances,
W words and P phonemes of all of them, A units of the audio LSTM, T of the text LSTM, H heads,
K units of a head of the joint state (200).
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from ser_platform.config.model import WiseConfig
from ser_platform.emotions import EMOTIONS
from ser_platform.models.batch import Batch
from ser_platform.models.inputs import Inputs
from ser_platform.models.ragged import Sequences
from ser_platform.models.recurrence import (
    LstmWeights,
    forward_states,
    last_states,
    mixed_states,
)


class InteractingLstms(nn.Module):
    """Audio and text LSTM whose previous states are mixed at every word (eq. 3-5).

    Cell states are not mixed. The pair is also one LSTM: its input weight is block-diagonal,
    its recurrent weight is ``blockdiag(audio, text) @ W``, its gates are those of both, gate by
    gate. So a stock kernel can run it, and does on a GPU; that takes more multiplications.
    """

    def __init__(self, audio_dim: int, text_dim: int, audio_hidden: int, text_hidden: int) -> None:
        super().__init__()
        self.audio = nn.LSTMCell(audio_dim, audio_hidden)
        self.text = nn.LSTMCell(text_dim, text_hidden)
        joint = audio_hidden + text_hidden
        self.W = nn.Parameter(torch.empty(joint, joint).normal_(std=0.05))  # section 3.2

    def forward(self, audio_WD: Tensor, text_WD: Tensor, words: Sequences) -> Tensor:
        """The states ``[W, A + T]`` of both LSTMs at every word, audio first."""
        if audio_WD.is_cuda:
            both = torch.cat([audio_WD, text_WD], dim=1)
            return forward_states(self.as_one(), both, words)
        lstms = [(audio_WD, _weights(self.audio)), (text_WD, _weights(self.text))]
        return mixed_states(lstms, self.W, words)

    def as_one(self) -> LstmWeights:
        """The weights of the one LSTM that does what the two do."""
        audio, text = self.audio, self.text
        to_audio, to_text = self.W.split([audio.hidden_size, text.hidden_size])  # eq. 3
        return LstmWeights(
            _gate_by_gate(
                functional.pad(audio.weight_ih, (0, text.input_size)),
                functional.pad(text.weight_ih, (audio.input_size, 0)),
            ),
            _gate_by_gate(audio.weight_hh @ to_audio, text.weight_hh @ to_text),
            _gate_by_gate(audio.bias_ih, text.bias_ih),
            _gate_by_gate(audio.bias_hh, text.bias_hh),
        )


def _weights(cell: nn.LSTMCell) -> LstmWeights:
    return LstmWeights(cell.weight_ih, cell.weight_hh, cell.bias_ih, cell.bias_hh)


def _gate_by_gate(audio: Tensor, text: Tensor) -> Tensor:
    """Rows of four audio gates and four text gates as four gates of audio and text."""
    return torch.cat([audio.unflatten(0, (4, -1)), text.unflatten(0, (4, -1))], 1).flatten(0, 1)


class WordAttention(nn.Module):
    """A weighted sum of the joint states of an utterance's words (eq. 7-9).

    The paper has one head. With more, a head has its own slice of the joint state and its own
    softmax over words; the slices are put side by side.
    """

    def __init__(self, audio_hidden: int, text_hidden: int, heads: int, weights: int) -> None:
        super().__init__()
        self.w_a = nn.Linear(audio_hidden, heads * weights, bias=False)
        self.w_t = nn.Linear(text_hidden, heads * weights, bias=False)
        bound = 1 / math.sqrt(weights)
        self.w_c_HK = nn.Parameter(torch.empty(heads, weights).uniform_(-bound, bound))

    def forward(self, audio_WA: Tensor, text_WT: Tensor, words: Sequences) -> Tensor:
        """One row ``[H * K]`` per utterance."""
        joint_WHK = (self.w_a(audio_WA) + self.w_t(text_WT)).unflatten(1, self.w_c_HK.shape)
        e_WH = torch.einsum("whk,hk->wh", torch.tanh(joint_WHK), self.w_c_HK)  # eq. 7, 8
        alpha_MBH = words.grid(e_WH, fill=-torch.inf).softmax(dim=0)  # eq. 8
        p_BHK = torch.einsum("mbh,mbhk->bhk", alpha_MBH, words.grid(joint_WHK))  # eq. 9
        return p_BHK.flatten(1)


class WiseNet(nn.Module):
    """Frames to phonemes to words by GRUs, then audio and text word by word."""

    def __init__(self, config: WiseConfig, inputs: Inputs) -> None:
        super().__init__()
        hidden = (config.audio_hidden, config.text_hidden)
        self.inputs = inputs
        self.phoneme_gru = nn.GRU(inputs.frame_dim, config.phoneme_hidden)
        self.word_gru = nn.GRU(config.phoneme_hidden, config.word_hidden)
        audio_dim, text_dim = config.word_hidden, inputs.word_dim
        if config.swap_inputs:
            audio_dim, text_dim = text_dim, audio_dim
        self.interaction = InteractingLstms(audio_dim, text_dim, *hidden)
        self.attention = WordAttention(*hidden, config.heads, config.weights)
        first, second = config.classifier
        self.classifier = nn.Sequential(  # eq. 10-12
            nn.Linear(config.heads * config.weights, first),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(first, second),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(second, len(EMOTIONS)),
        )
        self.swap_inputs, self.hidden = config.swap_inputs, hidden

    def forward(self, batch: Batch) -> Tensor:
        """Logits ``[B, emotions]``."""
        words = batch.words_of_utterance
        frames_FD = self.inputs.frames(batch)
        phonemes_PD = last_states(self.phoneme_gru, frames_FD, batch.frames_of_phoneme)  # eq. 6
        a_WD = last_states(self.word_gru, phonemes_PD, batch.phonemes_of_word)
        t_WD = self.inputs.words(batch)
        to_audio, to_text = (t_WD, a_WD) if self.swap_inputs else (a_WD, t_WD)
        states_WAT = self.interaction(to_audio, to_text, words)
        audio_WA, text_WT = states_WAT.split(self.hidden, dim=1)
        return self.classifier(self.attention(audio_WA, text_WT, words))
