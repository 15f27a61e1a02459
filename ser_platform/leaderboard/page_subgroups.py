"""For whom a row works: its speakers, and groups of utterances that have a trait in common."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from ser_platform.evidence.entries import Subgroup, Trait
from ser_platform.leaderboard.rank import Row
from ser_platform.leaderboard.strips import Axis, axis, dots, interval

TRAITS: dict[Trait, str] = {
    "sex": "Sex",
    "style": "Style",
    "length": "Length",
    "wer": "Word errors",
}
"""In the order of the page; speakers have a strip of their own."""
_NAMES = {"F": "women", "M": "men"}


@dataclass(frozen=True)
class Part:
    """One subgroup."""

    name: str
    group: Subgroup
    strip: Markup


@dataclass(frozen=True)
class Subgroups:
    """All of a row, on one axis."""

    axis: Axis
    speakers: Markup | None
    extremes: str
    """Of speakers, in words."""
    traits: tuple[tuple[str, tuple[Part, ...]], ...]


def subgroups(row: Row) -> Subgroups:
    """What is known of the utterances of a row; an older result may know of speakers alone."""
    found = row.evidence.subgroups
    speakers = [(s.name, s.ua) for s in found if s.trait == "speaker"]
    ends = [end for s in found for end in s.ua_interval or ()]
    on = axis([row.ua, *ends, *(s.ua for s in found)])
    return Subgroups(
        axis=on,
        speakers=dots(on, speakers, _spoken(speakers)) if speakers else None,
        extremes=_extremes(speakers),
        traits=tuple(_traits(found, on)),
    )


def _spoken(speakers: Sequence[tuple[str, float]]) -> str:
    return "UA by speaker: " + ", ".join(f"{name} {100 * ua:.1f}" for name, ua in speakers)


def _extremes(speakers: Sequence[tuple[str, float]]) -> str:
    if not speakers:
        return ""
    (worst, low), (best, high) = (f(speakers, key=lambda s: s[1]) for f in (min, max))
    return f"{len(speakers)} speakers, from {worst} ({100 * low:.1f}) to {best} ({100 * high:.1f})"


def _traits(subgroups: Sequence[Subgroup], on: Axis) -> Iterator[tuple[str, tuple[Part, ...]]]:
    for trait, title in TRAITS.items():
        own = [s for s in subgroups if s.trait == trait]
        if own:
            yield title, tuple(_part(s, on) for s in own)


def _part(group: Subgroup, on: Axis) -> Part:
    name = _NAMES.get(group.name, group.name)
    bounds = group.ua_interval
    said = "" if bounds is None else f", interval {100 * bounds[0]:.1f} to {100 * bounds[1]:.1f}"
    return Part(name, group, interval(on, group.ua, bounds, f"UA {100 * group.ua:.1f}{said}"))
