"""The folds that wait for workers: a queue that outlives the death of a worker."""

import asyncio
from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from ser_platform.errors import SerError, TrainingError, WithdrawnError, WorkersError
from ser_platform.train.jobs import FoldJob


@dataclass(frozen=True)
class Standing:
    """How folds and worker groups stand."""

    waiting: int
    """Folds that no group has taken."""
    started: int
    """Groups that were started and did not end."""
    up: int
    """Groups among them whose workers are there."""


@dataclass
class _Entry:
    job: FoldJob
    losses: int = 0
    last_error: str = ""
    """What a worker said before it died; empty when it was killed."""
    epochs: list[float | None] = field(default_factory=list)
    """Validation UA."""
    seconds: float = 0.0
    done: asyncio.Event = field(default_factory=asyncio.Event)
    result: str = ""
    error: SerError | None = None

    @property
    def withdrawn(self) -> bool:
        return isinstance(self.error, WithdrawnError)


class FoldQueue:
    """A Ray actor: trials submit folds and wait for them; worker groups take and finish them.

    A group that asks for work while it still holds a fold has lost its workers in the middle
    of it: it gets the same fold again, to go on from the last epoch, until it has lost it
    more than ``max_failures`` times.
    """

    def __init__(self, groups: int, max_failures: int) -> None:
        self._room = groups
        self._broken = 0
        self._started: set[int] = set()
        self._numbered = 0
        self._expected = 0
        self._max_failures = max_failures
        self._no_group = ""
        self._entries: dict[str, _Entry] = {}
        self._unwanted: set[str] = set()
        """Keys of withdrawn runs: what a trial submits before it hears of it is not trained."""
        self._waiting: deque[str] = deque()
        self._held: dict[int, str] = {}
        self._turns: dict[int, int] = {}
        self._nodes: dict[int, dict[int, str]] = {}
        """Group -> rank -> the node it lies on, of groups whose workers are up."""
        self._changed = asyncio.Condition()
        self._closed = False

    # What trials ask.

    async def expect(self, folds: int) -> None:
        """So many folds are about to be submitted: groups need not wait until they are."""
        async with self._changed:
            self._expected = folds
            self._changed.notify_all()

    async def capacity(self) -> int:
        """How many folds can be trained at once as the cluster is now."""
        return max(0, self._room - self._broken)

    async def admit(self, run_key: str) -> None:
        """The folds of a run are wanted, perhaps again."""
        self._unwanted.discard(run_key)

    async def submit(self, job: FoldJob) -> None:
        """Queue a fold; equal work that waits, runs or is done already is not queued again.

        One that failed or was withdrawn is, and goes on from its last stored epoch. A fold to be
        trained of a run that is not wanted counts as withdrawn at once; who scores wants it.
        """
        async with self._changed:
            known = self._entries.get(job.name)
            if known is None or known.error is not None:
                entry = self._entries[job.name] = _Entry(job)
                if job.run_key in self._unwanted and not job.score_test:
                    self._withdraw(entry)
                    return
                # A group may still be in the last epoch of one that was withdrawn: it goes on.
                if job.name not in self._held.values():
                    self._waiting.append(job.name)
                self._give_up_without_groups()
                self._changed.notify_all()

    async def epochs(self, name: str, after: int) -> list[float | None]:
        """Validation UA of the epochs of a submitted fold behind the first ``after``.

        Waits until there are some, or the fold is done, failed or withdrawn: then what is
        there, perhaps nothing; :meth:`result` tells how it ended.
        """
        entry = self._entries[name]
        async with self._changed:
            await self._changed.wait_for(lambda: len(entry.epochs) > after or entry.done.is_set())
            return entry.epochs[after:]

    async def result(self, name: str) -> str:
        """The :class:`FoldResult` of a submitted fold as JSON, once it is there.

        Raises:
            TrainingError: when the fold failed.
            WithdrawnError: when it was withdrawn.
            WorkersError: when nobody is left to train it.
        """
        entry = self._entries[name]
        await entry.done.wait()
        if entry.error is not None:
            raise entry.error
        return entry.result

    async def withdraw(self, run_key: str) -> None:
        """The folds of a run are not wanted any more, until it is admitted again.

        Those that wait leave the queue, one in training stops after its epoch and keeps its
        progress in the store.
        """
        async with self._changed:
            self._unwanted.add(run_key)
            for name, entry in self._entries.items():
                if entry.job.run_key == run_key and not entry.done.is_set():
                    self._withdraw(entry)
                    if name in self._waiting:
                        self._waiting.remove(name)
            self._changed.notify_all()

    async def seconds(self, run_key: str) -> float:
        """Training seconds of a run as far as this queue knows, of withdrawn folds too."""
        return sum(e.seconds for e in self._entries.values() if e.job.run_key == run_key)

    async def losses(self) -> dict[str, int]:
        """How often each fold lost its workers; folds that never did are left out."""
        return {name: e.losses for name, e in self._entries.items() if e.losses}

    async def close(self) -> None:
        """No more folds will come: groups that ask get None."""
        async with self._changed:
            self._closed = True
            self._expected = 0
            self._changed.notify_all()

    # What worker groups ask.

    async def join(self, group: int, rank: int, node: str) -> None:
        """A worker of a group is up, on the node of this id."""
        self._nodes.setdefault(group, {})[rank] = node

    async def take(self, group: int) -> str | None:
        """The name of the fold a group trains next; None when there is nothing left to do."""
        async with self._changed:
            if group in self._held and self._go_on_after_loss(group):
                return self._held[group]
            turn = self._turns[group] = self._turns.get(group, 0) + 1
            self._changed.notify_all()
            await self._changed.wait_for(
                lambda: self._waiting or self._closed or self._turns[group] != turn
            )
            if self._turns[group] != turn or not self._waiting:
                return (
                    None  # nothing is left, or the restarted group asks in the place of this one
                )
            name = self._waiting.popleft()
            self._held[group] = name
            return name

    async def job(self, name: str) -> FoldJob:
        """A fold by name."""
        return self._entries[name].job

    async def report(self, group: int, epochs: list[float | None], seconds: float) -> bool:
        """Validation UA of all epochs of the fold a group holds; whether it is still wanted."""
        async with self._changed:
            if group not in self._held:
                return False  # its node was counted as dead, and another has the fold
            entry = self._entries[self._held[group]]
            entry.epochs, entry.seconds = epochs, seconds
            self._changed.notify_all()
            return not entry.withdrawn

    async def finish(
        self, group: int, result: str, epochs: Sequence[float | None] = (), seconds: float = 0.0
    ) -> None:
        """A group hands in the result of the fold it holds, with all its epochs."""
        async with self._changed:
            if group in self._held:
                entry = self._entries[self._held[group]]
                entry.epochs, entry.seconds = list(epochs), seconds
                self._finish(group, result=result)

    async def fail(self, group: int, error: str) -> None:
        """A group gives up the fold it holds: trying again would fail again."""
        async with self._changed:
            self._finish(group, error=TrainingError(error))

    async def leave(self, group: int) -> None:
        """A group has stopped the fold it holds, because it was withdrawn."""
        async with self._changed:
            name = self._held.pop(group, None)
            if name is not None and not self._entries[name].done.is_set():
                self._waiting.appendleft(name)  # submitted again in the meantime
            self._changed.notify_all()

    async def note_crash(self, group: int, error: str) -> None:
        """A worker of a group is about to die of this; told should it be the last time."""
        name = self._held.get(group)
        if name is not None and not self._entries[name].last_error:
            # The first to die says why; the others only lose their connection to it.
            self._entries[name].last_error = error

    # What the pool asks.

    async def next_group(self) -> int | None:
        """Wait until another group has room and work; its number, or None once closed."""

        def needed() -> bool:
            wanted = max(self._expected, len(self._waiting) + len(self._held))
            return len(self._started) < min(wanted, self._room - self._broken)

        async with self._changed:
            await self._changed.wait_for(lambda: needed() or self._closed)
            if not needed():
                return None
            number = self._numbered
            self._numbered += 1
            self._started.add(number)
            return number

    async def follow(self, groups: int, nodes: Collection[str]) -> Standing:
        """The cluster has room for so many groups, and these nodes live.

        Folds of groups on other nodes go back to the front of the queue: such a group waits
        for room anew, perhaps for longer than the others take.
        """
        async with self._changed:
            self._room = groups
            for group, on in list(self._nodes.items()):
                if not set(on.values()) <= set(nodes):
                    del self._nodes[group]
                    if group in self._held and self._go_on_after_loss(group):
                        self._waiting.appendleft(self._held.pop(group))
            self._changed.notify_all()
            return Standing(len(self._waiting), len(self._started), len(self._nodes))

    async def end_group(self, group: int, error: str) -> None:
        """A group could not be started, or broke for good; with the last one, all folds fail."""
        async with self._changed:
            self._broken += 1
            self._started.discard(group)
            self._nodes.pop(group, None)
            self._no_group = error
            self._finish(group, error=WorkersError(error))
            self._give_up_without_groups()
            self._changed.notify_all()

    def _withdraw(self, entry: _Entry) -> None:
        entry.error = WithdrawnError(
            f"fold {entry.job.fold.number} of run {entry.job.run_key} was withdrawn after "
            f"{len(entry.epochs)} epochs"
        )
        entry.done.set()

    def _go_on_after_loss(self, group: int) -> bool:
        """Count that a group lost the fold it holds; False: it holds none any more."""
        entry = self._entries[self._held[group]]
        if entry.withdrawn:
            del self._held[group]
            return False
        entry.losses += 1
        if entry.losses <= self._max_failures:
            entry.last_error = ""
            return True
        reason = entry.last_error or "its process was killed"
        self._finish(
            group,
            error=TrainingError(
                f"fold {entry.job.fold.number} of run {entry.job.run_key} lost its "
                f"workers {entry.losses} times; the last time: {reason}"
            ),
        )
        return False

    def _give_up_without_groups(self) -> None:
        while self._broken >= self._room and not self._started and self._waiting:
            entry = self._entries[self._waiting.popleft()]
            entry.error = WorkersError(f"no worker group is left to train: {self._no_group}")
            entry.done.set()

    def _finish(self, group: int, result: str = "", error: SerError | None = None) -> None:
        """What a group holds is done; no word of a group that holds nothing any more counts."""
        name = self._held.pop(group, None)
        if name is not None:
            entry = self._entries[name]
            entry.result, entry.error = result, error
            entry.done.set()
            self._changed.notify_all()
