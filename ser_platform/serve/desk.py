"""Where questions are answered and counted, for one model."""

from threading import Lock
from time import perf_counter

from anyio import CapacityLimiter, to_thread
from prometheus_client import CollectorRegistry, Counter, Histogram

from ser_platform.corpora.recordings import Bounds
from ser_platform.features.audio import decode
from ser_platform.inference.answer import Answer
from ser_platform.inference.listener import Listener
from ser_platform.inference.pieces import Question
from ser_platform.serve.limits import Limits
from ser_platform.serve.places import Places
from ser_platform.utterance import Word


class Desk:
    """Answers questions, one after the other.

    Args:
        listener: the model.
        limits: how much is taken.

    Attributes:
        questions: places of requests, taken before their bodies are read.
        streams: places of streams.
    """

    def __init__(self, listener: Listener, limits: Limits) -> None:
        self.listener, self.limits = listener, limits
        registry = self.registry = CollectorRegistry()
        self._bounds = Bounds(longest_s=limits.sound_s, containers=None)
        self._decoding = Lock()
        # Threads of its own: files of the page are read by others.
        self._threads = CapacityLimiter(2 * limits.at_once)
        self._answers = Counter(
            "ser_answers", "Answers, by emotion.", ["label"], registry=registry
        )
        self._sound = Counter(
            "ser_sound_seconds", "Sound that was answered about.", registry=registry
        )
        self._seconds = Histogram(
            "ser_answer_seconds", "From a question to its answer.", registry=registry
        )
        busy = Counter("ser_refused_busy", "Refused for being busy.", registry=registry)
        self.questions = Places(limits.at_once, "ser_in_flight", "questions", busy, registry)
        self.streams = Places(limits.at_once, "ser_streams", "streams", busy, registry)

    async def answer(
        self, data: bytes, name: str, text: str | None, words: tuple[Word, ...] | None = None
    ) -> Answer:
        """The answer about a recording.

        Args:
            data: the file.
            name: what messages call it.
            text: what was said; None where nobody knows.
            words: the same in time.

        Raises:
            EngineError, FeatureError: as :meth:`Listener.answer`.
        """
        began = perf_counter()
        answer = await to_thread.run_sync(
            self._answer, data, name, text, words, limiter=self._threads
        )
        self._seconds.observe(perf_counter() - began)
        self._answers.labels(answer.label).inc()
        self._sound.inc(answer.duration_s)
        return answer

    def _answer(
        self, data: bytes, name: str, text: str | None, words: tuple[Word, ...] | None
    ) -> Answer:
        with self._decoding:  # two minutes of eight channels take room
            signal = decode(data, name, self._bounds)
        return self.listener.answer(Question(name, signal, text, words))
