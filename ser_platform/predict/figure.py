"""A stretch of a recording: its waveform, its spectrogram, its words, what is attended to."""

import numpy as np
from matplotlib.axes import Axes

from ser_platform.features.base import SAMPLE_RATE_HZ, Signal
from ser_platform.inference.answer import Answer, AnsweredWord, FrameAttention, Stretch
from ser_platform.inference.attention_figure import draw_spectrogram
from ser_platform.pages.drawing import ACCENT, as_svg, sheet, styled

_POINTS = 1500
"""Of a waveform: about one for each dot of a screen."""


def draw_stretch(signal: Signal, answer: Answer, stretch: Stretch) -> str:
    """An ``<svg>`` element.

    Args:
        signal: of the whole recording.
        answer: about it.
        stretch: of it.
    """
    first, behind = (round(s * SAMPLE_RATE_HZ) for s in (stretch.start_s, stretch.end_s))
    words = [word for word in answer.words if _is_in(stretch, (word.start_s + word.end_s) / 2)]
    layers = [frames for frames in answer.frames if _is_in(stretch, frames.start_s)]
    heights = [1.0, 2.2, 0.7, *[0.8] * len(layers)]
    with styled(f"{answer.recording} {stretch.start_s}"):
        figure = sheet(10, sum(heights) + 0.6)
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        wave, spectrogram, said, *strips = axes
        _draw_wave(wave, signal[first:behind], stretch)
        # A picture among lines: as lines it would be megabytes.
        draw_spectrogram(spectrogram, signal[first:behind], stretch.start_s)
        _draw_words(said, words)
        for strip, layer in zip(strips, layers, strict=True):
            _draw_attention(strip, layer)
        axes[-1].set_xlabel("seconds")
        wave.set_xlim(stretch.start_s, stretch.end_s)
        return as_svg(figure)


def _is_in(stretch: Stretch, time_s: float) -> bool:
    return stretch.start_s <= time_s < stretch.end_s


def _draw_wave(axes: Axes, signal: Signal, stretch: Stretch) -> None:
    """Highest and lowest sample of each point."""
    parts = np.array_split(signal / 2**15, min(_POINTS, len(signal)))
    low, high = [part.min() for part in parts], [part.max() for part in parts]
    times = np.linspace(stretch.start_s, stretch.end_s, len(parts))
    axes.fill_between(times, low, high, color=ACCENT, linewidth=0.4)
    peak = max(*high, -min(low), 1e-3)
    axes.set_ylim(-peak, peak)
    axes.set_yticks([])
    axes.set_ylabel("sound")
    axes.set_title(f"peak {peak:.0%} of full scale", fontsize=8, loc="right", pad=2)


def _draw_words(axes: Axes, words: list[AnsweredWord]) -> None:
    """Boxes over their time, darker for more attention."""
    most = max((word.attention or 0.0 for word in words), default=0.0) or 1.0
    for number, word in enumerate(words):
        axes.axvspan(
            word.start_s,
            word.end_s,
            color="#e3a02f",
            alpha=0.08 + 0.8 * (word.attention or 0.0) / most,
            linewidth=0,
        )
        axes.text(
            (word.start_s + word.end_s) / 2,
            0.68 - 0.36 * (number % 2),
            word.text,
            ha="center",
            va="center",
            fontsize=8,
            style="normal" if word.known else "italic",
            parse_math=False,
            clip_on=True,
        )
    axes.set_ylim(0, 1)
    axes.set_yticks([])
    axes.set_ylabel("words")


def _draw_attention(axes: Axes, frames: FrameAttention) -> None:
    edges = frames.start_s + frames.step_s * np.arange(len(frames.weights) + 1)
    axes.stairs(frames.weights, edges, fill=True, color="#e3a02f")
    axes.set_yticks([])
    axes.set_ylabel(frames.layer, fontsize=8)
