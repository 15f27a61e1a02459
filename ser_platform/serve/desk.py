"""Where questions are taken, counted and answered; so many at once, the others come back later."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter

from anyio import to_thread
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from ser_platform.corpora.recordings import Bounds
from ser_platform.features.audio import decode
from ser_platform.inference.answer import Answer
from ser_platform.inference.listener import Listener
from ser_platform.inference.pieces import Question
from ser_platform.serve.limits import Limits
from ser_platform.serve.problems import ServeError
from ser_platform.utterance import Word


class Desk:
    """Takes questions for one model.

    Args:
        listener: the model.
        limits: how much is taken.
    """

    def __init__(self, listener: Listener, limits: Limits) -> None:
        self.listener, self.limits = listener, limits
        registry = self.registry = CollectorRegistry()
        self._bounds = Bounds(longest_s=limits.sound_s, containers=None)
        self._there = 0
        self._answers = Counter(
            "ser_answers", "Answers, by emotion.", ["label"], registry=registry
        )
        self._sound = Counter(
            "ser_sound_seconds", "Sound that was answered about.", registry=registry
        )
        self._seconds = Histogram(
            "ser_answer_seconds", "From a question to its answer.", registry=registry
        )
        self._busy = Counter(
            "ser_refused_busy", "Questions refused for being busy.", registry=registry
        )
        self._waiting = Gauge("ser_in_flight", "Questions answered or waiting.", registry=registry)

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
            ServeError: when too many are there already.
            EngineError, FeatureError: as :meth:`Listener.answer`.
        """
        with self._place():
            began = perf_counter()
            answer = await to_thread.run_sync(self._answer, data, name, text, words)
            self._seconds.observe(perf_counter() - began)
        self._answers.labels(answer.label).inc()
        self._sound.inc(answer.duration_s)
        return answer

    def _answer(
        self, data: bytes, name: str, text: str | None, words: tuple[Word, ...] | None
    ) -> Answer:
        question = Question(name, decode(data, name, self._bounds), text, words)
        return self.listener.answer(question)

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._there >= self.limits.at_once:
            self._busy.inc()
            raise ServeError(
                503, "busy", f"{self._there} recordings are waiting already; try again", retry_s=1
            )
        self._there += 1
        self._waiting.set(self._there)
        try:
            yield
        finally:
            self._there -= 1
            self._waiting.set(self._there)
