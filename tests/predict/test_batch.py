"""A corpus is answered on Ray, part by part, as one recording after the other would be."""

import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from ser_platform.config.recognition import FasterWhisperConfig
from ser_platform.corpora import Corpus
from ser_platform.errors import EngineError
from ser_platform.inference.answer import Answer
from ser_platform.inference.listener import Listener
from ser_platform.inference.pieces import Question
from ser_platform.predict import batch, parts
from ser_platform.predict.__main__ import main
from ser_platform.predict.asking import Unanswered, answers
from ser_platform.predict.batch import batch_answers
from ser_platform.predict.inputs import Asked
from ser_platform.predict.parts import Part, parts_of
from ser_platform.storage import open_store

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240), pytest.mark.usefixtures("local_ray")]

WISE = Path(__file__).parents[1] / "inference" / "formats" / "5" / "wise"
EACH = 2
"""Recordings of a part."""


@pytest.fixture(scope="module")
def listener() -> Listener:
    return Listener(WISE, "wise")


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(parts, "_MOST_PER_PART", EACH)
    monkeypatch.setattr(parts, "_PER_PART", 2**32)  # no recording ends one
    monkeypatch.chdir(tmp_path)  # digests of recordings are remembered below the working folder


@pytest.fixture
def asked(demo: Corpus, tmp_path: Path) -> list[Asked]:
    """Three parts: answerable, then one that is no sound and one that is gone, then answerable."""
    found: list[Asked] = []
    for utterance in demo.utterances[: 2 * EACH]:
        path = tmp_path / f"{utterance.id}.wav"
        shutil.copy(utterance.audio, path)
        found.append(Asked(path, utterance.transcript))
    broken = tmp_path / "broken.wav"
    broken.write_bytes(b"no sound")
    return [*found[:EACH], Asked(broken), Asked(tmp_path / "gone.wav", "well"), *found[EACH:]]


@dataclass
class Counting:
    """Runs parts here, and counts the recordings that were asked."""

    asked: list[str] = field(default_factory=list)

    def __call__(
        self, function: Callable[..., object], tasks: Iterable[object], gpus: float
    ) -> Iterator[object]:
        assert gpus == 0
        for task in tasks:
            self.asked += [recording.id for recording in task.part.recordings]  # pyright: ignore
            yield function(task)


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Counting:
    counting = Counting()
    monkeypatch.setattr(batch, "spread", counting)
    return counting


def batched(listener: Listener, asked: Sequence[Asked]) -> list[object]:
    return list(batch_answers(listener, WISE, asked, "store"))


def test_answers_on_ray_are_those_of_one_after_the_other_and_are_kept(
    listener: Listener, asked: list[Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = list(answers(listener, asked))
    assert [type(one) is Unanswered for one in expected] == 2 * [False] + 2 * [True] + 2 * [False]
    assert batched(listener, asked) == expected
    counting = Counting()
    monkeypatch.setattr(batch, "spread", counting)
    assert batched(listener, asked) == expected
    assert counting.asked == []


def test_what_was_answered_before_it_ended_is_not_asked_again(
    listener: Listener, asked: list[Asked], here: Counting
) -> None:
    expected = list(answers(listener, asked))
    first = batch_answers(listener, WISE, asked, "store")
    assert next(first) == expected[0]
    first.close()
    assert len(here.asked) == EACH
    assert batched(listener, asked) == expected
    assert here.asked == [one.path.stem for one in asked if one.path.exists()]


def test_only_what_has_changed_is_asked_again(
    listener: Listener, asked: list[Asked], here: Counting
) -> None:
    batched(listener, asked)
    here.asked.clear()
    other = [*asked[:-1], replace(asked[-1], text="something else")]
    assert batched(listener, other) == list(answers(listener, other))
    assert here.asked == [one.path.stem for one in asked[-EACH:]]


def test_answers_are_found_again_under_other_names(
    demo: Corpus, listener: Listener, asked: list[Asked], here: Counting, tmp_path: Path
) -> None:
    batched(listener, asked)
    here.asked.clear()
    (tmp_path / "moved").mkdir()
    moved = [replace(one, path=tmp_path / "moved" / one.path.name) for one in asked]
    for old, new in zip(asked, moved, strict=True):
        if old.path.exists():
            shutil.copy(old.path, new.path)
    renamed = Listener(WISE, "models:/wise@champion")
    assert batched(renamed, moved) == list(answers(renamed, moved))
    assert here.asked == []


def test_damaged_answers_are_put_aside_and_asked_again(
    listener: Listener, asked: list[Asked], here: Counting, caplog: pytest.LogCaptureFixture
) -> None:
    expected = batched(listener, asked)
    store = open_store("store")
    first, *_ = store.keys("answers/v1/")
    store.write(first, store.read(first)[:-1] + b"?")
    here.asked.clear()
    assert batched(listener, asked) == expected
    assert f"kept as quarantine/{first}, and computed again" in caplog.text
    assert 1 <= len(here.asked) <= EACH
    here.asked.clear()
    assert batched(listener, asked) == expected
    assert here.asked == []


def test_a_recording_that_goes_while_others_are_asked_stops_none(
    listener: Listener, asked: list[Asked], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = list(answers(listener, asked))
    own = parts_of

    def then_one_goes(listener: Listener, asked: Sequence[Asked]) -> Iterator[Part]:
        yield from own(listener, asked)
        asked[0].path.unlink()
        asked[-1].path.write_bytes(b"another one")

    with monkeypatch.context() as patch:
        patch.setattr(batch, "parts_of", then_one_goes)
        found = batched(listener, asked)
    assert found[1:-1] == expected[1:-1]
    first, last = found[0], found[-1]
    assert isinstance(first, Unanswered)
    assert "no such recording" in first.error
    assert isinstance(last, Unanswered)
    assert "changed while it was read; run again" in last.error
    here = Counting()
    monkeypatch.setattr(batch, "spread", here)
    assert batched(listener, asked)[1:-1] == expected[1:-1]
    assert here.asked == [one.path.stem for one in asked[-EACH:]]  # as it is now


def test_an_engine_that_failed_is_asked_another_time(
    listener: Listener, asked: list[Asked], here: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, busy = Listener.answer, asked[1]

    def failing(self: Listener, question: Question) -> Answer:
        if question.name == str(busy.path):
            raise EngineError("the service is busy")
        return own(self, question)

    expected = list(answers(listener, asked))
    with monkeypatch.context() as patch:
        patch.setattr(Listener, "answer", failing)
        found = batched(listener, asked)
    assert found[1] == Unanswered(str(busy.path), "the service is busy")
    assert [found[0], *found[2:]] == [expected[0], *expected[2:]]
    again: list[str] = []

    def noting(self: Listener, question: Question) -> Answer:
        again.append(question.name)
        return own(self, question)

    with monkeypatch.context() as patch:
        patch.setattr(Listener, "answer", noting)
        assert batched(listener, asked) == expected
        assert again == [str(busy.path)]
        assert batched(listener, asked) == expected
    assert again == [str(busy.path)]


def test_an_engine_that_cannot_be_used_is_told_before_anything_is_asked(
    asked: list[Asked], here: Counting, tmp_path: Path
) -> None:
    deaf = Listener(WISE, "wise", FasterWhisperConfig(model=str(tmp_path / "no-model")))
    with pytest.raises(EngineError, match=r"faster-whisper|no-model"):
        batched(deaf, [*asked, Asked(asked[0].path)])
    assert here.asked == []
    batched(deaf, asked[:1])  # where words are given nobody has to hear
    assert here.asked == [asked[0].path.stem]


def test_a_table_of_a_corpus_is_written_by_the_command(
    demo: Corpus, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [f'{u.audio},"{u.transcript}"' for u in demo.utterances[: EACH + 1]]
    Path("list.csv").write_text("\n".join(["file,transcript", *lines]))
    for _ in range(2):
        assert main([str(WISE), "list.csv", "--csv", "--store", str(tmp_path / "store")]) == 0
        rows = capsys.readouterr().out.splitlines()
        assert len(rows) == EACH + 2
        assert rows[1].startswith(demo.utterances[0].audio)
