"""An MLflow server as we start and document it, asked by somebody who should not (S8, S9)."""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest

from tests.mlflow_server import MlflowServer, mlflow_server

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

SEARCH = "/api/2.0/mlflow/experiments/search"
ARTIFACTS = "/api/2.0/mlflow-artifacts/artifacts"
SOME = json.dumps({"max_results": 1}).encode()


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, empty_database: Path) -> Iterator[MlflowServer]:
    with mlflow_server(tmp_path_factory.mktemp("server"), empty_database) as server:
        yield server


def answer(
    up: MlflowServer, path: str, body: bytes | None = None, **headers: str
) -> tuple[int, str]:
    """Status and text; the path is sent as it is."""
    with closing(http.client.HTTPConnection(urlsplit(up.uri).netloc, timeout=120)) as connection:
        return answer_to(connection, path, body, headers)


def answer_to(
    connection: http.client.HTTPConnection, path: str, body: bytes | None, headers: dict[str, str]
) -> tuple[int, str]:
    method = "GET" if body is None else "POST"
    connection.putrequest(method, path, skip_host="host" in headers)
    for name, value in headers.items():
        connection.putheader(name, value)
    if body is not None:
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body)
    given = connection.getresponse()
    return given.status, given.read().decode(errors="replace")


def test_its_own_page_and_its_clients_are_answered(up: MlflowServer) -> None:
    assert answer(up, SEARCH, SOME)[0] == 200
    assert answer(up, SEARCH, SOME, origin=up.uri)[0] == 200


def test_a_page_of_another_site_is_refused(up: MlflowServer) -> None:
    """A browser that looks at it would otherwise ask in the name of the user."""
    status, said = answer(up, SEARCH, SOME, origin="https://evil.example")
    assert (status, said) == (403, "Cross-origin request blocked")


@pytest.mark.parametrize("host", ["evil.example", "mlflow.ser.svc"])
def test_another_host_name_that_leads_here_is_refused(up: MlflowServer, host: str) -> None:
    """DNS rebinding; a Kubernetes service has such a name, and needs --allowed-hosts."""
    status, said = answer(up, SEARCH, SOME, host=host)
    assert (status, said.partition(" - ")[0]) == (403, "Invalid Host header")


@pytest.mark.parametrize(
    "path",
    [
        f"{ARTIFACTS}/../../../../etc/passwd",
        f"{ARTIFACTS}/%2e%2e/%2e%2e/etc/passwd",
        f"{ARTIFACTS}/..%2f..%2fetc%2fpasswd",
        f"{ARTIFACTS}/%252e%252e/etc/passwd",
        f"{ARTIFACTS}?path=../../etc",
        "/static-files/../../../../etc/passwd",
    ],
)
def test_no_path_leads_out_of_the_artifacts(up: MlflowServer, path: str) -> None:
    status, said = answer(up, path)
    assert 400 <= status < 500
    assert "root:" not in said


@pytest.mark.parametrize("place", ["file:///etc#/../..", "http://evil.example/a"])
def test_no_experiment_is_given_a_place_that_leads_out(up: MlflowServer, place: str) -> None:
    body = json.dumps({"name": place, "artifact_location": place}).encode()
    assert answer(up, "/api/2.0/mlflow/experiments/create", body)[0] == 400


def test_a_body_of_64_mb_is_refused_and_the_server_goes_on(up: MlflowServer) -> None:
    before = memory_bytes(up)
    large: dict[str, Any] = {"run_id": "0" * 32, "key": "k", "value": "x" * (64 << 20)}
    status, _ = answer(up, "/api/2.0/mlflow/runs/set-tag", json.dumps(large).encode())
    assert 400 <= status < 500
    assert answer(up, SEARCH, SOME)[0] == 200
    assert memory_bytes(up) - before < 1 << 30


def test_it_listens_to_this_machine_alone_and_runs_no_queue_of_jobs(up: MlflowServer) -> None:
    port = urlsplit(up.uri).port
    listening = [c for c in psutil.net_connections("tcp") if c.status == "LISTEN"]
    assert {c.laddr.ip for c in listening if c.laddr and c.laddr.port == port} == {"127.0.0.1"}
    assert not [p for p in processes(up) if "huey" in " ".join(p.cmdline())]


def processes(up: MlflowServer) -> list[psutil.Process]:
    own = psutil.Process(up.pid)
    return [own, *own.children(recursive=True)]


def memory_bytes(up: MlflowServer) -> int:
    return sum(process.memory_info().rss for process in processes(up))
