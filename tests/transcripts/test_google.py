"""What Google Speech-to-Text returned, and NIST's CTM, as recognised transcripts."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from ser_platform.config.transcript import RecognisedConfig
from ser_platform.corpora.base import Corpus
from ser_platform.errors import CorpusError
from ser_platform.transcripts import with_transcripts
from ser_platform.utterance import Utterance

V1 = {
    "results": [
        {
            "alternatives": [
                {
                    "transcript": "Well then,",
                    "confidence": 0.9,
                    "words": [
                        {"startTime": "0s", "endTime": "0.300s", "word": "Well"},
                        {"startTime": "0.300s", "endTime": "0.500s", "word": "then,"},
                    ],
                },
                {"transcript": "wealthy"},
            ],
            "resultEndTime": "0.500s",
        },
        {
            "alternatives": [
                {
                    "transcript": " go",
                    "words": [{"startTime": "0.600s", "endTime": "0.900s", "word": "go"}],
                }
            ]
        },
    ]
}
V2 = {
    "results": [
        {
            "alternatives": [
                {
                    "transcript": "Well then, go",
                    "words": [
                        {"endOffset": "0.300s", "word": "Well"},  # zero is left out
                        {"startOffset": "0.300s", "endOffset": "0.500s", "word": "then,"},
                        {"startOffset": "0.600s", "endOffset": "0.900s", "word": "go"},
                    ],
                }
            ]
        }
    ]
}
HEARD = [("well", 0, 0.3), ("then", 0.3, 0.5), ("go", 0.6, 0.9)]


def snake(value: Any) -> Any:
    """As the Python client writes it."""
    names = {
        "startTime": "start_time",
        "endTime": "end_time",
        "startOffset": "start_offset",
        "endOffset": "end_offset",
    }
    match value:
        case dict():
            return {names.get(key, key): snake(inner) for key, inner in value.items()}
        case list():
            return [snake(inner) for inner in value]
        case _:
            return value


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Two utterances of one second."""
    soundfile.write(tmp_path / "a.wav", np.zeros(16_000), 16_000)
    audio = str(tmp_path / "a.wav")
    made = [Utterance(id_, audio, "s", 1, "neu", "Well then, no.") for id_ in ("a", "b")]
    return Corpus("mine", tuple(made), synthetic=False, notes=())


def read(corpus: Corpus, path: Path) -> tuple[Utterance, ...]:
    return with_transcripts(corpus, RecognisedConfig(path=str(path))).utterances


def times(utterance: Utterance) -> list[tuple[str, float, float]]:
    return [(w.text, w.start_s, w.end_s) for w in utterance.words]


@pytest.mark.parametrize(
    "response",
    [V1, V2, snake(V1), snake(V2), {"name": "1", "done": True, "response": V1}],
    ids=["v1", "v2", "v1 client", "v2 client", "operation"],
)
def test_a_folder_of_responses_is_text_with_times(
    corpus: Corpus, tmp_path: Path, response: dict[str, Any]
) -> None:
    folder = tmp_path / "responses"
    folder.mkdir()
    (folder / "a.json").write_text(json.dumps(response))
    (folder / "b.json").write_text("{}")
    a, b = read(corpus, folder)
    assert a.transcript == "Well then, go"
    assert times(a) == HEARD
    assert (b.transcript, b.words) == ("", ())


def test_lines_and_one_object_say_the_same(corpus: Corpus, tmp_path: Path) -> None:
    lines, whole = tmp_path / "asr.jsonl", tmp_path / "asr.json"
    rows = [{"utterance_id": "a", **V1}, {"utterance_id": "b", "results": []}]
    lines.write_text("\n\n".join(map(json.dumps, rows)))
    whole.write_text(json.dumps({"a": V1, "b": {}}))
    assert read(corpus, lines) == read(corpus, whole)
    assert times(read(corpus, lines)[0]) == HEARD


def test_all_that_is_wrong_is_told_at_once_with_its_place(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "asr.jsonl"
    untimed = {"results": [{"alternatives": [{"transcript": "Well"}]}]}
    late = {"results": [{"alternatives": [{"words": [{"word": "x", "endTime": 3}]}]}]}
    rows = [{"utterance_id": "a", **untimed}, {"results": []}, {"utterance_id": "b", **late}]
    path.write_text("\n".join([*map(json.dumps, rows), "{", "[]"]))
    with pytest.raises(CorpusError) as refused:
        read(corpus, path)
    assert [line.strip().removeprefix(f"{path}, ") for line in str(refused.value).splitlines()][
        1:
    ] == [
        "line 2: no text 'utterance_id' beside the response",
        "line 3: found the time 3, expected text such as '1.300s'",
        "line 4: not valid JSON (Expecting property name enclosed in double quotes: line 1 column "
        "2 (char 1))",
        "line 5: expected a JSON object, found []",
        f"a: {path} has no word times of 'Well'; ask for them (Google: enableWordTimeOffsets), "
        "have them found (transcript.times: align), or give the text alone as a CSV "
        "'utterance_id, transcript'",
    ]


def test_text_alone_is_left_to_the_aligner_if_asked(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "asr.json"
    untimed = {"results": [{"alternatives": [{"transcript": "Well"}]}]}
    path.write_text(json.dumps({"a": untimed, "b": V1}))
    config = RecognisedConfig(path=str(path), times="align")
    a, b = with_transcripts(corpus, config).utterances
    assert (a.transcript, a.words) == ("Well", ())
    assert (b.transcript, b.words) == ("Well then, go", ())


def test_an_utterance_without_response_is_a_problem(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "asr.json"
    path.write_text(json.dumps({"a": V1, "c": 3}))
    with pytest.raises(CorpusError) as refused:
        read(corpus, path)
    assert "'c': expected a response, found 3" in str(refused.value)
    assert (
        "no response for 1 of 2 utterances: b; where nothing was recognised it has no results, "
        "but it is there"
    ) in str(refused.value)


def test_an_error_is_no_empty_response(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "asr.json"
    path.write_text(json.dumps({"a": {"response": {"error": {"code": 7}}}, "b": {}}))
    with pytest.raises(CorpusError, match="expected a response with 'results'"):
        read(corpus, path)


def test_ctm_is_words_in_order_with_their_times(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "asr.ctm"
    path.write_text(";; a comment\na 1 0.6 0.3 go\na 1 0.0 0.3 WELL 0.9\nb 1 0 0.1 <eps>\n")
    a, b = read(corpus, path)
    assert a.transcript == "well go"
    assert [w.text for w in a.words] == ["well", "go"]
    assert a.words[1].end_s == pytest.approx(0.9)
    assert b.words == ()


def test_an_utterance_that_a_ctm_is_silent_about_is_a_problem(
    corpus: Corpus, tmp_path: Path
) -> None:
    path = tmp_path / "asr.ctm"
    path.write_text("a 1 0.0 0.3 well\n")
    with pytest.raises(CorpusError, match=r"no line for 1 of 2 utterances: b; .* says <eps>"):
        read(corpus, path)


def test_another_ending_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"ends in \.csv, \.ctm, \.jsonl or \.json, or a folder"):
        read(corpus, tmp_path / "asr.txt")


def test_an_empty_folder_is_refused(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    with pytest.raises(CorpusError, match=r"expected files <utterance_id>\.json in it"):
        read(corpus, tmp_path / "none")
