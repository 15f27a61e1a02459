"""What breaks, and when: drawn from a seed, by the progress of the study and never by a clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Unit = Literal["request", "epoch", "fold"]
"""What progress is counted in, over all runs of the command: requests to the object store, epochs
about to be stored in it, results of folds (trained or scored) about to be stored in it."""


@dataclass(frozen=True)
class Sort:
    """One way in which the world breaks."""

    does: str
    """In words; ``{size}`` is the number drawn."""
    units: tuple[Unit, ...]
    sizes: tuple[int, int] = (1, 1)
    """Smallest and largest."""
    may_lose: bool = False
    """Whether the write that it waits for may get lost with it."""


SORTS: dict[str, Sort] = {
    "kill-worker": Sort("SIGKILL the worker that writes it", ("epoch", "fold"), may_lose=True),
    "kill-worker-twice": Sort(
        "SIGKILL the worker that writes it, and its successor at the same fold's next write",
        ("epoch",),
        may_lose=True,
    ),
    "stop-worker": Sort("SIGSTOP the worker that writes it for {size} s", ("epoch",), (3, 8)),
    "kill-driver": Sort("SIGKILL the driver", ("epoch", "fold"), may_lose=True),
    "kill-head": Sort("SIGKILL Ray's head (its GCS)", ("epoch",)),
    "s3-503": Sort("{size} requests are refused: 503 SlowDown", ("request",), (2, 8)),
    "s3-reset": Sort("{size} requests get no answer: reset", ("request",), (1, 4)),
    "s3-cut": Sort("{size} objects break off while they are read", ("request",), (1, 3)),
    "s3-flip": Sort("{size} objects are read with a byte flipped", ("request",), (1, 2)),
    "s3-slow": Sort("{size} requests take 2 s more", ("request",), (2, 5)),
    "s3-kill": Sort("SIGKILL the S3 server; back after {size} s", ("request", "fold"), (1, 4)),
    "mlflow-kill": Sort("SIGKILL the MLflow server; back after {size} s", ("fold",), (2, 6)),
    "mlflow-hang": Sort("the MLflow server hangs for {size} s", ("fold",), (5, 10)),
}


@dataclass(frozen=True)
class Fault:
    """One thing that breaks once."""

    kind: str
    """A key of :data:`SORTS`."""
    unit: Unit
    at: int
    """It is the n-th of its unit that meets it, from 1."""
    size: int = 1
    loses: bool = False
    """The write that it waits for does not arrive: the process died before, not after."""

    def __str__(self) -> str:
        """As the schedule has it."""
        does = SORTS[self.kind].does.format(size=self.size)
        lost = ", which is lost" if self.loses else ""
        return f"{self.kind:<17} at {self.unit} {self.at}{lost}: {does}"


def draw(
    seed: int, faults: int, reach: dict[Unit, int], kinds: Sequence[str] = ()
) -> tuple[Fault, ...]:
    """The schedule of a seed: as many different kinds as there is room for, in order of drawing.

    Args:
        seed: equal seeds give equal schedules.
        faults: how many.
        reach: how far an undisturbed study gets in each unit, so that every fault comes due.
        kinds: to draw from; all when empty.
    """
    rng = np.random.default_rng(seed)
    known = list(kinds or SORTS)
    rounds = -(-faults // len(known))
    drawn = [known[i] for _ in range(rounds) for i in rng.permutation(len(known))]
    schedule: list[Fault] = []
    for kind in drawn[:faults]:
        schedule.append(_drawn(kind, rng, reach, schedule))
    return tuple(schedule)


def _drawn(
    kind: str, rng: np.random.Generator, reach: dict[Unit, int], before: Sequence[Fault]
) -> Fault:
    sort = SORTS[kind]
    unit = sort.units[rng.integers(len(sort.units))]
    # Two of one moment might be after the same process, which dies only once.
    taken = {fault.at for fault in before if fault.unit == unit}
    free = [at for at in range(1, reach[unit] + 1) if at not in taken]
    low, high = sort.sizes
    return Fault(
        kind,
        unit,
        at=int(rng.choice(free)),
        size=int(rng.integers(low, high, endpoint=True)),
        loses=sort.may_lose and bool(rng.integers(2)),
    )
