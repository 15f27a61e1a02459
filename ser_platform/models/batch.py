"""What a network reads: some utterances, ragged, nothing padded to a maximum."""

from dataclasses import dataclass

import torch
from torch import Tensor

from ser_platform.models.ragged import Sequences, ShortSequences


@dataclass(frozen=True)
class Batch:
    """B utterances of F frames, W words and P phonemes together, one behind the other.

    Every utterance has at least one frame and one word, every word a phoneme, every phoneme a
    frame. Frames of pauses belong to no phoneme; short neighbours may share a frame.
    """

    frames: Tensor
    """float ``[F, D]``, as extracted: not normalised."""
    word_ids: Tensor
    """int64 ``[W]``, rows of the word vectors."""
    labels: Tensor
    """int64 ``[B]``, indices into the emotions."""
    frames_of_utterance: Sequences
    words_of_utterance: Sequences
    phonemes_of_word: ShortSequences
    frames_of_phoneme: ShortSequences
    """Its steps are rows of ``frames``."""

    def to(self, device: torch.device | str) -> "Batch":
        """The same on ``device``; lengths stay on the CPU."""
        return Batch(
            self.frames.to(device),
            self.word_ids.to(device),
            self.labels.to(device),
            self.frames_of_utterance.to(device),
            self.words_of_utterance.to(device),
            self.phonemes_of_word.to(device),
            self.frames_of_phoneme.to(device),
        )
