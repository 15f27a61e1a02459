"""Figures of a study as a whole: its history, what mattered, what two goals cost each other.

What is shown is Optuna's (importance, Pareto front); drawing is ours. Optuna's own plots make
their figures through pyplot in a style of their own, know settings by the names of its storage
(``wise.model.dropout``) and no architectures, and mark neither pruned nor failed trials.
"""

from collections.abc import Sequence

import numpy as np
import optuna
from matplotlib.figure import Figure as Sheet
from matplotlib.ticker import MaxNLocator

from ser_platform.config.search_method import Goal
from ser_platform.tune.importance import Importance
from ser_platform.tune.picture import BAD, INK, SOFT, Missing, Picture, colours, picture
from ser_platform.tune.record import Record, architectures, short_names
from ser_platform.tune.selection import Score

_OTHERS: dict[Goal, str] = {
    "num_parameters": "weights of the network",
    "seconds": "training seconds over all folds",
}
"""Goals beside UA."""

_OF_COMPLETE = "Of the complete trials of this architecture; shares sum to 100 %."


def history(found: Sequence[Record], score: Score) -> Picture | Missing:
    """UA of each trial in turn, and the best so far."""
    ended = [r for r in found if r.state in ("complete", "pruned", "failed")]
    if not ended:
        return Missing("history", "no trial has ended")
    complete = [r for r in ended if r.state == "complete" and r.val_ua is not None]

    def paint(figure: Sheet) -> None:
        axes = figure.subplots()
        for name, colour in colours(architectures(found)).items():
            own = [r for r in complete if r.architecture == name]
            axes.scatter(
                [r.number for r in own],
                [100 * (r.val_ua or 0) for r in own],
                s=34,
                color=colour,
                label=name,
            )
            cut = [
                r
                for r in ended
                if r.architecture == name and r.state == "pruned" and r.val_ua is not None
            ]
            axes.scatter(
                [r.number for r in cut],
                [100 * (r.val_ua or 0) for r in cut],
                s=34,
                c="none",
                marker="v",
                edgecolors=colour,
                linewidths=1.2,
            )
        if complete:
            steps = np.maximum.accumulate([100 * (r.val_ua or 0) for r in complete])
            last = [*(r.number for r in complete), ended[-1].number]
            axes.step(last, [*steps, steps[-1]], INK, where="post", lw=1.3, label="best so far")
        if any(r.state == "pruned" for r in ended):
            axes.scatter(
                [], [], s=34, c="none", marker="v", edgecolors=SOFT, label="pruned: mean so far"
            )
        failed = [r.number for r in ended if r.state == "failed"]
        if failed:
            floor = axes.get_ylim()[0]
            axes.scatter(failed, [floor] * len(failed), s=38, c=BAD, marker="x", label="failed")
        axes.set(title="Trials in turn", xlabel="trial", ylabel=f"{score.words}, %")
        axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
        axes.grid(axis="y")
        axes.legend(ncols=6, loc="lower right", bbox_to_anchor=(1, 1), columnspacing=1.2)

    caption = (
        f"A dot is a complete trial: mean {score.words} over all folds. A triangle is a pruned "
        "one: the mean over the folds it was given, which need not be comparable. A cross failed."
    )
    return picture("history", caption, paint, (10.6, 3.7))


def importances(found: dict[str, Importance]) -> list[Picture | Missing]:
    """A bar for each setting of each architecture."""
    drawn: list[Picture | Missing] = []
    for name, colour in colours(found).items():
        shares, missing = found[name]
        if missing:
            drawn.append(Missing("importance", missing))
            continue
        shorts = short_names(shares)
        labels, values = [shorts[s] for s in shares][::-1], [*shares.values()][::-1]

        def paint(
            figure: Sheet,
            name: str = name,
            colour: str = colour,
            labels: Sequence[str] = tuple(labels),
            values: Sequence[float] = tuple(values),
        ) -> None:
            axes = figure.subplots()
            axes.barh(labels, [100 * v for v in values], 0.66, color=colour)
            for at, value in enumerate(values):
                axes.text(100 * value + 1, at, f"{100 * value:.0f}", va="center", fontsize=9)
            axes.set(title=f"Importance: {name}", xlim=(0, 105), xlabel="% of the variation")

        height = 1.25 + 0.3 * len(shares)
        drawn.append(picture(f"importance-{name}", _OF_COMPLETE, paint, (5.6, height), wide=False))
    return drawn


def front(
    study: optuna.Study, found: Sequence[Record], goals: Sequence[Goal], score: Score
) -> Picture | Missing:
    """The two goals against each other, and the trials that no other beats in both."""
    complete = [r for r in found if len(r.values) == len(study.directions) == len(goals) > 1]
    if not complete:
        return Missing("Pareto front", "no trial is complete")
    numbers = {t.number for t in study.best_trials}
    best = sorted((r for r in complete if r.number in numbers), key=lambda r: r.values[1])

    def paint(figure: Sheet) -> None:
        axes = figure.subplots()
        for name, colour in colours(architectures(found)).items():
            own = [r for r in complete if r.architecture == name]
            axes.scatter(
                [r.values[1] for r in own],
                [100 * r.values[0] for r in own],
                30,
                colour,
                label=name,
            )
        xs, ys = [r.values[1] for r in best], [100 * r.values[0] for r in best]
        axes.plot(xs, ys, color=INK, lw=1.2, drawstyle="steps-post", zorder=1, label="front")
        axes.scatter(xs, ys, 90, "none", edgecolors=INK, linewidths=1.2)
        for r, x, y in zip(best, xs, ys, strict=True):
            axes.annotate(str(r.number), (x, y), (5, -13), textcoords="offset points", fontsize=9)
        values = [r.values[1] for r in complete]
        if min(values) > 0 and max(values) > 20 * min(values):
            axes.set_xscale("log")
        labels = {"xlabel": _OTHERS[goals[1]], "ylabel": f"{score.words}, %"}
        axes.set(title="What a better UA costs", **labels)
        axes.grid()
        axes.legend(loc="lower right")

    caption = (
        "Complete trials; ringed, with their numbers, those that no other beats in both goals. "
        f"The setting scored on test is that of the highest {score.words}."
    )
    return picture("front", caption, paint, (10.6, 4.2))
