"""The confusion matrix as a picture."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from ser_platform.metrics import Confusion


def draw_confusion(
    matrix: Confusion, labels: Sequence[str], title: str, path: Path, note: str = ""
) -> None:
    """Write a PNG: counts, and under each its share of the row (its true class).

    Uses no global state of matplotlib, so it may run in any thread.
    """
    support = matrix.sum(axis=1, keepdims=True)
    shares = np.divide(matrix, support, out=np.zeros(matrix.shape), where=support > 0)
    figure = Figure(figsize=(5.2, 4.8), dpi=150, layout="constrained")
    axes = figure.subplots()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(matrix):
        axes.text(
            column,
            row,
            f"{count}\n{shares[row, column]:.1%}",
            ha="center",
            va="center",
            color="white" if shares[row, column] > 0.5 else "black",
        )
    axes.set_xticks(range(len(labels)), labels)
    axes.set_yticks(
        range(len(labels)),
        [f"{label}\n{count}" for label, count in zip(labels, support[:, 0], strict=True)],
    )
    axes.set_xlabel("predicted" + (f"\n{note}" if note else ""))
    axes.set_ylabel("true, utterances")
    axes.set_title(title, fontsize=10)
    figure.colorbar(
        image, ax=axes, label="share of the true class", shrink=0.85, format=PercentFormatter(1)
    )
    figure.savefig(path, format="png")
