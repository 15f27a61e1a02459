"""What OpenAPI describes is what happens, also for requests that nobody would send."""

import socket
from pathlib import Path

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.serve.conftest import Server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]

PATIENT = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
"""Of requests: each is a real one."""


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


def test_every_answer_is_as_described(server: Server) -> None:
    described = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    asked: set[str] = set()
    # Not by schemathesis' own parametrisation, which pytest 9 does not take.
    for found in described.get_all_operations():
        operation = found.ok()  # pyright: ignore

        @PATIENT
        @given(case=operation.as_strategy())
        def ask(case: schemathesis.Case) -> None:
            case.validate_response(case.call(timeout=60), checks=CHECKS)

        ask()
        asked.add(operation.label)
    assert asked >= {"POST /v1/emotion", "POST /v1/emotions", "GET /readyz", "GET /metrics"}


@PATIENT
@given(data=st.binary(max_size=400), start=st.integers(0, 3))
def test_no_upload_brings_it_down(
    client: httpx.Client, recording: Path, data: bytes, start: int
) -> None:
    """Bytes of any sort, alone or behind the beginning of a real file."""
    head = recording.read_bytes()[: (0, 12, 44, 2000)[start]]
    response = client.post(
        "/v1/emotion", files={"recording": ("x.wav", head + data)}, data={"text": "a"}
    )
    assert response.status_code in (200, 422)


@PATIENT
@given(flips=st.lists(st.tuples(st.integers(0, 80), st.integers(0, 255)), min_size=1, max_size=8))
def test_no_header_of_a_recording_brings_it_down(
    client: httpx.Client, recording: Path, flips: list[tuple[int, int]]
) -> None:
    data = bytearray(recording.read_bytes())
    for place, value in flips:
        data[place] = value
    response = client.post(
        "/v1/emotion", files={"recording": ("x.wav", bytes(data))}, data={"text": "a"}
    )
    assert response.status_code in (200, 422)
    assert response.status_code == 200 or response.json()["error"]["kind"] == "unreadable"


@PATIENT
@given(
    body=st.binary(max_size=300),
    kind=st.sampled_from(
        ["multipart/form-data; boundary=x", "multipart/form-data", "application/json", ""]
    ),
)
def test_no_body_brings_it_down(client: httpx.Client, body: bytes, kind: str) -> None:
    response = client.post("/v1/emotions", content=body, headers={"Content-Type": kind})
    assert response.status_code in (400, 422)
    assert set(response.json()) == {"error"}


def test_it_still_answers_and_has_logged_no_traceback(
    client: httpx.Client, server: Server, recording: Path
) -> None:
    files = {"recording": recording.read_bytes()}
    with socket.create_connection(server.address) as half:  # and then it goes away
        half.sendall(
            f"POST /v1/emotion HTTP/1.1\r\nHost: {server.netloc}\r\nContent-Length: 100\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x".encode()
        )
    assert client.post("/v1/emotion", files=files, data={"text": "a"}).status_code == 200
    assert "Traceback" not in server.log.read_text()
