"""Builds corpora on disk: IEMOCAP's exact layout, and manifests."""

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ser_platform.config.corpus import TableCorpusConfig
from ser_platform.corpora import Corpus, read_corpus
from ser_platform.corpora.iemocap import read_iemocap
from ser_platform.utterance import Utterance


def recording(seconds: float = 1.0, rate_hz: int = 16_000) -> bytes:
    """A wav file of quiet noise."""
    file = io.BytesIO()
    samples = np.random.default_rng(0).normal(0, 0.01, int(seconds * rate_hz))
    soundfile.write(file, samples, rate_hz, format="WAV", subtype="PCM_16")
    return file.getvalue()


RATERS = """\
C-E2:\tNeutral;\t()
C-E3:\tHappiness; Excited;\t()
C-F1:\tNeutral;\t(curious)
A-E3:\tval 3; act 2; dom  2;\t()
A-E4:\tval 2; act 3; dom  ;\t(mildly aggravated, attitude)
"""


@dataclass
class IemocapTree:
    """A release tree that grows turn by turn."""

    root: Path
    wav: bytes

    def session(self, dialogue: str) -> Path:
        return self.root / f"Session{dialogue[4]}"

    def labels(self, dialogue: str) -> Path:
        return self.session(dialogue) / "dialog" / "EmoEvaluation" / f"{dialogue}.txt"

    def transcript(self, dialogue: str) -> Path:
        return self.session(dialogue) / "dialog" / "transcriptions" / f"{dialogue}.txt"

    def audio(self, dialogue: str, turn: str) -> Path:
        name = f"{dialogue}_{turn}.wav"
        return self.session(dialogue) / "sentences" / "wav" / dialogue / name

    def alignment(self, dialogue: str, turn: str, kind: str) -> Path:
        name = f"{dialogue}_{turn}.{kind}"
        return self.session(dialogue) / "sentences" / "ForcedAlignment" / dialogue / name

    def turn(self, dialogue: str, turn: str, code: str, text: str = "Excuse me.") -> None:
        """One labelled turn: label, transcript, recording, word and phoneme alignment."""
        labels = self.labels(dialogue)
        if not labels.exists():
            self.write(labels, "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n\n")
        label = f"[6.2901 - 8.2357]\t{dialogue}_{turn}\t{code}\t[2.5000, 2.5000, 2.5000]\n"
        self.append(labels, label + RATERS + "\n")
        line = f"{dialogue}_{turn} [006.2901-008.2357]: {text}\n"
        self.append(self.transcript(dialogue), line)
        self.write(self.audio(dialogue, turn), self.wav)
        self.align(dialogue, turn, text)

    def align(self, dialogue: str, turn: str, text: str) -> None:
        """Words of 20 frames after 10 frames of silence, each of two phonemes."""
        words, phones = [(0, 9, "<s>")], [(0, 9, "SIL")]
        for i, word in enumerate(text.upper().replace(".", "").split()):
            start = 10 + 20 * i
            words.append((start, start + 19, word))
            phones.append((start, start + 9, "EH SIL K b"))
            phones.append((start + 10, start + 19, "K EH S e"))
        self.segments(dialogue, turn, "wdseg", words)
        self.segments(dialogue, turn, "phseg", phones)

    def segments(
        self, dialogue: str, turn: str, kind: str, rows: Sequence[tuple[int, int, str]]
    ) -> None:
        """What Sphinx-3's ``main_align.c`` prints."""
        name, width = ("Word", 10) if kind == "wdseg" else ("Phone", 9)
        lines = [f"\t{'SFrm':>5} {'EFrm':>5} {'SegAScr':>{width}} {name}"]
        lines += [f"\t{a:5} {b:5} {-97530:{width}} {symbol}" for a, b, symbol in rows]
        lines.append(f" Total score: {-1234567:11}")
        self.write(self.alignment(dialogue, turn, kind), "\n".join(lines) + "\n")

    def write(self, path: Path, content: str | bytes) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)

    def append(self, path: Path, text: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as file:
            file.write(text)

    def read(self, **settings: Any) -> Corpus:
        wanted = {"check_counts": False, "missing_alignment": "refuse", **settings}
        return read_iemocap(self.root, **wanted)

    def one(self, id_: str, **settings: Any) -> Utterance:
        return next(u for u in self.read(**settings).utterances if u.id == id_)


@pytest.fixture
def tree(tmp_path: Path) -> IemocapTree:
    """Five sessions, each with one dialogue of one woman's and one man's turn."""
    made = IemocapTree(tmp_path / "IEMOCAP_full_release", recording())
    for session, code in enumerate(["sad", "ang", "hap", "sad", "sad"], 1):
        made.turn(f"Ses0{session}F_impro01", "F000", "neu")
        made.turn(f"Ses0{session}F_impro01", "M000", code, "I know it.")
    return made


@dataclass
class Table:
    """A manifest and its recordings."""

    root: Path

    def write(self, name: str, *lines: str) -> None:
        (self.root / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def read(self, **settings: Any) -> Corpus:
        given = {"root": str(self.root), "missing_alignment": "even", **settings}
        return read_corpus(TableCorpusConfig(**given))


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """Four good rows: two speakers, four emotions."""
    root = tmp_path / "mine"
    (root / "wav").mkdir(parents=True)
    for name in "abcd":
        (root / "wav" / f"{name}.wav").write_bytes(recording())
    made = Table(root)
    made.write(
        "manifest.csv",
        "utterance_id,file,speaker,emotion,transcript",
        "a,wav/a.wav,zoe,ang,Get out!",
        "b,wav/b.wav,zoe,hap,That is great.",
        'c,wav/c.wav,adam,neu,"Yes, I think so."',
        "d,wav/d.wav,adam,sad,Nobody came.",
    )
    return made


@pytest.fixture
def utterances() -> Callable[[Sequence[tuple[int, str, str]]], list[Utterance]]:
    """Utterances from (session, speaker, emotion); everything else is plausible filler."""

    def make(rows: Sequence[tuple[int, str, str]]) -> list[Utterance]:
        return [
            Utterance(f"u{i:03}", f"u{i}.wav", speaker, session, emotion, "hello")
            for i, (session, speaker, emotion) in enumerate(rows)
        ]

    return make


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Real recordings: `SER_REAL_DATA`, or `../shared/data` beside the repository."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("SER_REAL_DATA", beside))  # noqa: TID251
    if not folder.is_dir():
        pytest.skip(f"no real recordings in {folder} (set SER_REAL_DATA)")
    return folder
