"""Pictures of a run that MLflow shows beside its numbers."""

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ser_platform.evidence.entries import Calibration, Reliability
from ser_platform.results import RunResult


def draw_curves(run: RunResult, path: Path) -> None:
    """Write a PNG: losses and UA over epochs, a line for each fold, a dot at the kept epoch.

    As :func:`draw_reliability`, uses no global state of matplotlib, so it may run in any thread.
    """
    figure = Figure(figsize=(9.6, 3.9), dpi=150, layout="constrained")
    loss, ua = figure.subplots(1, 2)
    for fold in run.folds:
        steps = range(1, len(fold.epochs) + 1)
        name = f"fold {fold.fold}"
        train_loss = [epoch.train_loss for epoch in fold.epochs]
        (line,) = loss.plot(steps, train_loss, linewidth=1, linestyle=":")
        if fold.validation is not None:
            _line(loss, [epoch.val_loss for epoch in fold.epochs], line.get_color(), name)
            _line(ua, [epoch.val_ua for epoch in fold.epochs], line.get_color(), name)
            ua.plot(fold.best_epoch, fold.val_ua, "o", markersize=4, color=line.get_color())
    validated = any(fold.validation is not None for fold in run.folds)
    loss.set_title("loss: training dotted" + ", validation solid" * validated, fontsize=10)
    ua.set_title("validation UA, dot: kept epoch" if validated else "no validation", fontsize=10)
    ua.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    for axes in (loss, ua):
        axes.set_xlabel("epoch")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.grid(alpha=0.3)
    if validated:
        ua.legend(frameon=False, fontsize=8)
    figure.suptitle(f"{run.study}, {run.architecture}", fontsize=10, parse_math=False)
    figure.savefig(path, format="png")


def draw_reliability(calibration: Calibration, title: str, path: Path) -> None:
    """Write a PNG: accuracy over confidence, and how many answers have that confidence."""
    figure = Figure(figsize=(5.2, 5.2), dpi=150, layout="constrained")
    curve, counts = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    curve.plot([0, 1], [0, 1], color="gray", linestyle="--", linewidth=1)
    _reliability(curve, calibration.plain, "as answered", "tab:blue")
    if calibration.scaled is not None:
        _reliability(curve, calibration.scaled, "with temperature", "tab:orange")
    for b in calibration.plain.bins:
        counts.bar(b.low, b.utterances, b.high - b.low, align="edge", color="tab:blue", alpha=0.7)
    curve.set_ylabel("accuracy")
    curve.legend(frameon=False, fontsize=8, loc="upper left")
    curve.set_title(title, fontsize=10, parse_math=False)
    counts.set_xlabel("confidence")
    counts.set_ylabel("answers")
    counts.set_xlim(0, 1)
    for axes in (curve, counts):
        axes.grid(alpha=0.3)
    figure.savefig(path, format="png")


def _line(axes: Axes, values: list[float | None], color: str, label: str) -> None:
    there = [(n, value) for n, value in enumerate(values, start=1) if value is not None]
    axes.plot(*zip(*there, strict=True), linewidth=1.4, color=color, label=label)


def _reliability(axes: Axes, found: Reliability, name: str, color: str) -> None:
    at = [b.confidence for b in found.bins]
    accuracy = [b.accuracy for b in found.bins]
    label = f"{name}: ECE {found.ece:.1%}"
    axes.plot(at, accuracy, marker="o", markersize=4, color=color, label=label)
