"""From a batch to numbers a network learns from: normalised frames, word vectors."""

import torch
from torch import Tensor, nn
from torch.nn import functional

from ser_platform.models.batch import Batch


class Inputs(nn.Module):
    """Frames as z-scores of the training part, and the vector of every word.

    Frame statistics are part of the state dict, so saved weights are complete. Word vectors are
    part of it only when they are learned: frozen ones are the caller's.
    """

    frame_mean: Tensor
    frame_std: Tensor
    vectors: Tensor

    def __init__(self, frame_dim: int, word_vectors: Tensor, trainable: bool) -> None:
        super().__init__()
        self.frame_dim, self.word_dim = frame_dim, word_vectors.shape[1]
        self.register_buffer("frame_mean", torch.zeros(frame_dim))
        self.register_buffer("frame_std", torch.ones(frame_dim))
        if trainable:
            self.vectors = nn.Parameter(word_vectors.clone())
        else:
            self.register_buffer("vectors", word_vectors, persistent=False)

    def set_normalisation(self, mean_D: Tensor, std_D: Tensor) -> None:
        """Take the statistics of the training part; ``std_D`` is positive."""
        self.frame_mean.copy_(mean_D)
        self.frame_std.copy_(std_D)

    def frames(self, batch: Batch) -> Tensor:
        """Normalised frames ``[F, D]``."""
        return (batch.frames - self.frame_mean) / self.frame_std

    def words(self, batch: Batch) -> Tensor:
        """Word vectors ``[W, E]``."""
        return functional.embedding(batch.word_ids, self.vectors)
