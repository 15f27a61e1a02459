"""From a batch to numbers a network learns from: normalised frames, word vectors, phonemes."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ser_platform.models.batch import Batch


class Inputs(nn.Module):
    """Frames and functionals as z-scores of the training part; words and phonemes by number.

    Statistics are tables ``[S, D]``: of one row, or of one row for each speaker, of which the
    first is every other speaker's.

    What was taken from the training part is in the state dict, so saved weights are complete.
    Word vectors are in it only when they are learned: frozen ones are the caller's.

    Args:
        frame_dim: values of a frame.
        word_vectors: float ``[V, E]``, the row of each word id of a batch.
        trainable: learns the word vectors too.
        functional_dim: values of an utterance as a whole; 0 where there are none.
        num_phonemes: symbols of phonemes in the corpus.
        num_speakers: speakers of the corpus; 0 where all are normalised alike.
    """

    frame_mean: Tensor
    frame_std: Tensor
    functional_mean: Tensor
    functional_std: Tensor
    phoneme_numbers: Tensor
    vectors: Tensor

    def __init__(
        self,
        frame_dim: int,
        word_vectors: Tensor,
        trainable: bool,
        functional_dim: int = 0,
        num_phonemes: int = 0,
        num_speakers: int = 0,
    ) -> None:
        super().__init__()
        self.frame_dim, self.word_dim = frame_dim, word_vectors.shape[1]
        self.functional_dim, self.num_phonemes = functional_dim, num_phonemes
        self.register_buffer("phoneme_numbers", torch.arange(num_phonemes + 1))
        self.register_buffer("frame_mean", torch.zeros(num_speakers + 1, frame_dim))
        self.register_buffer("frame_std", torch.ones(num_speakers + 1, frame_dim))
        if functional_dim:
            self.register_buffer("functional_mean", torch.zeros(num_speakers + 1, functional_dim))
            self.register_buffer("functional_std", torch.ones(num_speakers + 1, functional_dim))
        if trainable:
            self.vectors = nn.Parameter(word_vectors.clone())
        else:
            self.register_buffer("vectors", word_vectors, persistent=False)

    def set_normalisation(self, mean_SD: Tensor, std_SD: Tensor) -> None:
        """Take the statistics of the frames of the training part; ``std_SD`` is positive."""
        self.frame_mean.copy_(mean_SD)
        self.frame_std.copy_(std_SD)

    def set_functional_normalisation(self, mean_SQ: Tensor, std_SQ: Tensor) -> None:
        """The same of the functionals."""
        self.functional_mean.copy_(mean_SQ)
        self.functional_std.copy_(std_SQ)

    def set_known_phonemes(self, numbers: Tensor) -> None:
        """Read every other phoneme as 0: the training part never says what it is."""
        known = torch.isin(self.phoneme_numbers, numbers)
        self.phoneme_numbers.mul_(known)

    def frames(self, batch: Batch) -> Tensor:
        """Normalised frames ``[F, D]``."""
        if len(self.frame_mean) == 1:
            return (batch.frames - self.frame_mean) / self.frame_std
        speaker_F = batch.speaker_of_frame
        return (batch.frames - self.frame_mean[speaker_F]) / self.frame_std[speaker_F]

    def functionals(self, batch: Batch) -> Tensor:
        """Normalised functionals ``[B, Q]``."""
        if len(self.functional_mean) == 1:
            return (batch.functionals - self.functional_mean) / self.functional_std
        own = batch.speaker_ids
        return (batch.functionals - self.functional_mean[own]) / self.functional_std[own]

    def words(self, batch: Batch) -> Tensor:
        """Word vectors ``[W, E]``."""
        return functional.embedding(batch.word_ids, self.vectors)

    def phonemes(self, batch: Batch) -> Tensor:
        """Numbers ``[P]`` of phonemes that are known, 0 for all others."""
        return self.phoneme_numbers[batch.phoneme_ids]
