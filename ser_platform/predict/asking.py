"""One recording after the other: its answer, or why there is none."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ser_platform.corpora.recordings import Bounds
from ser_platform.errors import EngineError, FeatureError
from ser_platform.features.audio import decode, read_bytes
from ser_platform.inference.answer import Answer
from ser_platform.inference.listener import Listener
from ser_platform.inference.pieces import Question
from ser_platform.predict.inputs import Asked

ANYTHING = Bounds(longest_s=4 * 3600.0, containers=None)
"""All that libsndfile reads; it is cut into utterances."""


@dataclass(frozen=True)
class Unanswered:
    """A recording without an answer."""

    recording: str
    error: str


def answers(listener: Listener, asked: Sequence[Asked]) -> Iterator[Answer | Unanswered]:
    """As they come, in the order of the recordings; one that cannot be used stops no other."""
    for one in asked:
        yield _answer(listener, one)


def question(one: Asked) -> Question:
    """A recording as the model is asked about it.

    Raises:
        FeatureError: for a recording that cannot be used.
    """
    return question_about(one, read_bytes(one.path))


def question_about(one: Asked, data: bytes) -> Question:
    """The same of a recording whose bytes were read before.

    Raises:
        FeatureError: for a recording that cannot be used.
    """
    name = str(one.path)
    return Question(name, decode(data, name, ANYTHING), one.text, one.words)


def _answer(listener: Listener, one: Asked) -> Answer | Unanswered:
    try:
        return listener.answer(question(one))
    except (FeatureError, EngineError) as e:
        return Unanswered(str(one.path), str(e))
