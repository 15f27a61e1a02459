"""Which words a network reads: what was said, or what a recogniser heard."""

from typing import Annotated, Literal

from pydantic import Field

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
    path: str
    """CSV ``utterance_id, transcript``; a row for every utterance, be it empty."""
    words: str = ""
    """CSV ``utterance_id, start_s, end_s, symbol`` with the times of the same words; empty: no
    times are known, which is enough for a network that reads none."""


TranscriptConfig = Annotated[
    OracleConfig
    | RecognisedConfig
    | PocketsphinxConfig
    | FasterWhisperConfig
    | GoogleSpeechConfig,
    Field(discriminator="kind"),
]
