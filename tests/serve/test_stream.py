"""Sound as it comes: estimates on the way, an answer in the end."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from websockets.sync.client import ClientConnection, connect

from tests.serve.conftest import Server

pytestmark = pytest.mark.slow


@pytest.fixture
def stream(server: Server):
    with connect(f"ws://{server.netloc}/v1/stream") as found:
        yield found


def told(stream: ClientConnection) -> dict[str, Any]:
    return json.loads(stream.recv(timeout=60))


def samples(path: Path) -> bytes:
    return soundfile.read(path, dtype="int16")[0].astype("<i2").tobytes()


def test_estimates_come_while_sound_does_and_the_answer_is_of_all_of_it(
    stream: ClientConnection, recording: Path
) -> None:
    stream.send(json.dumps({"type": "start", "rate_hz": 16000, "text": "well then"}))
    sound = samples(recording) * 3
    for start in range(0, len(sound), 3200):
        stream.send(sound[start : start + 3200])
        time.sleep(0.02)
    first = told(stream)
    assert first["type"] == "estimate"
    assert 0 < first["answer"]["duration_s"] <= 3
    stream.send('{"type": "end"}')
    last = told(stream)
    while last["type"] == "estimate":
        last = told(stream)
    assert last["type"] == "answer"
    assert last["answer"]["duration_s"] == pytest.approx(3.0)
    assert last["answer"]["transcript"] == "well then"


def test_a_stream_is_answered_as_the_same_file_is(server: Server, stream, recording) -> None:
    stream.send(json.dumps({"type": "start", "text": "well"}))
    stream.send(samples(recording))
    stream.send('{"type":"end"}')
    answer = told(stream)
    while answer["type"] == "estimate":
        answer = told(stream)
    with server.client() as client:
        files = {"recording": recording.read_bytes()}
        same = client.post("/v1/emotion", files=files, data={"text": "well"}).json()
    assert answer["answer"]["probabilities"] == pytest.approx(same["probabilities"], abs=1e-3)


@pytest.mark.parametrize(
    ("messages", "said"),
    [
        (["hello"], "the first message is no start: Invalid JSON"),
        ([b"\0\0"], "the first message is no start: "),
        (['{"type": "start", "rate_hz": 1}'], "the first message is no start: Input should be"),
        (['{"type": "start", "rates": 1}'], "the first message is no start: Extra inputs"),
        (['{"type": "start"}', "more"], 'neither sound nor {"type": "end"}'),
        (['{"type": "start"}', '{"type": "end"}'], "only 0.000 s of sound came"),
        (
            ['{"type": "start", "rate_hz": 8000}', *[bytes(120_000)] * 5],
            "a stream may last 30 s, not longer",
        ),
    ],
)
def test_what_is_no_stream_is_told_and_ended(stream, messages: list, said: str) -> None:
    for message in messages:
        stream.send(message)
    found = told(stream)
    while found["type"] == "estimate":
        found = told(stream)
    assert found["type"] == "error"
    assert found["error"]["message"].startswith(said)


def test_a_client_that_goes_away_leaves_a_server_that_answers(
    server: Server, recording: Path
) -> None:
    for _ in range(3):
        with connect(f"ws://{server.netloc}/v1/stream") as stream:
            stream.send('{"type": "start"}')
            stream.send(samples(recording) + samples(recording))
            time.sleep(0.2)
            stream.socket.close()
    with server.client() as client:
        assert client.get("/healthz").status_code == 200
        files = {"recording": recording.read_bytes()}
        assert client.post("/v1/emotion", files=files, data={"text": "a"}).status_code == 200
    assert "Traceback" not in server.log.read_text()


def test_odd_bytes_do_no_harm(stream: ClientConnection) -> None:
    stream.send('{"type": "start", "text": "a"}')
    noise = np.random.default_rng(1).normal(scale=900, size=8000).astype("<i2").tobytes()
    stream.send(noise[:501])
    stream.send(noise[501:] + b"\0")
    stream.send('{"type": "end"}')
    assert told(stream)["type"] == "answer"
