"""What a training process knows of the others: nothing more than sums and one device."""

from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

_CPU = torch.device("cpu")


@dataclass(frozen=True)
class Ranks:
    """This process among the DDP workers of a fold."""

    rank: int = 0
    world: int = 1
    device: torch.device = _CPU
    gpus: float = 0.0
    """GPUs that this process holds, perhaps a share of one."""

    def sum(self, values: Tensor) -> Tensor:
        """The sum of ``values`` over all workers, in place."""
        if self.world > 1:
            dist.all_reduce(values)
        return values

    def agree(self, answer: bool) -> bool:
        """What rank 0 says, on every rank."""
        if self.world == 1:
            return answer
        said = torch.tensor(answer and self.rank == 0, dtype=torch.uint8, device=self.device)
        return bool(self.sum(said).item())

    def wait(self) -> None:
        """Return once every worker has come here."""
        self.sum(torch.zeros((), device=self.device)).item()  # reading it waits for a GPU too

    def wrap(self, model: nn.Module) -> nn.Module:
        """The model with gradients averaged over the workers."""
        if self.world == 1:
            return model
        # Buffers never change: normalisation and frozen word vectors, equal from the start.
        return DistributedDataParallel(
            model, forward_sync_buffers=False, gradient_as_bucket_view=True
        )
