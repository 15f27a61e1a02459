"""The small demo corpus, spoken once, with and without its times."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ser_platform.corpora import Corpus
from ser_platform.storage import ObjectStore, open_store
from ser_platform.transcripts.results import PartSummary, PartTask
from ser_platform.utterance import Utterance


@pytest.fixture
def untimed(demo: Corpus) -> Corpus:
    """Its first three utterances, as if no times were known."""
    first = tuple(replace(u, words=()) for u in demo.utterances[:3])
    return replace(demo, utterances=first, notes=())


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(str(tmp_path / "store"))


@dataclass
class Counting:
    """Runs parts here, one after the other, and counts the recordings that were asked."""

    asked: int = 0

    def __call__(
        self, function: Callable[[PartTask], PartSummary], tasks: Iterable[PartTask]
    ) -> Iterator[PartSummary]:
        for task in tasks:
            self.asked += len(task.audio)
            yield function(task)


@pytest.fixture
def run() -> Counting:
    return Counting()


def quiet(done: int, total: int, cached: int) -> None:
    pass


def saying(utterance: Utterance, text: str) -> Utterance:
    return replace(utterance, transcript=text)


def with_first(corpus: Corpus, **changes: Any) -> Corpus:
    """The corpus with its first utterance changed."""
    first, *rest = corpus.utterances
    return replace(corpus, utterances=(replace(first, **changes), *rest))
