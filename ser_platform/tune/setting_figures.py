"""Figures of the settings of one architecture: UA against each, and all of them together."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure as Sheet
from numpy.typing import NDArray

from ser_platform.config.study import Choice, Domain, LogUniform, SearchSpace
from ser_platform.tune.picture import BAD, INK, SOFT, Missing, Picture, picture
from ser_platform.tune.record import Record, best, short_names, shown_value
from ser_platform.tune.selection import Score

_SHADES = LinearSegmentedColormap.from_list("ua", ["#d9dfe8", "#8fa8cd", "#3b5b92", "#14233b"])
_PER_ROW = 4


class _Scale(NamedTuple):
    """How one setting is laid out along an axis."""

    at: Mapping[str, float]
    """Value as text -> place between 0 and 1, for choices; else empty."""
    low: float
    high: float
    log: bool

    def place(self, value: Any) -> float:
        """Between 0 and 1."""
        if self.at:
            return self.at[str(value)]
        low, high, x = (math.log(v) if self.log else v for v in (self.low, self.high, value))
        return (x - low) / (high - low)

    @property
    def ticks(self) -> tuple[list[float], list[str]]:
        """Places and what is written there."""
        if self.at:
            return list(self.at.values()), [shown_value(_number(v)) for v in self.at]
        middle = math.sqrt(self.low * self.high) if self.log else (self.low + self.high) / 2
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        values = [self.low, round(middle) if whole else middle, self.high]
        return [self.place(v) for v in values], [
            f"{v:.2g}" if self.log else f"{v:.3g}" for v in values
        ]


def slices(
    found: Sequence[Record], architecture: str, space: SearchSpace, score: Score
) -> Picture | Missing:
    """UA against each setting; the later a trial, the darker it is."""
    own = _own(found, architecture)
    if not own or not space:
        return _missing("slices", architecture, space)
    cut = [
        r
        for r in found
        if r.architecture == architecture and r.state == "pruned" and r.val_ua is not None
    ]
    names = short_names(space)
    across = min(_PER_ROW, len(space))
    down = math.ceil(len(space) / across)
    top = best(own)

    def paint(figure: Sheet) -> None:
        grid = figure.subplots(down, across, sharey=True, squeeze=False)
        for axes in grid.flat[len(space) :]:
            axes.remove()
        for axes, (setting, domain) in zip(grid.flat, space.items(), strict=False):
            scale = _scale(domain, setting, found)
            _slice(axes, scale, setting, own, cut)
            if top is not None and setting in top.settings:
                at = scale.place(top.settings[setting]), 100 * (top.val_ua or 0)
                axes.scatter(*at, s=95, c="none", edgecolors=BAD, linewidths=1.4)
            axes.set_xlabel(names[setting])
        for row in grid:
            row[0].set_ylabel(f"{score.words}, %")
        figure.suptitle(f"{architecture}: UA against each setting", x=0.01, ha="left",
                        weight="bold", fontsize=11.5)  # fmt: skip

    caption = (
        "Dots: complete trials, the later the darker; ringed: the best. Triangles: pruned ones, "
        "mean over the folds they were given. Trials differ in all settings at once, so a slope "
        "here is no effect by itself."
    )
    return picture(f"slices-{architecture}", caption, paint, (10.6, 0.5 + 2.5 * down))


def parallel(
    found: Sequence[Record], architecture: str, space: SearchSpace, score: Score
) -> Picture | Missing:
    """A line for each complete trial through its settings to its UA."""
    own = _own(found, architecture)
    if not own or not space:
        return _missing("parallel coordinates", architecture, space)
    names, top = short_names(space), best(own)
    uas = np.array([100 * (r.val_ua or 0) for r in own])
    low, high = float(uas.min()), float(uas.max())
    if low == high:
        low, high = low - 1, high + 1
    scales = {s: _scale(d, s, found) for s, d in space.items()}
    ua = _Scale({}, low, high, log=False)

    def paint(figure: Sheet) -> None:
        axes = figure.subplots()
        xs = list(range(len(space) + 1))
        for record in sorted(own, key=lambda r: (r is top, r.val_ua)):
            at, is_best = ua.place(100 * (record.val_ua or 0)), record is top
            ys = [s.place(record.settings[n]) for n, s in scales.items()] + [at]
            axes.plot(xs, ys, color=BAD if is_best else _SHADES(at),
                      lw=2.2 if is_best else 1.2, alpha=0.95)  # fmt: skip
        for x, scale in zip(xs, [*scales.values(), ua], strict=True):
            axes.axvline(x, color=SOFT, lw=0.8, zorder=0)
            for y, text in zip(*scale.ticks, strict=True):
                axes.annotate(text, (x, y), (4, 0), textcoords="offset points", fontsize=8.5,
                              va="center", color=INK, zorder=5,
                              bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6,
                                    "alpha": 0.8})  # fmt: skip
        axes.set_xticks(xs, [*names.values(), f"{score.words}, %"])
        axes.set_yticks([])
        axes.spines[["left", "bottom"]].set_visible(False)
        axes.set(xlim=(-0.05, len(space) + 0.35), ylim=(-0.06, 1.06))
        axes.set_title(f"{architecture}: all settings together")
        mapped = ScalarMappable(Normalize(low, high), _SHADES)
        figure.colorbar(mapped, ax=axes, label=f"{score.words}, %", fraction=0.03, pad=0.01)

    caption = "A line is a complete trial, the darker the higher its UA; in red the best one."
    return picture(f"parallel-{architecture}", caption, paint, (10.6, 3.9))


def _own(found: Sequence[Record], architecture: str) -> list[Record]:
    return [r for r in found if r.architecture == architecture and r.state == "complete"]


def _missing(title: str, architecture: str, space: SearchSpace) -> Missing:
    why = "no trial is complete" if space else "nothing is searched"
    return Missing(title, f"{architecture}: {why}")


def _scale(domain: Domain, setting: str, found: Sequence[Record]) -> _Scale:
    """The whole range of the search, so that what was never tried shows as empty."""
    if isinstance(domain, Choice):
        values = [str(v) for v in domain.choice]
        return _Scale(dict(zip(values, _even(len(values)), strict=True)), 0, 1, log=False)
    if isinstance(domain, LogUniform):
        return _Scale({}, *domain.log_uniform, log=True)
    return _Scale({}, *domain.uniform, log=False)


def _even(count: int) -> NDArray[np.float64]:
    return np.linspace(0, 1, count) if count > 1 else np.array([0.5])


def _slice(
    axes: Axes, scale: _Scale, setting: str, own: Sequence[Record], cut: Sequence[Record]
) -> None:
    axes.scatter(
        [scale.place(r.settings[setting]) for r in own],
        [100 * (r.val_ua or 0) for r in own],
        s=26,
        c=np.linspace(0.25, 1, len(own)),
        cmap=_SHADES,
        vmin=0,
        vmax=1,
    )
    axes.scatter(
        [scale.place(r.settings[setting]) for r in cut],
        [100 * (r.val_ua or 0) for r in cut],
        s=24,
        c="none",
        marker="v",
        edgecolors=SOFT,
    )
    axes.set_xlim(-0.08, 1.08)
    axes.set_xticks(*scale.ticks)
    axes.grid(axis="y")


def _number(text: str) -> Any:
    try:
        return float(text) if "." in text or "e" in text else int(text)
    except ValueError:
        return text
