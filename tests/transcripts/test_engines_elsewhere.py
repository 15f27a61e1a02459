"""Engines that need weights or a service: our client code against the shapes of their APIs."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from google.api_core.exceptions import PermissionDenied
from google.auth.exceptions import DefaultCredentialsError
from google.cloud import speech_v1, speech_v2

from ser_platform.config.recognition import FasterWhisperConfig, GoogleSpeechConfig
from ser_platform.errors import EngineError, FeatureError
from ser_platform.transcripts.engines import base, make_engine

SECOND = np.arange(16_000, dtype=np.int16)


class Whisper:
    """``faster_whisper.WhisperModel`` 1.2.1 as far as we call it."""

    made: tuple[str, dict[str, Any]]
    asked: tuple[np.ndarray, dict[str, Any]]

    def __init__(self, path: str, **settings: Any) -> None:
        Whisper.made = path, settings

    def transcribe(self, samples: np.ndarray, **settings: Any) -> tuple[Any, Any]:
        Whisper.asked = samples, settings
        words = [
            SimpleNamespace(
                start=np.float64(0.0), end=np.float64(0.42), word=" Well,", probability=0.9
            ),
            SimpleNamespace(
                start=np.float64(0.42), end=np.float64(1.3), word=" then.", probability=0.6
            ),
        ]
        segments = (
            SimpleNamespace(text=" Well, then.", start=0.0, end=1.3, words=w)
            for w in (words, None)
        )
        return segments, SimpleNamespace(language="en", duration=1.0)


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that looks like a model, with a faster-whisper that takes it."""
    module = ModuleType("faster_whisper")
    module.WhisperModel = Whisper  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faster_whisper", module)
    versions = {"faster-whisper": "1.2.1", "ctranslate2": "4.8.5"}
    monkeypatch.setattr(base.metadata, "version", versions.__getitem__)
    for name in ("model.bin", "config.json", "tokenizer.json"):
        (tmp_path / name).write_text(name)
    return tmp_path


def test_whisper_gives_words_in_time_inside_the_recording(weights: Path) -> None:
    result = make_engine(FasterWhisperConfig(model=str(weights)))(SECOND, ())
    assert result == {
        "text": "Well, then.",
        "words": [["well", 0.0, 0.42], ["then", 0.42, 1.0]],
    }
    path, settings = Whisper.made
    assert path == str(weights)
    assert (settings["local_files_only"], settings["cpu_threads"]) == (True, 1)
    samples, asked = Whisper.asked
    assert samples.dtype == np.float32
    assert samples.max() == pytest.approx(15_999 / 2**15)
    assert (asked["language"], asked["temperature"], asked["word_timestamps"]) == ("en", 0.0, True)


def test_other_weights_or_settings_are_another_engine(weights: Path) -> None:
    one = make_engine(FasterWhisperConfig(model=str(weights))).identity()
    beam = make_engine(FasterWhisperConfig(model=str(weights), beam_size=1)).identity()
    times = make_engine(FasterWhisperConfig(model=str(weights), times="align")).identity()
    (weights / "model.bin").write_text("other weights")
    other = make_engine(FasterWhisperConfig(model=str(weights))).identity()
    assert one == times
    assert one["weights"] != other["weights"]
    assert beam != one


def test_a_folder_without_a_model_is_refused_before_anything_is_downloaded(weights: Path) -> None:
    (weights / "tokenizer.json").unlink()
    with pytest.raises(EngineError, match=r"transcript\.model: .* holds no tokenizer\.json; give"):
        make_engine(FasterWhisperConfig(model=str(weights)))


# As https://cloud.google.com/speech-to-text/docs/async-time-offsets prints it; a start of zero
# is left out.
V1 = """{"results": [{"alternatives": [{"transcript": "okay so", "confidence": 0.96, "words": [
    {"startTime": "0s", "endTime": "1.300s", "word": "okay"},
    {"startTime": "1.300s", "endTime": "1.400s", "word": "so"}]}]}],
    "totalBilledTime": "2s"}"""
V2 = """{"results": [{"alternatives": [{"transcript": "okay so", "confidence": 0.96, "words": [
    {"endOffset": "1.300s", "word": "okay"},
    {"startOffset": "1.300s", "endOffset": "1.400s", "word": "so"}]}], "languageCode": "en-us",
    "resultEndOffset": "1.4s"}, {"alternatives": []}],
    "metadata": {"totalBilledDuration": "2s"}}"""
V2_WITHOUT_TIMES = """{"results": [{"alternatives": [{"transcript": "okay so"}]}]}"""

Answer = Callable[[Any], Any]


@pytest.fixture
def google(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answer], list[Any]]:
    """Clients that answer without a network; what they were asked and made with."""

    def answering(answer: Answer) -> list[Any]:
        requests: list[Any] = []

        class Client:
            def __init__(self, client_options: Any = None) -> None:
                requests.append(client_options)

            def recognize(self, request: Any, retry: Any, timeout: float) -> Any:
                assert retry is not None
                assert timeout > 60
                requests.append(request)
                return answer(request)

        monkeypatch.setattr(speech_v1, "SpeechClient", Client)
        monkeypatch.setattr(speech_v2, "SpeechClient", Client)
        return requests

    return answering


def test_google_v1_is_asked_for_the_time_of_each_word(google) -> None:
    requests = google(lambda _: speech_v1.RecognizeResponse.from_json(V1))
    result = make_engine(GoogleSpeechConfig(api="v1"))(SECOND, ())
    assert result == {"text": "okay so", "words": [["okay", 0.0, 1.3], ["so", 1.3, 1.4]]}
    _, request = requests
    assert request.config.enable_word_time_offsets
    assert (request.config.model, request.config.language_code) == ("latest_short", "en-US")
    assert request.audio.content == SECOND.tobytes()


def test_google_v2_is_asked_at_its_region(google) -> None:
    requests = google(lambda _: speech_v2.RecognizeResponse.from_json(V2))
    config = GoogleSpeechConfig(project="mine", location="eu", model="chirp_2")
    result = make_engine(config)(SECOND, ())
    assert result == {"text": "okay so", "words": [["okay", 0.0, 1.3], ["so", 1.3, 1.4]]}
    options, request = requests
    assert options.api_endpoint == "eu-speech.googleapis.com"
    assert request.recognizer == "projects/mine/locations/eu/recognizers/_"
    assert request.config.model == "chirp_2"
    assert request.config.explicit_decoding_config.sample_rate_hertz == 16_000
    assert request.content == SECOND.tobytes()


def test_google_without_times_leaves_them_to_the_aligner(google) -> None:
    google(lambda _: speech_v2.RecognizeResponse.from_json(V2_WITHOUT_TIMES))
    result = make_engine(GoogleSpeechConfig(project="mine"))(SECOND, ())
    assert result == {"text": "okay so", "words": None}


def test_nothing_heard_is_no_word(google) -> None:
    google(lambda _: speech_v2.RecognizeResponse())
    assert make_engine(GoogleSpeechConfig(project="mine"))(SECOND, ()) == {"text": "", "words": []}


def test_a_recording_too_long_for_a_request_is_refused_unsent(google) -> None:
    requests = google(lambda _: pytest.fail("sent"))
    with pytest.raises(
        FeatureError, match=r"61\.0 s long; Google Cloud Speech takes at most 60 s"
    ):
        make_engine(GoogleSpeechConfig(project="mine"))(np.resize(SECOND, 61 * 16_000), ())
    assert requests == []


def test_what_google_refuses_is_said(google, monkeypatch) -> None:
    def refuse(_: Any) -> Any:
        raise PermissionDenied("speech.recognizers.recognize denied")

    google(refuse)
    with pytest.raises(
        EngineError, match=r"Google Cloud Speech v2 refuses .*recognize denied; what"
    ):
        make_engine(GoogleSpeechConfig(project="mine"))(SECOND, ())

    def lost(**_: Any) -> Any:
        raise DefaultCredentialsError("no default credentials")

    monkeypatch.setattr(speech_v2, "SpeechClient", lost)
    with pytest.raises(EngineError, match="no credentials: no default credentials"):
        make_engine(GoogleSpeechConfig(project="mine"))(SECOND, ())


def test_the_project_that_pays_is_no_part_of_what_was_heard(google) -> None:
    one, other = (make_engine(GoogleSpeechConfig(project=p)).identity() for p in ("a", "b"))
    assert one == other
