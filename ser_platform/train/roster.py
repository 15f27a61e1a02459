"""Which worker groups were started, and for how many there is room."""


class Roster:
    """Of the groups of a study: numbered in the order of their start, for as long as they last."""

    def __init__(self, room: int) -> None:
        self.room = room
        """Groups that the cluster holds."""
        self.why_broken = ""
        """What the last group that broke had to say."""
        self._broken = 0
        self._started: set[int] = set()
        self._numbered = 0

    def __len__(self) -> int:
        return len(self._started)

    @property
    def capacity(self) -> int:
        """How many can work at once: a group that broke leaves its room empty."""
        return max(0, self.room - self._broken)

    @property
    def is_hopeless(self) -> bool:
        """Nobody is left, and nobody can be started."""
        return not self._started and self.capacity == 0

    def lacks(self, folds: int) -> bool:
        """Whether another group has room, and work among so many folds."""
        return len(self._started) < min(folds, self.capacity)

    def start(self) -> int:
        """The number of another group."""
        self._numbered += 1
        self._started.add(self._numbered - 1)
        return self._numbered - 1

    def dismiss(self, group: int) -> None:
        """It has ended; another may be started in its place."""
        self._started.discard(group)

    def give_up(self, group: int, why: str) -> None:
        """It could not be started, or broke for good: none takes its place."""
        self._started.discard(group)
        self._broken += 1
        self.why_broken = why
