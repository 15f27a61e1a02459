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
def drawn(svgs: list[str], width: float = 5.6, height: float = 3.5) -> Iterator[Axes]:
    """Axes of a new figure; when the block ends its SVG is added to ``svgs``."""
    with mpl.rc_context({**_STYLE, "svg.hashsalt": f"figure {len(svgs)}"}):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure.subplots()
        file = io.StringIO()
        figure.savefig(file, format="svg", transparent=True, metadata={"Date": None})
    text = file.getvalue()
    svgs.append(text[text.index("<svg") :])
