"""The folds that wait for workers: a queue that outlives the death of a worker."""

import asyncio
from collections import Counter, deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ser_platform.errors import SerError, StudyTakenError, TrainingError, WorkersError
from ser_platform.storage import met
from ser_platform.train.idleness import IDLE_S, Idleness
from ser_platform.train.jobs import FoldJob
from ser_platform.train.queued import QueuedFold
from ser_platform.train.roster import Roster
from ser_platform.train.whereabouts import Whereabouts


@dataclass(frozen=True)
class Standing:
    """How folds and worker groups stand."""

    waiting: int
    """Folds that no group has taken."""
    started: int
    """Groups that were started and did not end."""
    up: int
    """Groups among them whose workers are there."""
    wanted: int
    """Folds that could be trained at once, were there room."""


class FoldQueue:
    """A Ray actor: trials submit folds and wait for them; worker groups take and finish them.

    A group that asks for work while it still holds a fold has lost its workers in the middle
    of it: it gets the same fold again, to go on from the last epoch, until it has lost it
    more than ``max_failures`` times. What finds no memory is not tried again, and what a leaving
    node interrupts counts for nothing.
    """

    def __init__(self, groups: int, max_failures: int, idle_s: float = IDLE_S) -> None:
        self._roster = Roster(groups)
        self._expected = 0
        self._wanted = 0
        self._max_failures = max_failures
        self._idle = Idleness(idle_s)
        self._entries: dict[str, QueuedFold] = {}
        self._unwanted: set[str] = set()
        """Keys of withdrawn runs: what a trial submits before it hears of it is not trained."""
        self._waiting: deque[str] = deque()
        self._held: dict[int, str] = {}
        self._turns: dict[int, int] = {}
        self._where = Whereabouts()
        self._changed = asyncio.Condition()
        self._closed = False
        self._refusal: StudyTakenError | None = None
        self._met: Counter[met.Kind] = Counter()

    # What trials ask.

    async def expect(self, folds: int) -> None:
        """So many folds are about to be submitted: groups need not wait until they are."""
        async with self._changed:
            self._expected = folds
            self._changed.notify_all()

    async def want(self, folds: int) -> None:
        """So many folds could be trained at once, submitted or not: a cluster grows for them."""
        self._wanted = folds

    async def capacity(self) -> int:
        """How many folds can be trained at once as the cluster is now."""
        return self._roster.capacity

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
                entry = self._entries[job.name] = QueuedFold(job)
                if self._refusal is not None:
                    entry.end(error=self._refusal)
                    return
                if job.run_key in self._unwanted and not job.score_test:
                    entry.withdraw()
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
            StudyTakenError: when another process has taken the study over.
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
                    entry.withdraw()
                    if name in self._waiting:
                        self._waiting.remove(name)
            self._changed.notify_all()

    async def refuse(self, error: StudyTakenError) -> None:
        """Another process has the study: all folds end with this, those submitted later too."""
        async with self._changed:
            self._refusal = error
            self._waiting.clear()
            for entry in self._entries.values():
                if not entry.done.is_set():
                    entry.end(error=error)
            self._changed.notify_all()

    async def seconds(self, run_key: str) -> float:
        """Training seconds of a run as far as this queue knows, of withdrawn folds too."""
        return sum(e.seconds for e in self._entries.values() if e.job.run_key == run_key)

    async def losses(self) -> dict[str, int]:
        """How often each fold lost its workers; folds that never did are left out."""
        return {name: e.losses for name, e in self._entries.items() if e.losses}

    async def close(self) -> dict[met.Kind, int]:
        """No more folds will come: groups that ask get None; what the workers' stores met."""
        async with self._changed:
            self._closed = True
            self._expected = 0
            self._changed.notify_all()
            return dict(self._met)

    # What worker groups ask.

    async def join(self, group: int, rank: int, node: str, kernel_kills: int = 0) -> None:
        """A worker of a group is up, on the node of this id.

        Where the kernel has killed more processes for memory than after the group's last epoch,
        one was of this group, if that has lost its workers since.
        """
        if self._where.join(group, rank, node, kernel_kills):
            await self.out_of_memory(group, "the kernel killed its process")

    async def take(self, group: int) -> str | None:
        """The name of the fold a group trains next; None when there is nothing left to do."""
        async with self._changed:
            if group in self._held and self._go_on_after_loss(group):
                return self._held[group]
            if self._where.is_leaving(group):
                return self._dismiss(group)
            turn = self._turns[group] = self._turns.get(group, 0) + 1
            self._idle.begin(group)
            self._changed.notify_all()
            await self._changed.wait_for(
                lambda: (
                    self._waiting
                    or self._closed
                    or self._turns[group] != turn
                    or self._where.is_leaving(group)
                    or group in self._idle.spare
                )
            )
            if self._turns[group] != turn:
                return None  # the restarted group asks in the place of this one
            is_spare = self._idle.end(group)
            if self._where.is_leaving(group) or (is_spare and not self._waiting):
                return self._dismiss(group)
            if not self._waiting:
                return None
            name = self._waiting.popleft()
            self._held[group] = name
            return name

    async def job(self, name: str) -> FoldJob:
        """A fold by name."""
        return self._entries[name].job

    async def report(
        self, group: int, epochs: list[float | None], seconds: float, kernel_kills: int = 0
    ) -> bool:
        """Validation UA of all epochs of the fold a group holds; whether it goes on with it."""
        async with self._changed:
            if group not in self._held:
                return False  # its node was counted as dead, and another has the fold
            entry = self._entries[self._held[group]]
            entry.note(epochs, seconds)
            self._where.note(group, kernel_kills)
            self._changed.notify_all()
            return not entry.withdrawn and not self._where.is_leaving(group)

    async def finish(
        self, group: int, result: str, epochs: Sequence[float | None] = (), seconds: float = 0.0
    ) -> None:
        """A group hands in the result of the fold it holds, with all its epochs."""
        async with self._changed:
            if group in self._held:
                self._entries[self._held[group]].note(list(epochs), seconds)
                self._finish(group, result=result)

    async def fail(self, group: int, error: str) -> None:
        """A group gives up the fold it holds: trying again would fail again."""
        async with self._changed:
            self._finish(group, error=TrainingError(error))

    async def leave(self, group: int) -> None:
        """A group has stopped the fold it holds: it was withdrawn, or the group's node leaves."""
        async with self._changed:
            name = self._held.pop(group, None)
            if name is not None and not self._entries[name].done.is_set():
                self._waiting.appendleft(name)  # perhaps submitted again in the meantime
            self._changed.notify_all()

    async def note_met(self, counts: dict[met.Kind, int]) -> None:
        """What the store of a worker met."""
        self._met.update(counts)

    async def out_of_memory(self, group: int, found: str) -> None:
        """A worker of a group found no memory: trying again would end in the same way."""
        async with self._changed:
            if group in self._held:
                entry = self._entries[self._held[group]]
                self._finish(group, error=entry.without_memory(found))

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
            return self._roster.lacks(max(self._expected, len(self._waiting) + len(self._held)))

        async with self._changed:
            await self._changed.wait_for(lambda: needed() or self._closed)
            return self._roster.start() if needed() else None

    async def follow(
        self,
        groups: int,
        nodes: Collection[str],
        leaving: Collection[str] = (),
        *,
        shrinks: bool = False,
    ) -> Standing:
        """The cluster has room for so many groups, these nodes live, and those of them leave soon.

        Folds of groups on dead nodes go back to the front of the queue: such a group waits
        for room anew, perhaps for longer than the others take. A group on a leaving one ends
        after the epoch that it is in, and its fold goes to the front too. Where the cluster
        ``shrinks``, a group that has had nothing to do for a while ends, so that its node can go.
        """
        async with self._changed:
            self._roster.room = groups
            for group in self._where.follow(nodes, leaving):
                if group in self._held and self._go_on_after_loss(group):
                    self._waiting.appendleft(self._held.pop(group))
            if shrinks and self._idle.look(self._where):
                self._expected = 0  # those have come, or never will
            self._changed.notify_all()
            folds = len(self._waiting) + len(self._held)
            wanted = max(self._wanted, self._expected, folds)
            return Standing(len(self._waiting), len(self._roster), len(self._where), wanted)

    async def end_group(self, group: int, error: str) -> None:
        """A group could not be started, or broke for good; with the last one, all folds fail."""
        async with self._changed:
            self._roster.give_up(group, error)
            self._where.forget(group)
            self._finish(group, error=WorkersError(error))
            self._give_up_without_groups()
            self._changed.notify_all()

    def _dismiss(self, group: int) -> None:
        """A group ends, with its node or before it; another may be started in its place."""
        self._roster.dismiss(group)
        self._where.forget(group)
        self._changed.notify_all()

    def _go_on_after_loss(self, group: int) -> bool:
        """Count that a group lost the fold it holds; False: it holds none any more."""
        entry = self._entries[self._held[group]]
        if entry.withdrawn:
            del self._held[group]
            return False
        entry.losses += not self._where.excuse(group)
        if entry.losses <= self._max_failures:
            entry.last_error = ""
            return True
        self._finish(group, error=entry.lost())
        return False

    def _give_up_without_groups(self) -> None:
        while self._roster.is_hopeless and self._waiting:
            error = WorkersError(f"no worker group is left to train: {self._roster.why_broken}")
            self._entries[self._waiting.popleft()].end(error=error)

    def _finish(self, group: int, result: str = "", error: SerError | None = None) -> None:
        """What a group holds is done; no word of a group that holds nothing any more counts."""
        name = self._held.pop(group, None)
        if name is not None:
            entry = self._entries[name]
            entry.job = entry.job.without_ids
            entry.end(result, error)
            self._changed.notify_all()
