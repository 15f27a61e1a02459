"""In which settings the rows of a group differ."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ser_platform.leaderboard.rank import Group
from ser_platform.tracking.layout import params

_NO_RESULT = ("name", "cluster.", "study.", "tracking.", "store.", "cache.")
"""Settings that change no number."""


@dataclass(frozen=True)
class Setting:
    """A setting in which the rows of a group differ."""

    name: str
    value: str
    elsewhere: str


def differing(group: Group) -> list[tuple[Setting, ...]]:
    """Of each row the settings that it has and in which not all rows agree."""
    rows = [params(row.result) for row in group.rows]
    return [tuple(_of(own, rows)) for own in rows]


def _of(own: dict[str, str], rows: Sequence[dict[str, str]]) -> Iterator[Setting]:
    for name, value in sorted(own.items()):
        others = _others(name, own, rows)
        if not name.startswith(_NO_RESULT) and any(other != value for other in others):
            yield Setting(name, value, ", ".join(others))


def _others(name: str, own: dict[str, str], rows: Sequence[dict[str, str]]) -> list[str]:
    """What the other rows have instead, without repetition."""
    return list(dict.fromkeys(row.get(name, "not there") for row in rows if row is not own))
