"""Recognition engines: what hears the words of a recording, and with what settings."""

from typing import Annotated, Literal

from pydantic import Field, PositiveInt, TypeAdapter, ValidationError, model_validator

from ser_platform.config.sections import Section
from ser_platform.errors import ConfigError

Times = Literal["engine", "align"]
"""Whose word times are used: the recogniser's, or the forced aligner's (section ``alignment``),
which knows phonemes too but reads English only. Words to which a recogniser gives no times are
aligned in any case."""


class PocketsphinxConfig(Section):
    """CMU pocketsphinx with its own English language model: works anywhere, hears badly."""

    kind: Literal["pocketsphinx"] = "pocketsphinx"
    times: Times = "engine"


class FasterWhisperConfig(Section):
    """Whisper through faster-whisper, one CPU for each recording."""

    kind: Literal["faster_whisper"] = "faster_whisper"
    model: Annotated[str, Field(min_length=1)]
    """Folder with the converted model (``model.bin``, ``config.json``, ``tokenizer.json``), on
    every machine under the same path; nothing is ever downloaded."""
    language: str = "en"
    """ISO 639-1; empty: recognised, utterance by utterance."""
    compute_type: Literal["int8", "int8_float32", "float32"] = "int8"
    """CTranslate2's name of the precision."""
    beam_size: PositiveInt = 5
    """Whisper's own."""
    times: Times = "engine"


class GoogleSpeechConfig(Section):
    """Google Cloud Speech-to-Text; credentials as Google's library reads them on each worker."""

    kind: Literal["google_speech"] = "google_speech"
    api: Literal["v1", "v2"] = "v2"
    project: str = ""
    """Google Cloud project; v2 needs it."""
    location: str = "global"
    """Region of v2; another than ``global`` is asked at its own endpoint."""
    language: Annotated[str, Field(min_length=1)] = "en-US"
    """BCP-47."""
    model: str = ""
    """As Google names it; empty: ``latest_short`` of v1, ``short`` of v2."""
    times: Times = "engine"

    @model_validator(mode="after")
    def _v2_has_a_project(self) -> "GoogleSpeechConfig":
        if self.api == "v2" and not self.project:
            raise ValueError("project is empty, and api v2 needs it; give it, or use api: v1")
        if self.api == "v1" and self.location != "global":
            raise ValueError(f"location is {self.location}, and only api v2 reads it")
        return self


RecognitionConfig = PocketsphinxConfig | FasterWhisperConfig | GoogleSpeechConfig
"""An engine that recognises; the other transcripts are read from files."""


def recogniser_from(text: str) -> RecognitionConfig:
    """An engine as a command line names it: ``faster_whisper,model=/models/base.en``.

    Raises:
        ConfigError: saying what is wrong, and where.
    """
    kind, *rest = text.split(",")
    settings = {name: value for name, _, value in (part.partition("=") for part in rest)}
    reader: TypeAdapter[RecognitionConfig] = TypeAdapter(
        Annotated[RecognitionConfig, Field(discriminator="kind")]
    )
    try:
        return reader.validate_python({"kind": kind, **settings}, strict=False)
    except ValidationError as e:
        said = [f"{'.'.join(map(str, p['loc'][1:])) or 'kind'}: {p['msg']}" for p in e.errors()]
        raise ConfigError(f"recogniser '{text}': {'; '.join(said)}") from e
