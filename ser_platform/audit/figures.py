"""Figures of an audit."""

import numpy as np

from ser_platform.audit.report import Audit
from ser_platform.emotions import EMOTIONS
from ser_platform.pages.drawing import ACCENT, EMOTION_COLOURS, EMOTION_NAMES, PALE, drawn
from ser_platform.pages.page import Figure

_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}
_STYLE_COLOURS = {"all": ACCENT, "scripted": "#d08a3c", "improvised": "#4a9a8c"}


def baseline_figure(audit: Audit) -> Figure:
    """UA of each baseline beside chance."""
    svgs: list[str] = []
    styles = audit.given.styles
    chance = 100 / len({u.emotion for u in audit.given.corpus.utterances})
    thick = 0.8 / len(styles)
    rows = np.arange(len(audit.baselines))[::-1]
    with drawn(svgs, 10.6, 1.0 + 0.46 * len(rows) * max(1.0, len(styles) / 2)) as axes:
        for index, style in enumerate(styles):
            values = [100 * b.scores[style].ua for b in audit.baselines]
            at = rows + 0.4 - thick * (index + 0.5)
            axes.barh(at, values, 0.88 * thick, color=_STYLE_COLOURS[style], label=style)
            for y, value in zip(at, values, strict=True):
                axes.text(value + 0.7, y, f"{value:.1f}", va="center", fontsize=9.5, bbox=_PAPER)
        axes.axvline(chance, color="#17202a", lw=1, ls=(0, (4, 3)))
        axes.text(chance, len(rows) - 0.42, f" chance {chance:.0f}", fontsize=9.5)
        axes.set_yticks(rows, [b.title for b in audit.baselines])
        axes.set(xlim=(0, 100), ylim=(-0.55, len(rows) - 0.15), xlabel="UA, %")
        axes.set_title("What scores without listening", pad=14)
        if len(styles) > 1:
            axes.legend(loc="lower right")
        axes.grid(axis="x")
    caption = (
        "Each baseline is fitted on a fold's training side and scored on its test side; scores "
        "are pooled over folds. A model that listens has to beat all of them."
    )
    return Figure(svgs[0], caption, wide=True)


def leak_figure(audit: Audit) -> Figure:
    """What share of tested utterances has something on another side, by style."""
    svgs: list[str] = []
    styles = audit.given.styles
    known = [leak for leak in audit.leaks if leak.of["all"]]
    rows, thick = np.arange(len(known))[::-1], 0.76 / len(styles)
    with drawn(svgs, 5.6, 3.9) as axes:
        for index, style in enumerate(styles):
            shares = [0 if leak.selection_only else 100 * leak.share(style) for leak in known]
            at = rows + 0.38 - thick * (index + 0.5)
            axes.barh(at, shares, 0.88 * thick, color=_STYLE_COLOURS[style], label=style)
            for y, share in zip(at, shares, strict=True):
                axes.text(
                    share + 1.2, y, f"{share:.1f}" if share else "0", va="center", fontsize=9
                )
        axes.set_yticks(rows, [leak.kind for leak in known])
        axes.set(title="What is on two sides", xlim=(0, 112), xlabel="% of tested utterances")
        axes.set_xticks(range(0, 101, 20))
        if len(styles) > 1:
            axes.legend(loc="upper right", bbox_to_anchor=(1, 1.02))
    caption = (
        "Of the utterances that are tested, how many share something with training or validation "
        "of their fold. Texts: four words or more."
    )
    return Figure(svgs[0], caption)


def balance_figure(audit: Audit) -> Figure:
    """Classes of each test side; the training side's share as a line."""
    svgs: list[str] = []
    with drawn(svgs, 5.6, 3.9) as axes:
        at = np.arange(len(audit.balance))
        stacked = np.zeros(len(at))
        for emotion in EMOTIONS:
            shares = np.array([_share(b.test, emotion) for b in audit.balance])
            axes.bar(at, shares, 0.74, stacked, color=EMOTION_COLOURS[emotion],
                     label=EMOTION_NAMES[emotion])  # fmt: skip
            stacked += shares
        learned = np.zeros(len(at))
        for emotion in EMOTIONS[:-1]:
            learned += [_share(b.train, emotion) for b in audit.balance]
            label = "in training" if emotion == EMOTIONS[0] else None
            for x, y in zip(at, learned, strict=True):
                axes.plot([x - 0.37, x + 0.37], [y, y], color="#17202a", lw=1.4, label=label)
                label = None
        step = -(-len(at) // 12)
        axes.set_xticks(at[::step], [str(i + 1) for i in at[::step]])
        axes.set(title="Classes of each fold", xlabel="fold", ylabel="% of the test side")
        axes.legend(ncols=5, loc="upper center", bbox_to_anchor=(0.46, -0.16), columnspacing=0.9,
                    handlelength=1.1)  # fmt: skip
    caption = (
        "Bars: the test side. Lines: where the borders lie on the training side. Where they are "
        "far apart, WA depends on the fold more than on the model."
    )
    return Figure(svgs[0], caption)


def fold_figure(audit: Audit) -> Figure:
    """Text that recurs, fold by fold."""
    svgs: list[str] = []
    with drawn(svgs, 10.6, 2.9) as axes:
        near, exact = (next(k for k in audit.leaks if k.kind == n) for n in ("near text", "text"))
        at = np.arange(len(near.folds))
        axes.bar(
            at, [100 * v for v in near.folds.values()], 0.7, color=PALE, label="nearly the same"
        )
        axes.bar(at, [100 * v for v in exact.folds.values()], 0.7, color=ACCENT, label="the same")
        step = -(-len(at) // 12)
        axes.set_xticks(at[::step], list(near.folds)[::step])
        axes.set(title="Texts that are known before they are tested", ylabel="% of tested")
        axes.set_ylim(0, 105)
        axes.legend(ncols=2, loc="lower right", bbox_to_anchor=(1, 1))
    caption = (
        "Share of the tested utterances of each fold whose text is in training or validation."
    )
    return Figure(svgs[0], caption, wide=True)


def _share(counts: dict[str, int], emotion: str) -> float:
    return 100 * counts[emotion] / max(1, sum(counts.values()))
