"""Which words a network reads: what was said, or what a recogniser heard."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ser_platform.config.corruption import CorruptedConfig
from ser_platform.config.paths import LocalPath
from ser_platform.config.recognition import (
    FasterWhisperConfig,
    GoogleSpeechConfig,
    PocketsphinxConfig,
)
from ser_platform.config.sections import Section


class OracleConfig(Section):
    """The corpus's own transcripts and word times."""

    kind: Literal["oracle"] = "oracle"


class RecognisedConfig(Section):
    """What a speech recogniser heard, from files."""

    kind: Literal["recognised"] = "recognised"
    path: LocalPath
    """Told by its ending; every utterance is in it, also where nothing was recognised.

    ``.csv``: ``utterance_id, transcript``. ``.ctm``: NIST's words in time. ``.jsonl``, ``.json``
    or a folder of ``<utterance_id>.json``: what Google Speech-to-Text returned."""
    words: LocalPath = ""
    """For a CSV: another one, ``utterance_id, start_s, end_s, symbol``, with the times of the
    same words; empty: no times are known, which is enough for a network that reads none. The
    other formats carry their times themselves."""

    times: Literal["file", "align"] = "file"
    """Whose word times are used: those of the files, or the forced aligner's (section
    ``alignment``), which knows phonemes too but reads English only."""

    @property
    def has_times(self) -> bool:
        """Whether it says when each word was heard."""
        return self.times == "file" and (bool(self.words) or not self.is_csv)

    @property
    def is_csv(self) -> bool:
        """Whether the text is a CSV."""
        return self.path.lower().endswith(".csv")

    @model_validator(mode="after")
    def _times_come_once(self) -> "RecognisedConfig":
        if self.words and self.times == "align":
            raise ValueError(
                "transcript.words is given, and transcript.times: align finds them anew; leave "
                "one of them out"
            )
        if self.words and not self.is_csv:
            raise ValueError(
                f"transcript.words is given, but only a CSV needs it: {self.path} carries the "
                "times of its words itself"
            )
        return self


TranscriptConfig = Annotated[
    OracleConfig
    | RecognisedConfig
    | CorruptedConfig
    | PocketsphinxConfig
    | FasterWhisperConfig
    | GoogleSpeechConfig,
    Field(discriminator="kind"),
]
