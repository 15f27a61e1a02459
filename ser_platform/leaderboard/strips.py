"""Scores as marks on a strip that is as wide as the page lets it be."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from ser_platform.pages.svg import element

_TICKS = 6
"""At most, so that their numbers do not run into each other on a phone."""
_MARGIN = 1
"""Points at both ends, at least."""
_MIDDLE = "50%"


@dataclass(frozen=True)
class Axis:
    """Shares from ``low`` to ``high``, with ticks at round numbers."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def place(self, share: float) -> str:
        """Where a share lies, as ``37.5%`` of the width."""
        return f"{100 * (share - self.low) / (self.high - self.low):.2f}%"

    @property
    def labels(self) -> list[tuple[str, str]]:
        """Place and number in % of each tick."""
        return [(self.place(tick), f"{100 * tick:.0f}") for tick in self.ticks]


def axis(shares: Iterable[float]) -> Axis:
    """Wide enough for all shares; ends are round."""
    found = [100 * share for share in shares]
    low, high = max(0, min(found) - _MARGIN), min(100, max(found) + _MARGIN)
    ticks = np.asarray(MaxNLocator(_TICKS, steps=[1, 2, 5, 10]).tick_values(low, high)) / 100
    return Axis(ticks[0], ticks[-1], tuple(ticks.tolist()))


def interval(on: Axis, value: float, bounds: tuple[float, float] | None, says: str) -> Markup:
    """A dot with its interval, over the lines of the ticks."""
    marks = [*_grid(on)]
    if bounds is not None:
        low, high = map(on.place, bounds)
        marks.append(element("line", x1=low, x2=high, y1=_MIDDLE, y2=_MIDDLE, class_="bar"))
    marks.append(element("circle", cx=on.place(value), cy=_MIDDLE, r=5, class_="dot"))
    return _strip(says, marks)


def printed(on: Axis, named: Sequence[tuple[str, float]], says: str) -> Markup:
    """Figures without intervals, as grey diamonds, each with its name when pointed at."""
    marks = []
    for name, share in named:
        title = element("title", f"{name}: {100 * share:.1f}")
        diamond = element("polygon", title, points="0,-5.5 5.5,0 0,5.5 -5.5,0", class_="printed")
        # A drawing inside a drawing may be placed in %, which a polygon may not.
        at = {"x": on.place(share), "y": _MIDDLE, "overflow": "visible"}
        marks.append(element("svg", diamond, **at))
    return _strip(says, [*_grid(on), *marks])


def dots(on: Axis, named: Sequence[tuple[str, float]], says: str) -> Markup:
    """Several scores on one strip, each with its name when pointed at."""
    marks = [
        element(
            "circle",
            element("title", f"{name}: {100 * share:.1f}"),
            cx=on.place(share),
            cy=_MIDDLE,
            r=6,
            class_="faint dot",
        )
        for name, share in named
    ]
    return _strip(says, [*_grid(on), *marks])


def _grid(on: Axis) -> list[Markup]:
    return [
        element("line", x1=place, x2=place, y1=0, y2="100%", class_="grid")
        for place, _ in on.labels
    ]


def _strip(says: str, marks: Sequence[Markup]) -> Markup:
    return element("svg", *marks, class_="strip", role="img", aria_label=says)
