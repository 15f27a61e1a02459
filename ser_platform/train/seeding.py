"""The one place where torch's global generators are seeded."""

import numpy as np
import torch


def seed_everything(*key: int) -> None:
    """Seed torch on all devices from a key such as (seed, fold, epoch, rank).

    Every epoch starts from its own key, so a resumed fold draws what an undisturbed one
    would have drawn, and no generator state needs to be kept.
    """
    seed = np.random.SeedSequence(key).generate_state(1, np.uint64)[0]
    torch.manual_seed(int(seed))  # noqa: TID251  # this is the place
