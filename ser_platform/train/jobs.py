"""The folds that wait for workers: a queue that outlives the death of a worker."""

import asyncio
from collections import deque
from dataclasses import dataclass, field

import ray

from ser_platform.corpora.folds import Fold
from ser_platform.errors import SerError, TrainingError, WorkersError


@dataclass(frozen=True)
class FoldJob:
    """One fold to be trained, and scored on test if its setting is selected."""

    run_key: str
    fold: Fold
    experiment: str
    """The complete setting as JSON."""
    dataset: tuple[ray.ObjectRef, ...]
    """The resident corpus in Ray's object store; in a tuple, so that Ray passes the
    reference on and each node fetches the arrays once."""
    store: str
    """URL of the object store."""
    score_test: bool

    @property
    def name(self) -> str:
        """Equal for equal work."""
        return (
            f"{self.run_key}/fold{self.fold.number}/{'scored' if self.score_test else 'trained'}"
        )


@dataclass
class _Entry:
    job: FoldJob
    losses: int = 0
    last_error: str = ""
    """What a worker said before it died; empty when it was killed."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    result: str = ""
    error: SerError | None = None


class FoldQueue:
    """A Ray actor: trials submit folds and wait for them; worker groups take and finish them.

    A group that asks for work while it still holds a fold has lost its workers in the middle
    of it: it gets the same fold again, to go on from the last epoch, until it has lost it
    more than ``max_failures`` times.
    """

    def __init__(self, groups: int, max_failures: int) -> None:
        self._groups = groups
        self._started = 0
        self._expected = 0
        self._max_failures = max_failures
        self._no_group = ""
        self._entries: dict[str, _Entry] = {}
        self._waiting: deque[str] = deque()
        self._held: dict[int, str] = {}
        self._turns: dict[int, int] = {}
        self._changed = asyncio.Condition()
        self._closed = False

    async def expect(self, folds: int) -> None:
        """So many folds are about to be submitted: groups need not wait until they are."""
        async with self._changed:
            self._expected = folds
            self._changed.notify_all()

    async def another_group(self) -> bool:
        """Wait until there are more folds than groups; False when the queue is closed instead."""

        def needed() -> bool:
            return self._started < max(self._expected, len(self._waiting) + len(self._held))

        async with self._changed:
            await self._changed.wait_for(lambda: needed() or self._closed)
            if not needed():
                return False
            self._started += 1
            return True

    async def submit(self, job: FoldJob) -> None:
        """Queue a fold; equal work that waits, runs or is done already is not queued again."""
        async with self._changed:
            known = self._entries.get(job.name)
            if known is None or known.error is not None:
                self._entries[job.name] = _Entry(job)
                self._waiting.append(job.name)
                self._give_up_without_groups()
                self._changed.notify_all()

    async def result(self, name: str) -> str:
        """The :class:`FoldResult` of a submitted fold as JSON, once it is there.

        Raises:
            TrainingError: when the fold failed.
            WorkersError: when nobody is left to train it.
        """
        entry = self._entries[name]
        await entry.done.wait()
        if entry.error is not None:
            raise entry.error
        return entry.result

    async def take(self, group: int) -> str | None:
        """The name of the fold a group trains next; None when there is nothing left to do."""
        async with self._changed:
            held = self._held.get(group)
            if held is not None:
                entry = self._entries[held]
                entry.losses += 1
                if entry.losses <= self._max_failures:
                    entry.last_error = ""
                    return held
                reason = entry.last_error or "its process was killed"
                self._finish(
                    group,
                    error=TrainingError(
                        f"fold {entry.job.fold.number} of run {entry.job.run_key} lost its "
                        f"workers {entry.losses} times; the last time: {reason}"
                    ),
                )
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

    async def finish(self, group: int, result: str) -> None:
        """A group hands in the result of the fold it holds."""
        async with self._changed:
            self._finish(group, result=result)

    async def fail(self, group: int, error: str) -> None:
        """A group gives up the fold it holds: trying again would fail again."""
        async with self._changed:
            self._finish(group, error=TrainingError(error))

    async def note_crash(self, group: int, error: str) -> None:
        """A worker of a group is about to die of this; told should it be the last time."""
        name = self._held.get(group)
        if name is not None and not self._entries[name].last_error:
            # The first to die says why; the others only lose their connection to it.
            self._entries[name].last_error = error

    async def end_group(self, group: int, error: str) -> None:
        """A group could not be started, or broke for good; with the last one, all folds fail."""
        async with self._changed:
            self._groups -= 1
            self._started -= 1
            self._no_group = error
            if group in self._held:
                self._finish(group, error=WorkersError(error))
            self._give_up_without_groups()
            self._changed.notify_all()

    async def close(self) -> None:
        """No more folds will come: groups that ask get None."""
        async with self._changed:
            self._closed = True
            self._expected = 0
            self._changed.notify_all()

    async def losses(self) -> dict[str, int]:
        """How often each fold lost its workers; folds that never did are left out."""
        return {name: e.losses for name, e in self._entries.items() if e.losses}

    def _give_up_without_groups(self) -> None:
        while self._groups == 0 and self._waiting:
            entry = self._entries[self._waiting.popleft()]
            entry.error = WorkersError(f"no worker group is left to train: {self._no_group}")
            entry.done.set()

    def _finish(self, group: int, result: str = "", error: SerError | None = None) -> None:
        entry = self._entries[self._held.pop(group)]
        entry.result, entry.error = result, error
        entry.done.set()
