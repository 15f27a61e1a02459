"""How one fold is trained.

"Xu" is Xu et al. 2019 (alignment), "Shen" is Shen et al. 2020 (WISE); section numbers are theirs.
"""

from typing import Literal

from pydantic import PositiveInt

from ser_platform.config.sections import NonNegativeFloat, PositiveFloat, Section, Seed


class TrainConfig(Section):
    """How one fold is trained. Adam, best epoch by validation UA."""

    epochs: PositiveInt = 50
    """Not in either paper."""
    batch_size: PositiveInt = 32
    """Utterances per step over all workers; not in either paper."""
    learning_rate: PositiveFloat = 1e-3
    """Adam (Xu, section 4.2; Shen, section 3.2)."""
    learning_rate_decay: NonNegativeFloat = 0.0
    """``lr / (1 + decay * step)``; Shen, section 3.2: 0.001, read in Keras's meaning."""
    l2: NonNegativeFloat = 0.0
    """Added to the gradient as ``l2 * weight``; Shen, section 3.2: 1e-4."""
    clip_norm: PositiveFloat = 5.0
    """Gradients are scaled down to this norm; not in either paper."""
    normalisation: Literal["global", "speaker", "none"] = "global"
    """Z-scores by the training part as a whole, by each of its speakers (any other speaker by
    the mean of theirs), or none. Neither paper says."""
    patience: PositiveInt | None = None
    """Epochs without a better one (validation UA, then loss) before a fold stops; none: all."""
    seed: Seed = 0
