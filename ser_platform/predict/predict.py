"""What the door does: fetch, ask, show."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from ser_platform.config.recognition import RecognitionConfig
from ser_platform.inference.listener import Listener
from ser_platform.inference.threads import spare_threads
from ser_platform.predict.asking import Unanswered, answers
from ser_platform.predict.fetch import model_folder
from ser_platform.predict.inputs import asked
from ser_platform.predict.page import AnswerPage
from ser_platform.predict.show import FORMATS, Found, show_lines

_FEW = 3
"""Recordings whose words are shown in a terminal."""


def predict(
    model: str,
    recordings: Sequence[str],
    *,
    uri: str,
    text: str | None,
    transcripts: str | None,
    recogniser: RecognitionConfig | None,
    longest_s: float,
    store: str | None,
    form: str | None,
    page: Path | None,
) -> int:
    """Answer about recordings; 1 when one of them has no answer."""
    questions = asked(recordings, text, transcripts)
    failed = 0

    def counted(found: Iterable[Found]) -> Iterator[Found]:
        nonlocal failed
        for one in found:
            failed += isinstance(one, Unanswered)
            yield one

    with model_folder(model, uri) as folder:
        listener = Listener(folder, model, recogniser, longest_s)
        spare_threads(listener.experiment.features)
        if store is None:
            found = counted(answers(listener, questions))
        else:
            # Only now: Ray takes seconds to load.
            from ser_platform.predict.batch import batch_answers

            found = counted(batch_answers(listener, folder, questions, store))
        shown = AnswerPage(questions, listener.model) if page is not None else None
        if shown is not None:
            found = shown.collected(found)
        if form is None:
            show_lines(found, words=len(questions) <= _FEW)
        else:
            FORMATS[form](found)
        if page is not None and shown is not None:
            shown.write(page)
    return int(failed > 0)
