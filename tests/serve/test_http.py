"""One recording, several, health and measures, over HTTP."""

import json
from pathlib import Path

import httpx
import pytest

from ser_platform.features.audio import load
from ser_platform.inference.answer import Answer
from ser_platform.inference.listener import Listener
from ser_platform.inference.pieces import Question
from ser_platform.inference.words_json import words_to_json
from tests.inference.formats.input import SAID
from tests.serve.conftest import MODEL, Server

pytestmark = pytest.mark.slow


def sent(path: Path, name: str = "recording") -> dict[str, tuple[str, bytes]]:
    return {name: (path.name, path.read_bytes())}


def problem(response: httpx.Response) -> dict[str, str]:
    assert set(response.json()) == {"error"}
    return response.json()["error"]


def test_an_answer_is_the_one_of_the_model(client: httpx.Client, recording: Path) -> None:
    response = client.post(
        "/v1/emotion", files=sent(recording), data={"words": words_to_json(SAID)}
    )
    assert response.status_code == 200
    answer = Answer.model_validate(response.json())
    here = Listener(MODEL, MODEL.name).answer(Question("tone.wav", load(recording), None, SAID))
    assert answer.probabilities == pytest.approx(here.probabilities, abs=1e-5)
    assert answer.model == here.model
    assert [w.text for w in answer.words] == ["well", "then"]


def test_a_text_is_put_in_time(client: httpx.Client, recording: Path) -> None:
    response = client.post("/v1/emotion", files=sent(recording), data={"text": "well then"})
    answer = Answer.model_validate(response.json())
    assert (answer.transcript, answer.source) == ("well then", "given")


def test_a_batch_has_an_answer_or_a_problem_for_each(client: httpx.Client, recording) -> None:
    files = [
        ("recordings", ("a.wav", recording.read_bytes())),
        ("recordings", ("../../etc/b.wav", b"no sound")),
    ]
    response = client.post("/v1/emotions", files=files, data={"texts": ["well", "then"]})
    assert response.status_code == 200
    first, second = response.json()["answers"]
    assert first["recording"] == "a.wav"
    assert first["answer"]["transcript"] == "well"
    assert second["recording"] == "b.wav"
    assert second["error"]["kind"] == "unreadable"
    assert second["answer"] is None


@pytest.mark.parametrize(
    ("path", "files", "data", "status", "kind", "said"),
    [
        ("emotion", {}, {}, 422, "invalid", "recording: Field required"),
        ("emotion", {"recording": ("x.wav", b"")}, {}, 422, "unreadable", "x.wav: the file is"),
        ("emotion", {"recording": ("x", b"no")}, {}, 422, "unreadable", "x: cannot be decoded"),
        ("emotion", None, {"text": "x" * 5001}, 422, "invalid", "text: String should have at"),
        ("emotion", None, {"words": "{"}, 422, "invalid", "words: Invalid JSON"),
        (
            "emotion",
            None,
            {"words": '[{"text": "a"}]'},
            422,
            "invalid",
            "words.0.start_s: Field req",
        ),
        (
            "emotion",
            None,
            {"words": '[{"text": "\\ud800", "start_s": 0, "end_s": 1}]'},
            422,
            "invalid",
            "words: Invalid JSON",
        ),
        (
            "emotion",
            None,
            {
                "words": '[{"text": "a", "start_s": 0, "end_s": 1, "phonemes": '
                '[{"symbol": [], "start_s": "x", "end_s": 1}]}]'
            },
            422,
            "invalid",
            "words.0.phonemes.0.start_s: Input should be a valid number",
        ),
        (
            "emotion",
            None,
            {"words": '[{"text": "a", "start_s": 100, "end_s": 400}]'},
            422,
            "unreadable",
            "tone.wav: its words end at 400 s, its recording ends at 1 s; are the times seconds",
        ),
        (
            "emotion",
            None,
            {"words": '[{"text": "a", "start_s": 2, "end_s": 1}]'},
            422,
            "invalid",
            "words.0: start_s <= end_s is needed",
        ),
        ("emotion", None, {"words": "[" * 90_000}, 422, "invalid", "words: "),
        ("emotions", {}, {}, 422, "invalid", "recordings: Field required"),
        ("nothing", None, {}, 404, "not_found", "Not Found"),
    ],
)
def test_what_cannot_be_answered_is_told_in_one_form(
    client: httpx.Client, recording: Path, path, files, data, status: int, kind: str, said: str
) -> None:
    files = sent(recording) if files is None else files
    response = client.post(f"/v1/{path}", files=files, data=data)
    assert response.status_code == status
    assert problem(response)["kind"] == kind
    assert problem(response)["message"].startswith(said)


def test_texts_and_recordings_are_as_many(client: httpx.Client, recording: Path) -> None:
    response = client.post(
        "/v1/emotions", files=sent(recording, "recordings"), data={"texts": ["a", "b"]}
    )
    assert problem(response)["message"] == "texts: 2 for 1 recordings"


def test_a_batch_has_its_limit(client: httpx.Client) -> None:
    files = [("recordings", (f"{i}.wav", b"x")) for i in range(33)]
    response = client.post("/v1/emotions", files=files)
    assert problem(response)["message"] == "recordings: 33, not more than 32 at once"


def test_sound_that_lasts_too_long_is_refused(client: httpx.Client, tmp_path: Path) -> None:
    import numpy as np
    import soundfile

    path = tmp_path / "long.flac"
    soundfile.write(path, np.zeros(31 * 8000), 8000)
    response = client.post("/v1/emotion", files=sent(path))
    assert response.status_code == 422
    assert "31 s long; at most 30 s" in problem(response)["message"]


def test_health_readiness_and_measures(client: httpx.Client, recording: Path) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz").json()
    assert (ready["status"], ready["model"]["architecture"]) == ("ready", "wise")
    client.post("/v1/emotion", files=sent(recording), data={"text": "well"})
    measures = client.get("/metrics").text
    assert 'ser_answers_total{label="' in measures
    assert "ser_sound_seconds_total" in measures
    assert "ser_in_flight 0.0" in measures


def test_the_interface_is_described_and_its_page_needs_no_other_site(
    client: httpx.Client,
) -> None:
    described = client.get("/openapi.json").json()
    assert {"/v1/emotion", "/v1/emotions", "/healthz", "/readyz", "/metrics"} <= set(
        described["paths"]
    )
    page = client.get("/docs").text
    assert "http://" not in page.replace(str(client.base_url), "")
    assert "https://" not in page
    for asset in ("swagger-ui.css", "swagger-ui-bundle.js"):
        assert client.get(f"/static/docs/{asset}").status_code == 200


def test_nothing_of_the_inside_is_told_or_logged_of_a_bad_request(
    client: httpx.Client, server: Server
) -> None:
    secret = b"RIFF-this-is-somebodys-voice"
    text = client.post("/v1/emotion", files={"recording": ("x.wav", secret)}).text
    assert "Traceback" not in text
    assert "ser_platform" not in text
    assert "somebodys-voice" not in text
    assert "somebodys-voice" not in server.log.read_text()
    assert json.loads(text)["error"]["kind"] == "unreadable"
