"""Adam's state as plain tensors by name, so that it is stored without a pickle."""

import torch
from torch import Tensor


def flatten(optimizer: torch.optim.Adam) -> dict[str, Tensor]:
    """Adam's moments by ``<parameter>.<name>``: plain tensors, no pickle."""
    state = optimizer.state_dict()["state"]
    return {f"{i}.{name}": v.cpu() for i, entry in state.items() for name, v in entry.items()}


def restore(optimizer: torch.optim.Adam, flat: dict[str, Tensor]) -> None:
    """Take what :func:`flatten` gave; nothing when it is empty."""
    if not flat:
        return
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        index, name = key.split(".", 1)
        state.setdefault(int(index), {})[name] = value
    optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
