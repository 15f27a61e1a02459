"""Architectures: one file each. They read a :class:`~ser_platform.models.batch.Batch`."""

from typing import TYPE_CHECKING

from ser_platform.config.model import AlignmentConfig, ModelConfig, WiseConfig

if TYPE_CHECKING:
    from torch import Tensor

    from ser_platform.models.alignment import AlignmentNet
    from ser_platform.models.wise import WiseNet

    Network = AlignmentNet | WiseNet


def build_model(
    config: ModelConfig, frame_dim: int, word_vectors: "Tensor", trainable_vectors: bool
) -> "Network":
    """The network a ``model:`` section describes, freshly initialised from torch's generator.

    Args:
        config: the section.
        frame_dim: values of a frame.
        word_vectors: float ``[V, E]``, the row of each word id of a batch.
        trainable_vectors: True learns the word vectors too, and saves them with the weights;
            otherwise they are not part of the state dict.
    """
    from ser_platform.models.inputs import Inputs

    inputs = Inputs(frame_dim, word_vectors, trainable_vectors)
    match config:
        case AlignmentConfig():
            from ser_platform.models.alignment import AlignmentNet

            return AlignmentNet(config, inputs)
        case WiseConfig():
            from ser_platform.models.wise import WiseNet

            return WiseNet(config, inputs)
