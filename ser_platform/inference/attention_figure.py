"""What a network attends to in one utterance, drawn over its time."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from ser_platform.config.inputs import Framing, SpectrogramConfig
from ser_platform.features import make_extractor
from ser_platform.features.base import SAMPLE_RATE_HZ, Signal
from ser_platform.models.attention import Weights
from ser_platform.utterance import Word

_SPECTROGRAM = SpectrogramConfig(window_s=0.025, hop_s=0.010, grid_hz=31.25, bins=128)
_DYNAMIC_RANGE = 16.0
"""Of the spectrogram, in natural logarithms of power: about 70 dB."""


def draw_attention(
    signal: Signal,
    words: Sequence[Word],
    attention: Mapping[str, Weights],
    framing: Framing,
    title: str,
    path: Path,
) -> None:
    """Write a PNG: the spectrogram, the words under it, and a strip for each attention layer.

    A strip has a row for each head; where every word has weights of its own, a row for each
    word, heads averaged. Uses no global state of matplotlib, so it may run in any thread.

    Args:
        signal: the recording.
        words: in time.
        attention: weights of this utterance, by the name of the layer.
        framing: of the frames that the network read.
        title: above it all.
        path: of the picture.
    """
    attention_figure(signal, words, attention, framing, title).savefig(path, format="png")


def attention_figure(
    signal: Signal,
    words: Sequence[Word],
    attention: Mapping[str, Weights],
    framing: Framing,
    title: str,
) -> Figure:
    """What :func:`draw_attention` writes."""
    heights = [3.0, *(_height(weights) for weights in attention.values())]
    figure = Figure(figsize=(10, 0.9 + sum(heights)), dpi=110, layout="constrained")
    axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, squeeze=False)
    top, strips = axes[0, 0], axes[1:, 0]
    draw_spectrogram(top, signal)
    _write_words(top, words)
    top.set_title(title, fontsize=10, loc="left", parse_math=False)
    for strip, (name, weights) in zip(strips, attention.items(), strict=True):
        _draw_strip(strip, name, weights, words, framing)
    axes[-1, 0].set_xlabel("seconds")
    top.set_xlim(0, len(signal) / SAMPLE_RATE_HZ)
    return figure


def draw_spectrogram(axes: Axes, signal: Signal, start_s: float = 0.0) -> None:
    """Of a signal that begins then, as a picture in grey."""
    values_NK = make_extractor(_SPECTROGRAM)(signal)
    end_s = start_s + len(values_NK) * _SPECTROGRAM.hop_s
    top_khz = _SPECTROGRAM.bins * _SPECTROGRAM.grid_hz / 1000
    loudest = float(values_NK.max(initial=-100.0))
    axes.imshow(
        values_NK.T,
        origin="lower",
        aspect="auto",
        cmap="Greys",
        vmin=loudest - _DYNAMIC_RANGE,
        vmax=loudest,
        extent=(start_s, end_s, 0, top_khz),
    )
    axes.set_ylabel("kHz")


def _write_words(axes: Axes, words: Sequence[Word]) -> None:
    """Under the axis, on two lines in turn, so that short words do not run into each other."""
    for number, word in enumerate(words):
        middle_s = (word.start_s + word.end_s) / 2
        axes.annotate(
            word.text,
            (middle_s, 0),
            xytext=(0, -8 - 11 * (number % 2)),
            textcoords="offset points",
            xycoords=("data", "axes fraction"),
            ha="center",
            va="center",
            fontsize=8,
            annotation_clip=False,
            parse_math=False,
        )
        for edge_s in (word.start_s, word.end_s):
            axes.axvline(edge_s, color="tab:blue", linewidth=0.5, alpha=0.6)


def _height(weights: Weights) -> float:
    return 0.4 + 0.22 * _rows(weights).shape[0]


def _rows(weights: Weights) -> NDArray[np.float32]:
    """What is drawn of a layer, ``[rows, steps]``."""
    values = np.asarray(weights.values, np.float32)
    return values.mean(axis=0) if values.ndim == 3 else values


def _draw_strip(
    axes: Axes, name: str, weights: Weights, words: Sequence[Word], framing: Framing
) -> None:
    rows = _rows(weights)
    num_rows, steps = rows.shape
    if weights.over == "words":
        # A word has its own stretch of time; between words there is nothing to shade.
        starts = np.array([word.start_s for word in words[:steps]])
        ends = np.array([word.end_s for word in words[:steps]])
    else:
        step_s = weights.stride * framing.hop_s
        starts = np.arange(steps) * step_s + (framing.window_s - step_s) / 2
        ends = starts + step_s
    strongest = max(float(rows.max(initial=0.0)), np.finfo(np.float32).tiny)
    shade = colormaps["Oranges"]
    stretches = list(zip(starts, ends - starts, strict=True))
    for row, of_row in enumerate(rows):
        colors = shade(of_row / strongest)
        axes.broken_barh(stretches, (num_rows - 1 - row + 0.05, 0.9), facecolors=colors)
    axes.set_ylim(0, num_rows)
    heads = [f"head {row + 1}" for row in range(num_rows)]
    labels = [w.text for w in words[:num_rows]] if weights.values.ndim == 3 else heads
    axes.set_yticks(np.arange(num_rows)[::-1] + 0.5, labels, fontsize=7, parse_math=False)
    axes.set_ylabel(name, fontsize=8)
    axes.set_title(f"darkest: {strongest:.2g} of 1", fontsize=7, loc="right", pad=2)
