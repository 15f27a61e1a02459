"""How many threads a process that answers takes."""

import torch
from threadpoolctl import threadpool_limits

from ser_platform.config.inputs import FeatureConfig, PretrainedConfig


def spare_threads(features: FeatureConfig) -> None:
    """One for all arithmetic of this process, unless a transformer computes the frames.

    Front ends and networks take thousands of small steps for a recording, in which threads only
    wait for each other, and burn a core each while they do (measured in docs/serve.md).
    """
    if not isinstance(features, PretrainedConfig):
        torch.set_num_threads(1)
        threadpool_limits(1)
