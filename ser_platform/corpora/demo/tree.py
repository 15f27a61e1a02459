"""Writes IEMOCAP's release layout: one session's folders, one dialogue after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from ser_platform.corpora.demo.alignment import FRAMES_PER_S, phone_units, phseg, wdseg, word_units
from ser_platform.corpora.demo.dialogues import Dialogue
from ser_platform.corpora.demo.labels import evaluation
from ser_platform.corpora.demo.sound import SAMPLE_RATE_HZ
from ser_platform.corpora.demo.speech import SpokenWord

EVALUATION_HEADER = "% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]\n"


@dataclass(frozen=True, slots=True)
class Recording:
    """One turn as recorded: int16 samples at 16 kHz, and the words from ``start_s`` on."""

    samples: np.ndarray
    words: tuple[SpokenWord, ...]
    start_s: float

    @property
    def duration_s(self) -> float:
        """Its length."""
        return len(self.samples) / SAMPLE_RATE_HZ


def write_dialogue(
    root: Path, dialogue: Dialogue, recordings: Sequence[Recording], rng: np.random.Generator
) -> None:
    """Everything that IEMOCAP has of a dialogue and that its reader reads.

    Args:
        root: the folder that holds ``Session1`` to ``Session5``.
        dialogue: what was said.
        recordings: of its turns.
        rng: for the raters' votes and the pauses between turns.
    """
    session = root / f"Session{dialogue.session}"
    sentences = session / "sentences"
    evaluations, transcripts, now_s = [EVALUATION_HEADER], [], rng.uniform(2, 6)
    for turn, recording in zip(dialogue.turns, recordings, strict=True):
        end_s = now_s + recording.duration_s
        evaluations.append(evaluation(turn, now_s, end_s, rng))
        transcripts.append(f"{turn.utterance} [{now_s:08.4f}-{end_s:08.4f}]: {turn.text}\n")
        now_s = end_s + rng.uniform(0.2, 1.5)
        _write_recording(sentences, dialogue.name, turn.utterance, recording)
    dialog = session / "dialog"
    _write(dialog / "EmoEvaluation" / f"{dialogue.name}.txt", "\n".join(evaluations))
    _write(dialog / "transcriptions" / f"{dialogue.name}.txt", "".join(transcripts))


def _write_recording(sentences: Path, dialogue: str, utterance: str, recording: Recording) -> None:
    wav = sentences / "wav" / dialogue / f"{utterance}.wav"
    wav.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(wav, recording.samples, SAMPLE_RATE_HZ, subtype="PCM_16")
    aligned = sentences / "ForcedAlignment" / dialogue
    num_frames = int(recording.duration_s * FRAMES_PER_S)
    words, start_s = recording.words, recording.start_s
    _write(aligned / f"{utterance}.wdseg", wdseg(word_units(words, start_s, num_frames)))
    _write(aligned / f"{utterance}.phseg", phseg(phone_units(words, start_s, num_frames)))


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")
