"""Learning Alignment for Multimodal Emotion Recognition from Speech (Xu et al. 2019).

What the paper leaves open and what we chose: docs/papers/alignment.md. Shape letters:
B utterances, F frames and W words of all of them, N frames and M words of the longest one,
S state of a BiLSTM (200), H heads, D units of a head (40).
"""

import math

import torch
from torch import Tensor, nn

from ser_platform.config.model import AlignmentConfig
from ser_platform.emotions import EMOTIONS
from ser_platform.models.attention import OverFrames
from ser_platform.models.batch import Batch
from ser_platform.models.inputs import Inputs
from ser_platform.models.recurrence import both_ways_states


class WordFrameAttention(nn.Module):
    """For every word, a weighted mean of its utterance's speech states (eq. 7-9).

    A head sees its own slice of the states: "5 attention heads, each of which includes 40
    weights" (section 4.2). How heads are formed is our reading.
    """

    def __init__(self, heads: int, weights: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(weights)
        self.u_HD = nn.Parameter(torch.empty(heads, weights).uniform_(-bound, bound))
        self.v_HD = nn.Parameter(torch.empty(heads, weights).uniform_(-bound, bound))
        self.b_H = nn.Parameter(torch.zeros(heads))
        self.softmax = OverFrames()

    def forward(self, speech_FS: Tensor, text_WS: Tensor, batch: Batch) -> Tensor:
        """The aligned speech of each word, ``[W, S]``."""
        frames, words = batch.frames_of_utterance, batch.words_of_utterance
        heads, weights = self.u_HD.shape
        speech_FHD = speech_FS.unflatten(1, (heads, weights))
        text_WHD = text_WS.unflatten(1, (heads, weights))
        # u.s_i + v.h_j + b is a sum of one number per frame and one per word: pairs of states
        # are never laid side by side.
        of_frame_BHN = frames.grid(_each_head(speech_FHD, self.u_HD)).permute(1, 2, 0)
        of_word_BHM = words.grid(_each_head(text_WHD, self.v_HD) + self.b_H).permute(1, 2, 0)
        a_BHMN = torch.tanh(of_frame_BHN.unsqueeze(2) + of_word_BHM.unsqueeze(3))  # eq. 7
        alpha_BHMN = self.softmax(a_BHMN, frames.lengths)  # eq. 8
        speech_BHND = frames.grid(speech_FHD).permute(1, 2, 0, 3)
        aligned_BHMD = alpha_BHMN @ speech_BHND  # eq. 9
        return words.rows(aligned_BHMD.permute(2, 0, 1, 3)).flatten(1)


def _each_head(state_RHD: Tensor, weight_HD: Tensor) -> Tensor:
    return torch.einsum("rhd,hd->rh", state_RHD, weight_HD)


class HardAlignment(nn.Module):
    """For every word, the mean of the speech states in its own frames (table 2)."""

    def forward(self, speech_FS: Tensor, _text_WS: Tensor, batch: Batch) -> Tensor:
        """The aligned speech of each word, ``[W, S]``."""
        return batch.frames_by_word.means(speech_FS)


class AlignmentNet(nn.Module):
    """Speech and text read by a BiLSTM each, aligned word by word, fused by a third."""

    def __init__(self, config: AlignmentConfig, inputs: Inputs) -> None:
        super().__init__()
        state = config.heads * config.weights
        self.inputs = inputs
        self.speech = nn.LSTM(inputs.frame_dim, state // 2, bidirectional=True)
        self.text = nn.LSTM(inputs.word_dim, state // 2, bidirectional=True)
        self.alignment = (
            WordFrameAttention(config.heads, config.weights)
            if config.alignment == "learned"
            else HardAlignment()
        )
        self.fusion = nn.LSTM(2 * state, state // 2, bidirectional=True)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(state, len(EMOTIONS))
        self.logit_relu = config.logit_relu

    def forward(self, batch: Batch) -> Tensor:
        """Logits ``[B, emotions]``."""
        frames, words = batch.frames_of_utterance, batch.words_of_utterance
        speech_FS = both_ways_states(self.speech, self.inputs.frames(batch), frames)  # eq. 1-3
        text_WS = both_ways_states(self.text, self.inputs.words(batch), words)  # eq. 4-6
        aligned_WS = self.alignment(speech_FS, text_WS, batch)
        both_WS2 = self.dropout(torch.cat([aligned_WS, text_WS], dim=1))
        fused_WS = both_ways_states(self.fusion, both_WS2, words)  # eq. 10-12
        strongest_BS = words.grid(fused_WS, fill=-torch.inf).amax(dim=0)  # eq. 13
        logits = self.classifier(self.dropout(strongest_BS))
        return logits.relu() if self.logit_relu else logits  # eq. 14; eq. 15 is in the loss
