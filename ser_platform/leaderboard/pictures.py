"""Pictures of attention for a page, and what is heard in them where that may be passed on."""

import base64
import io
import logging
import wave
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ser_platform.config.corpus import DemoCorpusConfig
from ser_platform.corpora.demo.read import folder_of
from ser_platform.evidence.telling import picture_name, telling
from ser_platform.features.audio import load
from ser_platform.features.base import SAMPLE_RATE_HZ
from ser_platform.leaderboard.rank import Row
from ser_platform.pages.drawing import EMOTION_NAMES
from ser_platform.results import RunResult

_log = logging.getLogger(__name__)

Attention = Mapping[str, Mapping[str, bytes]]
"""Run id -> name, as ``ang-right.png`` -> PNG."""

_BUDGET = 1_100_000
"""Bytes of all pictures of a page; those of better rows come first."""
_WIDTH = 1000
_QUALITY = 55
"""Of WebP, 0 to 100: words under a spectrogram stay readable."""
_CLIPS, _CLIP_S = 12, 4.0


@dataclass(frozen=True)
class Shown:
    """One picture."""

    name: str
    """``angry, answered wrong``."""
    utterance: str
    image: str
    """As ``data:`` URI."""
    sound: str
    """The same; empty where it cannot be played."""


@dataclass(frozen=True)
class Gallery:
    """Pictures of a row."""

    shown: tuple[Shown, ...]
    left_out: int
    """Of those that MLflow has."""


class Galleries:
    """Makes the galleries of a page, row after row, until its budget is spent."""

    def __init__(self, attention: Attention) -> None:
        self._attention = attention
        self._bytes, self._clips = _BUDGET, _CLIPS
        self._unheard: Counter[Path] = Counter()
        """Clips that were wanted, by the folder of a corpus that has them not."""

    def of(self, row: Row) -> Gallery:
        """Its pictures, one of each class first."""
        pictures = self._attention.get(row.run_id, {})
        ids = _utterances(row.result)
        known = sorted(set(pictures) & set(ids), key=lambda name: ("wrong" in name, name))
        shown: list[Shown] = []
        for name in known:
            image = _uri("image/webp", _smaller(pictures[name]))
            if len(image) > self._bytes:
                break
            self._bytes -= len(image)
            sound = self._sound(row.result, ids[name])
            shown.append(Shown(_in_words(name), ids[name], image, sound))
        return Gallery(tuple(shown), len(pictures) - len(shown))

    def say_unheard(self) -> None:
        """A warning for each corpus that was not found, with its clips that are left out."""
        for folder, clips in self._unheard.items():
            _log.warning(
                "%d clip%s of the demo corpus left out of the page: not in %s; where that is no "
                "full path, run this in the folder that the study ran in",
                *(clips, "s" * (clips > 1), folder),
            )

    def _sound(self, result: RunResult, utterance: str) -> str:
        folder = _spoken_in(result)
        if folder is None or not self._clips:
            return ""
        recording = next(folder.glob(f"Session*/sentences/wav/*/{utterance}.wav"), None)
        if recording is None:
            self._unheard[folder] += 1
            return ""
        self._clips -= 1
        return _uri("audio/wav", _clip(recording))


def _spoken_in(result: RunResult) -> Path | None:
    """The folder of the demo corpus, which anyone may pass on; None for any other corpus."""
    corpus = result.experiment.get("corpus", {})
    if not result.synthetic or corpus.get("kind") != "demo":
        return None
    return folder_of(DemoCorpusConfig.model_validate(corpus))


def _utterances(result: RunResult) -> dict[str, str]:
    """Whose picture each is: pictures are of the first fold's validation part."""
    part = result.folds[0].validation
    return {} if part is None else {picture_name(part, n): part.ids[n] for n in telling(part)}


def _in_words(name: str) -> str:
    emotion, how = name.removesuffix(".png").split("-")
    return f"{EMOTION_NAMES[emotion]}, answered {how}"


def _smaller(png: bytes) -> bytes:
    from PIL import Image

    with Image.open(io.BytesIO(png)) as image:
        width = min(_WIDTH, image.width)
        height = round(image.height * width / image.width)
        file = io.BytesIO()
        image.convert("RGB").resize((width, height)).save(file, "webp", quality=_QUALITY)
    return file.getvalue()


def _clip(recording: Path) -> bytes:
    samples = load(recording)[: int(_CLIP_S * SAMPLE_RATE_HZ)]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setparams((1, 2, SAMPLE_RATE_HZ, 0, "NONE", "not compressed"))
        out.writeframes(samples.astype("<i2").tobytes())
    return file.getvalue()


def _uri(kind: str, content: bytes) -> str:
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
