"""Recognition by Whisper through faster-whisper, with weights in a folder of the user's."""

import hashlib
import importlib
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ser_platform.config.recognition import FasterWhisperConfig
from ser_platform.errors import EngineError
from ser_platform.features.base import Signal
from ser_platform.transcripts.engines.base import Result, heard, seconds, version_of

# Without its tokenizer faster-whisper would download one.
_FILES = ("model.bin", "config.json", "tokenizer.json")


class WhisperRecogniser:
    """Greedy in temperature, so that the same recording gives the same text each time.

    Raises:
        EngineError: when faster-whisper is not installed, or the folder holds no model.
    """

    def __init__(self, config: FasterWhisperConfig) -> None:
        self._config = config
        self._folder = Path(config.model).expanduser()
        self._version = version_of("faster-whisper", "whisper")
        if missing := [name for name in _FILES if not (self._folder / name).is_file()]:
            raise EngineError(
                f"transcript.model: {self._folder} holds no {', '.join(missing)}; give the folder "
                "of a model converted for CTranslate2, such as Systran/faster-whisper-base"
            )

    def identity(self) -> dict[str, object]:  # noqa: D102  # documented in the protocol
        settings = self._config.model_dump(exclude={"model", "times"})
        return {
            **settings,
            "version": 1,
            "faster-whisper": self._version,
            "ctranslate2": version_of("ctranslate2", "whisper"),
            "weights": self._weights,
        }

    @cached_property
    def _weights(self) -> str:
        """Digest of the model's files, which are read for it once per process."""
        digest = hashlib.sha256()
        for name in _FILES:
            with (self._folder / name).open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        return digest.hexdigest()

    @cached_property
    def _model(self) -> Any:
        try:
            return importlib.import_module("faster_whisper").WhisperModel(
                str(self._folder),
                device="cpu",
                compute_type=self._config.compute_type,
                cpu_threads=1,
                local_files_only=True,
            )
        except (ImportError, RuntimeError, ValueError) as error:
            raise EngineError(f"faster-whisper does not load {self._folder}: {error}") from error

    def __call__(self, signal: Signal, words: tuple[str, ...]) -> Result:  # noqa: D102
        segments, _ = self._model.transcribe(
            signal.astype(np.float32) / 2**15,
            language=self._config.language or None,
            beam_size=self._config.beam_size,
            temperature=0.0,
            condition_on_previous_text=False,
            word_timestamps=True,
        )
        last_s = seconds(signal)  # it hears in windows of 30 s, and may go beyond the end
        return heard(
            (word.word, min(float(word.start), last_s), min(float(word.end), last_s))
            for segment in segments
            for word in segment.words or ()
        )
