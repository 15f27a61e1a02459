"""What cluster/mlflow starts, started: a database, an S3 server, MLflow, and nginx before it."""

import http.client
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from botocore.exceptions import ClientError
from mlflow import MlflowClient

from ser_platform.config.schema import TrackingConfig
from ser_platform.doctor.services import mlflow as mlflow_findings
from ser_platform.doctor.services import study_storage
from tests.cluster.programs import (
    ACCOUNT,
    MLFLOW_PASSWORD,
    OPTUNA_PASSWORD,
    Objects,
    make_databases,
    mlflow_command,
    mlflow_environment,
    nginx_command,
    running,
    s3_of_compose,
    wait_for,
)
from tests.postgres import PostgresServer, postgres_server, why_not
from tests.servers import free_port

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

SEARCH, SOME = "/api/2.0/mlflow/experiments/search", b'{"max_results": 1}'


@pytest.fixture(scope="module")
def databases() -> Iterator[PostgresServer]:
    if reason := why_not():
        pytest.skip(reason)
    with postgres_server() as server:
        make_databases(server.port)
        yield server


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Objects]:
    with s3_of_compose(tmp_path_factory.mktemp("s3")) as found:
        yield found


@dataclass(frozen=True)
class Server:
    """MLflow behind its proxy."""

    port: int
    """Of the proxy."""

    def asked(
        self,
        path: str,
        body: bytes | None = None,
        account: tuple[str, str] | None = ACCOUNT,
        host: str = "mlflow.ser.svc:5000",
    ) -> int:
        """Status of the answer."""
        headers = {"Host": host, "Content-Type": "application/json"}
        if account is not None:
            headers["Authorization"] = f"Basic {b64encode(':'.join(account).encode()).decode()}"
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET" if body is None else "POST", path, body, headers)
            return connection.getresponse().status


@pytest.fixture(scope="module")
def nginx() -> str:
    """The machine's own; ``SER_NGINX=required`` makes its absence a failure."""
    found = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")  # noqa: TID251
    if found is None:
        if os.environ.get("SER_NGINX") == "required":  # noqa: TID251
            pytest.fail("no nginx, and SER_NGINX=required")
        pytest.skip("no nginx on the PATH")
    return found


@pytest.fixture(scope="module")
def server(
    databases: PostgresServer,
    objects: Objects,
    nginx: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Server]:
    """As the deployment starts it, on an empty database."""
    folder = tmp_path_factory.mktemp("mlflow")
    proxy, behind = free_port(), free_port()
    told = {**objects.environment, **mlflow_environment(), "HOME": str(folder)}
    with ExitStack() as stack:
        command = mlflow_command(behind, proxy, databases.port)
        mlflow = stack.enter_context(running(command, folder, told))
        wait_for(f"http://127.0.0.1:{behind}/health", mlflow, folder)
        own = folder / "nginx"
        own.mkdir()
        process = stack.enter_context(running(nginx_command(nginx, own, proxy, behind), own, {}))
        wait_for(f"http://127.0.0.1:{proxy}/health", process, own)
        yield Server(proxy)


def test_each_user_has_one_database_and_no_other(databases: PostgresServer) -> None:
    def connect(user: str, password: str, database: str) -> None:
        psycopg.connect(
            host="127.0.0.1", port=databases.port, user=user, password=password, dbname=database
        ).close()

    connect("mlflow", MLFLOW_PASSWORD, "mlflow")
    connect("optuna", OPTUNA_PASSWORD, "optuna")
    for user, password, database in (
        ("mlflow", MLFLOW_PASSWORD, "optuna"),
        ("optuna", OPTUNA_PASSWORD, "mlflow"),
        ("optuna", MLFLOW_PASSWORD, "optuna"),
    ):
        with pytest.raises(psycopg.OperationalError):
            connect(user, password, database)


def test_a_study_finds_its_database_by_the_password_of_the_environment(
    databases: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the head of cluster/kuberay has it: no password in ``study.storage``."""
    monkeypatch.setenv("PGPASSWORD", OPTUNA_PASSWORD)
    (finding,) = study_storage(f"postgresql://optuna@127.0.0.1:{databases.port}/optuna")
    assert (finding.check, finding.state) == ("optuna", "ok")


def test_the_s3_server_knows_one_user_alone(objects: Objects) -> None:
    objects.client().put_object(Bucket="ser", Key="ready", Body=b"x")
    with pytest.raises(ClientError) as denied:
        objects.client("another-key").put_object(Bucket="ser", Key="foreign", Body=b"x")
    assert denied.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{objects.endpoint}/ser/ready", timeout=10)
    assert refused.value.code == 403


MAKE_TABLES = """
import sys
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

print("ready", flush=True)
sys.stdin.readline()
SqlAlchemyStore(sys.argv[1], "mlflow-artifacts:/")
"""
"""What a server does first; it waits for a line, so that several begin at once."""


def test_of_two_servers_that_make_the_tables_at_once_both_come_up_when_started_again(
    databases: PostgresServer,
) -> None:
    """As two pods of the deployment do; Kubernetes starts again what ends."""
    url = databases.url("empty")

    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", MAKE_TABLES, url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ended(processes: list[subprocess.Popen[str]]) -> list[int]:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        codes = []
        for process in processes:
            process.communicate(timeout=120)
            codes.append(process.returncode)
        return codes

    first = ended([begin(), begin()])
    assert 0 in first
    assert ended([begin() for code in first if code != 0]) == [0] * sum(c != 0 for c in first)


def test_nobody_gets_in_without_a_password_but_who_looks_whether_it_lives(server: Server) -> None:
    assert server.asked("/health", account=None) == 200
    for path in ("/", SEARCH, "/api/2.0/mlflow-artifacts/artifacts"):
        assert server.asked(path, account=None) == 401
        assert server.asked(path, account=("ser", "wrong")) == 401
        assert server.asked(path, account=("", "")) == 401
    assert server.asked(SEARCH, SOME) == 200


def test_it_answers_to_its_own_names_alone(server: Server) -> None:
    assert server.asked(SEARCH, SOME, host=f"127.0.0.1:{server.port}") == 200
    assert server.asked(SEARCH, SOME, host="localhost:5000") == 200
    for host in ("evil.example", "10.0.0.5", "mlflow.ser.svc.evil.example:5000"):
        assert server.asked(SEARCH, SOME, host=host) == 403


def test_a_body_that_is_no_file_has_a_megabyte_at_most(server: Server) -> None:
    path = "/api/2.0/mlflow/runs/set-tag"
    assert server.asked(path, b"x" * (2 << 20)) == 413
    assert server.asked(path, b'{"run_id": "%032d"}' % 0) in (400, 404)


def test_a_file_goes_through_to_the_bucket_without_any_right_to_it(
    server: Server, objects: Objects, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in objects.environment:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", ACCOUNT[0])
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", ACCOUNT[1])
    uri = f"http://127.0.0.1:{server.port}"
    client = MlflowClient(uri)
    run = client.create_run(client.create_experiment("through"))
    (tmp_path / "model.bin").write_bytes(os.urandom(20 << 20))
    client.log_artifact(run.info.run_id, str(tmp_path / "model.bin"))
    kept = objects.client().list_objects_v2(Bucket="ser", Prefix="artifacts/")
    (found,) = [o for o in kept["Contents"] if o["Key"].endswith("/model.bin")]
    assert found["Size"] == 20 << 20
    (finding,) = mlflow_findings(TrackingConfig(uri=uri, experiment="through"))
    assert finding.state == "ok"
    assert "artifacts in mlflow-artifacts:" in finding.says
