"""What Google Speech-to-Text returned: versions 1 and 2, from REST or the Python client.

A response holds ``results``, each with ``alternatives``, the most probable first, each with a
``transcript`` and, when word times were asked for, ``words``. A long-running operation and a
batch wrap it in ``response``. Names are ``startTime`` (1) or ``startOffset`` (2), in camel case
or in snake case; a duration is text such as ``1.300s``, and an offset of zero is left out.
https://cloud.google.com/speech-to-text/docs/reference/rest
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ser_platform.corpora.problems import inside, read_text
from ser_platform.corpora.words import Segment
from ser_platform.errors import CorpusError

Response = Mapping[str, Any]
Heard = tuple[str, list[Segment]]
"""Text and its words in time."""

_DURATION = re.compile(r"(\d+(\.\d+)?)s")
_START = ("startTime", "start_time", "startOffset", "start_offset")
_END = ("endTime", "end_time", "endOffset", "end_offset")


def read_folder(path: Path, problems: list[str]) -> Iterator[tuple[str, str, Heard]]:
    """Place, utterance id and text of every ``<utterance_id>.json`` in a folder.

    Raises:
        CorpusError: when there is none.
    """
    files = sorted(p for p in path.glob("*.json") if not p.name.startswith("."))
    if not files:
        raise CorpusError(
            f"{path}: expected files <utterance_id>.json in it, found {inside(path)}"
        )
    for file in files:
        response = _object(read_text(file), str(file), problems)
        if response is not None:
            yield str(file), file.stem, _heard(response, str(file), problems)


def read_lines(path: Path, problems: list[str]) -> Iterator[tuple[str, str, Heard]]:
    """The same from JSON Lines: a response in each, with its ``utterance_id``."""
    for number, line in enumerate(read_text(path).splitlines(), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        response = _object(line, where, problems)
        if response is None:
            continue
        if not isinstance(response.get("utterance_id"), str):
            problems.append(f"{where}: no text 'utterance_id' beside the response")
            continue
        yield where, response["utterance_id"], _heard(response, where, problems)


def read_object(path: Path, problems: list[str]) -> Iterator[tuple[str, str, Heard]]:
    """The same from one JSON object: utterance id -> response."""
    for id_, response in (_object(read_text(path), str(path), problems) or {}).items():
        where = f"{path}, '{id_}'"
        if isinstance(response, dict):
            yield where, id_, _heard(response, where, problems)
        else:
            problems.append(
                f"{where}: expected a response, found {json.dumps(response)[:40]}; the file is "
                "an object from utterance id to response"
            )


def _object(text: str, where: str, problems: list[str]) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except ValueError as error:
        problems.append(f"{where}: not valid JSON ({error})")
        return None
    if isinstance(value, dict):
        return value
    problems.append(f"{where}: expected a JSON object, found {text.strip()[:40]}")
    return None


def _heard(response: Response, where: str, problems: list[str]) -> Heard:
    """Text and times of all results, one behind the other; nothing where there is a problem.

    Times are missing where they were not asked for.
    """
    texts: list[str] = []
    segments: list[Segment] = []
    try:
        for alternative in _alternatives(response):
            texts.append(str(alternative.get("transcript", "")).strip())
            segments += [_segment(word) for word in alternative.get("words", [])]
    except ValueError as error:
        problems.append(f"{where}: {error}")
        return "", []
    return " ".join(filter(None, texts)), segments


def _alternatives(response: Response) -> Iterator[Response]:
    """The most probable alternative of each result that has any."""
    inner = response.get("response", response)
    if not isinstance(inner, dict) or "error" in inner:
        raise ValueError(f"found {json.dumps(inner)[:60]}, expected a response with 'results'")
    results = inner.get("results", [])
    if not isinstance(results, list) or not all(isinstance(r, dict) for r in results):
        raise ValueError(f"results is {json.dumps(results)[:40]}, expected a list of objects")
    for result in results:
        alternatives = result.get("alternatives", [])
        if alternatives:
            if not isinstance(alternatives, list) or not isinstance(alternatives[0], dict):
                raise ValueError(
                    f"alternatives is {json.dumps(alternatives)[:40]}, expected a list of objects"
                )
            yield alternatives[0]


def _segment(word: Any) -> Segment:
    if not isinstance(word, dict) or not isinstance(word.get("word"), str):
        found = json.dumps(word)[:40]
        raise ValueError(f"found {found}, expected an object with 'word'")  # noqa: TRY004  # data
    end = next((word[name] for name in _END if name in word), None)
    start = next((word[name] for name in _START if name in word), "0s")
    if end is None:
        raise ValueError(f"'{word['word']}' has no end; ask for word times")
    start_s, end_s = _seconds(start), _seconds(end)
    if end_s < start_s:
        raise ValueError(f"'{word['word']}' ends at {end} and starts at {start}")
    return Segment(word["word"], start_s, end_s)


def _seconds(value: Any) -> float:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError(
            f"found the time {json.dumps(value)[:40]}, expected text such as '1.300s'"
        )
    return float(found[1])
