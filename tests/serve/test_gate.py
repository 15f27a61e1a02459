"""Trying to get in: without a token, under another name, from another site, with too much."""

import asyncio
import contextlib
import json
import socket
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client import CollectorRegistry, Counter
from starlette.types import Message, Receive, Scope, Send
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from ser_platform.errors import ConfigError
from ser_platform.serve.gate import Gate
from ser_platform.serve.limits import Limits
from ser_platform.serve.places import Places
from ser_platform.serve.server import Address, token_of
from tests.serve.conftest import MODEL, Server, serving

pytestmark = pytest.mark.slow

TOKEN = "a-token-only-for-tests-0123456789"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that asks for a token, and takes one question at a time."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "token").write_text(TOKEN)
    (folder / "token").chmod(0o600)
    options = [f"--token-file={folder / 'token'}", "--allow-host=Emotions.example"]
    with serving(folder, *options, "--at-once=1", "--max-seconds=2") as found:
        yield found


@pytest.mark.parametrize("path", ["/v1/emotion", "/v1/emotions", "/metrics", "/nothing"])
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Basic abc", f"Bearer {TOKEN}x", "é"])
def test_without_the_token_nothing_is_answered(guarded: Server, path: str, header) -> None:
    headers = {} if header is None else {"authorization": header.encode("latin-1")}
    with guarded.client() as client:
        response = client.post(path, headers=headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert response.json()["error"]["kind"] == "forbidden"


def test_with_the_token_it_answers(guarded: Server, recording: Path) -> None:
    with guarded.client(headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        files = {"recording": recording.read_bytes()}
        assert client.post("/v1/emotion", files=files, data={"text": "a"}).status_code == 200
        assert client.get("/metrics").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/", "/static/page/page.js"])
def test_health_and_the_page_need_none(guarded: Server, path: str) -> None:
    with guarded.client() as client:
        assert client.get(path).status_code == 200


@pytest.mark.parametrize(
    "path",
    ["/static/page/../../../server.py", "/static/page/%2e%2e/server.py", "/static/../metrics"],
)
def test_no_path_leads_out_of_the_page(guarded: Server, path: str) -> None:
    with socket.create_connection(guarded.address) as raw:  # a client would clean it
        raw.sendall(f"GET {path} HTTP/1.1\r\nHost: {guarded.netloc}\r\n\r\n".encode())
        status = raw.recv(200).split(b"\r\n")[0]
    assert status.split()[1] in (b"401", b"404")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 403),
        ({"Host": "127.0.0.1.evil.example"}, 403),
        ({"Host": "emotions.example"}, 200),
        ({"Host": "localhost:1"}, 200),
        ({"Host": "Emotions.EXAMPLE"}, 200),
        ({"Host": "["}, 403),
        ({"Origin": "http://["}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_other_names_and_other_sites_are_kept_out(server, guarded, headers, status) -> None:
    with guarded.client() as client:
        assert client.get("/healthz", headers=headers).status_code == status


@pytest.mark.parametrize(
    ("offered", "headers", "origin"),
    [
        ([], {}, None),
        (["ser.v1", "bearer.wrong"], {}, None),
        ([], {"Authorization": "Bearer wrong"}, None),
        (["ser.v1", f"bearer.{TOKEN}"], {}, "https://evil.example"),
    ],
    ids=["nothing", "another token", "another header", "another site"],
)
def test_the_stream_is_guarded_as_well(guarded: Server, offered, headers, origin) -> None:
    address = f"ws://{guarded.netloc}/v1/stream"
    with pytest.raises(InvalidStatus) as caught:
        connect(address, subprotocols=offered or None, additional_headers=headers, origin=origin)
    assert caught.value.response.status_code == 403


def test_streams_have_places_of_their_own(guarded: Server, recording: Path) -> None:
    address = f"ws://{guarded.netloc}/v1/stream"
    offered = [Subprotocol("ser.v1"), Subprotocol(f"bearer.{TOKEN}")]
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with connect(address, subprotocols=offered) as first:
        first.send('{"type": "start", "text": "a"}')
        with connect(address, subprotocols=offered) as second:
            told = json.loads(second.recv(timeout=30))
            assert told["error"] == {
                "kind": "busy",
                "message": "1 streams are here already; try again",
            }
        with guarded.client(headers=headers) as client:
            files = {"recording": recording.read_bytes()}
            assert client.post("/v1/emotion", files=files, data={"text": "a"}).status_code == 200
            assert "ser_streams 1.0" in client.get("/metrics").text
    for _ in range(50):
        with guarded.client(headers=headers) as client:
            if "ser_streams 0.0" in client.get("/metrics").text:
                break
        time.sleep(0.1)
    else:
        pytest.fail("a stream that is gone keeps its place")


def test_a_stream_ends_however_much_comes_that_is_no_sound(guarded: Server) -> None:
    offered = [Subprotocol("ser.v1"), Subprotocol(f"bearer.{TOKEN}")]
    with connect(f"ws://{guarded.netloc}/v1/stream", subprotocols=offered) as stream:
        stream.send('{"type": "start", "text": "a"}')
        end_s = time.monotonic() + 4.5
        with contextlib.suppress(ConnectionClosed):
            while time.monotonic() < end_s:
                stream.send(b"")
        told = json.loads(stream.recv(timeout=30))
    assert told["error"]["message"] == "a stream may take 4 s, not longer"


def test_who_sends_a_body_holds_a_place_before_it_is_there(guarded: Server) -> None:
    head = (
        f"POST /v1/emotion HTTP/1.1\r\nHost: {guarded.netloc}\r\n"
        f"Authorization: Bearer {TOKEN}\r\nContent-Length: 100\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n"
    )
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with socket.create_connection(guarded.address) as slow:
        slow.sendall(head.encode())
        with guarded.client(headers=headers) as client:
            statuses = {client.post("/v1/emotion").status_code for _ in range(3)}
            assert 503 in statuses
            assert client.get("/healthz").status_code == 200
    with guarded.client(headers=headers) as client:
        for _ in range(50):
            if client.post("/v1/emotion").status_code == 422:
                return
            time.sleep(0.1)
    pytest.fail("who has gone keeps a place")


def test_a_body_that_does_not_come_is_waited_for_no_longer_than_said() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        while (await receive())["more_body"]:
            pass
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def ask() -> list[Message]:
        sent: list[Message] = []
        busy = Counter("busy", "x", registry=CollectorRegistry())
        places = Places(1, "there", "questions", busy, CollectorRegistry())
        gate = Gate(app, ["localhost"], "", Limits(body_s=0.2), places)

        async def receive() -> Message:
            await asyncio.sleep(0.05)
            return {"type": "http.request", "body": b"x", "more_body": True}

        async def send(message: Message) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "method": "POST",
            "path": "/v1/emotion",
            "headers": [(b"host", b"localhost")],
        }
        await gate(scope, receive, send)
        with places.taken():  # it is free again
            return sent

    start, body = asyncio.run(ask())
    assert start["status"] == 408
    assert b"its body was not there after 0.2 s" in body["body"]


def test_the_stream_opens_to_the_token(guarded: Server) -> None:
    offered = [Subprotocol("ser.v1"), Subprotocol(f"bearer.{TOKEN}")]
    with connect(f"ws://{guarded.netloc}/v1/stream", subprotocols=offered) as stream:
        assert stream.subprotocol == "ser.v1"


def test_a_body_beyond_the_limit_is_refused_whatever_its_header_says(server: Server) -> None:
    with server.client() as client:
        response = client.post("/v1/emotion", files={"recording": b"x" * 1_100_000})
        assert response.status_code == 413
        assert response.json()["error"] == {
            "kind": "too_large",
            "message": "a request may have 1,000,000 bytes, not more",
        }

        def endless() -> Iterator[bytes]:  # sent in chunks, without a length
            yield b'--x\r\nContent-Disposition: form-data; name="recording"; filename="a"\r\n\r\n'
            for _ in range(200):
                yield b"x" * 10_000

        response = client.post(
            "/v1/emotion",
            content=endless(),
            headers={"Content-Type": "multipart/form-data; boundary=x"},
        )
        assert response.status_code == 413


def test_who_comes_too_early_is_told_to_come_back(guarded: Server, recording: Path) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    began = threading.Barrier(6)

    def ask(_: int) -> httpx.Response:
        with guarded.client(headers=headers) as client:
            began.wait()
            return client.post(
                "/v1/emotion", files={"recording": recording.read_bytes()}, data={"text": "a"}
            )

    with ThreadPoolExecutor(6) as threads:
        responses = list(threads.map(ask, range(6)))
    statuses = sorted(response.status_code for response in responses)
    assert statuses[0] == 200
    busy = [response for response in responses if response.status_code == 503]
    assert busy
    assert all(response.headers["retry-after"] == "1" for response in busy)
    assert busy[0].json()["error"]["kind"] == "busy"


def test_another_address_than_this_machines_gets_a_token_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "made" / "token"
    token = token_of(Address("0.0.0.0", 1, token_file=file))  # nothing listens
    assert len(token) >= 40
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert token_of(Address("127.0.0.1", 1, token_file=file)) == token
    assert token_of(Address("127.0.0.1", 1)) == token_of(Address("localhost", 1)) == ""


def test_a_token_that_others_read_or_guess_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("short")
    file.chmod(0o600)
    with pytest.raises(ConfigError, match="5 characters; a token has 16 and more"):
        token_of(Address("127.0.0.1", 1, token_file=file))
    file.write_text("bXkgdG9rZW4gaXMgYmFzZTY0Cg==")
    with pytest.raises(ConfigError, match="browsers send letters, digits and"):
        token_of(Address("127.0.0.1", 1, token_file=file))
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="others may read this token"):
        token_of(Address("127.0.0.1", 1, token_file=file))


def test_a_model_that_is_none_ends_with_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ser_platform.serve", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "no model" in done.stderr
    assert MODEL.is_dir()
