"""Attention weights: where they are made, and how one gets to see them.

Every network makes its weights in one of the two layers here, so they can be read off any
network, by the name of the layer, without a network knowing that somebody looks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from ser_platform.models.batch import Batch
from ser_platform.models.ragged import Sequences


class OverSteps(nn.Module):
    """Weights over the steps of each sequence: a softmax that ends where the sequence does.

    Args:
        stride: frames from one step to the next; of no meaning over words.
    """

    def __init__(self, stride: int = 1) -> None:
        super().__init__()
        self.stride = stride

    def forward(self, energies_RH: Tensor, sequences: Sequences) -> Tensor:
        """``[R, H]`` to a grid ``[T, S, H]`` that sums to one over the steps of a sequence."""
        return sequences.grid(energies_RH, fill=-torch.inf).softmax(dim=0)


class OverFrames(nn.Module):
    """Weights over the frames of an utterance, for each of its words."""

    def forward(self, energies_BHMN: Tensor, num_frames_B: Tensor) -> Tensor:
        """Energies of N frames for M words to weights that sum to one over an utterance's own."""
        behind_BN = torch.arange(energies_BHMN.shape[3]) >= num_frames_B[:, None]
        behind_BN = behind_BN.to(energies_BHMN.device)
        return energies_BHMN.masked_fill(behind_BN[:, None, None], -torch.inf).softmax(dim=3)


@dataclass(frozen=True)
class Weights:
    """What one layer attends to in one utterance."""

    over: Literal["frames", "words"]
    stride: int
    """Frames from one step to the next; 1 over words."""
    values: Tensor
    """``[heads, steps]``, or ``[heads, words, frames]`` where every word has weights of its own;
    they sum to one over the last axis."""


def attention(network: nn.Module, batch: Batch) -> dict[str, tuple[Weights, ...]]:
    """What every attention layer of a network attends to in each utterance, by its name.

    Names are those of the modules, such as ``audio.pooling``; a network without attention has
    none.
    """
    return answers_with_attention(network, batch)[1]


def answers_with_attention(
    network: nn.Module, batch: Batch
) -> tuple[Tensor, dict[str, tuple[Weights, ...]]]:
    """The logits ``[B, emotions]`` of a network that does not train, and its :func:`attention`."""
    found: dict[str, tuple[Weights, ...]] = {}

    def looking(name: str) -> Callable[[nn.Module, Any, Tensor], None]:
        def look(layer: nn.Module, given: Any, alpha: Tensor) -> None:
            if isinstance(layer, OverSteps):
                found[name] = _of_steps(batch, layer.stride, given[1], alpha)
            else:
                found[name] = _of_words(batch, alpha)

        return look

    layers = [
        (name.rpartition(".")[0], layer)
        for name, layer in network.named_modules()
        if isinstance(layer, OverSteps | OverFrames)
    ]
    handles = [layer.register_forward_hook(looking(name)) for name, layer in layers]
    was_training = network.training
    try:
        with torch.inference_mode():
            logits: Tensor = network.eval()(batch)
    finally:
        network.train(was_training)
        for handle in handles:
            handle.remove()
    return logits, found


def _of_steps(
    batch: Batch, stride: int, sequences: Sequences, alpha_TSH: Tensor
) -> tuple[Weights, ...]:
    # The table that a softmax ran over says what its steps are.
    over = "words" if sequences is batch.words_of_utterance else "frames"
    lengths = enumerate(sequences.lengths.tolist())
    return tuple(Weights(over, stride, alpha_TSH[:length, row].T.cpu()) for row, length in lengths)


def _of_words(batch: Batch, alpha_BHMN: Tensor) -> tuple[Weights, ...]:
    sizes = enumerate(zip(batch.num_words.tolist(), batch.num_frames.tolist(), strict=True))
    return tuple(
        Weights("frames", 1, alpha_BHMN[row, :, :words, :frames].cpu())
        for row, (words, frames) in sizes
    )
