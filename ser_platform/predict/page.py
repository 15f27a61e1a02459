"""A page of answers: for each recording its sound, its words, and what was attended to."""

import base64
import io
import wave
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from ser_platform.features.base import SAMPLE_RATE_HZ, Signal
from ser_platform.inference.answer import Answer, ModelName, Stretch
from ser_platform.pages.drawing import EMOTION_COLOURS, EMOTION_NAMES
from ser_platform.pages.page import Fact, Page, as_html
from ser_platform.predict.asking import Unanswered, question
from ser_platform.predict.figure import draw_stretch
from ser_platform.predict.inputs import Asked

_TEMPLATE = Path(__file__).with_name("answers.html.j2")
_MOST_SHOWN = 40
"""Recordings that are drawn, and stretches of each; of others the answer is said."""
_LONGEST_PLAYED_S = 120.0
"""Of a recording that the page carries; it weighs 43 kB a second."""


@dataclass(frozen=True)
class Shown:
    """A recording on the page."""

    answer: Answer
    stretches: Sequence[tuple[Stretch, str]]
    """Each with its drawing; fewer than there are, or none, where there are too many."""
    sound: str
    """As a data URI; empty where it is too long."""


class AnswerPage:
    """Collects answers as they come; keeps drawings, and no signals."""

    def __init__(self, asked: Sequence[Asked], model: ModelName) -> None:
        self._asked, self._model = asked, model
        self._shown: list[Shown] = []
        self._errors: list[Unanswered] = []

    def collected(self, found: Iterable[Answer | Unanswered]) -> Iterator[Answer | Unanswered]:
        """The same, in the order of what was asked; each is drawn on its way."""
        for one, answer in zip(self._asked, found, strict=True):
            if isinstance(answer, Unanswered):
                self._errors.append(answer)
            elif len(self._shown) < _MOST_SHOWN:
                self._shown.append(_shown(question(one).signal, answer))
            else:
                self._shown.append(Shown(answer, (), ""))
            yield answer

    def write(self, path: Path) -> None:
        """Write the page as one HTML file; the folder is made."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.html(), encoding="utf-8")

    def html(self) -> str:
        """The page."""
        model, seconds = self._model, sum(one.answer.duration_s for one in self._shown)
        common = _common(one.answer.warnings for one in self._shown)
        page = Page(
            kicker="Emotions",
            title=f"{len(self._shown)} recording{'s' * (len(self._shown) != 1)}",
            lead=f"Answered by {model.name}, {model.architecture}.",
            warning="; ".join(common),
            facts=(
                Fact(f"{seconds:.0f} s", "of sound"),
                *(
                    Fact(f"{sum(one.answer.label == name for one in self._shown)}", words)
                    for name, words in EMOTION_NAMES.items()
                ),
                *([Fact(f"{len(self._errors)}", "without answer", "bad")] if self._errors else []),
            ),
            sections=(),
            footer=f"ser-platform {metadata.version('ser-platform')}, model {model.digest[:12]}"
            + f", run {model.run_key[:12]}" * bool(model.run_key),
        )
        return as_html(
            page,
            _TEMPLATE,
            shown=self._shown,
            errors=self._errors,
            common=common,
            names=EMOTION_NAMES,
            colours=EMOTION_COLOURS,
        )


def _shown(signal: Signal, answer: Answer) -> Shown:
    stretches = answer.stretches[:_MOST_SHOWN]
    return Shown(
        answer=answer,
        stretches=[(stretch, draw_stretch(signal, answer, stretch)) for stretch in stretches],
        sound=_playable(signal) if answer.duration_s <= _LONGEST_PLAYED_S else "",
    )


def _playable(signal: Signal) -> str:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setparams((1, 2, SAMPLE_RATE_HZ, len(signal), "NONE", ""))
        sound.writeframes(signal.astype("<i2").tobytes())
    return f"data:audio/wav;base64,{base64.b64encode(file.getvalue()).decode()}"


def _common(warnings: Iterable[Sequence[str]]) -> tuple[str, ...]:
    """Those of every recording: said once."""
    found = list(warnings)
    return tuple(w for w in found[0] if all(w in each for each in found)) if found else ()
