"""What the stored models were asked: a recording, and the words in it."""

from pathlib import Path

import numpy as np
import soundfile

from ser_platform.utterance import Phoneme, Word

SAID = (
    Word("well", 0.1, 0.4, (Phoneme("W", 0.1, 0.2), Phoneme("EH", 0.2, 0.4))),
    Word("then", 0.4, 0.7, (Phoneme("DH", 0.4, 0.7),)),
)
PHONEMES = ("DH", "EH", "W")


def write_recording(path: Path) -> None:
    """A second of a rising tone, louder and softer, at 16 kHz."""
    time = np.arange(16000) / 16000
    tone = np.sin(2 * np.pi * (150 + 200 * time) * time) * (0.5 + 0.4 * np.sin(12 * time))
    soundfile.write(path, 0.6 * tone, 16000)
