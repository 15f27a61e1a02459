"""On which nodes worker groups lie, and what becomes of those nodes."""

from collections.abc import Collection


class Whereabouts:
    """Of groups whose workers are up."""

    def __init__(self) -> None:
        self._nodes: dict[int, dict[int, str]] = {}
        """Group -> rank -> node."""
        self._kernel_kills: dict[tuple[int, str], int] = {}
        """Of a group's node, as the group saw it last."""
        self._leaving: frozenset[str] = frozenset()
        self._excused: set[int] = set()
        """Groups that were on a leaving node: should they lose their workers, that is why."""

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, group: int) -> bool:
        return group in self._nodes

    def join(self, group: int, rank: int, node: str, kernel_kills: int) -> bool:
        """A worker is up; whether the kernel has killed more on its node than the group knew."""
        known = self._kernel_kills.get((group, node), kernel_kills)
        self._kernel_kills[group, node] = kernel_kills
        self._nodes.setdefault(group, {})[rank] = node
        return kernel_kills > known

    def note(self, group: int, kernel_kills: int) -> None:
        """So many were killed for memory, and rank 0 of a group lives."""
        if group in self._nodes:
            self._kernel_kills[group, self._nodes[group][0]] = kernel_kills

    def forget(self, group: int) -> None:
        """A group has ended."""
        self._nodes.pop(group, None)
        self._excused.discard(group)

    def follow(self, nodes: Collection[str], leaving: Collection[str]) -> list[int]:
        """These nodes live, and those of them leave soon; groups that lay on any other."""
        self._leaving = frozenset(leaving)
        self._excused.update(group for group in self._nodes if self.is_leaving(group))
        gone = [group for group, on in self._nodes.items() if not set(on.values()) <= set(nodes)]
        for group in gone:
            del self._nodes[group]
        return gone

    def is_leaving(self, group: int) -> bool:
        """Whether a node that a group lies on is about to be taken away."""
        return not self._leaving.isdisjoint(self._nodes.get(group, {}).values())

    def excuse(self, group: int) -> bool:
        """A group has lost its workers; whether its node had said that it would leave."""
        excused = group in self._excused
        self._excused.discard(group)
        return excused
