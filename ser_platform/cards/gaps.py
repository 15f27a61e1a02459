"""How far a system's groups of people and utterances lie apart."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ser_platform.evidence.entries import Subgroup, Trait

_TRAITS: tuple[Trait, ...] = ("sex", "style", "length", "speaker")
"""In the order in which a card has them."""


class Gap(NamedTuple):
    """The best and the worst group of one trait, by UA."""

    trait: Trait
    best: Subgroup
    worst: Subgroup

    @property
    def points(self) -> float:
        """Between their UA, in points of a hundred."""
        return 100 * (self.best.ua - self.worst.ua)

    def __str__(self) -> str:
        """``11.0 points of UA by sex: F 61.0 %, M 50.0 %``."""
        return (
            f"{self.points:.1f} points of UA by {self.trait}: {self.best.name} "
            f"{self.best.ua:.1%}, {self.worst.name} {self.worst.ua:.1%}"
        )


def gaps(subgroups: Sequence[Subgroup]) -> list[Gap]:
    """Of every trait that is known."""
    return list(_gaps(subgroups))


def _gaps(subgroups: Sequence[Subgroup]) -> Iterator[Gap]:
    for trait in _TRAITS:
        own = sorted((g for g in subgroups if g.trait == trait), key=lambda group: group.ua)
        if own:
            yield Gap(trait, own[-1], own[0])


def largest(found: Sequence[Gap]) -> Gap | None:
    """The largest gap between groups of several people; speakers are single ones."""
    of_groups = [gap for gap in found if gap.trait != "speaker"]
    return max(of_groups, key=lambda gap: gap.points, default=None)
