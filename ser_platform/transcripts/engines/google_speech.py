"""Recognition by Google Cloud Speech-to-Text, v1 and v2; a request for each recording.

Field names: https://cloud.google.com/speech-to-text/v2/docs/reference/rest and .../docs for v1.
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import cached_property
from typing import Any

from ser_platform.config.recognition import GoogleSpeechConfig
from ser_platform.errors import EngineError, FeatureError
from ser_platform.features.base import SAMPLE_RATE_HZ, Signal
from ser_platform.transcripts.engines.base import Result, heard, seconds, version_of

LONGEST_S = 60.0
"""Google's limit of a synchronous request."""
_TIMEOUT_S = 120.0
_RETRY_S = 300.0
_MODELS = {"v1": "latest_short", "v2": "short"}


class GoogleRecogniser:
    """Sends 16-bit samples, asks for the time of every word, takes the best alternative.

    Raises:
        EngineError: when google-cloud-speech is not installed.
    """

    def __init__(self, config: GoogleSpeechConfig) -> None:
        self._config = config
        self._model = config.model or _MODELS[config.api]
        version_of("google-cloud-speech", "google")

    def identity(self) -> dict[str, object]:
        """Without the version of the client: models change on Google's side, unseen from here.

        Text once heard is kept, and paid for once.
        """
        settings = self._config.model_dump(exclude={"project", "times"})
        return {**settings, "model": self._model, "version": 1}

    @cached_property
    def _client(self) -> Any:
        from google.api_core.client_options import ClientOptions
        from google.auth.exceptions import GoogleAuthError
        from google.cloud import speech_v1, speech_v2

        where = self._config.location
        try:
            if self._config.api == "v1":
                return speech_v1.SpeechClient()
            endpoint = "speech.googleapis.com" if where == "global" else None
            return speech_v2.SpeechClient(
                client_options=ClientOptions(
                    api_endpoint=endpoint or f"{where}-speech.googleapis.com"
                )
            )
        except GoogleAuthError as error:
            raise EngineError(f"Google Cloud Speech: no credentials: {error}") from error

    def __call__(self, signal: Signal, words: tuple[str, ...]) -> Result:  # noqa: D102
        if seconds(signal) > LONGEST_S:
            raise FeatureError(
                f"{seconds(signal):.1f} s long; Google Cloud Speech takes at most "
                f"{LONGEST_S:.0f} s in one request: cut it, or use another transcript.kind"
            )
        from google.api_core.exceptions import GoogleAPICallError, RetryError
        from google.api_core.retry import Retry
        from google.auth.exceptions import GoogleAuthError

        try:
            response = self._client.recognize(
                request=self._request(signal.astype("<i2").tobytes()),
                retry=Retry(timeout=_RETRY_S),  # what Google says may be asked again
                timeout=_TIMEOUT_S,
            )
        except (GoogleAPICallError, GoogleAuthError, RetryError) as error:
            raise EngineError(
                f"Google Cloud Speech {self._config.api} refuses or does not answer: {error}; "
                "what was heard before is kept, and the same command goes on from there"
            ) from error
        return heard(_tokens(response))

    def _request(self, samples: bytes) -> Any:
        from google.cloud import speech_v1, speech_v2

        if self._config.api == "v1":
            return speech_v1.RecognizeRequest(
                config=speech_v1.RecognitionConfig(
                    encoding=speech_v1.RecognitionConfig.AudioEncoding.LINEAR16,
                    sample_rate_hertz=SAMPLE_RATE_HZ,
                    language_code=self._config.language,
                    model=self._model,
                    enable_word_time_offsets=True,
                ),
                audio=speech_v1.RecognitionAudio(content=samples),
            )
        place = f"projects/{self._config.project}/locations/{self._config.location}"
        return speech_v2.RecognizeRequest(
            recognizer=f"{place}/recognizers/_",
            config=speech_v2.RecognitionConfig(
                explicit_decoding_config=speech_v2.ExplicitDecodingConfig(
                    encoding=speech_v2.ExplicitDecodingConfig.AudioEncoding.LINEAR16,
                    sample_rate_hertz=SAMPLE_RATE_HZ,
                    audio_channel_count=1,
                ),
                language_codes=[self._config.language],
                model=self._model,
                features=speech_v2.RecognitionFeatures(enable_word_time_offsets=True),
            ),
            content=samples,
        )


def _tokens(response: Any) -> Iterator[Any]:
    """Words with times, or the text of a stretch for which a model gives none."""
    for result in response.results:
        if not result.alternatives:
            continue
        best = result.alternatives[0]
        spans = [(w.word, *_span(w)) for w in best.words]
        # A start of 0 is left out by Google as well; without times every end is 0.
        if spans and any(end_s for _, _, end_s in spans):
            yield from spans
        elif best.transcript.strip():
            yield best.transcript, None, None


def _span(word: Any) -> tuple[float, float]:
    """Start and end in seconds: v1 says ``start_time``, v2 ``start_offset``."""
    names = (
        ("start_time", "end_time")
        if hasattr(word, "start_time")
        else ("start_offset", "end_offset")
    )
    start, end = (getattr(word, name) or timedelta() for name in names)
    return start.total_seconds(), end.total_seconds()
