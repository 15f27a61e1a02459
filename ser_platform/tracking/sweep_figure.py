"""Scores over the values of one setting, as a picture."""

from collections.abc import Mapping, Sequence
from io import BytesIO

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from ser_platform.evidence.entries import Estimate

Lines = Mapping[str, Sequence[tuple[float, Estimate]]]
"""Architecture -> what is on the axis, and the score there."""


def draw_sweep(
    scores: Mapping[str, tuple[Lines, float]], axis: str, title: str, *, percent: bool, note: str
) -> bytes:
    """A PNG with one panel for each score; uses no global state of matplotlib.

    Args:
        scores: name -> the lines of all architectures, and what guessing gives.
        axis: what is on the axis below.
        title: above it all.
        percent: whether the axis holds shares.
        note: under it all.
    """
    figure = Figure(figsize=(9.6, 4.4), dpi=150, layout="constrained")
    panels = figure.subplots(1, len(scores), sharey=True, squeeze=False)[0]
    for panel, (name, (lines, chance)) in zip(panels, scores.items(), strict=True):
        _draw_panel(panel, name, lines, chance)
        panel.set_xlabel(axis)
        if percent:
            panel.xaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=""))
    panels[0].legend(frameon=False, loc="best", fontsize=8)
    figure.suptitle(title, fontsize=10, parse_math=False)
    figure.supxlabel(note, fontsize=7, color="dimgray")
    picture = BytesIO()
    figure.savefig(picture, format="png")
    return picture.getvalue()


def _draw_panel(axes: Axes, name: str, lines: Lines, chance: float) -> None:
    for architecture, line in lines.items():
        ordered = sorted(line)
        at = [x for x, _ in ordered]
        (drawn,) = axes.plot(
            at, [e.value for _, e in ordered], marker="o", markersize=4, label=architecture
        )
        low, high = [e.low for _, e in ordered], [e.high for _, e in ordered]
        axes.fill_between(at, low, high, alpha=0.15, linewidth=0, color=drawn.get_color())
    axes.axhline(chance, color="gray", linestyle="--", linewidth=1)
    axes.annotate(
        f"chance {chance:.1%}",
        (1, chance),
        xycoords=("axes fraction", "data"),
        xytext=(-4, 3),
        textcoords="offset points",
        ha="right",
        fontsize=7,
        color="dimgray",
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.7, "pad": 1},
    )
    axes.set_title(name, fontsize=10)
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(alpha=0.3)
