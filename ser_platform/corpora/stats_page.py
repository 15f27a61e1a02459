"""The page of a corpus: how much there is, and how it is spread."""

from collections.abc import Mapping, Sequence

import numpy as np

from ser_platform.corpora.base import Corpus
from ser_platform.corpora.sound import Sound
from ser_platform.corpora.stats import Stats, tables
from ser_platform.emotions import EMOTIONS
from ser_platform.pages.drawing import ACCENT, EMOTION_COLOURS, EMOTION_NAMES, drawn
from ser_platform.pages.page import Fact, Figure, Finding, Page, Section


def stats_page(stats: Stats, corpus: Corpus, sounds: Mapping[str, Sound]) -> Page:
    """Figures, tables and notes of one corpus."""
    whole = stats.whole
    facts = [
        Fact(f"{whole.utterances:,}", "utterances"),
        Fact(f"{whole.hours:.2f} h", "of speech"),
        Fact(str(stats.speakers), "speakers"),
        Fact(str(len(stats.by["session"])), "sessions"),
        Fact(f"{whole.median_s:.1f} s", f"median, up to {whole.longest_s:.1f} s"),
        Fact(f"{whole.phonemes_known:.0%}", "of words with phonemes"),
        Fact(f"{len(stats.left_out)}", "left out", "warning" if stats.left_out else "good"),
    ]
    left_out = [
        Finding("warning", "left out", line.partition(": ")[0], line.partition(": ")[2])
        for line in stats.left_out
    ]
    notes = [Finding("plain", "note", "", note) for note in stats.notes]
    sections = [
        Section(
            "How it is spread",
            "Each class in its colour. What differs between classes without being emotion, "
            "such as length or loudness, is a shortcut that a model may take.",
            figures=_figures(stats, corpus, sounds),
        ),
        Section("In numbers", tables=tables(stats)),
    ]
    if left_out or notes:
        sections.append(Section("What was mended or left out", findings=[*left_out, *notes]))
    return Page(
        kicker="Corpus",
        title=corpus.name,
        lead=f"{whole.utterances:,} utterances of {stats.speakers} speakers in the classes "
        + ", ".join(f"{EMOTION_NAMES[e]} ({whole.emotions[e]:,})" for e in EMOTIONS)
        + ".",
        warning="synthetic speech: scores mean nothing about people" if stats.synthetic else "",
        facts=facts,
        sections=sections,
        footer="Made by ser corpora stats. Levels: root mean square in dB of full scale.",
    )


def _figures(stats: Stats, corpus: Corpus, sounds: Mapping[str, Sound]) -> list[Figure]:
    svgs: list[str] = []
    _balance(svgs, stats)
    seconds = {
        e: np.array([sounds[u.id].duration_s for u in corpus.utterances if u.emotion == e])
        for e in EMOTIONS
    }
    levels = {
        e: np.array([sounds[u.id].level_db for u in corpus.utterances if u.emotion == e])
        for e in EMOTIONS
    }
    _durations(svgs, seconds)
    _speakers(svgs, stats)
    _levels(svgs, levels)
    captions = (
        "How many utterances of each class a session holds: where bars differ, folds differ.",
        "How long utterances of each class are; the line is the median.",
        "How much each speaker says; in the colours of the classes.",
        "How loud each class is recorded: box, the middle half; line, the median; "
        "whiskers, 5 to 95 %.",
    )
    return [Figure(svg, caption) for svg, caption in zip(svgs, captions, strict=True)]


def _balance(svgs: list[str], stats: Stats) -> None:
    parts = stats.by["session"]
    with drawn(svgs) as axes:
        stacked = np.zeros(len(parts))
        for emotion in EMOTIONS:
            shares = np.array([100 * p.emotions[emotion] / p.utterances for p in parts])
            axes.bar(
                range(len(parts)), shares, 0.72, stacked,
                color=EMOTION_COLOURS[emotion], label=EMOTION_NAMES[emotion],
            )  # fmt: skip
            stacked += shares
        axes.set_xticks(*_few_labels([p.name for p in parts]))
        axes.set(title="Class balance by session", xlabel="session", ylabel="% of utterances")
        axes.legend(ncols=4, loc="lower center", bbox_to_anchor=(0.5, -0.36), columnspacing=1.2)


def _durations(svgs: list[str], seconds: Mapping[str, np.ndarray]) -> None:
    longest = max(float(np.quantile(values, 0.99)) for values in seconds.values() if len(values))
    edges = np.linspace(0, longest, 32)
    with drawn(svgs) as axes:
        for emotion, values in seconds.items():
            if not len(values):
                continue
            shares = 100 * np.histogram(values, edges)[0] / len(values)
            colour = EMOTION_COLOURS[emotion]
            axes.stairs(shares, edges, color=colour, lw=1.8, label=EMOTION_NAMES[emotion])
            axes.axvline(float(np.median(values)), color=colour, lw=1, ls=(0, (3, 2)))
        axes.set(title="Duration by class", xlabel="seconds", ylabel="% of the class")
        axes.set_xlim(0, longest)
        axes.legend()


def _speakers(svgs: list[str], stats: Stats) -> None:
    parts = stats.by["speaker"]
    with drawn(svgs) as axes:
        stacked = np.zeros(len(parts))
        for emotion in EMOTIONS:
            counts = np.array([p.emotions[emotion] for p in parts])
            axes.bar(range(len(parts)), counts, 0.78, stacked, color=EMOTION_COLOURS[emotion])
            stacked += counts
        axes.set_xticks(*_few_labels([p.name for p in parts]), rotation=45, ha="right")
        axes.set(title="Utterances by speaker", ylabel="utterances")
        axes.grid(axis="y")


def _levels(svgs: list[str], levels: Mapping[str, np.ndarray]) -> None:
    present = {e: values for e, values in levels.items() if len(values)}
    with drawn(svgs) as axes:
        boxes = axes.boxplot(
            list(present.values()), whis=(5, 95), showfliers=False, patch_artist=True,
            widths=0.55, medianprops={"color": "#17202a", "lw": 1.6},
            whiskerprops={"color": "#8592a3"}, capprops={"color": "#8592a3"},
        )  # fmt: skip
        for box, emotion in zip(boxes["boxes"], present, strict=True):
            box.set(facecolor=EMOTION_COLOURS[emotion], edgecolor="none", alpha=0.9)
        axes.set_xticks(range(1, len(present) + 1), [EMOTION_NAMES[e] for e in present])
        axes.set(title="Loudness by class", ylabel="level, dB of full scale")
        axes.grid(axis="y", color=ACCENT, alpha=0.12)


def _few_labels(names: Sequence[str]) -> tuple[list[int], list[str]]:
    """Every name, or every second or third where there are many."""
    step = -(-len(names) // 26)
    shown = range(0, len(names), step)
    return list(shown), [names[i] for i in shown]
