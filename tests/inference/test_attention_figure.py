"""The picture of what a network attends to."""

from pathlib import Path

import numpy as np
import pytest
import torch
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from ser_platform.config.inputs import ShortTerm34Config
from ser_platform.inference.attention_figure import attention_figure, draw_attention
from ser_platform.models.attention import Weights
from ser_platform.utterance import Word
from tests.features.signals import RATE, mixture

WORDS = (Word("well", 0.1, 0.4), Word("then", 0.5, 0.9))
OVER_WORDS = Weights("words", 1, torch.tensor([[0.2, 0.8], [0.9, 0.1]]))
OVER_FRAMES = Weights("frames", 1, torch.softmax(torch.arange(96.0), 0)[None])
BY_WORD = Weights("frames", 1, torch.full((3, 2, 96), 1 / 96))


@pytest.fixture
def figure() -> Figure:
    layers = {"pooling": OVER_WORDS, "audio.pooling": OVER_FRAMES, "alignment": BY_WORD}
    return attention_figure(mixture()[:RATE], WORDS, layers, ShortTerm34Config(), "u1: ang")


def bars(figure: Figure, strip: int) -> list[PolyCollection]:
    return [c for c in figure.axes[strip].collections if isinstance(c, PolyCollection)]


def test_every_layer_has_a_strip_under_the_spectrogram_over_the_same_time(figure) -> None:
    assert [axes.get_ylabel() for axes in figure.axes] == [
        "kHz",
        "pooling",
        "audio.pooling",
        "alignment",
    ]
    assert {axes.get_xlim() for axes in figure.axes} == {(0.0, 1.0)}
    assert figure.axes[0].get_title(loc="left") == "u1: ang"
    assert [text.get_text() for text in figure.axes[0].texts] == ["well", "then"]


def test_a_strip_has_a_row_for_each_head_or_for_each_word(figure) -> None:
    labels = [[label.get_text() for label in axes.get_yticklabels()] for axes in figure.axes[1:]]
    assert labels == [["head 1", "head 2"], ["head 1"], ["well", "then"]]


def test_words_are_shaded_over_their_own_time_darker_for_more_weight(figure) -> None:
    first, second = bars(figure, 1)
    spans = [path.get_extents() for path in first.get_paths()]
    assert [(round(s.x0, 6), round(s.x1, 6)) for s in spans] == [(0.1, 0.4), (0.5, 0.9)]
    darkness = [3 - np.asarray(row.get_facecolor())[:, :3].sum(axis=1) for row in (first, second)]
    assert darkness[1][0] > darkness[0][1] > darkness[0][0] > darkness[1][1]


def test_frames_are_shaded_round_their_centres(figure) -> None:
    (head,) = bars(figure, 2)
    spans = [path.get_extents() for path in head.get_paths()]
    assert len(spans) == 96
    assert (spans[3].x0 + spans[3].x1) / 2 == pytest.approx(0.03 + 0.01)


def test_a_step_of_several_frames_is_shaded_over_them_all() -> None:
    layers = {"pooling": Weights("frames", 3, torch.full((1, 32), 1 / 32))}
    shown = attention_figure(mixture()[:RATE], WORDS, layers, ShortTerm34Config(), "u1")
    spans = [path.get_extents() for path in bars(shown, 1)[0].get_paths()]
    assert (spans[2].x0, spans[2].x1) == pytest.approx((0.06 + 0.01 - 0.015, 0.06 + 0.01 + 0.015))


def test_an_utterance_without_words_is_shown_over_its_one_unknown_word() -> None:
    layers = {
        "pooling": Weights("words", 1, torch.ones(2, 1)),
        "alignment": Weights("frames", 1, torch.full((3, 1, 96), 1 / 96)),
    }
    shown = attention_figure(mixture()[:RATE], (), layers, ShortTerm34Config(), "laughter")
    assert [axes.get_ylabel() for axes in shown.axes] == ["kHz", *layers]


def test_names_are_written_as_they_are_and_not_as_formulas(tmp_path: Path) -> None:
    path, word = tmp_path / "picture.png", Word("$x_$", 0.1, 0.4)
    layers = {"alignment": Weights("frames", 1, torch.full((3, 1, 96), 1 / 96))}
    draw_attention(mixture()[:RATE], (word,), layers, ShortTerm34Config(), "t $x_$ y", path)
    assert path.read_bytes().startswith(b"\x89PNG")
