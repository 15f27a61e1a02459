"""Curves of one row: how its folds learned, and whether its probabilities mean what they say."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from ser_platform.evidence.entries import Calibration, Reliability
from ser_platform.pages.svg import element
from ser_platform.results import Epoch, FoldResult

COLOURS = 6
"""Of folds, in the page's style: ``c1`` to ``c6``."""
_WIDTH, _HEIGHT = 340.0, 210.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 38.0, 330.0, 10.0, 176.0
_TICKS = 5


@dataclass(frozen=True)
class _Scale:
    """Values to places on paper; from the first to the last tick."""

    ticks: Sequence[float]
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (value - self.ticks[0]) / (self.ticks[-1] - self.ticks[0])
        return self.start + share * (self.end - self.start)


def colour(fold: int) -> str:
    """The class of a fold, from 1."""
    return f"c{(fold - 1) % COLOURS + 1}"


def curves(
    folds: Sequence[FoldResult], of: Callable[[Epoch], float | None], says: str
) -> Markup | None:
    """A line for each fold over its epochs, its kept epoch a dot; None where there is no value."""
    lines = {fold.fold: _points(fold, of) for fold in folds}
    every = [value for line in lines.values() for value in line.values()]
    if not every:
        return None
    x = _Scale(_round(0, max(len(fold.epochs) for fold in folds)), _LEFT, _RIGHT)
    y = _Scale(_round(min(every), max(every)), _BOTTOM, _TOP)
    marks = [*_axes(x, y, "epoch")]
    for fold in folds:
        line = lines[fold.fold]
        marks.append(_line([(x(n), y(v)) for n, v in line.items()], colour(fold.fold)))
    for fold in folds:
        kept = lines[fold.fold].get(fold.best_epoch)
        if kept is not None:
            title = element("title", f"fold {fold.fold}: epoch {fold.best_epoch}, kept")
            at = {"cx": x(fold.best_epoch), "cy": y(kept), "r": 4.5}
            marks.append(element("circle", title, class_=f"kept {colour(fold.fold)}", **at))
    return _chart(says, marks)


def _points(fold: FoldResult, of: Callable[[Epoch], float | None]) -> dict[int, float]:
    """By epoch; one that diverged has no place on paper."""
    values = {n: of(epoch) for n, epoch in enumerate(fold.epochs, start=1)}
    return {n: value for n, value in values.items() if value is not None and isfinite(value)}


def reliability(found: Calibration) -> Markup:
    """Accuracy over confidence, plain and scaled; bars are shares of the answers."""
    x, y = _Scale(_round(0, 100), _LEFT, _RIGHT), _Scale(_round(0, 100), _BOTTOM, _TOP)
    total = sum(part.utterances for part in found.plain.bins)
    marks = [*_axes(x, y, "probability of the answer, %")]
    marks += [
        element(
            "rect",
            element("title", f"{part.utterances} answers"),
            x=x(100 * part.low) + 1,
            y=y(100 * part.utterances / total),
            width=x(100 * part.high) - x(100 * part.low) - 2,
            height=_BOTTOM - y(100 * part.utterances / total),
            class_="share",
        )
        for part in found.plain.bins
    ]
    marks.append(element("line", x1=x(0), y1=y(0), x2=x(100), y2=y(100), class_="ideal"))
    if found.scaled is not None:
        marks += _reliability_line(found.scaled, x, y, "c2")
    marks += _reliability_line(found.plain, x, y, "c1")
    says = "Reliability: " + ", ".join(
        f"at {100 * part.confidence:.0f} % sure {100 * part.accuracy:.0f} % right"
        for part in found.plain.bins
    )
    return _chart(says, marks)


def _reliability_line(found: Reliability, x: _Scale, y: _Scale, kind: str) -> Iterator[Markup]:
    """Dots grow with their answers: a lone answer is right or wrong, and says little."""
    points = [(x(100 * part.confidence), y(100 * part.accuracy)) for part in found.bins]
    total = sum(part.utterances for part in found.bins)
    yield _line(points, kind)
    for part, (px, py) in zip(found.bins, points, strict=True):
        radius = 2 + 5 * sqrt(part.utterances / total)
        yield element("circle", cx=px, cy=py, r=radius, class_=f"kept {kind}")


def _axes(x: _Scale, y: _Scale, below: str) -> Iterator[Markup]:
    for value in y.ticks:
        yield element("line", x1=_LEFT, x2=_RIGHT, y1=y(value), y2=y(value), class_="grid")
        at = {"x": _LEFT - 5, "y": y(value) + 4, "text_anchor": "end"}
        yield element("text", f"{value:g}", **at)
    for value in x.ticks:
        at = {"x": x(value), "y": _BOTTOM + 15, "text_anchor": "middle"}
        yield element("text", f"{value:g}", **at)
    yield element("line", x1=_LEFT, x2=_RIGHT, y1=_BOTTOM, y2=_BOTTOM, class_="axis")
    yield element("text", below, x=_RIGHT, y=_HEIGHT - 4, text_anchor="end")


def _line(points: Sequence[tuple[float, float]], kind: str) -> Markup:
    text = " ".join(f"{px:.1f},{py:.1f}" for px, py in points)
    return element("polyline", points=text, class_=f"line {kind}")


def _chart(says: str, marks: Sequence[Markup]) -> Markup:
    box = f"0 0 {_WIDTH:g} {_HEIGHT:g}"
    return element("svg", *marks, class_="chart", viewBox=box, role="img", aria_label=says)


def _round(low: float, high: float) -> list[float]:
    """Round numbers around a range that may be a point."""
    spread = max(high - low, 0.01)
    ticks = MaxNLocator(_TICKS, steps=[1, 2, 5, 10]).tick_values(low, low + spread)
    return [float(f"{tick:.6g}") for tick in ticks]
