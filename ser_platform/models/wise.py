"""WISE: Word-level Interaction-based multimodal fusion for Speech Emotion recognition (Shen 2020).

What the paper leaves open and what we chose: docs/papers/wise.md. Shape letters: B utterances,
W words and P phonemes of all of them, A units of the audio LSTM, T of the text LSTM, S of both,
H heads, K units of a head, J of the joint state (``H * K``, 200).
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional

from ser_platform.config.model import WiseConfig
from ser_platform.emotions import EMOTIONS
from ser_platform.models.attention import OverSteps
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
        lstms = [(audio_WD, LstmWeights.of(self.audio)), (text_WD, LstmWeights.of(self.text))]
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


def _gate_by_gate(audio: Tensor, text: Tensor) -> Tensor:
    """Rows of four audio gates and four text gates as four gates of audio and text."""
    return torch.cat([audio.unflatten(0, (4, -1)), text.unflatten(0, (4, -1))], 1).flatten(0, 1)


class WordLstm(nn.Module):
    """One LSTM over the words of an utterance."""

    def __init__(self, dim: int, hidden: int) -> None:
        super().__init__()
        self.cell = nn.LSTMCell(dim, hidden)

    def forward(self, inputs_WD: Tensor, words: Sequences) -> Tensor:
        """The state ``[W, H]`` at every word."""
        return forward_states(LstmWeights.of(self.cell), inputs_WD, words)


class SeparateLstms(nn.Module):
    """LSTMs that know nothing of each other (table 2, without IM), or a single one (table 1)."""

    def __init__(self, dims: Sequence[int], hidden: Sequence[int]) -> None:
        super().__init__()
        sizes = zip(dims, hidden, strict=True)
        self.lstms = nn.ModuleList(WordLstm(dim, units) for dim, units in sizes)

    def forward(self, *inputs_WD: Tensor, words: Sequences) -> Tensor:
        """The states ``[W, S]`` of all LSTMs at every word, in the order of their inputs."""
        pairs = zip(self.lstms, inputs_WD, strict=True)
        return torch.cat([lstm(inputs, words) for lstm, inputs in pairs], dim=1)


class JointState(nn.Module):
    """``w_a ha + w_t ht`` of a word (eq. 7), or one of the two."""

    def __init__(self, hidden: Sequence[int], units: int) -> None:
        super().__init__()
        self.hidden = list(hidden)
        self.w = nn.ModuleList(nn.Linear(own, units, bias=False) for own in hidden)

    def forward(self, states_WS: Tensor) -> Tensor:
        """``[W, S]`` to ``[W, J]``."""
        parts = states_WS.split(self.hidden, dim=1)
        return torch.stack([w(own) for w, own in zip(self.w, parts, strict=True)]).sum(dim=0)


class WordAttention(nn.Module):
    """A weighted sum of the joint states of an utterance's words (eq. 7-9).

    The paper has one head. With more, a head has its own slice of the joint state and its own
    softmax over words; the slices are put side by side.
    """

    def __init__(self, heads: int, weights: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(weights)
        self.w_c_HK = nn.Parameter(torch.empty(heads, weights).uniform_(-bound, bound))
        self.softmax = OverSteps()

    def forward(self, joint_WJ: Tensor, words: Sequences) -> Tensor:
        """One row ``[J]`` per utterance."""
        joint_WHK = joint_WJ.unflatten(1, self.w_c_HK.shape)
        e_WH = torch.einsum("whk,hk->wh", torch.tanh(joint_WHK), self.w_c_HK)  # eq. 7, 8
        alpha_MBH = self.softmax(e_WH, words)  # eq. 8
        p_BHK = torch.einsum("mbh,mbhk->bhk", alpha_MBH, words.grid(joint_WHK))  # eq. 9
        return p_BHK.flatten(1)


class LastWord(nn.Module):
    """The joint state of an utterance's last word (table 2, without DMF)."""

    def forward(self, joint_WJ: Tensor, words: Sequences) -> Tensor:
        """One row ``[J]`` per utterance."""
        return joint_WJ[words.lengths.cumsum(0).to(joint_WJ.device) - 1]


class PhonemeHierarchy(nn.Module):
    """Frames of a phoneme to its vector, phonemes of a word to its vector (eq. 6)."""

    def __init__(self, frame_dim: int, phoneme_hidden: int, word_hidden: int) -> None:
        super().__init__()
        self.phoneme_gru = nn.GRU(frame_dim, phoneme_hidden)
        self.word_gru = nn.GRU(phoneme_hidden, word_hidden)

    def forward(self, frames_FD: Tensor, batch: Batch) -> Tensor:
        """The acoustic vector of every word, ``[W, A]``."""
        phonemes_PD = last_states(self.phoneme_gru, frames_FD, batch.frames_of_phoneme)
        return last_states(self.word_gru, phonemes_PD, batch.phonemes_of_word)


class FrameGru(nn.Module):
    """Frames of a word to its vector by one GRU (table 2, HR-)."""

    def __init__(self, frame_dim: int, word_hidden: int) -> None:
        super().__init__()
        self.gru = nn.GRU(frame_dim, word_hidden)

    def forward(self, frames_FD: Tensor, batch: Batch) -> Tensor:
        """The acoustic vector of every word, ``[W, A]``."""
        return last_states(self.gru, frames_FD, batch.frames_of_word)


class MeanFrame(nn.Module):
    """The mean frame of a word, projected (table 2, without HR)."""

    def __init__(self, frame_dim: int, word_hidden: int) -> None:
        super().__init__()
        self.linear = nn.Linear(frame_dim, word_hidden)

    def forward(self, frames_FD: Tensor, batch: Batch) -> Tensor:
        """The acoustic vector of every word, ``[W, A]``."""
        return self.linear(batch.frames_by_word.means(frames_FD))


def acoustic(config: WiseConfig, frame_dim: int) -> nn.Module:
    """What gives a word its acoustic vector, by ``hierarchy``."""
    match config.hierarchy:
        case "phonemes":
            return PhonemeHierarchy(frame_dim, config.phoneme_hidden, config.word_hidden)
        case "frames":
            return FrameGru(frame_dim, config.word_hidden)
        case "mean":
            return MeanFrame(frame_dim, config.word_hidden)


class WiseNet(nn.Module):
    """The acoustic and the word vector of every word, an LSTM over each, a sum over words."""

    def __init__(self, config: WiseConfig, inputs: Inputs) -> None:
        super().__init__()
        self.inputs = inputs
        reads_audio, self.reads_text = config.modality != "text", config.modality != "audio"
        self.acoustic = acoustic(config, inputs.frame_dim) if reads_audio else None
        dims = [config.word_hidden] * reads_audio + [inputs.word_dim] * self.reads_text
        hidden = [config.audio_hidden] * reads_audio + [config.text_hidden] * self.reads_text
        self.swap_inputs = config.swap_inputs
        if config.swap_inputs:
            dims.reverse()
        if config.modality == "both" and config.interaction:
            self.lstms = InteractingLstms(*dims, *hidden)
        else:
            self.lstms = SeparateLstms(dims, hidden)
        units = config.heads * config.weights
        self.joint = JointState(hidden, units)
        attended = config.attention
        self.pooling = WordAttention(config.heads, config.weights) if attended else LastWord()
        first, second = config.classifier
        self.classifier = nn.Sequential(  # eq. 10-12
            nn.Linear(units, first),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(first, second),
            nn.ReLU(),
            nn.Dropout(config.dropout),
            nn.Linear(second, len(EMOTIONS)),
        )

    def forward(self, batch: Batch) -> Tensor:
        """Logits ``[B, emotions]``."""
        words = batch.words_of_utterance
        inputs: list[Tensor] = []
        if self.acoustic is not None:
            inputs.append(self.acoustic(self.inputs.frames(batch), batch))
        if self.reads_text:
            inputs.append(self.inputs.words(batch))
        if self.swap_inputs:
            inputs.reverse()
        joint_WJ = self.joint(self.lstms(*inputs, words=words))
        return self.classifier(self.pooling(joint_WJ, words))
