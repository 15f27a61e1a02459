"""What the frames of an utterance come to: enough to normalise by any set of utterances."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ser_platform.features.base import Frames


def moments(utterances: Iterable[Frames], dim: int) -> NDArray[np.float64]:
    """Mean frame of each utterance, and squared deviations from it, summed.

    Deviations are from the utterance's own mean, so that nothing cancels out in the sum.

    Args:
        utterances: frames ``[frames, dim]`` of each; at least one frame.
        dim: values of a frame.

    Returns:
        ``[utterances, 2, dim]``.
    """
    found = [_moments(own) for own in utterances]
    return np.stack(found) if found else np.empty((0, 2, dim))


def _moments(own: Frames) -> NDArray[np.float64]:
    mean = own.mean(axis=0, dtype=np.float64)
    return np.stack([mean, np.square(own - mean).sum(axis=0)])
