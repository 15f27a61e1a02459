"""How all figures of pages look; each becomes an ``<svg>`` element, letters drawn as paths."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

EMOTION_COLOURS = {"ang": "#c8443c", "hap": "#e3a02f", "neu": "#8592a3", "sad": "#3f6fb5"}
EMOTION_NAMES = {"ang": "angry", "hap": "happy", "neu": "neutral", "sad": "sad"}
ACCENT, PALE = "#3b5b92", "#c3cfe2"
_STYLE: dict[Any, Any] = {
    "font.size": 10,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.edgecolor": "#8592a3",
    "axes.labelcolor": "#3c4856",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": "#5d6b7a",
    "ytick.color": "#5d6b7a",
    "grid.color": "#e7ebf0",
    "legend.frameon": False,
    "legend.fontsize": 9.5,
}


@contextmanager
def styled(salt: str) -> Iterator[None]:
    """Within it figures are drawn and saved in our style.

    Args:
        salt: of the ids in an SVG, which must differ between figures of one page.
    """
    with mpl.rc_context({**_STYLE, "svg.hashsalt": salt}):
        yield


@contextmanager
def drawn(svgs: list[str], width: float = 5.6, height: float = 3.5) -> Iterator[Axes]:
    """Axes of a new figure; when the block ends its SVG is added to ``svgs``."""
    with styled(f"figure {len(svgs)}"):
        figure = sheet(width, height)
        yield figure.subplots()
        svgs.append(as_svg(figure))


def sheet(width: float, height: float) -> Figure:
    """An empty figure, in inches; to be used within :func:`styled`."""
    return Figure(figsize=(width, height), layout="constrained")


def as_svg(figure: Figure) -> str:
    """The ``<svg>`` element of a figure; equal figures give equal text."""
    file = io.StringIO()
    figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    return text[text.index("<svg") :]


def as_png(figure: Figure) -> bytes:
    """A figure on white, for where no SVG is shown."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=144, facecolor="white", metadata={"Software": None})
    return file.getvalue()
